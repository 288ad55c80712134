//! The one preparation path: how a decoded photo becomes the square of pixels that the network sees. Stored in the model
//! file, used by training, evaluation and prediction alike.

mod margin;
mod scaler;

use std::ops::Deref;

use image::{ImageBuffer, Rgb};
use serde::{Deserialize, Serialize};

use crate::base::budget::Held;
use crate::base::choice::choices;
use crate::base::range::Whole;
use crate::decode::{Afterward, DecodeError, Decoded, Depth, Limits, Raw, Reading, decode_as, decode_for};
use crate::{Error, Result};
pub use margin::Margin;
pub use scaler::Scaler;

/// How a photo that is not square becomes square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resize {
    /// Both axes scaled to fit, as Keras does.
    #[default]
    Stretch,
    /// The centre square is kept.
    Crop,
    /// Scaled to fit inside, the rest black.
    Letterbox,
}

choices! { Resize: Stretch = "stretch", Crop = "crop", Letterbox = "letterbox" }

/// How pixels are interpolated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Two by two neighbours, whatever the scale (Keras' default).
    Bilinear,
    /// The triangle filter widened when scaling down, so that nothing is skipped.
    #[default]
    BilinearAntialias,
}

choices! { Interpolation: Bilinear = "bilinear", BilinearAntialias = "bilinear_antialias" | "antialias" }

/// Heights and widths of prepared photos.
pub const IMAGE_SIZES: Whole = Whole::new(32, 512);

/// What is done to every photo before it enters the network.
///
/// It lies in model files, which must be read for good. So a field that comes later
/// - has a default of its own that is what was done before it was there (`#[serde(default = "...")]`),
/// - is left out where it is just that (`skip_serializing_if`), so that such a file is the one of before, and
/// - else asks for a new format number of the file in `PrepSpec::format`, by which older programs refuse it: they would prepare
///   photos in another way. The same goes for a new way to resize or interpolate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct PrepSpec {
    /// Height and width in pixels, of [`IMAGE_SIZES`].
    pub image_size: u32,
    pub resize: Resize,
    pub interpolation: Interpolation,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub depth: Depth,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub raw: Raw,
    /// What is seen around boxes, where they are the pictures; of whole photos it says nothing.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub crop_margin: Margin,
}

/// Whether a setting is what was done before it was there.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for PrepSpec {
    fn default() -> Self {
        PrepSpec {
            image_size: 180,
            resize: Resize::default(),
            interpolation: Interpolation::default(),
            depth: Depth::default(),
            raw: Raw::default(),
            crop_margin: Margin::default(),
        }
    }
}

impl PrepSpec {
    /// Checks the ranges.
    pub fn validate(&self) -> Result<()> {
        if IMAGE_SIZES.contains(self.image_size.into()) {
            return Ok(());
        }
        Err(Error::Setting {
            setting: "the image size".to_string(),
            value: self.image_size.to_string(),
            expected: IMAGE_SIZES.expected(),
        })
    }

    /// The lowest format of model files that knows these settings. Whatever is added has to say here since when it is known.
    pub(crate) fn format(&self) -> u64 {
        let PrepSpec { image_size: _, resize, interpolation, depth, raw, crop_margin } = self;
        let resize = match resize {
            Resize::Stretch | Resize::Crop | Resize::Letterbox => 1,
        };
        let interpolation = match interpolation {
            Interpolation::Bilinear | Interpolation::BilinearAntialias => 1,
        };
        let depth = match depth {
            Depth::Auto => 1,
            Depth::Eight | Depth::Ten | Depth::Twelve | Depth::Sixteen | Depth::Float => 2,
        };
        let raw = match raw {
            Raw::Refuse => 1,
            Raw::Preview => 2,
        };
        let crop_margin = if is_usual(crop_margin) { 1 } else { 4 };
        resize.max(interpolation).max(depth).max(raw).max(crop_margin)
    }

    /// How files are taken.
    pub fn reading(&self) -> Reading {
        Reading { depth: self.depth, raw: self.raw }
    }

    /// Decodes a file as it is to be taken.
    ///
    /// # Errors
    /// Those of [`decode_as`].
    pub fn decode(&self, bytes: &[u8], limits: &Limits) -> std::result::Result<Decoded, DecodeError> {
        decode_as(bytes, limits, self.reading())
    }

    /// The same within a memory that is shared, see [`decode_for`].
    ///
    /// # Errors
    /// Those of [`decode_for`].
    pub fn decode_for(
        &self,
        bytes: &[u8],
        limits: &Limits,
        afterward: Afterward<'_>,
    ) -> std::result::Result<Held<Decoded>, DecodeError> {
        decode_for(bytes, limits, self.reading(), afterward)
    }

    /// Bytes of one prepared photo: size · size · 3 (RGB, row by row).
    pub fn bytes(&self) -> usize {
        self.image_size as usize * self.image_size as usize * 3
    }

    /// Resizes a decoded photo to `image_size` squared, RGB bytes. Pixel centers lie at halves, as in `tf.image.resize`;
    /// each axis is rounded to whole numbers, so values differ from TensorFlow's floats by one at most.
    pub fn apply<B: Deref<Target = [u8]>>(&self, photo: &ImageBuffer<Rgb<u8>, B>) -> Vec<u8> {
        let (width, height) = photo.dimensions();
        if width == 0 || height == 0 {
            return vec![0; self.bytes()];
        }
        let size = self.image_size;
        let whole = (0, 0, width, height);
        match self.resize {
            Resize::Stretch => self.scale(photo, whole, size, size),
            Resize::Crop => {
                let side = width.min(height);
                self.scale(photo, ((width - side) / 2, (height - side) / 2, side, side), size, size)
            }
            Resize::Letterbox => {
                let fit = |side: u32, longer: u32| {
                    (f64::from(side) * f64::from(size) / f64::from(longer)).round().max(1.0) as u32
                };
                let longer = width.max(height);
                let (inner_width, inner_height) = (fit(width, longer), fit(height, longer));
                let inner = self.scale(photo, whole, inner_width, inner_height);
                let mut out = vec![0; self.bytes()];
                let row = inner_width as usize * 3;
                let left = (size - inner_width) as usize / 2 * 3;
                let top = (size - inner_height) as usize / 2;
                let rows = out.chunks_exact_mut(size as usize * 3).skip(top);
                for (out, inner) in rows.zip(inner.chunks_exact(row)) {
                    out[left..left + row].copy_from_slice(inner);
                }
                out
            }
        }
    }

    /// Bytes that [`PrepSpec::apply`] takes beside a photo of this width and height, what it gives included.
    pub fn working_bytes(&self, width: u32, height: u32) -> u64 {
        2 * self.bytes() as u64 + Scaler::working_bytes((width, height), (self.image_size, self.image_size))
    }

    /// Scales a box (left, top, width, height) of a photo.
    pub(crate) fn scale<B: Deref<Target = [u8]>>(
        &self,
        photo: &ImageBuffer<Rgb<u8>, B>,
        from: (u32, u32, u32, u32),
        width: u32,
        height: u32,
    ) -> Vec<u8> {
        let mut out = vec![0; width as usize * height as usize * 3];
        Scaler::default().scale(
            self.interpolation,
            photo.as_raw(),
            photo.dimensions(),
            from,
            &mut out,
            (width, height),
        );
        out
    }
}
