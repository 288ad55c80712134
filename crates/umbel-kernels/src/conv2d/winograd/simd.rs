//! Turning tiles of inputs, weights and outputs, vector by vector of channels.

use crate::FusedActivation;
use crate::conv2d::simd::{load, max_of_four, store, store_bytes};
use crate::extent::{reach, total, volume};
use crate::isa::Simd;

/// A panel of weights: nine taps, each with a row for every input channel.
pub(super) struct Taps<'a> {
    pub w: &'a [f32],
    /// Floats from a tap to the next, and from a row to the next.
    pub tap: usize,
    pub row: usize,
    /// Output channels, at most `width`; the panel is filled up with zeros.
    pub columns: usize,
    /// One for each of them, or none.
    pub factors: &'a [f32],
    pub width: usize,
}

/// `G g Gᵀ` of every row: `turned` is `[16, rows, width]`.
#[inline(always)]
pub(super) fn turn_weights<S: Simd>(s: S, from: &Taps<'_>, turned: &mut [f32]) {
    let point = turned.len() / 16;
    for row in 0..point / from.width {
        for column in (0..from.width).step_by(S::LANES) {
            let n = from.columns.saturating_sub(column).min(S::LANES);
            let some = |all: &[f32], at: usize| s.load(all.get(at..at + n).unwrap_or_default());
            let factor = if from.factors.is_empty() { s.splat(1.0) } else { some(from.factors, column) };
            let tap = |index: usize| s.mul(some(from.w, index * from.tap + row * from.row + column), factor);
            // Down the kernel's columns, then along the rows that come of it.
            let columns = [
                turn_three(s, [tap(0), tap(3), tap(6)]),
                turn_three(s, [tap(1), tap(4), tap(7)]),
                turn_three(s, [tap(2), tap(5), tap(8)]),
            ];
            for y in 0..4 {
                let along = turn_three(s, [columns[0][y], columns[1][y], columns[2][y]]);
                for (x, &v) in along.iter().enumerate() {
                    s.store(&mut turned[(4 * y + x) * point + row * from.width + column..], v);
                }
            }
        }
    }
}

/// `G` times three weights.
#[inline(always)]
fn turn_three<S: Simd>(s: S, [a, b, c]: [S::V; 3]) -> [S::V; 4] {
    let half = s.splat(0.5);
    let (outer, inner) = (s.mul(half, s.add(a, c)), s.mul(half, b));
    [a, s.add(outer, inner), s.sub(outer, inner), c]
}

/// `Bᵀ d B` of adjacent tiles, two pixels apart: `turned` is `[16, tiles, channels]`, points `point` floats apart.
#[inline(always)]
pub(super) fn turn_inputs<S: Simd>(
    s: S,
    rows: &[f32],
    pitch: usize,
    channels: usize,
    tiles: usize,
    point: usize,
    turned: &mut [f32],
) {
    let columns = total(&[volume(&[2, tiles]), 2]);
    assert!(rows.len() >= reach(&[(4, pitch), (volume(&[columns, channels]), 1)]), "the input rows are too short");
    assert!(
        turned.len() >= reach(&[(16, point), (volume(&[tiles, channels]), 1)]),
        "there is too little room for the turned tiles"
    );
    let (rows, turned) = (rows.as_ptr(), turned.as_mut_ptr());
    for c in (0..channels).step_by(S::LANES) {
        let n = channels - c;
        // SAFETY: the asserts above cover four rows of two pixels more than twice the tiles, and sixteen points of all tiles;
        // `c` is below `channels`.
        unsafe {
            let column = |x: usize| turn_column(s, rows.add(x * channels + c), pitch, n);
            let (mut first, mut second) = (column(0), column(1));
            for tile in 0..tiles {
                let (third, fourth) = (column(2 * tile + 2), column(2 * tile + 3));
                for y in 0..4 {
                    let at = turned.add(4 * y * point + tile * channels + c);
                    store(s, at, n, s.sub(first[y], third[y]));
                    store(s, at.add(point), n, s.add(second[y], third[y]));
                    store(s, at.add(2 * point), n, s.sub(third[y], second[y]));
                    store(s, at.add(3 * point), n, s.sub(second[y], fourth[y]));
                }
                (first, second) = (third, fourth);
            }
        }
    }
}

/// `Bᵀ` times four inputs, one below the other.
///
/// # Safety
/// `n` floats (a whole vector where there are more) must be readable at `d` and at every `pitch` floats from there, 4 times.
#[inline(always)]
unsafe fn turn_column<S: Simd>(s: S, d: *const f32, pitch: usize, n: usize) -> [S::V; 4] {
    // SAFETY: the caller's promise.
    let (a, b, c, d) = unsafe {
        (load(s, d, n), load(s, d.add(pitch), n), load(s, d.add(2 * pitch), n), load(s, d.add(3 * pitch), n))
    };
    [s.sub(a, c), s.add(b, c), s.sub(c, b), s.sub(b, d)]
}

/// `Aᵀ m A` of one tile: the upper two outputs, then the lower.
///
/// # Safety
/// `n` floats (a whole vector where there are more) must be readable at `m` and at every `point` floats from there, 16 times.
#[inline(always)]
unsafe fn turn_back<S: Simd>(s: S, m: *const f32, point: usize, n: usize) -> [S::V; 4] {
    let (mut upper, mut lower) = ([s.splat(0.0); 4], [s.splat(0.0); 4]);
    for x in 0..4 {
        // SAFETY: the caller's promise.
        let (a, b, c, d) = unsafe {
            let m = m.add(x * point);
            (load(s, m, n), load(s, m.add(4 * point), n), load(s, m.add(8 * point), n), load(s, m.add(12 * point), n))
        };
        (upper[x], lower[x]) = turn_four(s, [a, b, c, d]);
    }
    let ((upper_left, upper_right), (lower_left, lower_right)) = (turn_four(s, upper), turn_four(s, lower));
    [upper_left, upper_right, lower_left, lower_right]
}

/// `Aᵀ` times four products.
#[inline(always)]
fn turn_four<S: Simd>(s: S, [a, b, c, d]: [S::V; 4]) -> (S::V, S::V) {
    (s.add(s.add(a, b), c), s.sub(s.sub(b, c), d))
}

/// Turns adjacent tiles back and pools each. `choice` may be empty.
#[inline(always)]
pub(super) fn pool_outputs<S: Simd>(
    s: S,
    turned: &[f32],
    point: usize,
    channels: usize,
    activation: FusedActivation,
    pooled: &mut [f32],
    choice: &mut [u8],
) {
    let tiles = pooled.len() / channels;
    assert!(turned.len() >= reach(&[(16, point), (volume(&[tiles, channels]), 1)]), "there are too few products");
    assert!(choice.is_empty() || choice.len() >= volume(&[tiles, channels]), "the choice is too short");
    let wants_choice = !choice.is_empty();
    let (turned, pooled, choice) = (turned.as_ptr(), pooled.as_mut_ptr(), choice.as_mut_ptr());
    for tile in 0..tiles {
        for c in (0..channels).step_by(S::LANES) {
            let (n, at) = (channels - c, tile * channels + c);
            // SAFETY: the asserts above cover every tile's channels at all points, and the choice where there is one.
            unsafe {
                let (max, taken) = max_of_four(s, turn_back(s, turned.add(at), point, n), activation);
                store(s, pooled.add(at), n, max);
                if wants_choice {
                    store_bytes(s, choice.add(at), n, taken);
                }
            }
        }
    }
}

/// Where outputs go: one or two lines, `row_len` floats apart, of so many adjacent pixels.
pub(super) struct Place<'a> {
    pub y: &'a mut [f32],
    pub row_len: usize,
    pub lines: usize,
    pub pixels: usize,
}

/// Turns adjacent tiles back, each activated (the clamps only).
#[inline(always)]
pub(super) fn lay_outputs<S: Simd>(
    s: S,
    turned: &[f32],
    point: usize,
    channels: usize,
    activation: FusedActivation,
    place: Place<'_>,
) {
    let Place { y, row_len, lines, pixels } = place;
    let tiles = pixels.div_ceil(2);
    assert!(turned.len() >= reach(&[(16, point), (volume(&[tiles, channels]), 1)]), "there are too few products");
    assert!(y.len() >= reach(&[(lines, row_len), (volume(&[pixels, channels]), 1)]), "the output is too short");
    let (low, high) = activation.bounds();
    let (low, high) = (s.splat(low), s.splat(high));
    let (turned, y) = (turned.as_ptr(), y.as_mut_ptr());
    for tile in 0..tiles {
        for c in (0..channels).step_by(S::LANES) {
            let n = channels - c;
            // SAFETY: the asserts above cover every tile's channels at all points, and the lines and pixels that are written.
            unsafe {
                let outputs = turn_back(s, turned.add(tile * channels + c), point, n);
                for line in 0..lines {
                    for x in 0..(pixels - 2 * tile).min(2) {
                        // In this order a NaN stays one.
                        let v = s.min(high, s.max(low, outputs[2 * line + x]));
                        store(s, y.add(line * row_len + (2 * tile + x) * channels + c), n, v);
                    }
                }
            }
        }
    }
}
