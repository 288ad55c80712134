//! How the operands of products are held: as they lie, in `f32`, or rounded to bf16 in pairs. What is made of products is cut
//! and walked the same way for both.

use std::ops::Range;

use super::{MAX_PANEL_WIDTH, Product, spread_pair_product, spread_product};
use crate::Isa;
use crate::bf16::{halves, halves_mut, join_into, round_into};
use crate::extent::volume;
use crate::parallel::Spread;

/// One way to hold them. What copies says how many floats of scratch it wants; what does not lends what is there.
pub(crate) trait Operand: 'static {
    /// What the left matrix is made of.
    type A: Copy + Send + Sync;

    /// Terms of a sum that lie in one element of the right matrix, and side by side in the left one.
    const TERMS: usize;
    /// Whether the operands are at hand as `f32`, so that ways are open which compute with them first or fetch them ahead.
    const IS_F32: bool;
    /// Columns of a task that is one of several over the same rows of the left matrix, at least.
    const LEAST_COLUMNS: usize;

    fn product(isa: Isa, p: &Product<'_, Self::A>, c: Spread<'_>);

    /// What memory that was laid out for the left matrix holds.
    fn view(laid: &[f32]) -> &[Self::A];

    fn left_len(len: usize) -> usize;
    /// Values for the left matrix whose neighbors are terms of one sum.
    fn left<'a>(isa: Isa, x: &'a [f32], scratch: &'a mut [f32]) -> &'a [Self::A];

    fn left_rows_len(rows: usize, columns: usize) -> usize;
    /// Some columns of rows of `row` values for the left matrix, with the distance between rows.
    fn left_rows<'a>(
        isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        scratch: &'a mut [f32],
    ) -> (&'a [Self::A], usize);

    /// Floats for the [`columns`](Self::columns) or [`rows`](Self::rows) of a matrix.
    fn rows_len(rows: usize, columns: usize) -> usize;
    /// Some columns of rows of `row` values for the left matrix, turned: the rows are the terms of its sums, and it has a row for
    /// every column, [`TERMS`](Self::TERMS) apart. With the distance from an element's terms to the next one's.
    fn columns<'a>(
        isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        scratch: &'a mut [f32],
    ) -> (&'a [Self::A], usize);
    /// Some columns of rows of `row` values for the right matrix, with the distance between its rows.
    fn rows<'a>(
        isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        scratch: &'a mut [f32],
    ) -> (&'a [f32], usize);
}

/// Numbers of `f32` as they lie.
pub(crate) struct F32;

impl Operand for F32 {
    type A = f32;
    const TERMS: usize = 1;
    const IS_F32: bool = true;
    const LEAST_COLUMNS: usize = MAX_PANEL_WIDTH;

    fn product(isa: Isa, p: &Product<'_>, c: Spread<'_>) {
        spread_product(isa, p, c);
    }

    fn view(laid: &[f32]) -> &[f32] {
        laid
    }

    fn left_len(_len: usize) -> usize {
        0
    }

    fn left<'a>(_isa: Isa, x: &'a [f32], _scratch: &'a mut [f32]) -> &'a [f32] {
        x
    }

    fn left_rows_len(_rows: usize, _columns: usize) -> usize {
        0
    }

    fn left_rows<'a>(
        _isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        _scratch: &'a mut [f32],
    ) -> (&'a [f32], usize) {
        (x.get(columns.start..).unwrap_or_default(), row)
    }

    fn rows_len(_rows: usize, _columns: usize) -> usize {
        0
    }

    fn columns<'a>(
        _isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        _scratch: &'a mut [f32],
    ) -> (&'a [f32], usize) {
        (x.get(columns.start..).unwrap_or_default(), row)
    }

    fn rows<'a>(
        _isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        _scratch: &'a mut [f32],
    ) -> (&'a [f32], usize) {
        (x.get(columns.start..).unwrap_or_default(), row)
    }
}

/// Numbers rounded to bf16, two in the place of one: neighbors of the left matrix lie side by side anyway, rows of the right one
/// are joined. The last of an odd number is paired with zero.
pub(crate) struct Bf16;

impl Operand for Bf16 {
    type A = u16;
    const TERMS: usize = 2;
    const IS_F32: bool = false;
    /// Each task rounds its rows for itself.
    const LEAST_COLUMNS: usize = 128;

    fn product(isa: Isa, p: &Product<'_, u16>, c: Spread<'_>) {
        spread_pair_product(isa, p, c);
    }

    fn view(laid: &[f32]) -> &[u16] {
        halves(laid)
    }

    fn left_len(len: usize) -> usize {
        len / 2 + 1
    }

    fn left<'a>(isa: Isa, x: &'a [f32], scratch: &'a mut [f32]) -> &'a [u16] {
        let rounded = halves_mut(&mut scratch[..Self::left_len(x.len())]);
        round_into(isa, x, &mut rounded[..x.len()]);
        rounded[x.len()..].fill(0);
        rounded
    }

    fn left_rows_len(rows: usize, columns: usize) -> usize {
        volume(&[rows, columns.div_ceil(2)])
    }

    fn left_rows<'a>(
        isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        scratch: &'a mut [f32],
    ) -> (&'a [u16], usize) {
        let pitch = columns.len().next_multiple_of(2);
        let rounded = halves_mut(&mut scratch[..Self::left_rows_len(x.len() / row, columns.len())]);
        for (x, rounded) in x.chunks_exact(row).zip(rounded.chunks_exact_mut(pitch)) {
            round_into(isa, &x[columns.clone()], &mut rounded[..columns.len()]);
            rounded[columns.len()..].fill(0);
        }
        (rounded, pitch)
    }

    fn rows_len(rows: usize, columns: usize) -> usize {
        volume(&[rows.div_ceil(2), columns])
    }

    fn columns<'a>(
        isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        scratch: &'a mut [f32],
    ) -> (&'a [u16], usize) {
        let (pairs, pitch) = Self::rows(isa, x, row, columns, scratch);
        (halves(pairs), 2 * pitch)
    }

    fn rows<'a>(
        isa: Isa,
        x: &'a [f32],
        row: usize,
        columns: Range<usize>,
        scratch: &'a mut [f32],
    ) -> (&'a [f32], usize) {
        let n = columns.len();
        if x.is_empty() {
            return (&[], n);
        }
        let pairs = &mut scratch[..Self::rows_len(x.len() / row, n)];
        for (two, pairs) in x.chunks(2 * row).zip(pairs.chunks_exact_mut(n)) {
            let second = if two.len() > row { &two[row..][columns.clone()] } else { &[] };
            join_into(isa, &two[columns.clone()], second, pairs);
        }
        (pairs, n)
    }
}
