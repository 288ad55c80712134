//! Scales pictures to the size that a network sees.

use std::array;
use std::ops::Range;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::Interpolation;

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
