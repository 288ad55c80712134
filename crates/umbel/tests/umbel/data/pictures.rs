//! Pictures and folders for the tests.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use image::{DynamicImage, ImageFormat, RgbImage};
use tempfile::TempDir;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::{Cache, CacheOptions, Index, PrepSpec};

/// A picture with a gradient and random patches in it; another `seed`, another picture, that nobody takes for the same.
pub fn drawn(width: u32, height: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mut patch = (x / 7) ^ ((y / 5) << 8) ^ (seed << 16);
        for _ in 0..2 {
            patch = (patch ^ (patch >> 15)).wrapping_mul(0x2C1B_3C6D);
        }
        let [red, green, ..] = (patch ^ (patch >> 13)).to_le_bytes();
        image::Rgb([(x * 255 / width.max(2)) as u8 / 2 + red / 2, green, (seed * 29 % 256) as u8])
    })
}

/// A picture as a file's bytes.
pub fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("the picture can be encoded");
    bytes.into_inner()
}

/// A folder of `counts.len()` classes (a, b, c, ...) with so many different PNG pictures each.
pub fn folder(counts: &[usize]) -> TempDir {
    let root = TempDir::new().expect("a temporary folder");
    for (class, &count) in counts.iter().enumerate() {
        let name = char::from(b'a' + class as u8).to_string();
        fs::create_dir(root.path().join(&name)).unwrap();
        for i in 0..count {
            let picture = drawn(40 + i as u32 % 9, 36, (class * 1000 + i) as u32);
            write(root.path(), &format!("{name}/{i:03}.png"), &encoded(picture, ImageFormat::Png));
        }
    }
    root
}

/// Writes a file, making its folders.
pub fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The smallest preparation.
pub fn small() -> PrepSpec {
    PrepSpec { image_size: 32, ..PrepSpec::default() }
}

/// Reads and prepares a folder, with a cache folder that ends with the test.
pub fn prepared(root: &Path) -> (Index, Cache) {
    let cache_folder = TempDir::new().unwrap();
    let index = Index::scan(root).unwrap();
    let options =
        CacheOptions { folder: cache_folder.path().to_owned(), max_bytes: u64::MAX, ..CacheOptions::default() };
    let cache = Cache::open(&index, &small(), &options, &mut Silent, &Interrupt::default()).unwrap();
    (index, cache)
}

/// The flowers, prepared once for all tests.
pub fn flowers() -> Option<&'static (Index, Arc<Cache>)> {
    static FLOWERS: OnceLock<Option<(Index, Arc<Cache>)>> = OnceLock::new();
    let prepare = || {
        let (index, cache) = prepared(&shared("flowers")?);
        Some((index, Arc::new(cache)))
    };
    FLOWERS.get_or_init(prepare).as_ref()
}

/// A folder of the data that lies beside the repository, or a line that says it is absent.
pub fn shared(name: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Beside the repository, or one folder further up.
    let places = ["../shared/data", "../../shared/data"].map(|place| repository.join(place).join(name));
    let found = places.into_iter().find(|place| place.is_dir());
    if found.is_none() {
        println!("skipped: no shared/data/{name} beside the repository");
    }
    found
}
