//! A convolution's operands in pairs of bf16.

use std::ops::Range;

use super::{pack, picked};
use crate::Isa;
use crate::bf16::{halves_mut, join_into, round_into};
use crate::conv2d::Conv2dShape;
use crate::conv2d::operand::{PixelRows, Walked};
use crate::conv2d::picked::Picked;
use crate::conv2d::strips::InputRows;
use crate::extent::{total, volume};
use crate::gemm::{Bf16, Operand};

impl Walked for Bf16 {
    fn rows_under_len(shape: &Conv2dShape, out_rows: usize) -> usize {
        (volume(&[shape.rows_under(out_rows), shape.padded_pitch()]) + 1).div_ceil(2)
    }

    /// With a value or two behind.
    fn rows_under<'a>(
        isa: Isa,
        shape: &Conv2dShape,
        image: &'a [f32],
        out_rows: Range<usize>,
        scratch: &'a mut [f32],
    ) -> InputRows<'a, u16> {
        let pitch = shape.padded_pitch();
        let rows = halves_mut(&mut scratch[..Self::rows_under_len(shape, out_rows.len())]);
        // Where a row holds a value or two, what is behind the last one may be a row of its own.
        let (under, behind) = rows.split_at_mut(shape.rows_under(out_rows.len()) * pitch);
        for (k, padded) in under.chunks_exact_mut(pitch).enumerate() {
            match shape.row_at(image, out_rows.start * shape.stride.0 + k) {
                Some((left, row)) => {
                    padded[..left].fill(0);
                    round_into(isa, row, &mut padded[left..left + row.len()]);
                    padded[left + row.len()..].fill(0);
                }
                None => padded.fill(0),
            }
        }
        behind.fill(0);
        InputRows { data: rows, pitch }
    }

    fn pixel_rows<'a>(isa: Isa, x: &'a [f32], rows: PixelRows, scratch: &'a mut [f32]) -> (&'a [f32], usize) {
        let segment = Self::rows_len(rows.row_len / rows.channels, rows.channels);
        for (row, pairs) in x.chunks(rows.pitch).zip(scratch.chunks_exact_mut(segment)).take(rows.count) {
            Self::rows(isa, &row[..rows.row_len], rows.channels, 0..rows.channels, pairs);
        }
        (scratch, segment)
    }

    fn taps_len(shape: &Conv2dShape, out_rows: usize, least_pitch: usize) -> usize {
        volume(&[shape.rows_under(out_rows), shape.padded_pitch().max(least_pitch)])
    }

    fn taps_scratch_len(shape: &Conv2dShape, least_pitch: usize) -> usize {
        total(&[shape.padded_pitch().max(least_pitch), volume(&[shape.stride.1, shape.channels_in])])
    }

    /// Each value paired with that of the same channel under the next output pixel.
    fn taps<'a>(
        isa: Isa,
        shape: &Conv2dShape,
        image: &'a [f32],
        out_rows: Range<usize>,
        least_pitch: usize,
        laid: &'a mut [f32],
        scratch: &mut [f32],
    ) -> InputRows<'a> {
        let pitch = shape.padded_pitch().max(least_pitch);
        let padded = &mut scratch[..Self::taps_scratch_len(shape, least_pitch)];
        padded.fill(0.0);
        let laid = &mut laid[..Self::taps_len(shape, out_rows.len(), least_pitch)];
        for (k, pairs) in laid.chunks_exact_mut(pitch).enumerate() {
            match shape.row_at(image, out_rows.start * shape.stride.0 + k) {
                Some((left, row)) => {
                    padded[left..left + row.len()].copy_from_slice(row);
                    join_into(isa, padded, &padded[shape.stride.1 * shape.channels_in..], pairs);
                }
                None => pairs.fill(0.0),
            }
        }
        InputRows { data: laid, pitch }
    }

    /// Always: they are rounded anyway.
    fn with_panels(isa: Isa, shape: &Conv2dShape, w: &[f32], work: impl FnOnce(Option<&[f32]>)) {
        pack::with_packed(isa, shape, w, |panels| work(Some(panels)));
    }

    fn flip(isa: Isa, shape: &Conv2dShape, w: &[f32], flipped: &mut [f32]) {
        pack::flip(isa, shape, w, flipped);
    }

    fn split_choice(
        isa: Isa,
        dy: &[f32],
        choice: &[u8],
        row_len: usize,
        masked: &mut [f32],
        index: &mut [f32],
        db: &mut [f32],
    ) {
        let pairs_len = Self::rows_len(row_len / db.len(), db.len());
        let rows = dy.chunks_exact(row_len).zip(choice.chunks_exact(row_len));
        let laid = masked.chunks_exact_mut(pairs_len).zip(index.chunks_exact_mut(pairs_len));
        for ((dy, choice), (masked, index)) in rows.zip(laid) {
            picked::split_choice(isa, dy, choice, masked, index, db);
        }
    }

    fn add_picked(isa: Isa, p: &Picked<'_>, dw: &mut [f32]) {
        picked::add_picked(isa, p, dw);
    }
}
