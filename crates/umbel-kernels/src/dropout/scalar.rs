//! The oracle: one element at a time.

use num_traits::Float;

use super::{Keys, threshold_and_scale};
use crate::parallel::CHUNK;

/// `y = x / (1 - rate)` where the element is kept, 0 elsewhere.
pub fn apply<T: Float>(key: u64, rate: f32, x: &[T], y: &mut [T]) {
    for (i, (&x, y)) in x.iter().zip(y).enumerate() {
        *y =
            if is_kept(key, rate, i) { x / (T::one() - T::from(rate).expect("a rate is a number")) } else { T::zero() };
    }
}

/// Whether element `index` is kept.
pub fn is_kept(key: u64, rate: f32, index: usize) -> bool {
    let (threshold, scale) = threshold_and_scale(rate);
    Keys::new(key, index / CHUNK, threshold, scale).keeps((index % CHUNK) as u32)
}
