//! The one preparation path: how a decoded photo becomes the square of pixels that the network sees. Stored in the model
//! file, used by training, evaluation and prediction alike.

use std::array;
use std::ops::{Deref, Range};

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{ImageBuffer, Rgb};
use serde::{Deserialize, Serialize};

use crate::base::budget::Held;
use crate::base::choice::choices;
use crate::base::range::Whole;
use crate::decode::{Afterward, DecodeError, Decoded, Depth, Limits, Raw, Reading, decode_as, decode_for};
use crate::{Error, Result};

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
        let PrepSpec { image_size: _, resize, interpolation, depth, raw } = self;
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
        resize.max(interpolation).max(depth).max(raw)
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

/// Scales RGB pictures; one that is kept keeps its room too. The only door to the resizer, and not generic, so that the
/// resizer is compiled once.
#[derive(Default)]
pub struct Scaler(Resizer);

/// Longer sides (no JPEG has one) are thinned out first. The resizer brings the rows to their number before it brings them to
/// their length, which would take gigabytes for a picture that is one pixel high, and its weights have too few bits for so many.
const LONGEST: u32 = 1 << 16;

impl Scaler {
    /// Bytes that scaling takes at most beside a picture of `size` (width, height) and what it becomes.
    pub fn working_bytes(size: (u32, u32), to: (u32, u32)) -> u64 {
        let (width, height) = (u64::from(size.0.min(LONGEST)), u64::from(size.1.min(LONGEST)));
        let thinned = if size.0.max(size.1) > LONGEST { 3 * width * height } else { 0 };
        // One weight for each pixel of a window, twice as wide as the scale and two pixels more, in 64 and in 16 bits.
        let weights = 12 * (2 * (width + height) + 4 * (u64::from(to.0) + u64::from(to.1)));
        thinned + 3 * width * u64::from(to.1) + weights
    }

    /// Scales the box `from` (left, top, width, height) of `photo`, RGB bytes of `size` (width, height), to the whole of `out`,
    /// RGB bytes of `to` (width, height).
    ///
    /// # Panics
    /// Where a picture is not as long as its size says, or the box lies outside.
    pub fn scale(
        &mut self,
        interpolation: Interpolation,
        photo: &[u8],
        size: (u32, u32),
        from: (u32, u32, u32, u32),
        out: &mut [u8],
        to: (u32, u32),
    ) {
        let (left, top, width, height) = from;
        if width.max(height) > LONGEST {
            let (thinned, size) = thinned(interpolation, photo, size.0, from);
            return self.scale(interpolation, &thinned, size, (0, 0, size.0, size.1), out, to);
        }
        let algorithm = match interpolation {
            Interpolation::Bilinear => ResizeAlg::Interpolation(FilterType::Bilinear),
            Interpolation::BilinearAntialias => ResizeAlg::Convolution(FilterType::Bilinear),
        };
        let options =
            ResizeOptions::new().resize_alg(algorithm).crop(left.into(), top.into(), width.into(), height.into());
        // Typed pictures, because the untyped door compiles the resizer for every pixel format there is.
        let source = TypedImageRef::<U8x3>::from_buffer(size.0, size.1, photo);
        let source = source.expect("an RGB picture holds width x height x 3 bytes");
        let mut target = TypedImage::<U8x3>::from_buffer(to.0, to.1, out).expect("as long as its size asks");
        self.0.resize_typed(&source, &mut target, &options).expect("the box lies inside the photo");
    }
}

/// The box `from` of a picture of this width, with sides of at most [`LONGEST`]: of so many pixels in a row or column their mean, or
/// the middle one where the interpolation would not look at the others either. Gives its size, too.
fn thinned(
    interpolation: Interpolation,
    photo: &[u8],
    photo_width: u32,
    (left, top, width, height): (u32, u32, u32, u32),
) -> (Vec<u8>, (u32, u32)) {
    let (across, down) = (width.div_ceil(LONGEST), height.div_ceil(LONGEST));
    let size = (width.div_ceil(across), height.div_ceil(down));
    let pixel = |x: u32, y: u32| {
        let at = 3 * ((top + y) as usize * photo_width as usize + (left + x) as usize);
        [photo[at], photo[at + 1], photo[at + 2]]
    };
    let mean = |columns: Range<u32>, rows: Range<u32>| {
        let count = u64::from(columns.end - columns.start) * u64::from(rows.end - rows.start);
        let pixels = rows.flat_map(|y| columns.clone().map(move |x| pixel(x, y)));
        let sums = pixels.fold([0; 3], |sums: [u64; 3], pixel| array::from_fn(|c| sums[c] + u64::from(pixel[c])));
        sums.map(|sum| ((sum + count / 2) / count) as u8)
    };
    let middle = |columns: Range<u32>, rows: Range<u32>| {
        pixel(columns.start.midpoint(columns.end), rows.start.midpoint(rows.end))
    };
    let mut out = Vec::with_capacity(3 * size.0 as usize * size.1 as usize);
    for y in 0..size.1 {
        let rows = y * down..((y + 1) * down).min(height);
        for x in 0..size.0 {
            let columns = x * across..((x + 1) * across).min(width);
            out.extend(match interpolation {
                Interpolation::Bilinear => middle(columns, rows.clone()),
                Interpolation::BilinearAntialias => mean(columns, rows.clone()),
            });
        }
    }
    (out, size)
}
