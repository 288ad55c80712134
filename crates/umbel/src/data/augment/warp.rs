//! Shows a picture through an affine map: bilinear interpolation, the outside filled by reflection, as TensorFlow's
//! `ImageProjectiveTransformV3` does for Keras.

use std::cell::RefCell;

use umbel_kernels::Isa;
use umbel_kernels::warp::{self, Line};

use super::geometry::Affine;

const CHANNELS: usize = 3;

thread_local! {
    /// The photo, with room behind it: kept, since asking the system for memory anew costs as much as a warp.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Fills `out` with what `map` shows of `photo`; both are `size` x `size` RGB, row by row.
///
/// # Panics
/// If a slice has another length than `size * size * 3`.
pub fn warp(size: usize, photo: &[u8], map: &Affine, out: &mut [f32]) {
    warp_to(size, photo, map, size, out);
}

/// The same for a result of `out_size` x `out_size`.
///
/// # Panics
/// If `photo` has another length than `size * size * 3`, or `out` than `out_size * out_size * 3`.
pub fn warp_to(size: usize, photo: &[u8], map: &Affine, out_size: usize, out: &mut [f32]) {
    assert_eq!(photo.len(), size * size * CHANNELS, "the photo's length");
    assert_eq!(out.len(), out_size * out_size * CHANNELS, "the result's length");
    if *map == Affine::IDENTITY && size == out_size {
        for (out, &value) in out.iter_mut().zip(photo) {
            *out = f32::from(value);
        }
        return;
    }
    // The bits are the same on all of them.
    let isa = Isa::best();
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        scratch.extend_from_slice(photo);
        scratch.resize(warp::readable_len(size), 0);
        for (row, out) in out.chunks_exact_mut(out_size * CHANNELS).enumerate() {
            // The start of the row in double precision; along it, single precision is exact to a ten-thousandth of a pixel.
            let start = |[_, step, start]: [f64; 3]| (step * row as f64 + start) as f32;
            let line =
                Line { x_start: start(map.x), x_step: map.x[0] as f32, y_start: start(map.y), y_step: map.y[0] as f32 };
            warp::row(isa, size, scratch, line, out);
        }
    });
}
