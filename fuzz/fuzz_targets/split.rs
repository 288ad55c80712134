//! Split files, against a small folder of drawn flowers.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::{Cache, CacheOptions, Index, PrepSpec, Split, SplitMethod};

struct Place {
    folder: tempfile::TempDir,
    index: Index,
    cache: Cache,
}

fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let photos = folder.path().join("photos");
        umbel::demo::write_folder(&photos, 2, 32, 1).expect("drawn flowers");
        let index = Index::scan(&photos).expect("a folder of flowers");
        let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
        let options = CacheOptions { folder: folder.path().join("cache"), max_bytes: u64::MAX };
        let cache = Cache::open(&index, &prep, &options, &mut Silent, &Interrupt::default()).expect("a cache");
        Place { folder, index, cache }
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Place { folder, index, cache } = place();
    let path = folder.path().join("split.csv");
    std::fs::write(&path, bytes).expect("a file in it");
    let _ = Split::make(&SplitMethod::File(path), index, cache, 0.2, 1);
});
