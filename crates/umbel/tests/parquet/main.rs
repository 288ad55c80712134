//! Parquet as `datasets` writes it (`golden/sources_golden.py`). A binary of its own, since what it tests is behind a feature: small, so that
//! it costs little to build once more.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::decode::decode;
use umbel::data::{Cache, CacheOptions, Index, Listing, Part, PrepSpec, ProblemKind, Source, Split, SplitMethod};

fn at(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/data/sources").join(name)
}

fn open(path: &Path, cache: &TempDir) -> umbel::Result<Index> {
    let options = CacheOptions { folder: cache.path().to_owned(), ..CacheOptions::default() };
    let source = Source::open(path, &options, &mut Silent, &Interrupt::default())?;
    Index::list(source, Listing::Photos, &mut Silent, &Interrupt::default())
}

fn paths(index: &Index) -> Vec<&str> {
    index.photos.iter().map(|photo| photo.path.as_str()).collect()
}

#[test]
fn what_the_hub_writes_is_read() {
    let cache = TempDir::new().unwrap();
    for name in ["photos.parquet", "texts.parquet"] {
        let index = open(&at(name), &cache).unwrap();
        assert_eq!(index.classes, ["cup", "leaf"], "{name}");
        let cups = ["cup/00.png", "cup/02.png", "cup/04.png"];
        assert_eq!(paths(&index), [cups, ["leaf/01.png", "leaf/03.png", "leaf/05.png"]].concat(), "{name}");
        for photo in &index.photos {
            let picture =
                decode(&index.source.read(&photo.path, &Default::default()).unwrap(), &Default::default()).unwrap();
            // The one pixel that no other has.
            let k: u32 = photo.path[photo.path.len() - 6..photo.path.len() - 4].parse().unwrap();
            assert_eq!((picture.dimensions(), picture.get_pixel(k, 2).0), ((8, 6), [255; 3]), "{}", photo.path);
        }
    }
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 2);
    open(&at("photos.parquet"), &cache).unwrap();
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 2, "what was written anew is used again");
}

#[test]
fn rows_that_cannot_be_used_are_listed() {
    let cache = TempDir::new().unwrap();
    let index = open(&at("odd.parquet"), &cache).unwrap();
    assert_eq!(paths(&index), ["cup/00.png", "cup/02.png", "cup/odd-000007.png", "leaf/01.png", "leaf/03.png"]);
    let problems: Vec<_> = index.problems.iter().map(|problem| (problem.path.as_str(), problem.kind)).collect();
    assert_eq!(problems, [("odd.parquet, row 5", ProblemKind::Empty), ("odd.parquet, row 6", ProblemKind::NoLabel)]);
}

#[test]
fn files_that_are_called_after_parts_are_these() {
    let (cache, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for part in ["train-00000-of-00001.parquet", "test-00000-of-00001.parquet"] {
        fs::copy(at("photos.parquet"), folder.path().join(part)).unwrap();
    }
    let index = open(folder.path(), &cache).unwrap();
    let of = |part| index.parts.iter().flatten().filter(|own| **own == part).count();
    assert_eq!((of(Part::Train), of(Part::Test), index.problems.len()), (6, 6, 0), "{:?}", index.problems);
}

#[test]
fn a_table_without_pictures_or_labels_says_what_it_has() {
    let cache = TempDir::new().unwrap();
    let refused = |name: &str| open(&at(name), &cache).unwrap_err().to_string();
    let (labels, images) = (refused("labels.parquet"), refused("images.parquet"));
    assert!(labels.contains("no column that holds images, only: label"), "{labels}");
    assert!(images.contains("no column that holds labels, only: image"), "{images}");
}

#[test]
fn the_same_photos_are_the_same_as_in_a_folder() {
    let (cache, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let index = open(&at("photos.parquet"), &cache).unwrap();
    for photo in &index.photos {
        let path = folder.path().join(&photo.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, index.source.read(&photo.path, &Default::default()).unwrap().as_slice()).unwrap();
    }
    let files = open(folder.path(), &cache).unwrap();
    assert_eq!((&index.photos, &index.classes), (&files.photos, &files.classes));
    let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
    let options = CacheOptions { folder: cache.path().to_owned(), ..CacheOptions::default() };
    let told = |index: &Index| {
        let cache = Cache::open(index, &prep, &options, &mut Silent, &Interrupt::default()).unwrap();
        let split = Split::make(&SplitMethod::Stratified, index, &cache, 0.34, 7).unwrap();
        let pixels: Vec<_> = (0..index.photos.len()).map(|at| cache.image(at).unwrap().unwrap()).collect();
        (split.train, split.val, pixels)
    };
    assert!(told(&index) == told(&files));
}

#[test]
fn what_is_damaged_says_so() {
    let cache = TempDir::new().unwrap();
    let whole = fs::read(at("photos.parquet")).unwrap();
    let path = cache.path().join("cut.parquet");
    for cut in [whole.len() - 1, whole.len() / 2, 4] {
        fs::write(&path, &whole[..cut]).unwrap();
        let error = open(&path, &cache).unwrap_err();
        assert!(error.to_string().contains("damaged or cut short"), "{cut}: {error}");
    }
    for at in (4..whole.len() - 8).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x5A;
        fs::write(&path, bytes).unwrap();
        // Whatever comes of it, it comes soon, and without a panic.
        let _ = open(&path, &cache);
    }
}
