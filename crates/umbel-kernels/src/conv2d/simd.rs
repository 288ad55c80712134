//! The element-wise work around the convolution's matrix products, and the loop over a strip's rows.

use crate::FusedActivation;
use crate::isa::Simd;

/// Pools two rows of convolution output (bias already in) into one: `channels` of every second pixel. `choice` may be
/// empty.
#[inline(always)]
pub(super) fn pool_rows<S: Simd>(
    s: S,
    upper: &[f32],
    lower: &[f32],
    channels: usize,
    activation: FusedActivation,
    pooled: &mut [f32],
    choice: &mut [u8],
) {
    let pixels = pooled.len() / channels;
    assert!(upper.len() >= 2 * pixels * channels && lower.len() >= 2 * pixels * channels);
    assert!(choice.is_empty() || choice.len() >= pixels * channels);
    let wants_choice = !choice.is_empty();
    let (pooled, choice) = (pooled.as_mut_ptr(), choice.as_mut_ptr());
    for j in 0..pixels {
        let (from, to) = (2 * j * channels, j * channels);
        for c in (0..channels).step_by(S::LANES) {
            let n = channels - c;
            // SAFETY: the asserts above cover two pixels of each row and one pooled pixel for every `j`, and the choice
            // where there is one; `c` is below `channels`.
            unsafe {
                let (upper, lower) = (upper.as_ptr().add(from + c), lower.as_ptr().add(from + c));
                let four = [
                    load(s, upper, n),
                    load(s, upper.add(channels), n),
                    load(s, lower, n),
                    load(s, lower.add(channels), n),
                ];
                let (max, taken) = max_of_four(s, four, activation);
                store(s, pooled.add(to + c), n, max);
                if wants_choice {
                    store_bytes(s, choice.add(to + c), n, taken);
                }
            }
        }
    }
}

/// The activated maximum of four and which it was, the first of equals; 4 where the activation stops the gradient.
#[inline(always)]
pub(super) fn max_of_four<S: Simd>(s: S, [a, b, c, d]: [S::V; 4], activation: FusedActivation) -> (S::V, S::V) {
    let (low, high) = activation.bounds();
    let (low, high) = (s.splat(low), s.splat(high));
    let (in_upper, in_lower) = (s.greater(b, a), s.greater(d, c));
    let (upper, lower) = (s.select(in_upper, b, a), s.select(in_lower, d, c));
    let is_lower = s.greater(lower, upper);
    let max = s.select(is_lower, lower, upper);
    let upper_place = s.select(in_upper, s.splat(1.0), s.splat(0.0));
    let lower_place = s.select(in_lower, s.splat(3.0), s.splat(2.0));
    let place = s.select(is_lower, lower_place, upper_place);
    let place = s.select(s.greater(max, low), place, s.splat(4.0));
    let place = s.select(s.greater(high, max), place, s.splat(4.0));
    (s.min(high, s.max(low, max)), place)
}

/// Spreads a row of pooled gradient over one of the two rows (`which`, 0 or 1) it was pooled from. `full` holds the row's
/// pixels; an odd last one gets zeros.
#[inline(always)]
pub(super) fn unpool_row<S: Simd>(s: S, dy: &[f32], choice: &[u8], which: usize, channels: usize, full: &mut [f32]) {
    let zero = s.splat(0.0);
    let (first, second) = (s.splat((2 * which) as f32), s.splat((2 * which + 1) as f32));
    let pixels = dy.len() / channels;
    full[2 * pixels * channels..].fill(0.0);
    assert!(choice.len() >= pixels * channels);
    let full = full.as_mut_ptr();
    for j in 0..pixels {
        let (from, to) = (j * channels, 2 * j * channels);
        for c in (0..channels).step_by(S::LANES) {
            let n = channels - c;
            // SAFETY: `dy` and, by the assert, `choice` hold a pixel for every `j`, and `full` (sliced above) two; `c` is
            // below `channels`.
            unsafe {
                let d = load(s, dy.as_ptr().add(from + c), n);
                let taken = load_bytes(s, choice.as_ptr().add(from + c), n);
                store(s, full.add(to + c), n, s.select(s.equal(taken, first), d, zero));
                store(s, full.add(to + channels + c), n, s.select(s.equal(taken, second), d, zero));
            }
        }
    }
}

/// A whole vector, or its first `n` lanes where `n` is less.
///
/// # Safety
/// So many floats must be readable at `p`.
#[inline(always)]
pub(super) unsafe fn load<S: Simd>(s: S, p: *const f32, n: usize) -> S::V {
    // SAFETY: the caller's promise.
    unsafe { if n >= S::LANES { s.load_at(p) } else { s.load_first(p, n) } }
}

/// As [`load`].
///
/// # Safety
/// So many floats must be writable at `p`.
#[inline(always)]
pub(super) unsafe fn store<S: Simd>(s: S, p: *mut f32, n: usize, v: S::V) {
    // SAFETY: the caller's promise.
    unsafe { if n >= S::LANES { s.store_at(p, v) } else { s.store_first(p, n, v) } }
}

/// As [`load`], for bytes.
///
/// # Safety
/// So many bytes must be readable at `p`.
#[inline(always)]
unsafe fn load_bytes<S: Simd>(s: S, p: *const u8, n: usize) -> S::V {
    // SAFETY: the caller's promise.
    unsafe { if n >= S::LANES { s.load_bytes_at(p) } else { s.load_bytes(std::slice::from_raw_parts(p, n)) } }
}

/// As [`load`], for bytes.
///
/// # Safety
/// So many bytes must be writable at `p`.
#[inline(always)]
pub(super) unsafe fn store_bytes<S: Simd>(s: S, p: *mut u8, n: usize, v: S::V) {
    // SAFETY: the caller's promise.
    unsafe {
        if n >= S::LANES { s.store_bytes_at(p, v) } else { s.store_bytes(std::slice::from_raw_parts_mut(p, n), v) }
    }
}
