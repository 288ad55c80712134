//! The body of the weight gradient through max-pooling: a register tile of weights by output channels.

use crate::extent::{reach, total, volume};
use crate::isa::{Simd, Single, Terms, TermsWork};

/// The quads of some rows, and what their pixels meet.
pub(super) struct Picked<'a> {
    /// `[rows of input, pixels and channels of a row, 4]`: an input, its right, its lower and its lower right neighbour; in bf16
    /// each with that of the next pooled pixel.
    pub quads: &'a [f32],
    /// Floats in a row of quads.
    pub quad_row: usize,
    /// Pooled rows, and terms in each: pooled pixels, or pairs of them.
    pub rows: usize,
    pub pixels: usize,
    pub kernel_rows: usize,
    /// Weights of a kernel row for one output channel.
    pub taps: usize,
    /// Floats from a term's quads to those of the next.
    pub pixel_step: usize,
    pub channels: usize,
    /// The pooled gradient `[rows, pixels, channels]`, 0 where the activation lets nothing through.
    pub dy: &'a [f32],
    /// Which of the quad was taken, 0 to 3, in the lowest two bits; in bf16 the bytes of both.
    pub index: &'a [f32],
}

/// Lays `quads` side by side: input, right, lower and lower right neighbour, `channels` apart.
#[inline(always)]
pub(super) fn lay_quads<S: Simd>(s: S, upper: &[f32], lower: &[f32], channels: usize, quads: &mut [f32]) {
    let n = quads.len() / 4;
    let neighbours = [&upper[..n], &upper[channels..][..n], &lower[..n], &lower[channels..][..n]];
    let whole = n / S::LANES * S::LANES;
    for i in (0..whole).step_by(S::LANES) {
        // SAFETY: all four hold `n` floats, `quads` four times as many, and `i + LANES` is at most `n`.
        unsafe {
            let four = neighbours.map(|x| s.load_at(x.as_ptr().add(i)));
            s.store_interleaved_at(quads.as_mut_ptr().add(4 * i), four);
        }
    }
    for (i, quad) in quads[4 * whole..].chunks_exact_mut(4).enumerate() {
        quad.copy_from_slice(&neighbours.map(|x| x[whole + i]));
    }
}

/// Takes a choice apart: the gradient that it lets through, and the place as the lowest bits of a number.
#[inline(always)]
pub(super) fn split_choice<S: Simd>(s: S, dy: &[f32], choice: &[u8], masked: &mut [f32], index: &mut [f32]) {
    let given = dy.chunks(S::LANES).zip(choice.chunks(S::LANES));
    let taken = masked.chunks_mut(S::LANES).zip(index.chunks_mut(S::LANES));
    for ((dy, choice), (masked, index)) in given.zip(taken) {
        let (open, place) = open(s, dy, choice);
        s.store(masked, open);
        s.store(index, place);
    }
}

/// The gradient that a choice lets through, and the place as the lowest two bits of each lane.
#[inline(always)]
pub(super) fn open<S: Simd>(s: S, dy: &[f32], choice: &[u8]) -> (S::V, S::V) {
    let choice = s.load_bytes(choice);
    let open = s.greater(s.splat(4.0), choice);
    // Added to a small whole number, 2^23 leaves its bits at the lower end.
    (s.select(open, s.load(dy), s.splat(0.0)), s.add(choice, s.splat(8_388_608.0)))
}

/// `dw[weight, channel] += Σ_pixels quad[weight, index[pixel, channel]] · dy[pixel, channel]`.
#[inline(always)]
pub(super) fn add<S: Simd>(s: S, p: &Picked<'_>, dw: &mut [f32]) {
    add_terms(Single(s), p, dw);
}

/// The same for any kind of terms.
#[inline(always)]
pub(super) fn add_terms<T: Terms>(t: T, p: &Picked<'_>, dw: &mut [f32]) {
    if p.rows == 0 || p.pixels == 0 || p.taps == 0 {
        return;
    }
    assert!(p.quad_row >= reach(&[(p.pixels, p.pixel_step), (volume(&[p.taps, 4]), 1)]), "a row of quads is too short");
    let input_rows = total(&[volume(&[2, p.rows - 1]), p.kernel_rows]);
    assert!(p.quads.len() >= volume(&[input_rows, p.quad_row]), "there are too few quads");
    let pooled = volume(&[p.rows, p.pixels, p.channels]);
    assert!(p.dy.len() >= pooled && p.index.len() >= pooled, "the gradient is too short");
    assert!(dw.len() >= volume(&[p.kernel_rows, p.taps, p.channels]), "the weights' gradient is too short");
    let dw = dw.as_mut_ptr();
    let lanes = T::S::LANES;
    let mut channel = 0;
    while channel < p.channels {
        let n = (p.channels - channel).min(T::S::TILE_VECTORS * lanes);
        let n = if n > lanes && n < T::S::TILE_VECTORS * lanes { lanes } else { n };
        for kernel_row in 0..p.kernel_rows {
            let mut tap = 0;
            while tap < p.taps {
                let part = Part { kernel_row, tap, channel, n };
                // SAFETY: the asserts above cover all rows, pixels, taps and channels.
                tap += unsafe { strip(t, p, part, dw) };
            }
        }
        channel += n;
    }
}

/// Adjacent weights of one kernel row, from `tap` on, for `n` channels: two vectors, one, or a part of one.
#[derive(Clone, Copy)]
struct Part {
    kernel_row: usize,
    tap: usize,
    channel: usize,
    n: usize,
}

/// Runs the tallest tile that fits, and gives its height.
///
/// # Safety
/// The part must lie within the kernel.
#[inline(always)]
unsafe fn strip<T: Terms>(t: T, p: &Picked<'_>, part: Part, dw: *mut f32) -> usize {
    let left = p.taps - part.tap;
    macro_rules! heights {
        ($($height:literal)*) => {
            $(if left >= $height && $height <= T::TILE_ROWS {
                match (part.n > T::S::LANES, part.n < T::S::LANES) {
                    (true, _) => t.vectorize(Tile::<$height, 2, false> { p, part, dw }),
                    (false, false) => t.vectorize(Tile::<$height, 1, false> { p, part, dw }),
                    (false, true) => t.vectorize(Tile::<$height, 1, true> { p, part, dw }),
                }
                return $height;
            })*
        };
    }
    heights!(12 9 4 1);
    unreachable!("a tile of one row fits")
}

/// [`Part`] with its size known to the compiler. Made only by [`strip`], whose caller vouches for the part.
struct Tile<'a, const TAPS: usize, const VECTORS: usize, const PARTIAL: bool> {
    p: &'a Picked<'a>,
    part: Part,
    dw: *mut f32,
}

impl<A, const TAPS: usize, const VECTORS: usize, const PARTIAL: bool> TermsWork<A>
    for Tile<'_, TAPS, VECTORS, PARTIAL>
{
    #[inline(always)]
    fn run<T: Terms<A = A>>(self, t: T) {
        let s = t.simd();
        let lanes = T::S::LANES;
        let Tile { p, part: Part { kernel_row, tap, channel, n }, dw } = self;
        // SAFETY: `strip`'s caller vouches for the part, and `add` has checked that every slice reaches as far.
        unsafe {
            let load = |at: *const f32| if PARTIAL { s.load_first(at, n) } else { s.load_at(at) };
            let dw = dw.add((kernel_row * p.taps + tap) * p.channels + channel);
            let mut sums = [[s.splat(0.0); VECTORS]; TAPS];
            for (tap, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = load(dw.add(tap * p.channels + v * lanes));
                }
            }
            for row in 0..p.rows {
                let mut quad = p.quads.as_ptr().add((2 * row + kernel_row) * p.quad_row + tap * 4);
                let mut at = row * p.pixels * p.channels + channel;
                for _ in 0..p.pixels {
                    let mut d = [s.splat(0.0); VECTORS];
                    let mut index = [s.splat(0.0); VECTORS];
                    for v in 0..VECTORS {
                        d[v] = load(p.dy.as_ptr().add(at + v * lanes));
                        index[v] = load(p.index.as_ptr().add(at + v * lanes));
                    }
                    for (tap, sums) in sums.iter_mut().enumerate() {
                        for (v, sum) in sums.iter_mut().enumerate() {
                            *sum = t.mul_add(t.pick_at(quad.add(4 * tap), index[v]), d[v], *sum);
                        }
                    }
                    quad = quad.wrapping_add(p.pixel_step);
                    at += p.channels;
                }
            }
            for (tap, sums) in sums.iter().enumerate() {
                for (v, &sum) in sums.iter().enumerate() {
                    let at = dw.add(tap * p.channels + v * lanes);
                    if PARTIAL { s.store_first(at, n, sum) } else { s.store_at(at, sum) }
                }
            }
        }
    }
}
