//! Tables beside the photos, as Hugging Face's ImageFolder has them: in folders and in archives, with parts and without.

use std::path::PathBuf;

use image::ImageFormat;
use rawzip::CompressionMethod;
use tempfile::TempDir;
use umbel::base::error::with_causes;
use umbel::base::progress::{Interrupt, Silent};
use umbel::base::remark::Remark;
use umbel::data::decode::Limits;
use umbel::data::{CacheOptions, Index, Listing, Part, ProblemKind, Source};

use super::archives::{Files, gzip, tar_of, zip_of};
use super::pictures::{drawn, encoded, write};

/// Photos in one folder, or one in each part.
fn photos(folder: &str, from: u32, to: u32) -> Files {
    let photo = |number| (format!("{folder}{number:04}.png"), encoded(drawn(12, 10, number), ImageFormat::Png));
    (from..to).map(photo).collect()
}

/// Their rows; every other one is of one class.
fn csv(from: u32, to: u32) -> Vec<u8> {
    let row = |number: u32| format!("{number:04}.png,{},\"a text, too\"\n", number % 2);
    (["file_name,label,text\n".to_string()].into_iter()).chain((from..to).map(row)).collect::<String>().into_bytes()
}

fn jsonl(from: u32, to: u32) -> Vec<u8> {
    let row =
        |number: u32| format!("{{\"file_name\": \"{number:04}.png\", \"label\": {}, \"size\": [1, 2]}}\n", number % 2);
    (from..to).map(row).collect::<String>().into_bytes()
}

fn named(name: &str, bytes: Vec<u8>) -> Files {
    vec![(name.to_string(), bytes)]
}

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Place { folder: TempDir::new().unwrap() }
    }

    /// The files in a folder of this name.
    fn lay(&self, name: &str, files: &Files) -> PathBuf {
        files.iter().for_each(|(path, bytes)| write(&self.folder.path().join(name), path, bytes));
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        write(self.folder.path(), name, bytes);
        self.folder.path().join(name)
    }

    fn open(&self, path: &PathBuf) -> umbel::Result<Index> {
        let cache = CacheOptions { folder: self.folder.path().join("cache"), ..CacheOptions::default() };
        let source = Source::open(path, &cache, &mut Silent, &Interrupt::default())?;
        Index::list(source, Listing::Photos, &mut Silent, &Interrupt::default())
    }
}

type Told = (Vec<(String, u32)>, Vec<String>, Option<Vec<Part>>);

fn told(index: &Index) -> Told {
    let photos = index.photos.iter().map(|photo| (photo.path.clone(), photo.class)).collect();
    (photos, index.classes.clone(), index.parts.clone())
}

#[test]
fn metadata_tell_the_classes_wherever_they_lie() {
    let place = Place::new();
    for (kind, metadata) in [("csv", csv(0, 10)), ("jsonl", jsonl(0, 10))] {
        let files = [photos("", 0, 10), named(&format!("metadata.{kind}"), metadata)].concat();
        let below: Files = files.iter().map(|(path, bytes)| (format!("set/{path}"), bytes.clone())).collect();
        let folder = place.open(&place.lay(&format!("as-{kind}"), &files)).unwrap();
        assert_eq!((folder.problems.len(), &folder.classes[..]), (0, &["0".to_string(), "1".to_string()][..]));
        assert_eq!((folder.photos.len(), folder.photos[5].path.as_str(), folder.photos[5].class), (10, "0001.png", 1));
        for (name, bytes) in [
            ("flat.zip", zip_of(&files, CompressionMethod::DEFLATE)),
            ("below.zip", zip_of(&below, CompressionMethod::STORE)),
            ("flat.tar", tar_of(&files)),
            ("below.tgz", gzip(&tar_of(&below))),
        ] {
            let archive = place.file(&format!("{kind}-{name}"), &bytes);
            let index = place.open(&archive).unwrap_or_else(|error| panic!("{name}: {}", with_causes(&error)));
            assert_eq!(told(&index), told(&folder), "{kind} {name}");
            assert!(index.source.read("0003.png", &Limits::default()).is_ok());
        }
        let itself = place.open(&place.folder.path().join(format!("as-{kind}/metadata.{kind}"))).unwrap();
        assert_eq!(told(&itself), told(&folder), "the table may be given itself");
    }
}

#[test]
fn parts_are_told_by_folders() {
    let place = Place::new();
    let train = [photos("train/", 0, 8), named("train/metadata.csv", csv(0, 8))].concat();
    let test = [photos("test/", 8, 12), named("test/metadata.jsonl", jsonl(8, 12))].concat();
    let files = [train, test].concat();
    let folder = place.open(&place.lay("parts", &files)).unwrap();
    let of = |index: &Index, part| index.parts.iter().flatten().filter(|own| **own == part).count();
    assert_eq!((of(&folder, Part::Train), of(&folder, Part::Test), folder.problems.len()), (8, 4, 0));
    assert_eq!(folder.photos[0].path, "test/0008.png");
    let zip = place.open(&place.file("parts.zip", &zip_of(&files, CompressionMethod::STORE))).unwrap();
    assert_eq!(told(&zip), told(&folder));

    // One table at the root, for the same folders.
    let rows = |folder: &str, rows: Vec<u8>| -> String {
        let text = String::from_utf8(rows).unwrap();
        text.lines().skip(1).map(|row| format!("{folder}/{row}\n")).collect()
    };
    let root = ["file_name,label,text\n".to_string(), rows("train", csv(0, 8)), rows("test", csv(8, 12))].concat();
    let photos = files.into_iter().filter(|(path, _)| path.ends_with(".png")).collect::<Files>();
    let files = [photos, named("metadata.csv", root.into_bytes())].concat();
    assert_eq!(told(&place.open(&place.lay("root", &files)).unwrap()), told(&folder));
}

#[test]
fn photos_that_no_metadata_name_are_listed() {
    let place = Place::new();
    let files = [photos("", 0, 10), photos("more/", 10, 12), named("metadata.csv", csv(0, 8))].concat();
    for index in [
        place.open(&place.lay("unnamed", &files)).unwrap(),
        place.open(&place.file("unnamed.zip", &zip_of(&files, CompressionMethod::STORE))).unwrap(),
    ] {
        let mut paths: Vec<&str> = index.problems.iter().map(|problem| problem.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!((index.photos.len(), paths), (8, vec!["0008.png", "0009.png", "more/0010.png", "more/0011.png"]));
        assert!(index.problems.iter().all(|problem| problem.kind == ProblemKind::NoLabel), "{:?}", index.problems);
        assert!(index.problems[0].detail.contains("metadata.csv does not name it"), "{:?}", index.problems);
    }
}

#[test]
fn metadata_without_labels_leave_folders_to_be_classes() {
    let place = Place::new();
    for metadata in [
        named("metadata.csv", b"file_name,text\na/0000.png,one\n".to_vec()),
        named("metadata.jsonl", b"{\"file_name\": \"a/0000.png\", \"text\": \"one\"}\nbroken\n".to_vec()),
        named("metadata.csv", b"camera,lens\nx,y\n".to_vec()),
    ] {
        let files = [photos("a/", 0, 4), photos("b/", 4, 8), metadata].concat();
        let index = place.open(&place.lay("classes", &files)).unwrap();
        assert_eq!((&index.classes[..], index.photos.len()), (&["a".to_string(), "b".to_string()][..], 8));
        std::fs::remove_dir_all(place.folder.path().join("classes")).unwrap();
    }
}

#[test]
fn metadata_may_tell_boxes() {
    let place = Place::new();
    let table = b"file_name,label,x,y,w,h\n0000.png,cat,1,1,5,5\n0000.png,dog,6,1,5,5\n".to_vec();
    let files = [photos("", 0, 1), named("metadata.csv", table)].concat();
    for path in [place.lay("boxes", &files), place.file("boxes.zip", &zip_of(&files, CompressionMethod::STORE))] {
        let index = place.open(&path).unwrap();
        let paths: Vec<&str> = index.photos.iter().map(|photo| photo.path.as_str()).collect();
        assert_eq!((paths, index.problems.len()), (vec!["0000.png#1", "0000.png#2"], 0));
        assert!(matches!(index.remarks[0], Remark::Boxes { boxes: 2, pictures: 1, .. }), "{:?}", index.remarks);
        assert!(index.source.read("0000.png#2", &Limits::default()).unwrap().starts_with(b"P6\n"));
    }
}

#[test]
fn metadata_that_cannot_be_meant_are_refused_with_their_line() {
    let place = Place::new();
    let good = String::from_utf8(jsonl(0, 4)).unwrap();
    for (number, (name, text, expected)) in [
        ("metadata.jsonl", format!("{good}{{\"file_name\": \"0000.png\", \"label\""), "line 5 is no JSON object"),
        ("metadata.jsonl", format!("{good}{{\"file_name\": \"gone.png\", \"label\": 1}}\n"), "line 5 names gone.png"),
        (
            "metadata.jsonl",
            format!("{good}\n{{\"file_name\": \"0004.png\", \"label\": null}}\n"),
            "line 6 gives 0004.png no label",
        ),
        ("metadata.jsonl", format!("{good}{{\"file_name\": \"0004.png\"}}\n"), "line 5 gives 0004.png no label"),
        (
            "metadata.jsonl",
            format!("{good}{{\"file_name\": \"0001.png\", \"label\": 1}}\n"),
            "line 5 names 0001.png again",
        ),
        (
            "metadata.jsonl",
            format!("{good}{{\"file_name\": \"../up.png\", \"label\": 1}}\n"),
            "line 5 has the path \"../up.png\"",
        ),
        ("metadata.csv", "file_name,label\n0000.png\n".to_string(), "line 2 has 1 fields"),
        ("metadata.csv", "file_name,image,label\n0000.png,0000.png,1\n".to_string(), "may both be the path"),
    ]
    .into_iter()
    .enumerate()
    {
        let files = [photos("", 0, 5), named(name, text.into_bytes())].concat();
        let paths = [
            place.lay(&format!("odd{number}"), &files),
            place.file(&format!("odd{number}.zip"), &zip_of(&files, CompressionMethod::STORE)),
        ];
        for path in paths {
            let error = with_causes(&place.open(&path).unwrap_err());
            assert!(error.contains(expected) && error.contains(name), "{expected}: {error}");
        }
    }
    let both = [photos("", 0, 4), named("metadata.csv", csv(0, 4)), named("metadata.jsonl", jsonl(0, 4))].concat();
    let error = with_causes(&place.open(&place.lay("both", &both)).unwrap_err());
    assert!(error.contains("beside it lies metadata.jsonl"), "{error}");
}
