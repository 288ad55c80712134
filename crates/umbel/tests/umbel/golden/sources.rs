//! What `datasets` and `webdataset` write of six pictures of two classes (`golden/sources_golden.py`).

use std::path::PathBuf;

use tempfile::TempDir;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::{CacheOptions, Index, Listing, Source};

fn at(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/data/sources").join(name)
}

fn open(name: &str, cache: &TempDir) -> umbel::Result<Index> {
    let options = CacheOptions { folder: cache.path().to_owned(), ..CacheOptions::default() };
    let source = Source::open(&at(name), &options, &mut Silent, &Interrupt::default())?;
    Index::list(source, Listing::Photos, &mut Silent, &Interrupt::default())
}

/// Each photo's class and path.
fn told(index: &Index) -> Vec<(&str, &str)> {
    index.photos.iter().map(|photo| (index.classes[photo.class as usize].as_str(), photo.path.as_str())).collect()
}

/// The pixel of picture `k` that no other has, from left, is white.
fn assert_pictures(index: &Index, number: impl Fn(&str) -> u32) {
    for photo in &index.photos {
        let bytes = index.source.read(&photo.path, &Default::default()).unwrap();
        let picture = umbel::data::decode::decode(&bytes, &Default::default()).unwrap();
        let k = number(&photo.path);
        assert_eq!((picture.dimensions(), picture.get_pixel(k, 2).0), ((8, 6), [255; 3]), "{}", photo.path);
        assert_eq!(picture.get_pixel(7, 5).0, [40 * k as u8, 200 - 30 * k as u8, 90], "{}", photo.path);
    }
}

#[test]
fn shards_of_webdataset_are_read() {
    let cache = TempDir::new().unwrap();
    let index = open("shard-{000..001}.tar", &cache).unwrap();
    let names = ["00.png", "02.png", "04.png", "01.png", "03.png", "05.png"];
    let classes = ["cup", "cup", "cup", "leaf", "leaf", "leaf"];
    assert_eq!(told(&index), classes.into_iter().zip(names).collect::<Vec<_>>(), "numbers have their names in JSON");
    assert_pictures(&index, |path| path[..2].parse().unwrap());
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_is_known_where_it_is_not_read() {
    let cache = TempDir::new().unwrap();
    let error = open("photos.parquet", &cache).unwrap_err();
    assert!(error.to_string().contains("of the kind Parquet, which this umbel was built without"), "{error}");
}
