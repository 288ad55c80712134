//! A row of a picture seen through an affine map: bilinear interpolation of RGB bytes, the outside filled by reflection, as
//! TensorFlow's `ImageProjectiveTransformV3` does. The bits are the same on every instruction set.

#[cfg(target_arch = "x86_64")]
mod avx2;
pub mod scalar;

use crate::Isa;
use crate::extent::{total, volume};
use crate::isa::Vector;

/// Values of a pixel.
const CHANNELS: usize = 3;
/// Two neighbors are read as so many bytes, of which the last two belong to the next pixel.
const PAIR_BYTES: usize = 8;

/// Where the pixels of a row lie in the source: pixel `i` at `start + i · step` along each axis, in pixels, whose centers are
/// at whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Line {
    pub x_start: f32,
    pub x_step: f32,
    pub y_start: f32,
    pub y_step: f32,
}

/// How many bytes [`row`] wants to be able to read of a picture of `size` x `size`: a row more than it has, and a little.
/// What they are changes nothing.
pub fn readable_len(size: usize) -> usize {
    total(&[volume(&[total(&[size, 1]), size, CHANNELS]), PAIR_BYTES])
}

/// Fills `out` (RGB, 0 to 255) with what lies along `line` of `photo`, which begins with `size` x `size` RGB bytes, row by row.
///
/// # Panics
/// Where `photo` is shorter than [`readable_len`], `out` is no whole number of pixels, or `size` is not from 1 to 16,384.
pub fn row(isa: Isa, size: usize, photo: &[u8], line: Line, out: &mut [f32]) {
    assert!((1..=1 << 14).contains(&size), "a picture of {size} pixels a side");
    assert!(photo.len() >= readable_len(size), "the photo is too short to be read beyond its end");
    assert!(out.len().is_multiple_of(CHANNELS), "a part of a pixel");
    match isa.vector() {
        Vector::Portable(_) => scalar::row(size, photo, line, out),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: both tokens prove that this CPU has AVX2; the photo's length is checked above.
        Vector::Avx2(_) | Vector::Avx512(_) => unsafe { avx2::row(size, photo, line, out) },
    }
}
