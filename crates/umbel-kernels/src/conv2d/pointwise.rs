//! 1 x 1 convolution without stride and padding: the pixels of all images are the rows of one matrix, so forward, input
//! gradient and weight gradient are a plain matrix product each.

use rayon::prelude::*;

use super::Conv2dShape;
use super::backward::{flip, flipped_len};
use super::forward::Weights;
use crate::gemm::{Product, Start, panel_width, product};
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::sums::{add_rows, reduce};
use crate::{Isa, fused};

/// Pixels of a task.
pub(super) const TASK_PIXELS: usize = 96;
/// With fewer tasks than these, they are cut along the output channels too ...
pub(super) const ENOUGH_TASKS: usize = 16;
/// ... into blocks of so many.
pub(super) const TASK_CHANNELS: usize = 128;
/// Input channels of a task of the weight gradient.
pub(super) const GRADIENT_CHANNELS: usize = 48;
/// Pixels that the weight gradient sums before going on to the next output channels.
pub(super) const BLOCK_PIXELS: usize = 256;
/// A partial weight gradient sums at least so many pixels,
const SLICE_PIXELS: usize = 1024;
/// there are at most so many of them, and so many floats of them: where there are many weights, the input channels are
/// enough to share out.
const MAX_SLICES: usize = 32;
const MAX_PARTIAL_FLOATS: usize = 256 * 1024;

/// Whether the shape is of this kind.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    shape.kernel == (1, 1)
        && shape.stride == (1, 1)
        && shape.pad == (0, 0)
        && (shape.out_height, shape.out_width) == (shape.height, shape.width)
}

pub(super) fn pixels(shape: &Conv2dShape) -> usize {
    shape.batch * shape.height * shape.width
}

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
        let mut p = weights.product_part(isa, co, ci, column);
        p = Product { m, n, a: &x[row * ci..], a_row: ci, c_row: n, ..p };
        if n == co {
            // SAFETY: tasks have disjoint pixels.
            let y = unsafe { y.range(row * co, m * co) };
            product(isa, &p, y);
            return fused::activate_after_product(isa, weights.activation, y);
        }
        with_scratch(m * n, |block| {
            product(isa, &p, block);
            fused::activate_after_product(isa, weights.activation, block);
            for (pixel, block) in block.chunks_exact(n).enumerate() {
                // SAFETY: tasks have disjoint pixels or channels.
                unsafe { y.range((row + pixel) * co + column, n) }.copy_from_slice(block);
            }
        });
    });
}

/// How many partial weight gradients there are, and the floats of each.
pub(super) fn slices(shape: &Conv2dShape) -> (usize, usize) {
    let partial = whole_lines(shape.w_len()) + whole_lines(shape.channels_out);
    let most = (MAX_PARTIAL_FLOATS / partial).clamp(1, MAX_SLICES);
    ((pixels(shape) / SLICE_PIXELS).clamp(1, most), partial)
}

pub(super) fn workspace_len(shape: &Conv2dShape) -> usize {
    let (slices, partial) = slices(shape);
    flipped_len(shape) + slices * partial
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
    workspace: &mut [f32],
) {
    let (flipped, partials) = workspace.split_at_mut(flipped_len(shape));
    if let Some(dx) = dx {
        flip(isa, shape, w, flipped);
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
    let width = panel_width(isa);
    let tasks = dx.par_chunks_mut(TASK_PIXELS * ci).zip(dy.par_chunks(TASK_PIXELS * co));
    tasks.for_each(|(dx, dy)| {
        let p = Product {
            m: dx.len() / ci,
            n: ci,
            k: co,
            a: dy,
            a_row: co,
            b: flipped,
            b_row: width,
            b_panel: Some(co * width),
            c_row: ci,
            ..Product::default()
        };
        product(isa, &p, dx);
    });
}

/// Each task has some input channels of one slice of pixels; the first of a slice also sums the bias gradient.
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
        for block in (first..last).step_by(BLOCK_PIXELS) {
            let p = Product {
                m,
                n: co,
                k: (last - block).min(BLOCK_PIXELS),
                a: &x[block * ci + first_channel..],
                a_row: 1,
                a_col: ci,
                b: &dy[block * co..],
                b_row: co,
                c_row: co,
                start: if block == first { Start::Zero } else { Start::Accumulate },
                ..Product::default()
            };
            product(isa, &p, dw);
        }
        if first_channel == 0 {
            // SAFETY: behind the weights, and only for the slice's first task.
            let db = unsafe { partials.range(slice * partial + whole_lines(shape.w_len()), co) };
            db.fill(0.0);
            add_rows(isa, &dy[first * co..last * co], db);
        }
    });
}
