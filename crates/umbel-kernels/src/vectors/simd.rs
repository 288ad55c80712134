//! The fast bodies, of one task each.

use crate::isa::Simd;

#[inline(always)]
pub(super) fn add_scaled<S: Simd>(s: S, factor: f32, x: &[f32], y: &mut [f32]) {
    let factor = s.splat(factor);
    for (y, x) in y.chunks_mut(S::LANES).zip(x.chunks(S::LANES)) {
        let sum = s.mul_add(factor, s.load(x), s.load(y));
        s.store(y, sum);
    }
}

#[inline(always)]
pub(super) fn scale<S: Simd>(s: S, factor: f32, y: &mut [f32]) {
    let factor = s.splat(factor);
    for y in y.chunks_mut(S::LANES) {
        let scaled = s.mul(factor, s.load(y));
        s.store(y, scaled);
    }
}

#[inline(always)]
pub(super) fn blend<S: Simd>(s: S, share: f32, x: &[f32], y: &mut [f32]) {
    let share = s.splat(share);
    for (y, x) in y.chunks_mut(S::LANES).zip(x.chunks(S::LANES)) {
        let old = s.load(y);
        s.store(y, s.mul_add(share, s.sub(s.load(x), old), old));
    }
}
