//! Scenes that differ from one another as photos do: blobs of light and color in random places.

use std::fs;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, RgbImage};
use tempfile::TempDir;
use umbel::base::progress::{Interrupt, Silent};
use umbel::base::random::{Purpose, Stream};
use umbel::check::{CheckReport, FindingKind, check};
use umbel::data::Index;

/// A scene; another `seed`, another scene of the same kind.
pub fn scene(width: u32, height: u32, seed: u64) -> RgbImage {
    let mut random = Stream::new(seed, Purpose::Demo, 0, 0);
    let blobs: Vec<([f32; 3], [f32; 3])> = (0..14)
        .map(|_| {
            let place = [random.uniform(), random.uniform(), random.range(0.05, 0.25)];
            (place, std::array::from_fn(|_| random.range(-160.0, 160.0)))
        })
        .collect();
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        let mut color = [120.0f32, 130.0, 90.0];
        for ([center_x, center_y, size], change) in &blobs {
            let distance = ((x - center_x).powi(2) + (y - center_y).powi(2)) / (size * size);
            let light = (-distance).exp();
            for (value, change) in color.iter_mut().zip(change) {
                *value += change * light;
            }
        }
        image::Rgb(color.map(|value| value.clamp(0.0, 255.0) as u8))
    })
}

/// A folder of two classes, `a` and `b`, with `n` distinct scenes each.
pub fn folder(n: u64) -> TempDir {
    let root = TempDir::new().unwrap();
    for (class, name) in ["a", "b"].into_iter().enumerate() {
        for number in 0..n {
            let picture = scene(96, 72, class as u64 * 1000 + number);
            write(root.path(), &format!("{name}/{number:03}.png"), &encoded(picture, ImageFormat::Png));
        }
    }
    root
}

pub fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).unwrap();
    bytes
}

pub fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub fn checked(root: &Path) -> CheckReport {
    let index = Index::scan(root).unwrap();
    check(&index, None, &mut Silent, &Interrupt::default()).unwrap()
}

/// The paths of a kind of finding.
pub fn paths(report: &CheckReport, kind: FindingKind) -> Vec<&str> {
    report.problems.iter().filter(|finding| finding.kind == kind).map(|finding| finding.path.as_str()).collect()
}
