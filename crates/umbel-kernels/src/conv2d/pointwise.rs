//! 1 x 1 convolution without stride and padding: the pixels of all images are the rows of one matrix, so that it is a plain
//! matrix product.

use rayon::prelude::*;

use super::Conv2dShape;
use super::forward::Weights;
use crate::gemm::{MAX_PANEL_WIDTH, Product, product};
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
    shape.batch * shape.height * shape.width
}

pub(super) fn forward(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let pixels = pixels(shape);
    let row_tasks = pixels.div_ceil(TASK_PIXELS);
    let channels = if row_tasks < ENOUGH_TASKS {
        // Evenly, so that two threads have the same to do, and whole panels.
        let share = co / (ENOUGH_TASKS / row_tasks);
        share.next_multiple_of(MAX_PANEL_WIDTH).clamp(MAX_PANEL_WIDTH, TASK_CHANNELS).min(co)
    } else {
        co
    };
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
