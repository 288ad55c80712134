//! The forward pass: one task per strip of one image, as in `f32`.

use rayon::prelude::*;

use super::super::strips::{Strips, image_of};
use super::super::{Conv2dShape, pointwise::fits, pool_rows};
use super::pointwise;
use super::weights::Weights;
use crate::bf16::{halves_mut, round_into};
use crate::extent::volume;
use crate::gemm::{Product, pair_product};
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::{FusedActivation, Isa, fused};

pub(super) fn forward(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    if fits(shape) {
        return pointwise::forward(isa, shape, x, weights, y);
    }
    let strips = Strips::forward(shape, shape.out_height);
    let row_len = shape.out_width * shape.channels_out;
    let y = Shared::new(y);
    (0..shape.batch * strips.per_image).into_par_iter().for_each(|task| {
        let image = task / strips.per_image;
        let (first, last) = strips.range(task % strips.per_image, shape.out_height);
        if first == last {
            return;
        }
        // SAFETY: no two tasks have the same image and strip.
        let y = unsafe { y.range((image * shape.out_height + first) * row_len, (last - first) * row_len) };
        with_scratch(rows_len(shape, last - first), |scratch| {
            let rows = round_rows(isa, shape, image_of(shape, x, image), first, last, scratch);
            convolve(isa, shape, rows, last - first, weights, y);
            fused::activate_after_product(isa, weights.activation, y);
        });
    });
}

pub(super) fn forward_pool(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    weights: Weights<'_>,
    pooled: &mut [f32],
    choice: Option<&mut [u8]>,
) {
    let out_rows = shape.out_height / 2 * 2;
    let strips = Strips::forward(shape, out_rows);
    let row_len = shape.out_width * shape.channels_out;
    let pooled_len = shape.out_width / 2 * shape.channels_out;
    let bare = Weights { activation: FusedActivation::Linear, ..weights };
    let pooled = Shared::new(pooled);
    let choice = choice.map(Shared::new);
    (0..shape.batch * strips.per_image).into_par_iter().for_each(|task| {
        let image = task / strips.per_image;
        let (first, last) = strips.range(task % strips.per_image, out_rows);
        let under = whole_lines(rows_len(shape, last - first));
        with_scratch(under + 2 * row_len, |scratch| {
            let (scratch, two_rows) = scratch.split_at_mut(under);
            let rows = round_rows(isa, shape, image_of(shape, x, image), first, last, scratch);
            for row in (first..last).step_by(2) {
                let start = (image * (out_rows / 2) + row / 2) * pooled_len;
                // SAFETY: no two tasks have the same image and strip, and rows come once.
                let pooled = unsafe { pooled.range(start, pooled_len) };
                let choice = match &choice {
                    // SAFETY: as above.
                    Some(choice) => unsafe { choice.range(start, pooled_len) },
                    None => &mut [],
                };
                let below = &rows[(row - first) * shape.stride.0 * shape.padded_pitch()..];
                convolve(isa, shape, below, 2, bare, two_rows);
                let (upper, lower) = two_rows.split_at(row_len);
                pool_rows(isa, upper, lower, shape.channels_out, weights.activation, pooled, choice);
            }
        });
    });
}

/// Floats of scratch for [`round_rows`].
fn rows_len(shape: &Conv2dShape, out_rows: usize) -> usize {
    (volume(&[shape.rows_under(out_rows), shape.padded_pitch()]) + 1).div_ceil(2)
}

/// The rows under output rows `first .. last` of one image, rounded, with zeros around, and one or two more behind.
fn round_rows<'a>(
    isa: Isa,
    shape: &Conv2dShape,
    image: &[f32],
    first: usize,
    last: usize,
    scratch: &'a mut [f32],
) -> &'a [u16] {
    let pitch = shape.padded_pitch();
    let rows = halves_mut(&mut scratch[..rows_len(shape, last - first)]);
    let mut padded = rows.chunks_exact_mut(pitch);
    for (k, padded) in padded.by_ref().take(shape.rows_under(last - first)).enumerate() {
        match shape.row_at(image, first * shape.stride.0 + k) {
            Some((left, row)) => {
                padded[..left].fill(0);
                round_into(isa, row, &mut padded[left..left + row.len()]);
                padded[left + row.len()..].fill(0);
            }
            None => padded.fill(0),
        }
    }
    // Where a row holds a value or two, what is behind the last one may be a row of its own.
    let used = shape.rows_under(last - first) * pitch;
    rows[used..].fill(0);
    rows
}

/// `out_rows` rows of output from the rounded rows under them.
fn convolve(isa: Isa, shape: &Conv2dShape, rows: &[u16], out_rows: usize, weights: Weights<'_>, y: &mut [f32]) {
    let pitch = shape.padded_pitch();
    let pixel = shape.stride.1 * shape.channels_in;
    let line = shape.stride.0 * pitch;
    // Where rows follow each other without a gap, they are one long row.
    let one_line = shape.kernel.0 == 1 && line == shape.out_width * pixel;
    let (lines, m) = if one_line { (1, out_rows * shape.out_width) } else { (out_rows, shape.out_width) };
    let p = Product {
        m,
        n: shape.channels_out,
        a: rows,
        a_row: pixel,
        c_row: shape.channels_out,
        a_segment: pitch,
        lines,
        a_line: line,
        c_line: m * shape.channels_out,
        ..weights.product_part(isa, shape, 0)
    };
    pair_product(isa, &p, y);
}
