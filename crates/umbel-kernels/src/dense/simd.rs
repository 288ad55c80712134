//! The element-wise work around the dense layer's matrix products.

use crate::FusedActivation;
use crate::extent::reach;
use crate::isa::{Pairs, Simd};
use crate::prefetch::prefetch;

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

/// `y = x · w` for a single sample: rows of `w` lie `w_row` apart, and `y` says how many of their columns are wanted. A row's
/// columns are read one after the other, since what this costs is to fetch the weights, each of which is used once.
#[inline(always)]
pub(super) fn one_sample<S: Simd>(s: S, x: &[f32], w: &[f32], w_row: usize, y: &mut [f32]) {
    let n = y.len();
    assert!(w.len() >= reach(&[(x.len(), w_row), (n, 1)]), "w is too short");
    let mut c = 0;
    // SAFETY: the assert covers columns `c .. n` of every row, and no call goes beyond `n`.
    unsafe {
        while c + 8 * S::LANES <= n {
            columns::<S, 8, false>(s, x, &w[c..], w_row, &mut y[c..]);
            c += 8 * S::LANES;
        }
        if c + 4 * S::LANES <= n {
            columns::<S, 4, false>(s, x, &w[c..], w_row, &mut y[c..]);
            c += 4 * S::LANES;
        }
        if c + 2 * S::LANES <= n {
            columns::<S, 2, false>(s, x, &w[c..], w_row, &mut y[c..]);
            c += 2 * S::LANES;
        }
        if c + S::LANES <= n {
            columns::<S, 1, false>(s, x, &w[c..], w_row, &mut y[c..]);
            c += S::LANES;
        }
        if c < n {
            columns::<S, 1, true>(s, x, &w[c..], w_row, &mut y[c..]);
        }
    }
}

/// `VECTORS` vectors of columns, or what is left of one where it is `PARTIAL`.
///
/// # Safety
/// So many columns must be there in every row of `w` and in `y`.
#[inline(always)]
unsafe fn columns<S: Simd, const VECTORS: usize, const PARTIAL: bool>(
    s: S,
    x: &[f32],
    w: &[f32],
    w_row: usize,
    y: &mut [f32],
) {
    let mut sums = [s.splat(0.0); VECTORS];
    for (k, &x) in x.iter().enumerate() {
        let x = s.splat(x);
        let row = w.as_ptr().wrapping_add(k * w_row);
        for (v, sum) in sums.iter_mut().enumerate() {
            let at = row.wrapping_add(v * S::LANES);
            prefetch(at.wrapping_add(AHEAD * w_row));
            // SAFETY: the caller's promise.
            let w = unsafe { if PARTIAL { s.load_first(at, y.len()) } else { s.load_at(at) } };
            *sum = s.mul_add(x, w, *sum);
        }
    }
    for (sum, y) in sums.into_iter().zip(y.chunks_mut(S::LANES)) {
        s.store(y, sum);
    }
}

/// [`one_sample`] in bf16: the weights are rounded in registers. `x` is rounded already, and has a zero behind where its length
/// `k` is odd.
#[inline(always)]
pub(super) fn one_sample_bf16<T: Pairs>(t: T, x: &[u16], k: usize, w: &[f32], w_row: usize, y: &mut [f32]) {
    let (s, lanes, n) = (t.simd(), T::S::LANES, y.len());
    assert!(x.len() / 2 >= k.div_ceil(2), "x is too short");
    assert!(w.len() >= reach(&[(k, w_row), (n, 1)]), "w is too short");
    let mut c = 0;
    // SAFETY: the asserts cover columns `c .. n` of every row, and all of `x`; no call goes beyond `n`.
    unsafe {
        while c + 8 * lanes <= n {
            pair_columns::<T, 8>(t, x, k, &w[c..], w_row, &mut y[c..]);
            c += 8 * lanes;
        }
        while c + lanes <= n {
            pair_columns::<T, 1>(t, x, k, &w[c..], w_row, &mut y[c..]);
            c += lanes;
        }
    }
    if c < n {
        let mut sum = s.splat(0.0);
        for pair in 0..k.div_ceil(2) {
            let low = s.load(&w[2 * pair * w_row + c..][..n - c]);
            let high = if 2 * pair + 1 < k { s.load(&w[(2 * pair + 1) * w_row + c..][..n - c]) } else { s.splat(0.0) };
            // SAFETY: `x` has two values for every pair.
            let x = unsafe { t.splat_at(x.as_ptr().add(2 * pair)) };
            sum = t.mul_add(x, t.join(low, high), sum);
        }
        s.store(&mut y[c..], sum);
    }
}

/// `VECTORS` whole vectors of columns.
///
/// # Safety
/// So many columns must be there in each of `k` rows of `w` and in `y`, and `x` must hold `k` values, rounded up to pairs.
#[inline(always)]
unsafe fn pair_columns<T: Pairs, const VECTORS: usize>(
    t: T,
    x: &[u16],
    k: usize,
    w: &[f32],
    w_row: usize,
    y: &mut [f32],
) {
    let (s, lanes) = (t.simd(), T::S::LANES);
    let mut sums = [s.splat(0.0); VECTORS];
    for pair in 0..k.div_ceil(2) {
        let row = w.as_ptr().wrapping_add(2 * pair * w_row);
        // The row behind the last one of an odd number counts as zero: what is read instead meets the zero behind `x`,
        // and is the last row itself, which is as finite.
        let next = if 2 * pair + 1 < k { row.wrapping_add(w_row) } else { row };
        // SAFETY: the caller's promise.
        let x = unsafe { t.splat_at(x.as_ptr().add(2 * pair)) };
        for (v, sum) in sums.iter_mut().enumerate() {
            let (low, high) = (row.wrapping_add(v * lanes), next.wrapping_add(v * lanes));
            prefetch(low.wrapping_add(AHEAD * w_row));
            prefetch(high.wrapping_add(AHEAD * w_row));
            // SAFETY: as above.
            let w = unsafe { t.join(s.load_at(low), s.load_at(high)) };
            *sum = t.mul_add(x, w, *sum);
        }
    }
    for (sum, y) in sums.into_iter().zip(y.chunks_mut(lanes)) {
        s.store(y, sum);
    }
}

/// Rows of weights that are asked for ahead: the processor's own guesses end with each page.
const AHEAD: usize = 16;
