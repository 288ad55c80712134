//! The fast bodies, of one task each.

use crate::FusedActivation;
use crate::isa::Simd;

/// `activation` is a clamp.
#[inline(always)]
pub(super) fn add<S: Simd>(s: S, a: &[f32], b: &[f32], activation: FusedActivation, y: &mut [f32]) {
    let (low, high) = activation.bounds();
    let (low, high) = (s.splat(low), s.splat(high));
    for ((y, a), b) in y.chunks_mut(S::LANES).zip(a.chunks(S::LANES)).zip(b.chunks(S::LANES)) {
        let sum = s.add(s.load(a), s.load(b));
        // In this order a NaN stays one.
        s.store(y, s.min(high, s.max(low, sum)));
    }
}

#[inline(always)]
pub(super) fn accumulate<S: Simd>(s: S, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.chunks_mut(S::LANES).zip(x.chunks(S::LANES)) {
        let sum = s.add(s.load(y), s.load(x));
        s.store(y, sum);
    }
}

#[inline(always)]
pub(super) fn scale<S: Simd>(s: S, factor: f32, x: &[f32], y: &mut [f32]) {
    let factor = s.splat(factor);
    for (y, x) in y.chunks_mut(S::LANES).zip(x.chunks(S::LANES)) {
        s.store(y, s.mul(s.load(x), factor));
    }
}

/// Some pixels of one image.
#[inline(always)]
pub(super) fn gate<S: Simd>(s: S, x: &[f32], gates: &[f32], y: &mut [f32]) {
    for (y, x) in y.chunks_exact_mut(gates.len()).zip(x.chunks_exact(gates.len())) {
        for ((y, x), gates) in y.chunks_mut(S::LANES).zip(x.chunks(S::LANES)).zip(gates.chunks(S::LANES)) {
            s.store(y, s.mul(s.load(x), s.load(gates)));
        }
    }
}

/// All pixels of one image: `d_gates[c] = Σ x[.., c] · dy[.., c]`.
#[inline(always)]
pub(super) fn gate_gradient<S: Simd>(s: S, x: &[f32], dy: &[f32], channels: usize, d_gates: &mut [f32]) {
    for (c, d_gates) in (0..channels).step_by(S::LANES).zip(d_gates.chunks_mut(S::LANES)) {
        let n = d_gates.len();
        // Four sums at a time, since one alone would wait for each addition.
        let mut sums = [s.splat(0.0); 4];
        let mut fours = x.chunks_exact(4 * channels).zip(dy.chunks_exact(4 * channels));
        for (x, dy) in fours.by_ref() {
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum = s.mul_add(s.load(&x[k * channels + c..][..n]), s.load(&dy[k * channels + c..][..n]), *sum);
            }
        }
        let done = x.len() / (4 * channels) * 4 * channels;
        for (x, dy) in x[done..].chunks_exact(channels).zip(dy[done..].chunks_exact(channels)) {
            sums[0] = s.mul_add(s.load(&x[c..][..n]), s.load(&dy[c..][..n]), sums[0]);
        }
        s.store(d_gates, s.add(s.add(sums[0], sums[1]), s.add(sums[2], sums[3])));
    }
}
