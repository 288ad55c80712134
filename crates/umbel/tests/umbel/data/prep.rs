use image::RgbImage;
use umbel::data::decode::{Depth, Raw};
use umbel::data::{Interpolation, PrepSpec, Resize};

use super::pictures::drawn;

fn spec(size: u32, resize: Resize, interpolation: Interpolation) -> PrepSpec {
    PrepSpec { image_size: size, resize, interpolation, ..PrepSpec::default() }
}

#[test]
fn sizes_outside_32_to_512_are_refused() {
    for (size, fine) in [(31, false), (32, true), (180, true), (512, true), (513, false), (0, false)] {
        let result = PrepSpec { image_size: size, ..PrepSpec::default() }.validate();
        assert_eq!(result.is_ok(), fine, "{size}");
    }
    let message = PrepSpec { image_size: 9, ..PrepSpec::default() }.validate().unwrap_err().to_string();
    assert!(message.contains('9') && message.contains("32 to 512"), "{message}");
}

#[test]
fn it_is_written_and_read_as_in_every_version() {
    // Model files hold this text. A field that comes later is left out where it is what was done before; see `PrepSpec`.
    let text = r#"{"image_size":180,"resize":"stretch","interpolation":"bilinear_antialias"}"#;
    assert_eq!(serde_json::to_string(&PrepSpec::default()).unwrap(), text);
    assert_eq!(serde_json::from_str::<PrepSpec>(text).unwrap(), PrepSpec::default());
    let told = PrepSpec { depth: Depth::Twelve, raw: Raw::Preview, ..PrepSpec::default() };
    let longer = text.replace('}', r#","depth":"12","raw":"preview"}"#);
    assert_eq!(serde_json::to_string(&told).unwrap(), longer);
    assert_eq!(serde_json::from_str::<PrepSpec>(&longer).unwrap(), told);
    let unknown = text.replace('}', r#","turn":90}"#);
    let error = serde_json::from_str::<PrepSpec>(&unknown).unwrap_err().to_string();
    assert!(error.contains("unknown field `turn`"), "{error}");
    // What every version has written has no default.
    for field in ["image_size", "resize", "interpolation"] {
        let mut without: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap();
        without.remove(field).unwrap();
        let error = serde_json::from_value::<PrepSpec>(without.into()).unwrap_err().to_string();
        assert!(error.contains(&format!("missing field `{field}`")), "{error}");
    }
}

/// Bilinear with half-pixel centers, written plainly; with `antialias`, the triangle widens with the scale.
fn reference(photo: &RgbImage, size: usize, antialias: bool) -> Vec<f64> {
    let weights = |length: usize| -> Vec<Vec<(usize, f64)>> {
        let scale = length as f64 / size as f64;
        let radius = if antialias { scale.max(1.0) } else { 1.0 };
        (0..size)
            .map(|out| {
                let center = (out as f64 + 0.5) * scale - 0.5;
                let near = |i: &usize| (1.0 - (*i as f64 - center).abs() / radius).max(0.0);
                let total: f64 = (0..length).map(|i| near(&i)).sum();
                (0..length).map(|i| (i, near(&i) / total)).filter(|(_, weight)| *weight > 0.0).collect()
            })
            .collect()
    };
    let (columns, rows) = (weights(photo.width() as usize), weights(photo.height() as usize));
    let mut out = Vec::new();
    for row in &rows {
        for column in &columns {
            for channel in 0..3 {
                let mut sum = 0.0;
                for (y, down) in row {
                    for (x, across) in column {
                        sum += down * across * f64::from(photo.get_pixel(*x as u32, *y as u32).0[channel]);
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

#[test]
fn both_interpolations_agree_with_a_plain_one() {
    for (width, height) in [(100, 61), (32, 32), (20, 45), (333, 40)] {
        let photo = drawn(width, height, 4);
        for (interpolation, antialias) in [(Interpolation::Bilinear, false), (Interpolation::BilinearAntialias, true)] {
            let got = spec(32, Resize::Stretch, interpolation).apply(&photo);
            let expected = reference(&photo, 32, antialias);
            for (got, expected) in got.iter().zip(&expected) {
                assert!(
                    (f64::from(*got) - expected).abs() <= 1.1,
                    "{width}x{height} {interpolation:?} {got} {expected}"
                );
            }
        }
    }
}

#[test]
fn a_photo_of_the_right_size_is_unchanged() {
    let photo = drawn(48, 48, 2);
    for interpolation in [Interpolation::Bilinear, Interpolation::BilinearAntialias] {
        for resize in [Resize::Stretch, Resize::Crop, Resize::Letterbox] {
            assert_eq!(&spec(48, resize, interpolation).apply(&photo), photo.as_raw());
        }
    }
}

#[test]
fn crop_keeps_the_center_and_letterbox_adds_black() {
    // Three squares beside one another: red, green, blue.
    let photo = RgbImage::from_fn(120, 40, |x, _| {
        let mut color = [0; 3];
        color[x as usize / 40] = 250;
        image::Rgb(color)
    });
    let cropped = spec(40, Resize::Crop, Interpolation::Bilinear).apply(&photo);
    assert!(cropped.chunks_exact(3).all(|pixel| pixel == [0, 250, 0]));

    let boxed = spec(60, Resize::Letterbox, Interpolation::BilinearAntialias).apply(&photo);
    let pixel = |x: usize, y: usize| &boxed[(y * 60 + x) * 3..][..3];
    assert_eq!(pixel(30, 0), [0, 0, 0]);
    assert_eq!(pixel(30, 19), [0, 0, 0]);
    assert_eq!(pixel(5, 30), [250, 0, 0]);
    assert_eq!(pixel(30, 20), [0, 250, 0]);
    assert_eq!(pixel(55, 39), [0, 0, 250]);
    assert_eq!(pixel(55, 40), [0, 0, 0]);

    let tall =
        spec(32, Resize::Letterbox, Interpolation::Bilinear).apply(&RgbImage::from_pixel(1, 900, image::Rgb([9; 3])));
    assert_eq!(tall.iter().filter(|&&value| value == 9).count(), 32 * 3);
}

#[test]
fn a_picture_of_one_row_and_a_million_columns_costs_little_and_stays_right() {
    // From dark to bright, with every second pixel brighter.
    let value = |at: u32, length: u32| {
        (u64::from(at) * 200 / u64::from(length)) as u8 + if at.is_multiple_of(2) { 40 } else { 0 }
    };
    for (width, height) in [(1_000_003, 1), (1, 1_000_003), (700_001, 3), (65_537, 2)] {
        let long = width.max(height);
        let photo = RgbImage::from_fn(width, height, |x, y| image::Rgb([value(x.max(y), long); 3]));
        for interpolation in [Interpolation::Bilinear, Interpolation::BilinearAntialias] {
            for resize in [Resize::Stretch, Resize::Crop, Resize::Letterbox] {
                let prep = spec(64, resize, interpolation);
                let most = 16 << 20;
                assert!(prep.working_bytes(width, height) < most, "{}", prep.working_bytes(width, height));
                let pixels = prep.apply(&photo);
                if resize != Resize::Stretch {
                    continue;
                }
                for step in 0..64usize {
                    let at = if width > height { 32 * 64 + step } else { step * 64 + 32 };
                    let expected = (step as f64 + 0.5) / 64.0 * 200.0 + 20.0;
                    let allowed = if interpolation == Interpolation::Bilinear { 22.0 } else { 2.0 };
                    let found = f64::from(pixels[3 * at]);
                    assert!((found - expected).abs() <= allowed, "{width} x {height}, {step}: {found} {expected}");
                }
            }
        }
    }
}
