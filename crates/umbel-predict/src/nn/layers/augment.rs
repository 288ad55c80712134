//! The augmentation layers' constructors. The settings themselves live in [`crate::base::augmentation`], because the
//! loader carries them out.

use serde::Deserialize;

use super::pair::{self, IntoRange};
use super::{Layer, Mistake, Rules, Shape};
use crate::base::augmentation::{AugmentLayer, FlipMode};

/// Mirrors photos at random (Keras' `RandomFlip`).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomFlip {
    /// Which axes; both unless told otherwise, as in Keras.
    #[serde(default = "both_axes")]
    pub mode: FlipMode,
}

fn both_axes() -> FlipMode {
    FlipMode::HorizontalAndVertical
}

impl RandomFlip {
    /// Left and right.
    pub fn horizontal() -> Self {
        RandomFlip { mode: FlipMode::Horizontal }
    }
    /// Top and bottom.
    pub fn vertical() -> Self {
        RandomFlip { mode: FlipMode::Vertical }
    }
    /// Both, each for itself.
    pub fn horizontal_and_vertical() -> Self {
        RandomFlip { mode: FlipMode::HorizontalAndVertical }
    }
}

macro_rules! one_factor {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// (low, high) of the factor.
            #[serde(deserialize_with = "pair::range")]
            pub factor: (f32, f32),
        }

        impl $name {
            /// Draws from `factor`: one number f for (-f, f), or (low, high).
            pub fn new(factor: impl IntoRange) -> Self {
                $name { factor: factor.into_range() }
            }
        }

        impl From<$name> for AugmentLayer {
            fn from(layer: $name) -> Self {
                AugmentLayer::$name { factor: layer.factor }
            }
        }
    };
}

one_factor! {
    /// Turns photos by a random fraction of a full turn (Keras' `RandomRotation`).
    RandomRotation
}
one_factor! {
    /// Zooms by a random fraction, out where it is positive (Keras' `RandomZoom`).
    RandomZoom
}
one_factor! {
    /// Raises or lowers the contrast by a random fraction (Keras' `RandomContrast`). One number f draws from 1 − f to 1 + f, as
    /// Keras documents it; the code of Keras 3.15 clips the lower half away and draws from 1 to 1 + f: write `(0.0, f)`
    /// for that.
    RandomContrast
}
one_factor! {
    /// Adds a random fraction of 255 (Keras' `RandomBrightness`).
    RandomBrightness
}

/// Shifts photos by random fractions of their height and width (Keras' `RandomTranslation`).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomTranslation {
    /// (low, high) of the height, down where positive.
    #[serde(deserialize_with = "pair::range")]
    pub height_factor: (f32, f32),
    /// (low, high) of the width, right where positive.
    #[serde(deserialize_with = "pair::range")]
    pub width_factor: (f32, f32),
}

impl RandomTranslation {
    /// Draws from the two factors: one number f for (-f, f), or (low, high).
    pub fn new(height_factor: impl IntoRange, width_factor: impl IntoRange) -> Self {
        RandomTranslation { height_factor: height_factor.into_range(), width_factor: width_factor.into_range() }
    }
}

/// Shows a random part of the photo, enlarged to the whole, as torchvision's `RandomResizedCrop` (Szegedy et al. 2015, "Going
/// Deeper with Convolutions"). It comes first, or what is cropped is what the layers before it made.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomResizedCrop {
    /// (low, high) of the part's share of the area.
    pub scale: (f32, f32),
    /// (low, high) of its width by its height; 3/4 to 4/3 unless told otherwise.
    #[serde(default = "usual_ratio")]
    pub ratio: (f32, f32),
}

fn usual_ratio() -> (f32, f32) {
    (0.75, 4.0 / 3.0)
}

impl RandomResizedCrop {
    /// A part of between `smallest` and all of the area.
    pub fn new(smallest: f32) -> Self {
        RandomResizedCrop { scale: (smallest, 1.0), ratio: usual_ratio() }
    }
}

/// Some operations drawn from a fixed list, all equally strong (Cubuk et al. 2020, "RandAugment: Practical automated data
/// augmentation with a reduced search space"; Keras' `RandAugment`). The list is the paper's without sharpness: nothing,
/// rotation, shear and shift along both axes (these are part of the one warp), auto-contrast, equalization, posterization,
/// solarization, saturation, contrast, brightness.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandAugment {
    /// How many operations; 2 unless told otherwise, as in Keras.
    #[serde(default = "two")]
    pub num_ops: usize,
    /// How strong they are, 0 to 1.
    pub factor: f32,
}

fn two() -> usize {
    2
}

impl RandAugment {
    /// Two operations of this strength.
    pub fn new(factor: f32) -> Self {
        RandAugment { num_ops: two(), factor }
    }
}

/// Fills a random rectangle with one random color (Zhong et al. 2020, "Random Erasing Data Augmentation"; Keras'
/// `RandomErasing`).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomErasing {
    /// The share of photos that this is done to.
    pub factor: f32,
    /// (low, high) of the rectangle's share of the area; 0.02 to 0.33 unless told otherwise, as in the paper.
    #[serde(default = "usual_rectangle")]
    pub scale: (f32, f32),
}

fn usual_rectangle() -> (f32, f32) {
    (0.02, 0.33)
}

impl RandomErasing {
    /// Does so to a share of the photos.
    pub fn new(factor: f32) -> Self {
        RandomErasing { factor, scale: usual_rectangle() }
    }
}

impl From<RandomResizedCrop> for AugmentLayer {
    fn from(layer: RandomResizedCrop) -> Self {
        AugmentLayer::RandomResizedCrop { scale: layer.scale, ratio: layer.ratio }
    }
}

impl From<RandAugment> for AugmentLayer {
    fn from(layer: RandAugment) -> Self {
        AugmentLayer::RandAugment { num_ops: layer.num_ops, factor: layer.factor }
    }
}

impl From<RandomErasing> for AugmentLayer {
    fn from(layer: RandomErasing) -> Self {
        AugmentLayer::RandomErasing { factor: layer.factor, scale: layer.scale }
    }
}

impl From<RandomFlip> for AugmentLayer {
    fn from(layer: RandomFlip) -> Self {
        AugmentLayer::RandomFlip { mode: layer.mode }
    }
}

impl From<RandomTranslation> for AugmentLayer {
    fn from(layer: RandomTranslation) -> Self {
        let RandomTranslation { height_factor, width_factor } = layer;
        AugmentLayer::RandomTranslation { height_factor, width_factor }
    }
}

macro_rules! augment_into_layer {
    ($($name:ident),*) => {
        $(impl From<$name> for Layer {
            fn from(layer: $name) -> Self {
                Layer::Augment(layer.into())
            }
        })*
    };
}

augment_into_layer!(
    RandomFlip,
    RandomRotation,
    RandomZoom,
    RandomTranslation,
    RandomContrast,
    RandomBrightness,
    RandomResizedCrop,
    RandAugment,
    RandomErasing
);

impl Rules for AugmentLayer {
    fn names(&self) -> (&'static str, &'static str) {
        let class = match self {
            AugmentLayer::RandomFlip { .. } => "RandomFlip",
            AugmentLayer::RandomRotation { .. } => "RandomRotation",
            AugmentLayer::RandomZoom { .. } => "RandomZoom",
            AugmentLayer::RandomTranslation { .. } => "RandomTranslation",
            AugmentLayer::RandomContrast { .. } => "RandomContrast",
            AugmentLayer::RandomBrightness { .. } => "RandomBrightness",
            AugmentLayer::RandomResizedCrop { .. } => "RandomResizedCrop",
            AugmentLayer::RandAugment { .. } => "RandAugment",
            AugmentLayer::RandomErasing { .. } => "RandomErasing",
        };
        (self.kind(), class)
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        match *self {
            AugmentLayer::RandomFlip { .. } => {}
            AugmentLayer::RandomRotation { factor } => within("factor", factor, -1.0, 1.0)?,
            // At -1 nothing of the photo would be left.
            AugmentLayer::RandomZoom { factor } => within("factor", factor, -0.99, 10.0)?,
            AugmentLayer::RandomTranslation { height_factor, width_factor } => {
                within("height_factor", height_factor, -1.0, 1.0)?;
                within("width_factor", width_factor, -1.0, 1.0)?;
            }
            AugmentLayer::RandomContrast { factor } => within("factor", factor, -1.0, 10.0)?,
            AugmentLayer::RandomBrightness { factor } => within("factor", factor, -1.0, 1.0)?,
            AugmentLayer::RandomResizedCrop { scale, ratio } => {
                within("scale", scale, 0.01, 1.0)?;
                within("ratio", ratio, 0.1, 10.0)?;
            }
            AugmentLayer::RandAugment { num_ops, factor } => {
                if num_ops > MOST_OPERATIONS {
                    return Err(Mistake::new("num_ops", num_ops, format!("from 0 to {MOST_OPERATIONS}")));
                }
                within("factor", (factor, factor), 0.0, 1.0)?;
            }
            AugmentLayer::RandomErasing { factor, scale } => {
                within("factor", (factor, factor), 0.0, 1.0)?;
                within("scale", scale, 0.0, 1.0)?;
            }
        }
        Mistake::unless_picture(input)?;
        Ok(input)
    }
}

/// More operations than leave anything of a photo.
const MOST_OPERATIONS: usize = 16;

/// A factor's range has to be ordered and sensible.
fn within(what: &'static str, range: (f32, f32), low: f32, high: f32) -> Result<(), Mistake> {
    if low <= range.0 && range.0 <= range.1 && range.1 <= high {
        return Ok(());
    }
    let came = format!("[{}, {}]", range.0, range.1);
    Err(Mistake::new(what, came, format!("[low, high] with {low} <= low <= high <= {high}")))
}
