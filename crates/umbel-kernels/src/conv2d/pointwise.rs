//! 1 x 1 convolution without stride and padding: the pixels of all images are the rows of one matrix, so that it is a plain
//! matrix product.

use rayon::prelude::*;

use super::Conv2dShape;
use super::weights::Weights;
use crate::extent::volume;
use crate::gemm::{MAX_PANEL_WIDTH, Operand, Product};
use crate::parallel::{Shared, with_scratch};
use crate::{Isa, fused};

/// Pixels of a task.
pub(super) const TASK_PIXELS: usize = 96;
/// With fewer tasks than these, they are cut along the output channels too ...
pub(super) const ENOUGH_TASKS: usize = 16;
/// ... into blocks of so many at most.
pub(super) const TASK_CHANNELS: usize = 128;
/// Input channels of a task of the weight gradient.
pub(super) const GRADIENT_CHANNELS: usize = 48;
/// Pixels that the weight gradient sums before going on to the next output channels.
pub(super) const BLOCK_PIXELS: usize = 256;
/// A partial weight gradient sums at least so many pixels,
pub(super) const SLICE_PIXELS: usize = 1024;
/// and there are at most so many of them.
pub(super) const MAX_SLICES: usize = 32;

/// Whether the shape is of this kind.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    shape.kernel == (1, 1)
        && shape.stride == (1, 1)
        && shape.pad == (0, 0)
        && (shape.out_height, shape.out_width) == (shape.height, shape.width)
}

pub(super) fn pixels(shape: &Conv2dShape) -> usize {
    volume(&[shape.batch, shape.height, shape.width])
}

pub(super) fn forward<O: Operand>(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let pixels = pixels(shape);
    // Evenly, so that two threads have the same to do.
    let row_tasks = ((pixels + TASK_PIXELS / 2) / TASK_PIXELS).max(1);
    let rows = pixels.div_ceil(row_tasks);
    let channels = if row_tasks < ENOUGH_TASKS {
        // The same, and whole panels.
        let share = co / (ENOUGH_TASKS / row_tasks);
        share.next_multiple_of(MAX_PANEL_WIDTH).clamp(O::LEAST_COLUMNS, TASK_CHANNELS).min(co)
    } else {
        co
    };
    let (row_tasks, column_tasks) = (pixels.div_ceil(rows), co.div_ceil(channels));
    let y = Shared::new(y);
    (0..row_tasks * column_tasks).into_par_iter().for_each(|task| {
        let (row, column) = (task / column_tasks * rows, task % column_tasks * channels);
        let (m, n) = ((pixels - row).min(rows), (co - column).min(channels));
        let x = &x[row * ci..][..m * ci];
        with_scratch(O::left_len(x.len()), |scratch| {
            let p = weights.product_part::<O>(isa, co, ci, column);
            let p = Product { m, n, a: O::left(isa, x, scratch), a_row: ci, c_row: co, ..p };
            // SAFETY: tasks have disjoint pixels or channels.
            O::product(isa, &p, unsafe { y.spread(row * co + column, (m - 1) * co + n) });
        });
        if !weights.activation.is_clamp() {
            for pixel in row..row + m {
                // SAFETY: as above.
                let y = unsafe { y.range(pixel * co + column, n) };
                fused::activate(isa, weights.activation, y);
            }
        }
    });
}
