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

augment_into_layer!(RandomFlip, RandomRotation, RandomZoom, RandomTranslation, RandomContrast, RandomBrightness);

impl Rules for AugmentLayer {
    fn names(&self) -> (&'static str, &'static str) {
        let class = match self {
            AugmentLayer::RandomFlip { .. } => "RandomFlip",
            AugmentLayer::RandomRotation { .. } => "RandomRotation",
            AugmentLayer::RandomZoom { .. } => "RandomZoom",
            AugmentLayer::RandomTranslation { .. } => "RandomTranslation",
            AugmentLayer::RandomContrast { .. } => "RandomContrast",
            AugmentLayer::RandomBrightness { .. } => "RandomBrightness",
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
        }
        Mistake::unless_picture(input)?;
        Ok(input)
    }
}

/// A factor's range has to be ordered and sensible.
fn within(what: &'static str, range: (f32, f32), low: f32, high: f32) -> Result<(), Mistake> {
    if low <= range.0 && range.0 <= range.1 && range.1 <= high {
        return Ok(());
    }
    let came = format!("[{}, {}]", range.0, range.1);
    Err(Mistake::new(what, came, format!("[low, high] with {low} <= low <= high <= {high}")))
}
