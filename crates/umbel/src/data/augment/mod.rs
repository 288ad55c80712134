//! Carries out the augmentation layers: all geometric ones composed into one affine warp with one bilinear
//! interpolation, then the color ones in their order. One interpolation keeps a photo sharper than one a layer, as
//! Keras does it; at the borders, the original is reflected, not what an earlier layer made of it.

pub mod color;
pub mod geometry;
pub mod mixing;
pub mod warp;

use crate::base::augmentation::{AugmentLayer, FlipMode};
use crate::base::random::Stream;
use geometry::Affine;

/// A list of augmentation layers ready to be applied.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    layers: Vec<AugmentLayer>,
}

impl Policy {
    /// Takes the layers in the order given.
    pub fn new(layers: &[AugmentLayer]) -> Self {
        Policy { layers: layers.to_vec() }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Augments one photo: `size * size` RGB bytes in, `f32` of the same range (0 to 255) out.
    ///
    /// Numbers are drawn from `random` in the layers' order: one for a flip (it turns both axes over together where
    /// both are asked for, as in Keras 3), a rotation, a zoom, a contrast and a brightness, two for a translation
    /// (height, width).
    ///
    /// # Panics
    /// If a slice has another length than `size * size * 3`.
    pub fn apply(&self, size: usize, photo: &[u8], random: &mut Stream, out: &mut [f32]) {
        let drawn: Vec<Drawn> = self.layers.iter().map(|layer| Drawn::new(layer, size, random)).collect();
        let map = drawn.iter().fold(Affine::IDENTITY, |map, drawn| match drawn {
            Drawn::Warp(next) => map.then(next),
            _ => map,
        });
        warp::warp(size, photo, &map, out);
        for drawn in drawn {
            match drawn {
                Drawn::Warp(_) => {}
                Drawn::Contrast(factor) => color::contrast(out, factor),
                Drawn::Brightness(delta) => color::brightness(out, delta),
            }
        }
    }
}

/// A layer with its numbers drawn.
enum Drawn {
    Warp(Affine),
    Contrast(f32),
    Brightness(f32),
}

impl Drawn {
    fn new(layer: &AugmentLayer, size: usize, random: &mut Stream) -> Self {
        let mut draw = |(low, high): (f32, f32)| random.range(low, high);
        match *layer {
            AugmentLayer::RandomFlip { mode } => {
                let flips = draw((0.0, 1.0)) <= 0.5;
                let horizontal = matches!(mode, FlipMode::Horizontal | FlipMode::HorizontalAndVertical);
                let vertical = matches!(mode, FlipMode::Vertical | FlipMode::HorizontalAndVertical);
                Drawn::Warp(geometry::flip(size, flips && horizontal, flips && vertical))
            }
            AugmentLayer::RandomRotation { factor } => Drawn::Warp(geometry::rotation(size, draw(factor).into())),
            AugmentLayer::RandomZoom { factor } => {
                let zoom = 1.0 + f64::from(draw(factor));
                Drawn::Warp(geometry::zoom(size, zoom, zoom))
            }
            AugmentLayer::RandomTranslation { height_factor, width_factor } => {
                let (height, width) = (draw(height_factor), draw(width_factor));
                Drawn::Warp(geometry::translation(size, height.into(), width.into()))
            }
            AugmentLayer::RandomContrast { factor } => Drawn::Contrast(1.0 + draw(factor)),
            AugmentLayer::RandomBrightness { factor } => Drawn::Brightness(255.0 * draw(factor)),
        }
    }
}
