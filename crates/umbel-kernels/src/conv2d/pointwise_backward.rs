//! The backward pass of a 1 x 1 convolution without stride and padding: input gradient and weight gradient are a plain
//! matrix product each. What the activation lets through is told block by block, in the cache.
//!
//! Where there are many pixels and few weights, memory is what costs: then both gradients of a block of pixels are made
//! while it is in the cache. Where there are many weights, each gradient is shared out to tasks of its own.

use rayon::prelude::*;

use super::Conv2dShape;
use super::flipped::flipped_len;
use super::masked::Masked;
use super::operand::Walked;
use super::pointwise::{BLOCK_PIXELS, GRADIENT_CHANNELS, MAX_SLICES, SLICE_PIXELS, TASK_PIXELS, pixels};
use crate::extent::{total, volume};
use crate::gemm::{F32, Operand, Product, Start, panel_width};
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::sums::{add_rows, reduce};
use crate::{Isa, fused};

/// So many floats of partial weight gradients at most: where there are more weights, they are enough to share out.
const MAX_PARTIAL_FLOATS: usize = 1 << 20;
/// With so many slices, each has its gradients made block by block.
const ENOUGH_SLICES: usize = 8;
/// Floats of a block's pixels, input and gradient together: half of a small second-level cache.
const BLOCK_FLOATS: usize = 64 * 1024;
/// Output channels of a task that sums the weight gradient behind an activation.
const MASKED_CHANNELS: usize = 128;

/// Whether anybody asked for the bias gradient, which costs another walk over all pixels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Biases {
    Summed,
    LeftOut,
}

/// How many partial weight gradients there are, and the floats of each.
pub(super) fn slices(shape: &Conv2dShape) -> (usize, usize) {
    let partial = total(&[whole_lines(shape.w_len()), whole_lines(shape.channels_out)]);
    let most = (MAX_PARTIAL_FLOATS / partial).clamp(1, MAX_SLICES);
    ((pixels(shape) / SLICE_PIXELS).clamp(1, most), partial)
}

pub(super) fn workspace_len(shape: &Conv2dShape) -> usize {
    let (slices, partial) = slices(shape);
    total(&[flipped_len(shape), volume(&[slices, partial])])
}

/// Gradients of the convolution.
#[allow(clippy::too_many_arguments)]
pub(super) fn backward<O: Walked>(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    w: &[f32],
    gradient: Masked<'_>,
    dx: Option<&mut [f32]>,
    dw: &mut [f32],
    db: Option<&mut [f32]>,
    workspace: &mut [f32],
) {
    let (flipped, partials) = workspace.split_at_mut(flipped_len(shape));
    if dx.is_some() {
        O::flip(isa, shape, w, flipped);
    }
    let (slices, partial) = slices(shape);
    let partials = &mut partials[..slices * partial];
    let biases = if db.is_some() { Biases::Summed } else { Biases::LeftOut };
    if O::IS_F32 && slices >= ENOUGH_SLICES {
        by_blocks(isa, shape, x, gradient, flipped, dx, partials, (slices, biases));
    } else {
        if let Some(dx) = dx {
            input_gradient::<O>(isa, shape, gradient, flipped, dx);
        }
        if gradient.is_linear() {
            weight_gradient::<O>(isa, shape, x, gradient.dy, partials, (slices, biases));
        } else {
            masked_weight_gradient(isa, shape, x, gradient, partials, (slices, biases));
        }
    }
    reduce(partials, partial, 0, dw);
    if let Some(db) = db {
        reduce(partials, partial, whole_lines(shape.w_len()), db);
    }
}

/// `dx = dy · wᵀ` for some pixels.
fn through_weights<O: Walked>(isa: Isa, shape: &Conv2dShape, dy: &[O::A], flipped: &[f32], dx: &mut [f32]) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let width = panel_width(isa);
    let p = Product {
        m: dx.len() / ci,
        n: ci,
        k: co.div_ceil(O::TERMS),
        a: dy,
        a_row: co,
        a_col: O::TERMS,
        b: flipped,
        b_row: width,
        b_panel: Some(co.div_ceil(O::TERMS) * width),
        c_row: ci,
        ..Product::default()
    };
    O::product(isa, &p, dx.into());
}

/// Both gradients, a slice of pixels to a task.
#[allow(clippy::too_many_arguments)]
fn by_blocks(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    gradient: Masked<'_>,
    flipped: &[f32],
    dx: Option<&mut [f32]>,
    partials: &mut [f32],
    (slices, biases): (usize, Biases),
) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let pixels = pixels(shape);
    let block_pixels = (BLOCK_FLOATS / (ci + co)).clamp(TASK_PIXELS, BLOCK_PIXELS);
    let partial = partials.len() / slices;
    let dx = dx.map(Shared::new);
    partials.par_chunks_mut(partial).enumerate().for_each(|(slice, partial)| {
        let (first, last) = (slice * pixels / slices, (slice + 1) * pixels / slices);
        let (dw, db) = partial.split_at_mut(whole_lines(shape.w_len()));
        let db = &mut db[..co];
        db.fill(0.0);
        with_scratch(gradient.scratch_len(block_pixels * co), |scratch| {
            for block in (first..last).step_by(block_pixels) {
                let count = (last - block).min(block_pixels);
                let dy = gradient.rows(isa, block * co, count * co, scratch);
                if let Some(dx) = &dx {
                    // SAFETY: slices and their blocks have disjoint pixels.
                    through_weights::<F32>(isa, shape, dy, flipped, unsafe { dx.range(block * ci, count * ci) });
                }
                let start = if block == first { Start::Zero } else { Start::Accumulate };
                let p = Product {
                    m: ci,
                    n: co,
                    k: count,
                    a: &x[block * ci..],
                    b: dy,
                    b_row: co,
                    start,
                    ..Product::default()
                };
                F32::product(isa, &Product { a_row: 1, a_col: ci, c_row: co, ..p }, (&mut *dw).into());
                if biases == Biases::Summed {
                    add_rows(isa, dy, db);
                }
            }
        });
    });
}

fn input_gradient<O: Walked>(isa: Isa, shape: &Conv2dShape, gradient: Masked<'_>, flipped: &[f32], dx: &mut [f32]) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    dx.par_chunks_mut(TASK_PIXELS * ci).enumerate().for_each(|(task, dx)| {
        let len = dx.len() / ci * co;
        let masked_len = gradient.scratch_len(len);
        with_scratch(masked_len + O::left_len(len), |scratch| {
            let (masked, left) = scratch.split_at_mut(masked_len);
            let dy = gradient.rows(isa, task * TASK_PIXELS * co, len, masked);
            through_weights::<O>(isa, shape, O::left(isa, dy, left), flipped, dx);
        });
    });
}

/// Each task has some input channels of one slice of pixels; the first of a slice also sums the bias gradient.
fn weight_gradient<O: Walked>(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    dy: &[f32],
    partials: &mut [f32],
    (slices, biases): (usize, Biases),
) {
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
        let (left_len, right_len) = (whole_lines(O::rows_len(BLOCK_PIXELS, m)), O::rows_len(BLOCK_PIXELS, co));
        with_scratch(left_len + right_len, |scratch| {
            let (left, right) = scratch.split_at_mut(left_len);
            for block in (first..last).step_by(BLOCK_PIXELS) {
                let count = (last - block).min(BLOCK_PIXELS);
                let channels = first_channel..first_channel + m;
                let (b, b_row) = O::rows(isa, &dy[block * co..][..count * co], co, 0..co, right);
                let (a, a_col) = O::columns(isa, &x[block * ci..][..count * ci], ci, channels, left);
                let p = Product {
                    m,
                    n: co,
                    k: count.div_ceil(O::TERMS),
                    a,
                    a_row: O::TERMS,
                    a_col,
                    b,
                    b_row,
                    c_row: co,
                    start: if block == first { Start::Zero } else { Start::Accumulate },
                    ..Product::default()
                };
                O::product(isa, &p, (&mut *dw).into());
            }
        });
        if first_channel == 0 && biases == Biases::Summed {
            // SAFETY: behind the weights, and only for the slice's first task.
            let db = unsafe { partials.range(slice * partial + whole_lines(shape.w_len()), co) };
            db.fill(0.0);
            add_rows(isa, &dy[first * co..last * co], db);
        }
    });
}

/// The same behind an activation. Tasks have some output channels each, so that each masks its own and no other.
fn masked_weight_gradient(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    gradient: Masked<'_>,
    partials: &mut [f32],
    (slices, biases): (usize, Biases),
) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let pixels = pixels(shape);
    let partial = partials.len() / slices;
    let tasks = co.div_ceil(MASKED_CHANNELS);
    let partials = Shared::new(partials);
    (0..slices * tasks).into_par_iter().for_each(|task| {
        let (slice, first_channel) = (task / tasks, task % tasks * MASKED_CHANNELS);
        let (first, last) = (slice * pixels / slices, (slice + 1) * pixels / slices);
        let n = (co - first_channel).min(MASKED_CHANNELS);
        // SAFETY: behind the weights; tasks have disjoint slices or channels.
        let db = unsafe { partials.range(slice * partial + whole_lines(shape.w_len()) + first_channel, n) };
        db.fill(0.0);
        with_scratch(whole_lines(BLOCK_PIXELS * n) + ci * n, |scratch| {
            let (masked, dw) = scratch.split_at_mut(whole_lines(BLOCK_PIXELS * n));
            for block in (first..last).step_by(BLOCK_PIXELS) {
                let count = (last - block).min(BLOCK_PIXELS);
                let masked = &mut masked[..count * n];
                for (pixel, masked) in masked.chunks_exact_mut(n).enumerate() {
                    let at = (block + pixel) * co + first_channel;
                    fused::mask_into(isa, &gradient.dy[at..][..n], &gradient.y[at..][..n], gradient.activation, masked);
                }
                let start = if block == first { Start::Zero } else { Start::Accumulate };
                let p = Product {
                    m: ci,
                    n,
                    k: count,
                    a: &x[block * ci..],
                    b: masked,
                    b_row: n,
                    start,
                    ..Product::default()
                };
                F32::product(isa, &Product { a_row: 1, a_col: ci, c_row: n, ..p }, (&mut *dw).into());
                if biases == Biases::Summed {
                    add_rows(isa, masked, db);
                }
            }
            for (row, dw) in dw.chunks_exact(n).enumerate() {
                // SAFETY: as above.
                unsafe { partials.range(slice * partial + row * co + first_channel, n) }.copy_from_slice(dw);
            }
        });
    });
}
