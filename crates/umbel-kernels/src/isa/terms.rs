//! How the terms of a sum of products are held and multiplied: numbers of `f32`, or pairs of bf16.
//!
//! A pair lies in the 32 bits of one `f32`, the first of the two in the lower half (x86's "VNNI" order), so that it moves
//! through the same vectors, and a product of pairs is the same loop over half as many terms.

use super::{Simd, Work};

/// One kind of terms on one instruction set. A value is proof as one of [`Simd`] is.
pub(crate) trait Terms: Copy + Send + Sync + 'static {
    type S: Simd;
    /// What the left matrix is made of, and its strides count.
    type A: Copy + Send + Sync;

    /// So many of `A` are read for one term.
    const LEFT: usize;
    /// As [`Simd::TILE_ROWS`].
    const TILE_ROWS: usize;

    fn simd(self) -> Self::S;

    /// Runs `work` inside of a function of its own, compiled for this instruction set.
    fn vectorize<W: TermsWork<Self::A>>(self, work: W);

    /// The term at `p` in every lane.
    ///
    /// # Safety
    /// `LEFT` elements must be readable at `p`.
    unsafe fn splat_at(self, p: *const Self::A) -> <Self::S as Simd>::V;

    /// `c` and the lanes' products of `a` and `b`.
    fn mul_add(self, a: <Self::S as Simd>::V, b: <Self::S as Simd>::V, c: <Self::S as Simd>::V)
    -> <Self::S as Simd>::V;

    /// For each lane a term out of the sixteen bytes at `p`: [`Simd::pick_at`], or [`Simd::pick_bytes_at`] for pairs.
    ///
    /// # Safety
    /// That of these two.
    unsafe fn pick_at(self, p: *const f32, index: <Self::S as Simd>::V) -> <Self::S as Simd>::V;
}

/// What is to be done beside multiplying, where the terms are pairs of bf16.
pub(crate) trait Pairs: Terms<A = u16> {
    /// Both rounded, as pairs.
    fn join(self, low: <Self::S as Simd>::V, high: <Self::S as Simd>::V) -> <Self::S as Simd>::V;

    /// All lanes rounded, side by side.
    ///
    /// # Safety
    /// `LANES` halves must be writable at `p`.
    unsafe fn store_rounded_at(self, p: *mut u16, v: <Self::S as Simd>::V);
}

/// Something to run under one instruction set, see [`Terms::vectorize`]. `run` is to be `#[inline(always)]`.
pub(crate) trait TermsWork<A> {
    fn run<T: Terms<A = A>>(self, terms: T);
}

/// Terms of `f32`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Single<S>(pub S);

impl<S: Simd> Terms for Single<S> {
    type S = S;
    type A = f32;
    const LEFT: usize = 1;
    const TILE_ROWS: usize = S::TILE_ROWS;

    #[inline(always)]
    fn simd(self) -> S {
        self.0
    }
    #[inline(always)]
    fn vectorize<W: TermsWork<f32>>(self, work: W) {
        struct Inside<W>(W);
        impl<W: TermsWork<f32>> Work for Inside<W> {
            #[inline(always)]
            fn run<S: Simd>(self, simd: S) {
                self.0.run(Single(simd))
            }
        }
        self.0.vectorize(Inside(work))
    }
    #[inline(always)]
    unsafe fn splat_at(self, p: *const f32) -> S::V {
        // SAFETY: the caller's promise.
        self.0.splat(unsafe { *p })
    }
    #[inline(always)]
    fn mul_add(self, a: S::V, b: S::V, c: S::V) -> S::V {
        self.0.mul_add(a, b, c)
    }
    #[inline(always)]
    unsafe fn pick_at(self, p: *const f32, index: S::V) -> S::V {
        // SAFETY: the caller's promise.
        unsafe { self.0.pick_at(p, index) }
    }
}

/// Pairs of bf16 by arithmetic of `f32`, in which the product of two bf16 is exact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Emulated<S>(pub S);

impl<S: Simd> Terms for Emulated<S> {
    type S = S;
    type A = u16;
    const LEFT: usize = 2;
    // Both halves of two vectors of the right matrix want registers too.
    const TILE_ROWS: usize = if S::TILE_ROWS > 6 { S::TILE_ROWS } else { 4 };

    #[inline(always)]
    fn simd(self) -> S {
        self.0
    }
    #[inline(always)]
    fn vectorize<W: TermsWork<u16>>(self, work: W) {
        struct Inside<W>(W);
        impl<W: TermsWork<u16>> Work for Inside<W> {
            #[inline(always)]
            fn run<S: Simd>(self, simd: S) {
                self.0.run(Emulated(simd))
            }
        }
        self.0.vectorize(Inside(work))
    }
    #[inline(always)]
    unsafe fn splat_at(self, p: *const u16) -> S::V {
        // SAFETY: the caller promises two halves; they need not be aligned as a pair.
        self.0.splat(unsafe { p.cast::<f32>().read_unaligned() })
    }
    #[inline(always)]
    fn mul_add(self, a: S::V, b: S::V, c: S::V) -> S::V {
        let s = self.0;
        let sum = s.mul_add(s.low_half(a), s.low_half(b), c);
        s.mul_add(s.high_half(a), s.high_half(b), sum)
    }
    #[inline(always)]
    unsafe fn pick_at(self, p: *const f32, index: S::V) -> S::V {
        // SAFETY: the caller's promise.
        unsafe { self.0.pick_bytes_at(p, index) }
    }
}

impl<S: Simd> Pairs for Emulated<S> {
    #[inline(always)]
    fn join(self, low: S::V, high: S::V) -> S::V {
        self.0.join_halves(self.0.round_to_bf16(low), self.0.round_to_bf16(high))
    }
    #[inline(always)]
    unsafe fn store_rounded_at(self, p: *mut u16, v: S::V) {
        // SAFETY: the caller's promise.
        unsafe { self.0.store_high_halves_at(p, self.0.round_to_bf16(v)) }
    }
}
