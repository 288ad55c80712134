//! The element-wise work around the dense layer's matrix products.

use crate::FusedActivation;
use crate::isa::Simd;

/// `y = activation(y + bias)`.
#[inline(always)]
pub(super) fn finish<S: Simd>(s: S, bias: &[f32], activation: FusedActivation, y: &mut [f32]) {
    let (low, high) = activation.bounds();
    let (low, high) = (s.splat(low), s.splat(high));
    for (i, y) in y.chunks_mut(S::LANES).enumerate() {
        let bias = s.load(bias.get(i * S::LANES..).unwrap_or_default());
        let sum = s.add(s.load(y), bias);
        s.store(y, s.min(high, s.max(low, sum)));
    }
}
