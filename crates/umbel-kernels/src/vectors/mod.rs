//! What is done to gradients and weights as long vectors: sums of several, moving averages, and their length.

pub mod scalar;
mod simd;

use rayon::prelude::*;

use crate::Isa;
use crate::isa::per_isa;
use crate::parallel::CHUNK;

per_isa! {
    fn add_scaled_chunk(factor: f32, x: &[f32], y: &mut [f32]) = simd::add_scaled;
    fn scale_chunk(factor: f32, y: &mut [f32]) = simd::scale;
    fn blend_chunk(share: f32, x: &[f32], y: &mut [f32]) = simd::blend;
}

/// `y += factor · x`.
///
/// # Panics
/// Where the slices' lengths differ.
pub fn add_scaled(isa: Isa, factor: f32, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "x and y must be equally long");
    let chunks = y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK));
    chunks.for_each(|(y, x)| add_scaled_chunk(isa, factor, x, y));
}

/// `y = factor · y`.
pub fn scale(isa: Isa, factor: f32, y: &mut [f32]) {
    y.par_chunks_mut(CHUNK).for_each(|y| scale_chunk(isa, factor, y));
}

/// `y += share · (x − y)`: one step of a moving average.
///
/// # Panics
/// Where the slices' lengths differ.
pub fn blend(isa: Isa, share: f32, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "x and y must be equally long");
    let chunks = y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK));
    chunks.for_each(|(y, x)| blend_chunk(isa, share, x, y));
}

/// The sum of the squares, in `f64` and in one order, whatever the instruction set and the number of threads.
pub fn sum_of_squares(x: &[f32]) -> f64 {
    // Eight sums at a time, since one alone would wait for each addition.
    let mut sums = [0.0f64; 8];
    let (eights, rest) = x.as_chunks::<8>();
    for eight in eights {
        for (sum, &value) in sums.iter_mut().zip(eight) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    for (sum, &value) in sums.iter_mut().zip(rest) {
        *sum += f64::from(value) * f64::from(value);
    }
    sums.iter().sum()
}
