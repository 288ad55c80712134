//! The one preparation path: how a decoded photo becomes the square of pixels that the network sees. Stored in the model
//! file, used by training, evaluation and prediction alike.

use serde::{Deserialize, Serialize};

use crate::Result;

/// How a photo that is not square becomes square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// Both axes scaled to fit, as Keras does.
    #[default]
    Stretch,
    /// The centre square is kept.
    Crop,
    /// Scaled to fit inside, the rest black.
    Letterbox,
}

/// How pixels are interpolated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Two by two neighbours, whatever the scale (Keras' default).
    Bilinear,
    /// The triangle filter widened when scaling down, so that nothing is skipped.
    #[default]
    BilinearAntialias,
}

/// What is done to every photo before it enters the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct PrepSpec {
    /// Height and width in pixels, 32 to 512.
    pub image_size: u32,
    pub resize: Resize,
    pub interpolation: Interpolation,
}

impl Default for PrepSpec {
    fn default() -> Self {
        PrepSpec { image_size: 180, resize: Resize::default(), interpolation: Interpolation::default() }
    }
}

impl PrepSpec {
    /// Checks the ranges.
    pub fn validate(&self) -> Result<()> {
        todo!()
    }
    /// Bytes of one prepared photo: size · size · 3 (RGB, row by row).
    pub fn bytes(&self) -> usize {
        self.image_size as usize * self.image_size as usize * 3
    }
    /// Resizes a decoded photo to `image_size` squared, RGB bytes.
    pub fn apply(&self, photo: &image::RgbImage) -> Vec<u8> {
        todo!()
    }
}
