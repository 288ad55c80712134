//! The vector type that operation bodies are written against.

/// A vector of [`Simd::LANES`] `f32`, and the operations on it. A value of an implementing type is proof that the CPU has
/// the instructions, which is what makes the arithmetic safe to call.
///
/// `max`, `min` and the comparisons follow x86: where an operand is NaN, `max(a, b)` and `min(a, b)` give `b`, and
/// comparisons are false.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    type V: Copy;
    type Mask: Copy;

    const LANES: usize;
    /// The largest tile of the matrix micro-kernel: so many rows ...
    const TILE_ROWS: usize;
    /// ... of so many vectors, chosen so that all accumulators stay in registers.
    const TILE_VECTORS: usize;

    /// Runs `work` inside of a function of its own, compiled for this instruction set.
    fn vectorize<W: Work>(self, work: W);

    fn splat(self, x: f32) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    fn sqrt(self, a: Self::V) -> Self::V;
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once where the instruction set has it.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// Lanes where `a > b`.
    fn greater(self, a: Self::V, b: Self::V) -> Self::Mask;
    /// Lanes where `a == b`.
    fn equal(self, a: Self::V, b: Self::V) -> Self::Mask;
    /// `a` where the mask is set, `b` elsewhere.
    fn select(self, mask: Self::Mask, a: Self::V, b: Self::V) -> Self::V;
    /// Rounds to the nearest whole number (ties to even).
    fn round(self, a: Self::V) -> Self::V;
    /// 2 to the power of `a`, which is whole and from -126 to 127.
    fn exp2_whole(self, a: Self::V) -> Self::V;

    /// For each lane one of the four floats at `p`: the one that the lowest two bits of the lane's index say.
    ///
    /// # Safety
    /// Four floats must be readable at `p`, which need be aligned as a float only.
    unsafe fn pick_at(self, p: *const f32, index: Self::V) -> Self::V;

    /// Each lane rounded to the nearest bf16 (ties to even), whose bits are the upper half of an `f32`'s; the lower half
    /// is zero. A NaN stays one.
    fn round_to_bf16(self, a: Self::V) -> Self::V;
    /// The upper half of each lane of `high`, with that of `low` below it: a pair of bf16.
    fn join_halves(self, low: Self::V, high: Self::V) -> Self::V;
    /// The first of each lane's pair of bf16, as a number.
    fn low_half(self, a: Self::V) -> Self::V;
    /// The second of each lane's pair of bf16, as a number.
    fn high_half(self, a: Self::V) -> Self::V;

    /// For each lane two of the eight bf16 at `p`; each byte of the lane's index names one of the sixteen bytes.
    ///
    /// # Safety
    /// Four floats must be readable at `p`, which need be aligned as a float only, and every byte of `index` must be below 16.
    unsafe fn pick_bytes_at(self, p: *const f32, index: Self::V) -> Self::V;

    /// The upper halves of all lanes, side by side.
    ///
    /// # Safety
    /// `LANES` halves must be writable at `p`.
    unsafe fn store_high_halves_at(self, p: *mut u16, v: Self::V);

    /// Writes lane 0 of all four, then lane 1 of all four, and so on.
    ///
    /// # Safety
    /// `4 * LANES` floats must be writable at `p`.
    unsafe fn store_interleaved_at(self, p: *mut f32, four: [Self::V; 4]);

    /// # Safety
    /// `LANES` floats must be readable at `p`.
    unsafe fn load_at(self, p: *const f32) -> Self::V;
    /// Lanes from `n` on are zero.
    ///
    /// # Safety
    /// `n` must be at most `LANES`, and so many floats must be readable at `p`.
    unsafe fn load_first(self, p: *const f32, n: usize) -> Self::V;
    /// # Safety
    /// `LANES` floats must be writable at `p`.
    unsafe fn store_at(self, p: *mut f32, v: Self::V);
    /// # Safety
    /// `n` must be at most `LANES`, and so many floats must be writable at `p`.
    unsafe fn store_first(self, p: *mut f32, n: usize, v: Self::V);
    /// Bytes, as numbers.
    ///
    /// # Safety
    /// `LANES` bytes must be readable at `p`.
    unsafe fn load_bytes_at(self, p: *const u8) -> Self::V;
    /// Lanes must be whole and from 0 to 255.
    ///
    /// # Safety
    /// `LANES` bytes must be writable at `p`.
    unsafe fn store_bytes_at(self, p: *mut u8, v: Self::V);

    /// The first `LANES` elements, or all and then zeros where there are fewer.
    #[inline(always)]
    fn load(self, x: &[f32]) -> Self::V {
        if x.len() >= Self::LANES {
            // SAFETY: the slice is long enough.
            unsafe { self.load_at(x.as_ptr()) }
        } else {
            // SAFETY: the slice holds exactly so many.
            unsafe { self.load_first(x.as_ptr(), x.len()) }
        }
    }

    /// Overwrites the first `LANES` elements, or all where there are fewer.
    #[inline(always)]
    fn store(self, y: &mut [f32], v: Self::V) {
        if y.len() >= Self::LANES {
            // SAFETY: the slice is long enough.
            unsafe { self.store_at(y.as_mut_ptr(), v) }
        } else {
            // SAFETY: the slice holds exactly so many.
            unsafe { self.store_first(y.as_mut_ptr(), y.len(), v) }
        }
    }

    /// [`Simd::load`] for bytes.
    #[inline(always)]
    fn load_bytes(self, x: &[u8]) -> Self::V {
        if x.len() >= Self::LANES {
            // SAFETY: the slice is long enough.
            unsafe { self.load_bytes_at(x.as_ptr()) }
        } else {
            const { assert!(Self::LANES <= 64) };
            let mut all = [0u8; 64];
            all[..x.len()].copy_from_slice(x);
            // SAFETY: no vector has more lanes, which is asserted above.
            unsafe { self.load_bytes_at(all.as_ptr()) }
        }
    }

    /// [`Simd::store`] for bytes.
    #[inline(always)]
    fn store_bytes(self, y: &mut [u8], v: Self::V) {
        if y.len() >= Self::LANES {
            // SAFETY: the slice is long enough.
            unsafe { self.store_bytes_at(y.as_mut_ptr(), v) }
        } else {
            const { assert!(Self::LANES <= 64) };
            let mut all = [0u8; 64];
            // SAFETY: no vector has more lanes, which is asserted above.
            unsafe { self.store_bytes_at(all.as_mut_ptr(), v) }
            let n = y.len();
            y.copy_from_slice(&all[..n]);
        }
    }

    /// e to the power of `a`, within 2 units in the last place; arguments are clamped to what `f32` can hold.
    /// The polynomial is that of Cephes' `expf`.
    #[inline(always)]
    fn exp(self, a: Self::V) -> Self::V {
        let a = self.min(self.splat(88.0), self.max(self.splat(-87.0), a));
        let whole = self.round(self.mul(a, self.splat(std::f32::consts::LOG2_E)));
        // ln 2 in two parts, so that the remainder is exact.
        let rest = self.mul_add(whole, self.splat(-0.693_359_4), a);
        let rest = self.mul_add(whole, self.splat(2.121_944_4e-4), rest);
        let mut p = self.splat(1.987_569_1e-4);
        for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
            p = self.mul_add(p, rest, self.splat(c));
        }
        let p = self.mul_add(self.mul(rest, rest), p, self.add(rest, self.splat(1.0)));
        self.mul(p, self.exp2_whole(whole))
    }
}

/// Something to run under one instruction set, see [`Simd::vectorize`]. `run` is to be `#[inline(always)]`.
pub(crate) trait Work {
    fn run<S: Simd>(self, simd: S);
}
