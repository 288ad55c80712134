//! HEICs of every kind that libheif encodes, against what libheif decodes of them.

use std::path::Path;

use image::{DynamicImage, RgbImage, RgbaImage};
use safetensors::SafeTensors;
use umbel::data::decode::{Limits, decode, facts};

use super::files::Verdict;

/// The two round in their own ways, and where bits are more than eight, libheif cuts off the others first. Otherwise a hundredth is
/// the rule.
const MEAN: f64 = 1.0;
const LARGEST: f64 = 3.0;

fn over_white(photo: RgbaImage) -> RgbImage {
    let pixel = |x, y| {
        let [color @ .., alpha] = photo.get_pixel(x, y).0.map(u32::from);
        image::Rgb(color.map(|value| ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8))
    };
    RgbImage::from_fn(photo.width(), photo.height(), pixel)
}

#[test]
fn heics_of_every_kind_are_what_libheif_makes_of_them() {
    let bytes =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/data/heic.safetensors")).unwrap();
    let all = SafeTensors::deserialize(&bytes).unwrap();
    let mut verdict = Verdict::default();
    let mut tried = 0;
    for name in all.names() {
        let Some(kind) = name.strip_suffix("/file") else { continue };
        let file = all.tensor(name).unwrap().data().to_vec();
        let png = image::load_from_memory(all.tensor(&format!("{kind}/png")).unwrap().data()).unwrap();
        let expected = match png {
            DynamicImage::ImageRgba8(photo) => over_white(photo),
            photo => photo.into_rgb8(),
        };
        let photo = decode(&file, &Limits::default()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(photo.dimensions(), expected.dimensions(), "{kind}");
        assert_eq!(facts(&file).unwrap().format, "HEIC");
        let difference = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b));
        let differences: Vec<f64> = photo.as_raw().iter().zip(expected.as_raw()).map(difference).collect();
        verdict.add(format!("mean/{kind}"), differences.iter().sum::<f64>() / differences.len() as f64, MEAN, None);
        verdict.add(format!("largest/{kind}"), differences.into_iter().fold(0.0, f64::max), LARGEST, None);
        tried += 1;
    }
    assert!(tried > 20, "{tried}");
    verdict.finish("HEIC (levels of 255)");
}

#[test]
fn a_heic_cannot_ask_for_more_memory_than_the_limit() {
    let bytes =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/data/heic.safetensors")).unwrap();
    let all = SafeTensors::deserialize(&bytes).unwrap();
    for kind in ["chroma-420", "pieces", "transparent"] {
        let file = all.tensor(&format!("{kind}/file")).unwrap().data().to_vec();
        let limits = Limits { max_alloc_bytes: 20_000, ..Limits::default() };
        let error = decode(&file, &limits).unwrap_err();
        assert_eq!(error.kind, umbel::data::ProblemKind::TooLarge, "{kind}: {error}");
        for kept in [file.len() / 2, file.len() * 9 / 10] {
            assert_eq!(decode(&file[..kept], &Limits::default()).unwrap_err().kind, umbel::data::ProblemKind::Damaged);
        }
    }
}
