//! The fast body: plain integer code, which the compiler vectorises for the instruction set it is compiled for.

use super::Keys;
use crate::isa::Simd;

#[inline(always)]
pub(super) fn apply<S: Simd>(_s: S, keys: Keys, x: &[f32], y: &mut [f32]) {
    for (i, (y, &x)) in y.iter_mut().zip(x).enumerate() {
        *y = if keys.keeps(i as u32) { x * keys.scale } else { 0.0 };
    }
}
