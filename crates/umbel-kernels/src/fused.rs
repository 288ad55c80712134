//! What a fused activation does to a kernel's output and gradient, for the operations that do it in a pass of its own.

use crate::isa::{Simd, per_isa};
use crate::{FusedActivation, Isa, activation};

per_isa! {
    /// `y = activation(y)` for the clamps.
    fn clamp(activation: FusedActivation, y: &mut [f32]) = clamp_body;
    /// `masked = dy` where the activation with output `y` lets the gradient through, 0 elsewhere.
    pub(crate) fn mask_into(dy: &[f32], y: &[f32], activation: FusedActivation, masked: &mut [f32]) = mask_into_body;
    /// `dy = 0` where the activation with output `y` lets no gradient through.
    pub(crate) fn mask(y: &[f32], activation: FusedActivation, dy: &mut [f32]) = mask_body;
}

/// `y = activation(y)`, to be called while `y` is in the cache.
pub(crate) fn activate(isa: Isa, fused: FusedActivation, y: &mut [f32]) {
    match fused {
        FusedActivation::Linear => {}
        FusedActivation::Relu | FusedActivation::Relu6 => clamp(isa, fused, y),
        FusedActivation::HardSwish | FusedActivation::Silu => activation::in_place(isa, fused, y),
    }
}

/// The rest of [`activate`], where the matrix product has done the clamps.
pub(crate) fn activate_after_product(isa: Isa, fused: FusedActivation, y: &mut [f32]) {
    if !fused.is_clamp() {
        activate(isa, fused, y);
    }
}

#[inline(always)]
fn clamp_body<S: Simd>(s: S, activation: FusedActivation, y: &mut [f32]) {
    let (low, high) = activation.bounds();
    let (low, high) = (s.splat(low), s.splat(high));
    for y in y.chunks_mut(S::LANES) {
        // In this order a NaN stays one.
        let clamped = s.min(high, s.max(low, s.load(y)));
        s.store(y, clamped);
    }
}

#[inline(always)]
fn mask_into_body<S: Simd>(s: S, dy: &[f32], y: &[f32], activation: FusedActivation, masked: &mut [f32]) {
    let (low, high) = activation.bounds();
    let (low, high, zero) = (s.splat(low), s.splat(high), s.splat(0.0));
    for ((masked, dy), y) in masked.chunks_mut(S::LANES).zip(dy.chunks(S::LANES)).zip(y.chunks(S::LANES)) {
        let y = s.load(y);
        let d = s.select(s.greater(y, low), s.load(dy), zero);
        s.store(masked, s.select(s.greater(high, y), d, zero));
    }
}

#[inline(always)]
fn mask_body<S: Simd>(s: S, y: &[f32], activation: FusedActivation, dy: &mut [f32]) {
    let (low, high) = activation.bounds();
    let (low, high, zero) = (s.splat(low), s.splat(high), s.splat(0.0));
    for (dy, y) in dy.chunks_mut(S::LANES).zip(y.chunks(S::LANES)) {
        let y = s.load(y);
        let d = s.select(s.greater(y, low), s.load(dy), zero);
        s.store(dy, s.select(s.greater(high, y), d, zero));
    }
}
