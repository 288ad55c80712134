//! Dropout whose mask is a function of a key and the element's position: nothing is stored, the backward pass asks again.

use crate::Isa;

/// `y = x / (1 - rate)` where the element is kept, 0 elsewhere. Element `i` is kept by a hash of `(key, i)`.
/// The gradient is the same function: `dx = apply(key, rate, dy)`.
pub fn apply(isa: Isa, key: u64, rate: f32, x: &[f32], y: &mut [f32]) {
    todo!()
}

/// The hash that [`apply`] draws from: 64 well-mixed bits of a key and a counter.
pub fn mix(key: u64, counter: u64) -> u64 {
    todo!()
}
