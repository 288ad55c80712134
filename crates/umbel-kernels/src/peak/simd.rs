//! The bodies of the measurements.

use crate::isa::Simd;

/// Sums that do not wait for each other: more than a processor has multiply-adds under way, and few enough for its registers.
pub(super) const CHAINS: usize = 12;

/// So many rounds of a multiply-add in each of [`CHAINS`] chains, each from a value of its own (equal ones could be computed
/// as one); leaves the first lane of each chain, and adds to the operations.
#[inline(always)]
pub(super) fn chains<S: Simd>(s: S, rounds: usize, values: &mut [f32], operations: &mut u64) {
    let (factor, summand) = (s.splat(0.5), s.splat(1.0));
    let mut sums = [summand; CHAINS];
    for (sum, value) in sums.iter_mut().zip(&*values) {
        *sum = s.splat(*value);
    }
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = s.mul_add(*sum, factor, summand);
        }
    }
    for (sum, value) in sums.into_iter().zip(values.iter_mut()) {
        let mut lanes = [0.0; 64];
        s.store(&mut lanes, sum);
        *value = lanes[0];
    }
    *operations += (rounds * CHAINS * S::LANES * 2) as u64;
}

/// `a = b + factor · c`.
#[inline(always)]
pub(super) fn triad<S: Simd>(s: S, a: &mut [f32], b: &[f32], c: &[f32], factor: f32) {
    let factor = s.splat(factor);
    let vectors = a.chunks_mut(S::LANES).zip(b.chunks(S::LANES)).zip(c.chunks(S::LANES));
    for ((a, b), c) in vectors {
        s.store(a, s.mul_add(factor, s.load(c), s.load(b)));
    }
}
