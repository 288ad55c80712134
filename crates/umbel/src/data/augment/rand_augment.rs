//! RandAugment's operations (Cubuk et al. 2020), each with its strength.

use super::Drawn;
use super::geometry;
use crate::base::random::Stream;

/// The strongest rotation, in turns: 30 degrees.
const ROTATION: f64 = 30.0 / 360.0;
const SHEAR: f64 = 0.3;
/// Of the size: 150 of 331 pixels, as in the paper's code.
const TRANSLATION: f64 = 150.0 / 331.0;
/// Saturation, contrast and brightness lie between 1 less this and 1 more.
const ENHANCEMENT: f32 = 0.9;
/// Bits that posterization takes away.
const POSTERIZATION: f32 = 4.0;

/// How many operations there are to draw from.
pub const OPERATIONS: usize = 13;

/// Draws one operation of strength `factor` (0 to 1) for a picture of `size` x `size`: which, and in which direction. Two
/// numbers, whatever comes.
pub(super) fn draw(factor: f32, size: usize, random: &mut Stream) -> Drawn {
    let which = random.below(OPERATIONS);
    let sign = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
    operation(which, factor, sign, size)
}

fn operation(which: usize, factor: f32, sign: f32, size: usize) -> Drawn {
    let (signed, strong) = (f64::from(sign * factor), f64::from(factor));
    let enhanced = 1.0 + sign * factor * ENHANCEMENT;
    match which {
        0 => Drawn::Nothing,
        1 => Drawn::Warp(geometry::rotation(size, signed * ROTATION)),
        2 => Drawn::Warp(geometry::shear(size, 0.0, signed * SHEAR)),
        3 => Drawn::Warp(geometry::shear(size, signed * SHEAR, 0.0)),
        4 => Drawn::Warp(geometry::translation(size, 0.0, signed * TRANSLATION)),
        5 => Drawn::Warp(geometry::translation(size, signed * TRANSLATION, 0.0)),
        6 => Drawn::AutoContrast,
        7 => Drawn::Equalize,
        8 => Drawn::Posterize((8.0 - factor * POSTERIZATION).round() as u32),
        // At full strength everything is turned into its negative.
        9 => Drawn::Solarize((256.0 * (1.0 - strong)) as f32),
        10 => Drawn::Saturation(enhanced),
        11 => Drawn::Contrast(enhanced),
        12 => Drawn::Scale(enhanced),
        _ => unreachable!("there are {OPERATIONS} operations"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Purpose;

    #[test]
    fn at_strength_0_geometry_and_enhancement_do_nothing() {
        for which in [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12] {
            let mut photo: Vec<f32> = (0..48).map(|i| (i * 53 % 256) as f32).collect();
            let before = photo.clone();
            match operation(which, 0.0, 1.0, 4) {
                Drawn::Warp(map) => assert_eq!(map, geometry::Affine::IDENTITY, "{which}"),
                drawn => drawn.color(4, &mut photo),
            }
            assert!(photo.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-3), "{which}: {photo:?}");
        }
    }

    #[test]
    fn every_operation_is_drawn() {
        let mut random = Stream::new(1, Purpose::Augment, 0, 0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..300 {
            seen.insert(format!("{:?}", draw(0.5, 8, &mut random)));
        }
        // Both directions of all but nothing, auto-contrast, equalization, posterization and solarization.
        assert_eq!(seen.len(), OPERATIONS + 8, "{seen:?}");
    }
}
