//! Every augmentation layer with its factors fixed, and compositions, against Keras' layers and its affine transform.

use umbel::base::augmentation::{AugmentLayer, FlipMode};
use umbel::base::random::{Purpose, Stream};
use umbel::data::augment::Policy;

use super::files::{Golden, Verdict, largest_difference};
use super::formula;

/// Of 255 levels. The pictures are noise, so that looking a hundredth of a pixel aside costs more than a whole level.
const TOLERANCE: f64 = 0.002;

#[test]
fn augmentations_warp_and_color_as_in_keras() {
    let mut verdict = Verdict::default();
    for (name, theirs) in Golden::read("augment.safetensors").iter() {
        let (steps, size) = name.split_once('/').unwrap();
        let size: usize = size.parse().unwrap();
        let photo = formula::picture(size as u64, size * size * 3);
        let layers: Vec<AugmentLayer> = steps.split('+').map(layer).collect();
        let policy = Policy::new(&layers);
        let mut out = vec![f32::NAN; photo.len()];
        let mut error_with = |seed| {
            policy.apply(size, &photo, &mut Stream::new(seed, Purpose::Augment, 0, 0), &mut out);
            largest_difference(out.iter().map(|&v| f64::from(v)), theirs)
        };
        let error = if steps.starts_with("random_flip") {
            // Flips are drawn with probability one half: of many draws some must give Keras' flipped picture.
            let errors: Vec<f64> = (0..64).map(error_with).collect();
            let n_flipped = errors.iter().filter(|&&e| e < TOLERANCE).count();
            assert!((16..=48).contains(&n_flipped), "{name}: {n_flipped} of 64 pictures are flipped as by Keras");
            errors.into_iter().fold(f64::INFINITY, f64::min)
        } else {
            error_with(0)
        };
        verdict.add(name, error, TOLERANCE, None);
    }
    verdict.finish("augmentation (levels of 255)");
}

/// `kind=factors` with low = high.
fn layer(step: &str) -> AugmentLayer {
    let (kind, factors) = step.split_once('=').unwrap();
    let factor = |i: usize| {
        let value: f32 = factors.split(',').nth(i).unwrap().parse().unwrap();
        (value, value)
    };
    match kind {
        "random_flip" => AugmentLayer::RandomFlip {
            mode: if factors == "horizontal" { FlipMode::Horizontal } else { FlipMode::Vertical },
        },
        "random_rotation" => AugmentLayer::RandomRotation { factor: factor(0) },
        "random_zoom" => AugmentLayer::RandomZoom { factor: factor(0) },
        "random_translation" => AugmentLayer::RandomTranslation { height_factor: factor(0), width_factor: factor(1) },
        "random_contrast" => AugmentLayer::RandomContrast { factor: factor(0) },
        "random_brightness" => AugmentLayer::RandomBrightness { factor: factor(0) },
        other => panic!("no layer called {other}"),
    }
}
