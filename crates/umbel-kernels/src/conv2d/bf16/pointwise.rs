//! 1 x 1 convolution without stride and padding: a plain matrix product each way, cut as in `f32`.

use rayon::prelude::*;

use super::super::Conv2dShape;
use super::super::pointwise::{BLOCK_PIXELS, ENOUGH_TASKS, GRADIENT_CHANNELS, TASK_CHANNELS, TASK_PIXELS, pixels};
use super::super::pointwise_backward::slices;
use super::pack;
use super::weights::Weights;
use crate::bf16::{halves, halves_mut, join_into, round_into};
use crate::gemm::{Product, Start, pair_product, panel_width};
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::sums::{add_rows, reduce};
use crate::{Isa, fused};

pub(super) fn forward(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let pixels = pixels(shape);
    let row_tasks = pixels.div_ceil(TASK_PIXELS);
    let channels = if row_tasks < ENOUGH_TASKS { TASK_CHANNELS.min(co) } else { co };
    let column_tasks = co.div_ceil(channels);
    let y = Shared::new(y);
    (0..row_tasks * column_tasks).into_par_iter().for_each(|task| {
        let (row, column) = (task / column_tasks * TASK_PIXELS, task % column_tasks * channels);
        let (m, n) = ((pixels - row).min(TASK_PIXELS), (co - column).min(channels));
        let block_len = if n == co { 0 } else { m * n };
        with_rounded(isa, &x[row * ci..][..m * ci], block_len, |a, block| {
            let p = Product { m, n, a, a_row: ci, c_row: n, ..weights.product_part(isa, shape, column) };
            if n == co {
                // SAFETY: tasks have disjoint pixels.
                let y = unsafe { y.range(row * co, m * co) };
                pair_product(isa, &p, y);
                return fused::activate_after_product(isa, weights.activation, y);
            }
            pair_product(isa, &p, block);
            fused::activate_after_product(isa, weights.activation, block);
            for (pixel, block) in block.chunks_exact(n).enumerate() {
                // SAFETY: tasks have disjoint pixels or channels.
                unsafe { y.range((row + pixel) * co + column, n) }.copy_from_slice(block);
            }
        });
    });
}

/// Runs `work` with `x` rounded, zeros behind, and `more` floats of scratch.
fn with_rounded(isa: Isa, x: &[f32], more: usize, work: impl FnOnce(&[u16], &mut [f32])) {
    let len = whole_lines(x.len() / 2 + 1);
    with_scratch(len + more, |scratch| {
        let (rounded, more) = scratch.split_at_mut(len);
        let rounded = halves_mut(rounded);
        round_into(isa, x, &mut rounded[..x.len()]);
        rounded[x.len()..].fill(0);
        work(rounded, more);
    });
}

/// Gradients of the bare convolution; `dy` is the gradient before the activation.
#[allow(clippy::too_many_arguments)]
pub(super) fn backward(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    w: &[f32],
    dy: &[f32],
    dx: Option<&mut [f32]>,
    dw: &mut [f32],
    db: Option<&mut [f32]>,
    flipped: &mut [f32],
    partials: &mut [f32],
) {
    if let Some(dx) = dx {
        pack::flip(isa, shape, w, flipped);
        input_gradient(isa, shape, dy, flipped, dx);
    }
    let (slices, partial) = slices(shape);
    let partials = &mut partials[..slices * partial];
    weight_gradient(isa, shape, x, dy, partials, slices);
    reduce(partials, partial, 0, dw);
    if let Some(db) = db {
        reduce(partials, partial, whole_lines(shape.w_len()), db);
    }
}

fn input_gradient(isa: Isa, shape: &Conv2dShape, dy: &[f32], flipped: &[f32], dx: &mut [f32]) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let (width, pairs) = (panel_width(isa), pack::flipped_pairs(shape));
    let tasks = dx.par_chunks_mut(TASK_PIXELS * ci).zip(dy.par_chunks(TASK_PIXELS * co));
    tasks.for_each(|(dx, dy)| {
        with_rounded(isa, dy, 0, |a, _| {
            let p = Product {
                m: dx.len() / ci,
                n: ci,
                k: pairs,
                a,
                a_row: co,
                a_col: 2,
                b: flipped,
                b_row: width,
                b_panel: Some(pairs * width),
                c_row: ci,
                ..Product::default()
            };
            pair_product(isa, &p, dx);
        });
    });
}

/// As in `f32`, with pairs of pixels as terms.
fn weight_gradient(isa: Isa, shape: &Conv2dShape, x: &[f32], dy: &[f32], partials: &mut [f32], slices: usize) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let pixels = pixels(shape);
    let partial = partials.len() / slices;
    let tasks = ci.div_ceil(GRADIENT_CHANNELS);
    let partials = Shared::new(partials);
    (0..slices * tasks).into_par_iter().for_each(|task| {
        let (slice, first_channel) = (task / tasks, task % tasks * GRADIENT_CHANNELS);
        let (first, last) = (slice * pixels / slices, (slice + 1) * pixels / slices);
        let m = (ci - first_channel).min(GRADIENT_CHANNELS);
        // SAFETY: tasks have disjoint slices or channels.
        let dw = unsafe { partials.range(slice * partial + first_channel * co, m * co) };
        let x_len = whole_lines(BLOCK_PIXELS / 2 * m);
        with_scratch(x_len + BLOCK_PIXELS / 2 * co, |scratch| {
            let (x_pairs, dy_pairs) = scratch.split_at_mut(x_len);
            for block in (first..last).step_by(BLOCK_PIXELS) {
                let n_pixels = (last - block).min(BLOCK_PIXELS);
                for (pair, pairs) in x_pairs.chunks_exact_mut(m).take(n_pixels.div_ceil(2)).enumerate() {
                    let row = |pixel: usize| match pixel < n_pixels {
                        true => &x[(block + pixel) * ci + first_channel..][..m],
                        false => &[],
                    };
                    join_into(isa, row(2 * pair), row(2 * pair + 1), pairs);
                }
                join_pixels(isa, &dy[block * co..][..n_pixels * co], co, dy_pairs);
                let p = Product {
                    m,
                    n: co,
                    k: n_pixels.div_ceil(2),
                    a: halves(x_pairs),
                    a_row: 2,
                    a_col: 2 * m,
                    b: dy_pairs,
                    b_row: co,
                    c_row: co,
                    start: if block == first { Start::Zero } else { Start::Accumulate },
                    ..Product::default()
                };
                pair_product(isa, &p, dw);
            }
        });
        if first_channel == 0 {
            // SAFETY: behind the weights, and only for the slice's first task.
            let db = unsafe { partials.range(slice * partial + whole_lines(shape.w_len()), co) };
            db.fill(0.0);
            add_rows(isa, &dy[first * co..last * co], db);
        }
    });
}

/// Pairs of neighboring pixels of `channels`; the last of an odd number is paired with zeros.
pub(super) fn join_pixels(isa: Isa, x: &[f32], channels: usize, pairs: &mut [f32]) {
    for (two, pairs) in x.chunks(2 * channels).zip(pairs.chunks_exact_mut(channels)) {
        let (low, high) = two.split_at(channels);
        join_into(isa, low, high, pairs);
    }
}
