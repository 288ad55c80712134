//! Carries out the augmentation layers: all geometric ones composed into one affine warp with one bilinear
//! interpolation, then the color ones in their order. One interpolation keeps a photo sharper than one a layer, as
//! Keras does it; at the borders, the original is reflected, not what an earlier layer made of it.

pub mod color;
pub mod erasing;
pub mod geometry;
pub mod mixing;
mod rand_augment;
mod shrink;
pub mod warp;

use crate::base::augmentation::{AugmentLayer, FlipMode};
use crate::base::random::Stream;
use erasing::Erased;
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
    /// (height, width) and for each operation of RandAugment, four for a crop, eight for an erasing.
    ///
    /// # Panics
    /// If a slice has another length than `size * size * 3`.
    pub fn apply(&self, size: usize, photo: &[u8], random: &mut Stream, out: &mut [f32]) {
        self.apply_to(size, photo, random, size, out);
    }

    /// The same for a result of `out_size` x `out_size`, no larger than the photo. Where the photo is shrunk, it is so with
    /// anti-aliasing, as when it was prepared, and then warped.
    ///
    /// # Panics
    /// If `photo` has another length than `size * size * 3`, or `out` than `out_size * out_size * 3`.
    pub fn apply_to(&self, size: usize, photo: &[u8], random: &mut Stream, out_size: usize, out: &mut [f32]) {
        let mut drawn = Vec::with_capacity(self.layers.len() + 1);
        self.layers.iter().for_each(|layer| Drawn::draw(layer, size, random, &mut drawn));
        let map = drawn.iter().fold(Affine::IDENTITY, |map, drawn| match drawn {
            Drawn::Warp(next) => map.then(next),
            _ => map,
        });
        if out_size == size {
            warp::warp(size, photo, &map, out);
        } else {
            let map = map.then(&geometry::resize(size, out_size));
            let middle = shrink::size_for(size, map.step());
            if middle < size {
                let map = geometry::resize(middle, size).then(&map);
                shrink::with_shrunk(size, photo, middle, |photo| warp::warp_to(middle, photo, &map, out_size, out));
            } else {
                warp::warp_to(size, photo, &map, out_size, out);
            }
        }
        drawn.iter().for_each(|drawn| drawn.color(out_size, out));
    }
}

/// A layer with its numbers drawn.
#[derive(Clone, Copy, Debug)]
enum Drawn {
    Nothing,
    Warp(Affine),
    Contrast(f32),
    Brightness(f32),
    /// Every value times a factor: brightness as RandAugment has it.
    Scale(f32),
    Saturation(f32),
    AutoContrast,
    Equalize,
    Posterize(u32),
    Solarize(f32),
    Erase(Erased),
}

impl Drawn {
    /// Draws a layer's numbers; RandAugment becomes several.
    fn draw(layer: &AugmentLayer, size: usize, random: &mut Stream, drawn: &mut Vec<Drawn>) {
        let mut draw = |(low, high): (f32, f32)| random.range(low, high);
        drawn.push(match *layer {
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
            AugmentLayer::RandomResizedCrop { scale, ratio } => {
                let (area, ratio) = (draw(scale), draw((ratio.0.ln(), ratio.1.ln())).exp());
                let side = |share: f32| f64::from(share.sqrt().min(1.0)) * size as f64;
                let (width, height) = (side(area * ratio), side(area / ratio));
                let mut start = |length: f64| f64::from(draw((0.0, 1.0))) * (size as f64 - length);
                let corner = (start(width), start(height));
                Drawn::Warp(geometry::crop(corner, (width, height), size))
            }
            AugmentLayer::RandAugment { num_ops, factor } => {
                return drawn.extend((0..num_ops).map(|_| rand_augment::draw(factor, size, random)));
            }
            AugmentLayer::RandomErasing { factor, scale } => {
                Erased::draw(factor, scale, random).map_or(Drawn::Nothing, Drawn::Erase)
            }
        });
    }

    /// Does what is no warp to a picture of `size` x `size`.
    fn color(&self, size: usize, photo: &mut [f32]) {
        match *self {
            Drawn::Nothing | Drawn::Warp(_) => {}
            Drawn::Contrast(factor) => color::contrast(photo, factor),
            Drawn::Brightness(delta) => color::brightness(photo, delta),
            Drawn::Scale(factor) => color::scale(photo, factor),
            Drawn::Saturation(factor) => color::saturation(photo, factor),
            Drawn::AutoContrast => color::auto_contrast(photo),
            Drawn::Equalize => color::equalize(photo),
            Drawn::Posterize(bits) => color::posterize(photo, bits),
            Drawn::Solarize(threshold) => color::solarize(photo, threshold),
            Drawn::Erase(erased) => erased.apply(size, photo),
        }
    }
}
