//! Bilinear resizing, with and without anti-aliasing, against `tf.image.resize`.

use image::RgbImage;
use umbel::data::{Interpolation, PrepSpec, Resize};

use super::files::{Golden, Verdict, largest_difference};
use super::formula;

/// umbel rounds to whole levels after each axis, so half a level is lost twice; weights in fixed point add a little.
const LARGEST: f64 = 1.02;
/// Halves are rounded up. At half the size without anti-aliasing every second sum ends in a half, on both axes: there a
/// picture gets lighter by half a level. Noise at other sizes stays well below.
const MEAN: f64 = 0.5;

#[test]
fn photos_are_resized_as_by_keras() {
    let mut verdict = Verdict::default();
    for (name, theirs) in Golden::read("resize.safetensors").iter() {
        let [kind, number, photo_size, size] = name.split('/').collect::<Vec<_>>().try_into().unwrap();
        let (height, width) = photo_size.split_once('x').unwrap();
        let (height, width): (u32, u32) = (height.parse().unwrap(), width.parse().unwrap());
        let prep = PrepSpec {
            image_size: size.parse().unwrap(),
            resize: Resize::Stretch,
            interpolation: match kind {
                "bilinear" => Interpolation::Bilinear,
                "antialias" => Interpolation::BilinearAntialias,
                other => panic!("what is {other}?"),
            },
            ..PrepSpec::default()
        };
        let pixels = formula::picture(number.parse().unwrap(), (height * width * 3) as usize);
        let photo = RgbImage::from_raw(width, height, pixels).unwrap();
        let ours = prep.apply(&photo);
        // The file counts in 256ths of a level.
        let error = largest_difference(ours.iter().map(|&v| f64::from(v) * 256.0), theirs) / 256.0;
        verdict.add(format!("largest/{name}"), error, LARGEST, None);
        let sum: f64 = ours.iter().zip(theirs).map(|(&ours, theirs)| f64::from(ours) - theirs / 256.0).sum();
        verdict.add(format!("mean/{name}"), (sum / theirs.len() as f64).abs(), MEAN, None);
    }
    verdict.finish("resize (levels of 255)");
}
