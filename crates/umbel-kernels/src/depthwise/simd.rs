//! The walk's body: a register tile of adjacent pixels by vectors of channels.
//!
//! The kernels and strides that networks have go through [`sliding`], all others (and narrow pictures) through [`vectors`].

use super::axis::Axis;
use super::tile::{Part, Row, TILE_PIXELS, ZEROS, load, store};
use super::{Correlation, sliding};
use crate::FusedActivation;
use crate::extent::{reach, total, volume};
use crate::isa::{Simd, Work};

/// Bytes of the source's rows under an output row that are gone through before other channels, so that most are still in the
/// first-level cache for the next row ...
const BLOCK_BYTES: usize = 40 * 1024;
/// ... but not of fewer channels than these, since what lies side by side is fetched ahead.
const LEAST_CHANNELS: usize = 64;

#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn correlate<S: Simd>(
    s: S,
    walk: &Correlation,
    rows: (usize, usize),
    source: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    clamp: FusedActivation,
    out: &mut [f32],
) {
    let &Correlation { down, across, channels, .. } = walk;
    assert!(source.len() >= volume(&[down.size, across.size, channels]), "the source is too short");
    assert!(bias.is_none_or(|bias| bias.len() >= channels), "the bias is too short");
    if rows.0 >= rows.1 || across.outputs == 0 {
        return;
    }
    check_weights(walk, w);
    let out_row = |i: usize| (down.first_output + (i - rows.0) * down.output_step) * walk.out_columns * channels;
    let pixels = total(&[across.first_output, reach(&[(across.outputs, across.output_step)])]);
    let lines = total(&[down.first_output, reach(&[(rows.1 - rows.0, down.output_step)])]);
    assert!(pixels <= walk.out_columns, "an output beyond its row");
    let last_row = volume(&[lines - 1, walk.out_columns, channels]);
    assert!(out.len() >= total(&[last_row, volume(&[pixels, channels])]), "the output is too short");
    let out = out.as_mut_ptr();
    let block = block_channels(walk);
    for first in (0..channels).step_by(block) {
        let last = (first + block).min(channels);
        for i in rows.0..rows.1 {
            let row = Row { walk, source, w, bias, clamp, taps: down.inside(i), i };
            let part = |j: usize| {
                let at = out_row(i) + (across.first_output + j * across.output_step) * channels;
                // SAFETY: the assert above covers every pixel of the target's rows.
                Part { row: &row, j, c: first..last, out: unsafe { out.add(at) } }
            };
            // SAFETY: the asserts above cover every pixel of the source, of the target's rows, and every weight.
            unsafe { one_row(s, across, part) };
        }
    }
}

/// Channels that are gone through before the next ones, so that the source's rows are fetched once for all that they meet.
fn block_channels(walk: &Correlation) -> usize {
    let per_channel = volume(&[size_of::<f32>(), walk.down.taps, walk.across.size]);
    (BLOCK_BYTES / per_channel.max(1) / LEAST_CHANNELS * LEAST_CHANNELS).max(LEAST_CHANNELS)
}

/// All tiles of a row.
///
/// # Safety
/// Every output of the row must lie within the target, with what it reads within the source and the weights.
#[inline(always)]
unsafe fn one_row<'a, S: Simd>(s: S, across: Axis, part: impl Fn(usize) -> Part<'a>) {
    if across.outputs >= TILE_PIXELS && sliding::fits(&across) {
        for j in (0..across.outputs).step_by(TILE_PIXELS) {
            // The last tile reaches back over what is there already: the same numbers once more.
            let part = part(j.min(across.outputs - TILE_PIXELS));
            // SAFETY: the caller's promise.
            unsafe { sliding::tile(s, &part) };
        }
        return;
    }
    let interior = across.interior(0..across.taps);
    for j in (0..across.outputs).step_by(TILE_PIXELS) {
        let pixels = (across.outputs - j).min(TILE_PIXELS);
        let is_inside = interior.start <= j && j + pixels <= interior.end;
        // SAFETY: as above.
        unsafe { tile(s, &part(j), pixels, is_inside) };
    }
}

/// Panics where a tap's weight lies outside of `w`.
fn check_weights(walk: &Correlation, w: &[f32]) {
    let &Correlation { down, across, channels, kernel_columns, .. } = walk;
    if down.taps == 0 || across.taps == 0 {
        return;
    }
    let ends = |first: usize, step: isize, taps: usize| [first as isize, first as isize + (taps as isize - 1) * step];
    let columns = ends(across.first_weight, across.weight_step, across.taps);
    assert!(columns.iter().all(|&column| (0..kernel_columns as isize).contains(&column)), "a tap beyond the kernel");
    let kernel_rows = w.len() / volume(&[kernel_columns, channels]);
    let rows = ends(down.first_weight, down.weight_step, down.taps);
    assert!(rows.iter().all(|&row| (0..kernel_rows as isize).contains(&row)), "a tap beyond the kernel");
}

/// Runs the copy of the tile that fits its size.
///
/// # Safety
/// The part must lie within the source, the weights and the target; where `is_inside`, with all its taps across.
#[inline(always)]
unsafe fn tile<S: Simd>(s: S, part: &Part<'_>, pixels: usize, is_inside: bool) {
    macro_rules! sizes {
        ($inside:literal: $($pixels:literal)*) => {
            match pixels {
                $($pixels => s.vectorize(Tile::<$pixels, $inside> { part }),)*
                _ => unreachable!("a tile has 1 to 7 pixels"),
            }
        };
    }
    if is_inside { sizes!(true: 1 2 3 4 5 6 7) } else { sizes!(false: 1 2 3 4 5 6 7) }
}

/// [`Part`] with its size known to the compiler. Made only by [`tile`], whose caller vouches for the part.
struct Tile<'a, const PIXELS: usize, const INSIDE: bool> {
    part: &'a Part<'a>,
}

impl<const PIXELS: usize, const INSIDE: bool> Work for Tile<'_, PIXELS, INSIDE> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut c = self.part.c.start;
        // SAFETY: `tile`'s caller vouches for all channels of the part.
        unsafe {
            while c + 2 * S::LANES <= self.part.c.end {
                vectors::<S, PIXELS, 2, false, INSIDE>(s, self.part, c, 2 * S::LANES);
                c += 2 * S::LANES;
            }
            if c + S::LANES <= self.part.c.end {
                vectors::<S, PIXELS, 1, false, INSIDE>(s, self.part, c, S::LANES);
                c += S::LANES;
            }
            if c < self.part.c.end {
                vectors::<S, PIXELS, 1, true, INSIDE>(s, self.part, c, self.part.c.end - c);
            }
        }
    }
}

/// The part's channels from `c` on: whole vectors, or one of `n` lanes where it is `PARTIAL`.
///
/// # Safety
/// That of [`tile`].
#[inline(always)]
unsafe fn vectors<S: Simd, const PIXELS: usize, const VECTORS: usize, const PARTIAL: bool, const INSIDE: bool>(
    s: S,
    part: &Part<'_>,
    c: usize,
    n: usize,
) {
    let &Row { walk, source, w, bias, clamp, ref taps, i } = part.row;
    let &Correlation { down, across, channels, kernel_columns, out_columns: _ } = walk;
    let start = across.start(part.j);
    let pixel_step = across.step * channels;
    // SAFETY: `tile`'s caller promises that all pixels, taps and channels lie within their slices; pixels outside of the
    // source read `ZEROS`, which is as long as two vectors.
    unsafe {
        let mut sums = [[s.splat(0.0); VECTORS]; PIXELS];
        if let Some(bias) = bias {
            for v in 0..VECTORS {
                let bias = load::<S, PARTIAL>(s, bias.as_ptr().add(c + v * S::LANES), n);
                sums.iter_mut().for_each(|sums| sums[v] = bias);
            }
        }
        for tap in taps.clone() {
            let source_row = (down.start(i) + tap as isize) as usize * across.size;
            let source_row = source.as_ptr().wrapping_add(source_row * channels + c);
            let mut x = source_row.wrapping_offset(start * channels as isize);
            let kernel_row = down.first_weight as isize + tap as isize * down.weight_step;
            let mut weight = kernel_row * kernel_columns as isize + across.first_weight as isize;
            for tap in 0..across.taps {
                let at = w.as_ptr().offset(weight * channels as isize).add(c);
                let mut ws = [s.splat(0.0); VECTORS];
                for (v, w) in ws.iter_mut().enumerate() {
                    *w = load::<S, PARTIAL>(s, at.add(v * S::LANES), n);
                }
                for (p, sums) in sums.iter_mut().enumerate() {
                    let mut x = x.wrapping_add(p * pixel_step);
                    let column = start + (p * across.step + tap) as isize;
                    if !INSIDE && column as usize >= across.size {
                        x = ZEROS.as_ptr();
                    }
                    for (v, (sum, &w)) in sums.iter_mut().zip(&ws).enumerate() {
                        *sum = s.mul_add(load::<S, PARTIAL>(s, x.add(v * S::LANES), n), w, *sum);
                    }
                }
                x = x.wrapping_add(channels);
                weight += across.weight_step;
            }
        }
        let bounds = clamp.bounds();
        let (low, high) = (s.splat(bounds.0), s.splat(bounds.1));
        for (p, sums) in sums.iter().enumerate() {
            let out = part.out.add(p * across.output_step * channels + c);
            for (v, &sum) in sums.iter().enumerate() {
                // In this order a NaN stays one.
                store::<S, PARTIAL>(s, out.add(v * S::LANES), n, s.min(high, s.max(low, sum)));
            }
        }
    }
}
