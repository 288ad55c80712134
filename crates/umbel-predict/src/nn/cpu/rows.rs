//! Plain passes over values, cut by their number and never by threads.

use rayon::prelude::*;

use crate::nn::steps::PadStep;

/// So many values are taken by one task; a constant, so that work is cut the same way on any number of threads.
pub(super) const CHUNK: usize = 1 << 15;

/// About [`CHUNK`] values in whole rows of so many.
pub(super) fn whole_rows(row: usize) -> usize {
    CHUNK / row.min(CHUNK) * row
}

/// Copies.
pub(super) fn copy(x: &[f32], y: &mut [f32]) {
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| y.copy_from_slice(x));
}

/// `y *= x`.
pub(super) fn multiply(x: &[f32], y: &mut [f32]) {
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        y.iter_mut().zip(x).for_each(|(y, x)| *y *= x);
    });
}

/// `y = x · scale + offset`, rounded after each; one scale and offset for all, or one for each channel.
pub(super) fn rescale(scale: &[f32], offset: &[f32], x: &[f32], y: &mut [f32]) {
    let chunk = whole_rows(scale.len());
    y.par_chunks_mut(chunk).zip(x.par_chunks(chunk)).for_each(|(y, x)| match (scale, offset) {
        ([scale], [offset]) => y.iter_mut().zip(x).for_each(|(y, x)| *y = x * scale + offset),
        _ => {
            for (y, x) in y.chunks_exact_mut(scale.len()).zip(x.chunks_exact(scale.len())) {
                for (((y, x), scale), offset) in y.iter_mut().zip(x).zip(scale).zip(offset) {
                    *y = x * scale + offset;
                }
            }
        }
    });
}

/// `y = x · factors` along the last axis, or times one factor for all.
pub(super) fn scale(factors: &[f32], x: &[f32], y: &mut [f32]) {
    let chunk = whole_rows(factors.len());
    y.par_chunks_mut(chunk).zip(x.par_chunks(chunk)).for_each(|(y, x)| {
        for (y, x) in y.chunks_exact_mut(factors.len()).zip(x.chunks_exact(factors.len())) {
            for ((y, x), factor) in y.iter_mut().zip(x).zip(factors) {
                *y = x * factor;
            }
        }
    });
}

/// `y *= factors` along the last axis.
pub(super) fn scale_in_place(factors: &[f32], y: &mut [f32]) {
    y.par_chunks_mut(whole_rows(factors.len())).for_each(|y| {
        for row in y.chunks_exact_mut(factors.len()) {
            row.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
        }
    });
}

/// Lays each picture into a larger one of zeros.
pub(super) fn pad(shape: &PadStep, x: &[f32], y: &mut [f32]) {
    let (image, n) = (shape.height * shape.row, x.len() / (shape.height * shape.row));
    y.par_chunks_exact_mut(y.len() / n).zip(x.par_chunks_exact(image)).for_each(|(y, x)| {
        y.fill(0.0);
        let inside = y.chunks_exact_mut(shape.out_row).skip(shape.above);
        inside.zip(x.chunks_exact(shape.row)).for_each(|(y, x)| y[shape.left..][..x.len()].copy_from_slice(x));
    });
}

/// The way back: the gradient of what lies inside.
pub(super) fn unpad(shape: &PadStep, dy: &[f32], dx: &mut [f32]) {
    let (image, n) = (shape.height * shape.row, dx.len() / (shape.height * shape.row));
    dx.par_chunks_exact_mut(image).zip(dy.par_chunks_exact(dy.len() / n)).for_each(|(dx, dy)| {
        let inside = dy.chunks_exact(shape.out_row).skip(shape.above);
        dx.chunks_exact_mut(shape.row)
            .zip(inside)
            .for_each(|(dx, dy)| dx.copy_from_slice(&dy[shape.left..][..dx.len()]));
    });
}
