//! TIFFs of every kind that umbel reads by itself, against the pixels that they stand for (as Pillow and tifffile see them).

use std::path::Path;

use image::RgbImage;
use safetensors::SafeTensors;
use umbel::data::decode::{Depth, Limits, Reading, decode_as};

use super::files::Verdict;

/// Halves may fall to either side.
const LARGEST: f64 = 1.0;

#[test]
fn tiffs_of_every_kind_have_the_pixels_that_they_stand_for() {
    let bytes =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/data/tiff.safetensors")).unwrap();
    let all = SafeTensors::deserialize(&bytes).unwrap();
    let mut verdict = Verdict::default();
    let mut tried = 0;
    for name in all.names() {
        let Some(kind) = name.strip_suffix("/file") else { continue };
        let depth = kind.split_once('@').map_or(Depth::Auto, |(_, depth)| depth.parse().unwrap());
        let file = all.tensor(name).unwrap();
        let pixels = all.tensor(&format!("{kind}/pixels")).unwrap();
        let [height, width, 3] = pixels.shape() else { panic!("{kind}: {:?}", pixels.shape()) };
        let expected = RgbImage::from_raw(*width as u32, *height as u32, pixels.data().to_vec()).unwrap();
        let decoded = decode_as(file.data(), &Limits::default(), Reading { depth, ..Reading::default() });
        let photo = decoded.unwrap_or_else(|error| panic!("{kind}: {error}")).photo;
        assert_eq!(photo.dimensions(), expected.dimensions(), "{kind}");
        let differences = photo.as_raw().iter().zip(expected.as_raw()).map(|(a, b)| f64::from(a.abs_diff(*b)));
        let largest = differences.fold(0.0, f64::max);
        let allowed = if kind.contains("jpeg") { 3.0 } else { LARGEST };
        verdict.add(kind.to_string(), largest, allowed, None);
        tried += 1;
    }
    assert!(tried > 70, "{tried}");
    verdict.finish("TIFF (levels of 255)");
}
