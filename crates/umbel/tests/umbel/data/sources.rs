//! The same photos in a folder, in archives and in shards: one index, one split, the same pixels. And archives that are broken,
//! or mean harm.

use std::fs;
use std::path::{Path, PathBuf};

use image::ImageFormat;
use rawzip::CompressionMethod;
use tempfile::TempDir;
use umbel::base::error::with_causes;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::decode::Limits;
use umbel::data::{
    ArchiveFault, Cache, CacheOptions, Index, Listing, Part, PrepSpec, Problem, ProblemKind, Source, Split, SplitMethod,
};
use umbel::{Error, data};

use super::archives::{Files, gzip, samples, tar_of, zip_of, zstd};
use super::pictures::{drawn, encoded};

/// Photos of three classes, as paths and bytes.
fn photos() -> Files {
    let photo = |(class, of): (usize, u32)| {
        let path = format!("{}/{of:02}.png", ["daisy", "roses", "tulips"][class]);
        (path, encoded(drawn(12, 10, class as u32 * 100 + of), ImageFormat::Png))
    };
    (0..3).flat_map(|class| (0..6).map(move |of| (class, of))).map(photo).collect()
}

fn below(top: &str, files: &Files) -> Files {
    files.iter().map(|(path, bytes)| (format!("{top}/{path}"), bytes.clone())).collect()
}

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Place { folder: TempDir::new().unwrap() }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn cache(&self) -> CacheOptions {
        CacheOptions { folder: self.folder.path().join("cache"), ..CacheOptions::default() }
    }

    fn open(&self, path: &Path) -> umbel::Result<Index> {
        let source = Source::open(path, &self.cache(), &mut Silent, &Interrupt::default())?;
        Index::list(source, Listing::Photos, &mut Silent, &Interrupt::default())
    }

    fn fault(&self, path: &Path) -> ArchiveFault {
        match self.open(path) {
            Err(Error::Data(data::Error::Archive { fault, .. })) => fault,
            other => panic!("{other:?}"),
        }
    }
}

/// What must not depend on where photos lie: photos, classes, split and pixels.
type Told = (Vec<(String, u32)>, Vec<String>, Vec<usize>, Vec<usize>, Vec<Vec<u8>>);

fn told(place: &Place, index: &Index) -> Told {
    let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
    let cache = Cache::open(index, &prep, &place.cache(), &mut Silent, &Interrupt::default()).unwrap();
    let split = Split::make(&SplitMethod::Stratified, index, &cache, 0.2, 7).unwrap();
    let pixels = (0..index.photos.len()).map(|at| cache.image(at).unwrap().unwrap()).collect();
    let photos = index.photos.iter().map(|photo| (photo.path.clone(), photo.class)).collect();
    (photos, index.classes.clone(), split.train, split.val, pixels)
}

#[test]
fn the_same_photos_are_the_same_wherever_they_lie() {
    let (place, files) = (Place::new(), photos());
    let folder = place.folder.path().join("flowers");
    for (path, bytes) in &files {
        place.write(&format!("flowers/{path}"), bytes);
    }
    let expected = told(&place, &place.open(&folder).unwrap());
    let (tar, topped) = (tar_of(&files), tar_of(&below("flower_photos", &files)));
    for (name, bytes) in [
        ("stored.zip", zip_of(&files, CompressionMethod::STORE)),
        ("deflated.zip", zip_of(&below("flower_photos", &files), CompressionMethod::DEFLATE)),
        ("plain.tar", tar.clone()),
        ("topped.tar", topped.clone()),
        ("topped.tgz", gzip(&topped)),
        ("plain.tar.gz", gzip(&tar)),
        ("plain.tar.zst", zstd(&tar)),
        // As parallel compressors write them.
        ("frames.tar.zst", [zstd(&tar[..1000]), zstd(&tar[1000..])].concat()),
        ("members.tar.gz", [gzip(&tar[..1000]), gzip(&tar[1000..])].concat()),
        ("samples.tar", tar_of(&samples(&files, false))),
        ("json.tar", tar_of(&samples(&files, true))),
    ] {
        let index = place.open(&place.write(name, &bytes)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(index.problems, [], "{name}");
        assert!(told(&place, &index) == expected, "{name}");
    }
    for (shard, files) in files.chunks(5).enumerate() {
        place.write(&format!("shards/data-{shard:03}.tar"), &tar_of(&samples(&files.to_vec(), false)));
    }
    for shards in ["shards", "shards/data-{000..003}.tar"] {
        let index = place.open(&place.folder.path().join(shards)).unwrap();
        assert!(told(&place, &index) == expected, "{shards}");
    }
}

#[test]
fn what_is_compressed_as_a_whole_is_decompressed_once() {
    let (place, tar) = (Place::new(), gzip(&tar_of(&photos())));
    let archive = place.write("flowers.tgz", &tar);
    let decompressed = || -> Vec<(PathBuf, std::time::SystemTime)> {
        let entries = fs::read_dir(place.folder.path().join("cache")).unwrap().map(|entry| entry.unwrap().path());
        let own = entries.filter(|path| path.extension().is_some_and(|end| end == "umbel-tar"));
        own.map(|path| (path.clone(), fs::metadata(&path).unwrap().created().unwrap_or(std::time::UNIX_EPOCH)))
            .collect()
    };
    place.open(&archive).unwrap();
    let first = decompressed();
    place.open(&archive).unwrap();
    assert_eq!((first.len(), &decompressed()), (1, &first));
    let small = CacheOptions { max_bytes: 4096, ..place.cache() };
    fs::remove_file(&first[0].0).unwrap();
    let error = Source::open(&archive, &small, &mut Silent, &Interrupt::default()).unwrap_err();
    assert!(with_causes(&error).contains("unpack it where there is room"), "{error}");
    assert_eq!(decompressed(), [], "nothing is left of what was too large");
}

#[test]
fn parts_are_told_by_folders_and_by_the_names_of_archives() {
    let (place, files) = (Place::new(), photos());
    let (train, val): (Files, Files) = files.into_iter().partition(|(path, _)| !path.ends_with("05.png"));
    let both = [below("train", &train), below("val", &val)].concat();
    let folders = place.write("divided.zip", &zip_of(&both, CompressionMethod::STORE));
    place.write("zips/train.zip", &zip_of(&below("train", &train), CompressionMethod::STORE));
    place.write("zips/validation.zip", &zip_of(&val, CompressionMethod::STORE));
    place.write("tars/flowers-train-000.tar", &tar_of(&samples(&train, false)));
    place.write("tars/flowers-val-000.tar", &tar_of(&samples(&val, false)));
    for path in [folders, place.folder.path().join("zips"), place.folder.path().join("tars")] {
        let index = place.open(&path).unwrap();
        let of = |part| index.parts.iter().flatten().filter(|own| **own == part).count();
        assert_eq!((of(Part::Train), of(Part::Val), index.photos.len()), (15, 3, 18), "{}", path.display());
        assert_eq!(index.photos[0].path, "train/daisy/00.png", "{}", path.display());
    }
}

fn problem<'a>(index: &'a Index, path: &str) -> &'a Problem {
    index.problems.iter().find(|problem| problem.path == path).unwrap_or_else(|| panic!("{path}: {:?}", index.problems))
}

#[test]
fn members_that_cannot_be_used_are_listed_by_name() {
    let place = Place::new();
    let mut files = samples(&photos(), false);
    files.retain(|(path, _)| path != "daisy/00.cls");
    files.push(("roses/00.jpeg".into(), encoded(drawn(9, 9, 5), ImageFormat::Jpeg)));
    files.iter_mut().filter(|(path, _)| path == "tulips/01.cls").for_each(|(_, class)| class.clear());
    place.write("d/a.tar", &tar_of(&files));
    place.write("d/b.tar", &tar_of(&samples(&photos()[..1].to_vec(), false)));
    place.write("d/c.tar", b"no tar at all, but called one".as_slice());
    let index = place.open(&place.folder.path().join("d")).unwrap();
    assert_eq!(index.photos.len(), 17, "the class that the first shard lacks is in the second");
    assert_eq!(problem(&index, "daisy/00.png").kind, ProblemKind::Twice);
    assert!(problem(&index, "daisy/00.png").detail.contains("in a.tar and in b.tar"));
    assert_eq!(problem(&index, "roses/00.png").kind, ProblemKind::Twice);
    assert_eq!(problem(&index, "tulips/01.png").kind, ProblemKind::NoLabel);
    assert_eq!(problem(&index, "c.tar").kind, ProblemKind::Damaged);
}

#[test]
fn a_shard_that_is_cut_gives_what_lies_before() {
    let (place, tar) = (Place::new(), tar_of(&samples(&photos(), false)));
    for cut in [tar.len() / 2, tar.len() / 2 + 100, tar.len() / 2 + 700] {
        let path = place.write(&format!("{cut}.tar"), &tar[..cut]);
        let index = place.open(&path).unwrap();
        assert!((5..18).contains(&index.photos.len()), "{cut}: {}", index.photos.len());
        let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
        let cache = Cache::open(&index, &prep, &place.cache(), &mut Silent, &Interrupt::default()).unwrap();
        assert_eq!(cache.usable().len(), index.photos.len(), "{cut}: {:?}", cache.problems());
    }
    let zip = zip_of(&photos(), CompressionMethod::STORE);
    assert!(matches!(place.fault(&place.write("cut.zip", &zip[..zip.len() / 2])), ArchiveFault::Damaged(_)));
    let gz = gzip(&tar);
    assert!(matches!(place.fault(&place.write("cut.tgz", &gz[..gz.len() / 2])), ArchiveFault::Damaged(_)));
    let zst = zstd(&tar);
    assert!(matches!(place.fault(&place.write("cut.tar.zst", &zst[..zst.len() / 2])), ArchiveFault::Damaged(_)));
}

#[test]
fn a_member_that_was_changed_is_damaged() {
    let (place, files) = (Place::new(), photos());
    let mut zip = zip_of(&files, CompressionMethod::STORE);
    let (_, photo) = &files[0];
    let at = zip.windows(photo.len()).position(|window| window == photo).unwrap();
    zip[at + photo.len() / 2] ^= 1;
    let index = place.open(&place.write("changed.zip", &zip)).unwrap();
    let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
    let cache = Cache::open(&index, &prep, &place.cache(), &mut Silent, &Interrupt::default()).unwrap();
    let [problem] = cache.problems() else { panic!("{:?}", cache.problems()) };
    assert_eq!((problem.path.as_str(), problem.kind), ("daisy/00.png", ProblemKind::Damaged));
}

#[test]
fn nothing_leads_out_of_an_archive() {
    let place = Place::new();
    let mut files = photos();
    for path in ["../up.png", "/etc/abs.png", "daisy/../../up.png"] {
        files.push((path.to_string(), encoded(drawn(9, 9, 5), ImageFormat::Png)));
    }
    // The writer refuses such names, as nobody has them in good faith.
    let mut tar = tar_of(&photos());
    tar.truncate(tar.len() - 1024);
    for (path, bytes) in &files[18..] {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    let mut link = tar::Header::new_gnu();
    link.set_path("daisy/link.png").unwrap();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_link_name("/etc/passwd").unwrap();
    link.set_size(0);
    link.set_cksum();
    tar.extend_from_slice(link.as_bytes());
    tar.resize(tar.len() + 1024, 0);
    let index = place.open(&place.write("harm.tar", &tar)).unwrap();
    assert_eq!(index.photos.len(), 18);
    assert_eq!(index.problems.len(), 4, "{:?}", index.problems);
    assert_eq!(problem(&index, "../up.png").kind, ProblemKind::Name);
    assert_eq!(problem(&index, "daisy/link.png").kind, ProblemKind::Unreadable);
    let limits = Limits::default();
    for path in ["../harm.tar", "/etc/passwd", "daisy/../../harm.tar"] {
        assert!(index.source.read(path, &limits).is_err(), "{path}");
        assert!(Source::at(place.folder.path()).unwrap().read(path, &limits).is_err(), "{path} of a folder");
    }
}

#[test]
fn what_grows_beyond_all_bounds_is_stopped() {
    let place = Place::new();
    let mut files = photos();
    files.push(("daisy/bomb.png".into(), vec![0; 1 << 20]));
    let mut zip = zip_of(&files, CompressionMethod::DEFLATE);
    // It says that it is small.
    let size = (1u32 << 20).to_le_bytes();
    let places: Vec<usize> = (0..zip.len() - 4).filter(|&at| zip[at..at + 4] == size).collect();
    places.into_iter().for_each(|at| zip[at..at + 4].copy_from_slice(&100u32.to_le_bytes()));
    let index = place.open(&place.write("bomb.zip", &zip)).unwrap();
    let limits = Limits::default();
    let error = index.source.read("daisy/bomb.png", &limits).unwrap_err();
    assert_eq!(error.kind, ProblemKind::Damaged, "{error}");
}

#[test]
fn other_things_than_archives_are_told_apart() {
    let place = Place::new();
    let refused = |name: &str, bytes: &[u8]| {
        let error = place.open(&place.write(name, bytes)).unwrap_err();
        with_causes(&error)
    };
    assert!(refused("photos.7z", b"7z\xBC\xAF\x27\x1C\0\x04").contains("7-Zip"));
    assert!(refused("photos.rar", b"Rar!\x1A\x07\x01\0").contains("RAR"));
    assert!(refused("photos.gz", &gzip(&vec![b'x'; 600])).contains("no tar"));
    assert!(refused("photos.txt", b"hello").contains("neither a folder nor a table"));
    assert!(
        refused("none.zip", &zip_of(&vec![("a.txt".into(), vec![1])], CompressionMethod::STORE))
            .contains("sub-folders")
    );
    let missing = place.open(&place.folder.path().join("data-{00..03}.tar")).unwrap_err();
    assert!(with_causes(&missing).contains("data-00.tar is not there"), "{missing}");
    let unclear = place.open(&place.folder.path().join("data-{x..y}.tar")).unwrap_err();
    assert!(with_causes(&unclear).contains("{000..099}"), "{unclear}");
}
