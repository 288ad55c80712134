//! Damaged archives: listed, decompressed and read to the last member.

use std::fs;
use std::io::Cursor;

use image::ImageFormat;
use rawzip::CompressionMethod;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::decode::Limits;
use umbel::data::{CacheOptions, Index, Listing, Source};

use crate::allocator::Cost;
use crate::archives::{Files, gzip, samples, tar_of, zip_of, zstd};
use crate::mutate::{self, Random};
use crate::seeds;
use crate::watch::{self, Kind};

/// Zstandard may ask for a window of up to 100 MB, and holds what comes out of it twice.
const LIMIT: Cost = Cost { peak: 320 << 20, largest: 160 << 20 };

fn files() -> Files {
    let mut photo = Cursor::new(Vec::new());
    seeds::drawn(12, 10).write_to(&mut photo, ImageFormat::Png).unwrap();
    let path = |number: usize| format!("{}/{number}.png", ["daisy", "roses"][number % 2]);
    (0..4).map(|number| (path(number), photo.get_ref().clone())).collect()
}

fn fuzz(name: &'static str, end: &str, seeds: &[Vec<u8>]) {
    let folder = tempfile::tempdir().unwrap();
    let (path, cache) = (folder.path().join(format!("file{end}")), folder.path().join("cache"));
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let options = CacheOptions { folder: cache.clone(), max_bytes: 1 << 20, ..CacheOptions::default() };
        let Ok(source) = Source::open(&path, &options, &mut Silent, &Interrupt::default()) else { return };
        let Ok(index) = Index::list(source, Listing::Photos, &mut Silent, &Interrupt::default()) else { return };
        for photo in &index.photos {
            let _ = index.source.read(&photo.path, &Limits::default());
        }
    };
    let damaged = |random: &mut Random| mutate::bytes(random, seeds);
    watch::run(&Kind { name, share: 5, damaged: &damaged, read: &read, limit: LIMIT });
}

#[test]
fn zip() {
    let (files, methods) = (files(), [CompressionMethod::STORE, CompressionMethod::DEFLATE]);
    fuzz("zip", ".zip", &methods.map(|method| zip_of(&files, method)));
}

#[test]
fn tar() {
    let files = files();
    fuzz("tar", ".tar", &[tar_of(&files), tar_of(&samples(&files, false)), tar_of(&samples(&files, true))]);
}

#[test]
fn compressed() {
    let tar = tar_of(&files());
    fuzz("compressed tar", ".tgz", &[gzip(&tar), zstd(&tar)]);
}
