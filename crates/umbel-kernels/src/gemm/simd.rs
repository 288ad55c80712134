//! The micro-kernel: a tile of C held in registers while A is read scalar by scalar and B vector by vector.
//!
//! The terms of a sum are numbers of `f32` or pairs of bf16 (see [`Terms`]); of the latter, one is two elements of A and one
//! of B, and `k` counts them.
//!
//! A is never packed: its rows and columns may lie any distance apart, which is how a convolution reads its input as a
//! matrix. The sum runs over `segments` stretches of `k` terms, which is how it goes from one kernel row to the next
//! without leaving the registers.

use crate::FusedActivation;
use crate::extent::{reach, total};
use crate::isa::{Simd, Single, Terms, TermsWork};
use crate::parallel::Spread;

/// `C[m, n] = activation(start + Σ_s A_s[m, k] · B_s[k, n])` for each of `lines`; strides are in elements, and the columns
/// of B and C are adjacent. The default is one line of one segment, empty.
#[derive(Clone, Copy)]
pub(crate) struct Product<'a, A = f32> {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: &'a [A],
    pub a_row: usize,
    pub a_col: usize,
    pub b: &'a [f32],
    pub b_row: usize,
    /// Where B is cut into panels, the distance between them, see [`pack`](super::pack).
    pub b_panel: Option<usize>,
    pub c_row: usize,
    pub segments: usize,
    pub a_segment: usize,
    pub b_segment: usize,
    pub lines: usize,
    pub a_line: usize,
    pub c_line: usize,
    pub start: Start<'a>,
    pub activation: FusedActivation,
}

impl<A> Default for Product<'_, A> {
    fn default() -> Self {
        Product {
            m: 0,
            n: 0,
            k: 0,
            a: &[],
            a_row: 0,
            a_col: 1,
            b: &[],
            b_row: 0,
            b_panel: None,
            c_row: 0,
            segments: 1,
            a_segment: 0,
            b_segment: 0,
            lines: 1,
            a_line: 0,
            c_line: 0,
            start: Start::Zero,
            activation: FusedActivation::Linear,
        }
    }
}

/// What the sums of a [`Product`] start from.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    Zero,
    /// The same `n` values for every row.
    Bias(&'a [f32]),
    /// What `C` holds.
    Accumulate,
}

/// [`product`] of `f32`.
#[inline(always)]
pub(super) fn single_product<S: Simd>(s: S, p: &Product<'_>, c: Spread<'_>) {
    product(Single(s), p, c);
}

/// Computes the whole product, tile by tile. Columns come outermost, so that the part of B in use stays in the cache over
/// all lines.
#[inline(always)]
pub(super) fn product<T: Terms>(t: T, p: &Product<'_, T::A>, c: Spread<'_>) {
    if p.m == 0 || p.n == 0 || p.lines == 0 {
        return;
    }
    let width = T::S::TILE_VECTORS * T::S::LANES;
    check(p, T::LEFT, c.len(), width);
    let c = c.as_mut_ptr();
    // All about equally high: a last tile of a row or two would take as long as one of many.
    let tiles = p.m.div_ceil(T::TILE_ROWS);
    let (height, higher) = (p.m / tiles, p.m % tiles);
    for column in (0..p.n).step_by(width) {
        let b = column / width * p.b_panel.unwrap_or(width);
        for line in 0..p.lines {
            let part = Part { line, row: 0, tiles: higher, column, n: (p.n - column).min(width), b };
            let rest = Part { row: higher * (height + 1), tiles: tiles - higher, ..part };
            // SAFETY: checked above for all lines, all rows below `m` and all columns below `n`.
            unsafe {
                strip(t, p, c, part, height + 1);
                strip(t, p, c, rest, height);
            }
        }
    }
}

/// Panics where an operand doesn't reach as far as the product does.
pub(super) fn check<A>(p: &Product<'_, A>, left: usize, c: usize, width: usize) {
    assert!(p.m == 1 || p.c_row >= p.n, "the rows of C overlap");
    assert!(c >= reach(&[(p.lines, p.c_line), (p.m, p.c_row), (p.n, 1)]), "C is too short");
    if let Start::Bias(bias) = p.start {
        assert!(bias.len() >= p.n, "the bias is too short");
    }
    if p.k == 0 || p.segments == 0 {
        return;
    }
    let a = reach(&[(p.lines, p.a_line), (p.m, p.a_row), (p.k, p.a_col), (p.segments, p.a_segment)]);
    assert!(p.a.len() >= total(&[a, left - 1]), "A is too short");
    let columns = match p.b_panel {
        None => [(p.n, 1), (1, 0)],
        Some(panel) => [(p.n.min(width), 1), (p.n.div_ceil(width), panel)],
    };
    let [first, second] = columns;
    let b = reach(&[first, second, (p.k, p.b_row), (p.segments, p.b_segment)]);
    assert!(p.b.len() >= b, "B is too short");
}

/// Some tiles of equal height, one below the other, over at most `TILE_VECTORS` vectors of columns.
#[derive(Clone, Copy)]
struct Part {
    line: usize,
    row: usize,
    tiles: usize,
    column: usize,
    n: usize,
    /// Where these columns begin in B.
    b: usize,
}

/// Runs the copy of the micro-kernel that fits the tiles' height, number of vectors, and whether the last is whole.
///
/// # Safety
/// The part must lie within C, A and B.
#[inline(always)]
unsafe fn strip<T: Terms>(t: T, p: &Product<'_, T::A>, c: *mut f32, part: Part, height: usize) {
    if part.tiles == 0 {
        return;
    }
    macro_rules! heights {
        ($vectors:literal, $partial:literal: $($height:literal)*) => {
            match height {
                $($height => if $height <= T::TILE_ROWS {
                    t.vectorize(Tiles::<T::A, $height, $vectors, $partial> { p, c, part })
                })*
                _ => unreachable!("no instruction set has taller tiles"),
            }
        };
    }
    match (part.n > T::S::LANES, !part.n.is_multiple_of(T::S::LANES)) {
        (false, false) => heights!(1, false: 1 2 3 4 5 6 7 8 9 10 11 12),
        (false, true) => heights!(1, true: 1 2 3 4 5 6 7 8 9 10 11 12),
        (true, false) => heights!(2, false: 1 2 3 4 5 6 7 8 9 10 11 12),
        (true, true) => heights!(2, true: 1 2 3 4 5 6 7 8 9 10 11 12),
    }
}

/// [`Part`] with the tiles' size known to the compiler. Made only by [`strip`], whose caller vouches for the part.
struct Tiles<'a, A, const M: usize, const VECTORS: usize, const PARTIAL: bool> {
    p: &'a Product<'a, A>,
    c: *mut f32,
    part: Part,
}

impl<A, const M: usize, const VECTORS: usize, const PARTIAL: bool> TermsWork<A> for Tiles<'_, A, M, VECTORS, PARTIAL> {
    #[inline(always)]
    fn run<T: Terms<A = A>>(self, t: T) {
        let Tiles { p, c, part } = self;
        for tile in 0..part.tiles {
            // SAFETY: `strip`'s caller promises that the part lies within C, A and B.
            unsafe { one_tile::<T, M, VECTORS, PARTIAL>(t, p, c, Part { row: part.row + tile * M, ..part }) }
        }
    }
}

/// # Safety
/// `M` rows from the part's row on, and its columns, must lie within C, A and B.
#[inline(always)]
unsafe fn one_tile<T: Terms, const M: usize, const VECTORS: usize, const PARTIAL: bool>(
    t: T,
    p: &Product<'_, T::A>,
    c: *mut f32,
    part: Part,
) {
    let Part { line, row, column, n, .. } = part;
    let s = t.simd();
    let lanes = T::S::LANES;
    let last = n - (VECTORS - 1) * lanes;
    // SAFETY: the caller promises all that is read and written here.
    unsafe {
        let c = c.add(line * p.c_line + row * p.c_row + column);
        let mut sums = [[s.splat(0.0); VECTORS]; M];
        match p.start {
            Start::Zero => {}
            Start::Bias(bias) => {
                for v in 0..VECTORS {
                    let bias = load(s, bias.as_ptr().add(column + v * lanes), PARTIAL && v == VECTORS - 1, last);
                    for sums in &mut sums {
                        sums[v] = bias;
                    }
                }
            }
            Start::Accumulate => {
                for (i, sums) in sums.iter_mut().enumerate() {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = load(s, c.add(i * p.c_row + v * lanes), PARTIAL && v == VECTORS - 1, last);
                    }
                }
            }
        }
        for segment in 0..p.segments {
            let a = line * p.a_line + row * p.a_row + segment * p.a_segment;
            let a = p.a.as_ptr().wrapping_add(a);
            let mut b = p.b.as_ptr().wrapping_add(part.b + segment * p.b_segment);
            // One pointer for every three rows, since x86 adds a register once or twice for free. Left to itself, the
            // compiler adds row by row in one long chain, which takes longer than the arithmetic.
            let third = |i: usize| opaque(a.wrapping_add((3 * i).wrapping_mul(p.a_row)));
            let mut thirds = [third(0), third(1), third(2), third(3)];
            for _ in 0..p.k {
                let mut bs = [s.splat(0.0); VECTORS];
                for (v, bs) in bs.iter_mut().enumerate() {
                    *bs = load(s, b.wrapping_add(v * lanes), PARTIAL && v == VECTORS - 1, last);
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let a = t.splat_at(thirds[i / 3].wrapping_add(i % 3 * p.a_row));
                    for (sum, &b) in sums.iter_mut().zip(&bs) {
                        *sum = t.mul_add(a, b, *sum);
                    }
                }
                for a in &mut thirds {
                    *a = a.wrapping_add(p.a_col);
                }
                b = b.wrapping_add(p.b_row);
            }
        }
        if p.activation != FusedActivation::Linear {
            let (low, high) = p.activation.bounds();
            let (low, high) = (s.splat(low), s.splat(high));
            for sum in sums.as_flattened_mut() {
                // In this order a NaN stays one.
                *sum = s.min(high, s.max(low, *sum));
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            for (v, &sum) in sums.iter().enumerate() {
                let at = c.add(i * p.c_row + v * lanes);
                if PARTIAL && v == VECTORS - 1 { s.store_first(at, last, sum) } else { s.store_at(at, sum) }
            }
        }
    }
}

/// # Safety
/// `n` floats must be readable at `p` where `partial`, a whole vector elsewhere.
#[inline(always)]
unsafe fn load<S: Simd>(s: S, p: *const f32, partial: bool, n: usize) -> S::V {
    // SAFETY: the caller's promise.
    unsafe { if partial { s.load_first(p, n) } else { s.load_at(p) } }
}

/// The same pointer, of which the compiler no longer knows where it came from.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // It is not read there, and telling so is what makes this free.
fn opaque<A>(p: *const A) -> *const A {
    #[cfg(target_arch = "x86_64")]
    {
        let mut p = p;
        // SAFETY: no instruction at all.
        unsafe { std::arch::asm!("/* {0} */", inout(reg) p, options(pure, nomem, nostack, preserves_flags)) };
        p
    }
    #[cfg(not(target_arch = "x86_64"))]
    p
}
