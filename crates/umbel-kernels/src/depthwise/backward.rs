//! How the gradients are shared out to tasks.

use rayon::prelude::*;

use super::axis::Axis;
use super::{Correlation, DepthwiseShape, TASK_OUTPUTS, add_weight_gradient, correlate};
use crate::parallel::{Shared, whole_lines};
use crate::sums::add_rows;
use crate::{FusedActivation, Isa, fused};

/// All gradients, some images to a task: what an image reads and writes stays in the cache from one to the next.
#[allow(clippy::too_many_arguments)]
pub(super) fn by_images(
    isa: Isa,
    shape: &DepthwiseShape,
    x: &[f32],
    w: &[f32],
    y: &[f32],
    activation: FusedActivation,
    dy: &mut [f32],
    dx: Option<&mut [f32]>,
    partials: &mut [f32],
) {
    let s = *shape;
    if s.out_image_len() == 0 || s.image_len() == 0 {
        partials.fill(0.0);
        dx.into_iter().for_each(|dx| dx.fill(0.0));
        return;
    }
    let slices = partials.len() / s.partial_len();
    let (dy, dx) = (Shared::new(dy), dx.map(Shared::new));
    partials.par_chunks_mut(s.partial_len()).enumerate().for_each(|(slice, partial)| {
        partial.fill(0.0);
        for image in slice * s.batch / slices..(slice + 1) * s.batch / slices {
            // SAFETY: each image comes once.
            let dy = unsafe { dy.range(image * s.out_image_len(), s.out_image_len()) };
            if activation != FusedActivation::Linear {
                fused::mask(isa, &y[image * s.out_image_len()..][..s.out_image_len()], activation, dy);
            }
            if let Some(dx) = &dx {
                // SAFETY: as above.
                let dx = unsafe { dx.range(image * s.image_len(), s.image_len()) };
                input_gradient_rows(isa, shape, w, dy, (0, s.height), dx);
            }
            add_unit(isa, shape, (0, s.out_height), &x[image * s.image_len()..][..s.image_len()], dy, partial);
        }
    });
}

/// A task owns some groups of `stride.0` adjacent input rows, so that it has all remainders of them.
pub(super) fn input_gradient(isa: Isa, shape: &DepthwiseShape, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    if dx.is_empty() {
        return;
    }
    let s = *shape;
    let row_len = s.width * s.channels;
    let rows = (TASK_OUTPUTS / row_len).max(1).next_multiple_of(s.stride.0);
    let per_image = s.height.div_ceil(rows);
    let dx = Shared::new(dx);
    (0..s.batch * per_image).into_par_iter().for_each(|task| {
        let (image, first) = (task / per_image, task % per_image * rows);
        let last = (first + rows).min(s.height);
        // SAFETY: tasks differ in their image or their rows.
        let dx = unsafe { dx.range((image * s.height + first) * row_len, (last - first) * row_len) };
        input_gradient_rows(isa, shape, w, &dy[image * s.out_image_len()..][..s.out_image_len()], (first, last), dx);
    });
}

/// The gradient of input rows `first .. last` of one image; `first` is a multiple of the stride.
fn input_gradient_rows(
    isa: Isa,
    shape: &DepthwiseShape,
    w: &[f32],
    dy: &[f32],
    (first, last): (usize, usize),
    dx: &mut [f32],
) {
    let s = *shape;
    for remainder in 0..s.stride.0.min(last - first) {
        for column in 0..s.stride.1.min(s.width) {
            let walk = Correlation {
                down: Axis::input_gradient(s.height, s.kernel.0, s.stride.0, s.pad.0, s.out_height, remainder),
                across: Axis::input_gradient(s.width, s.kernel.1, s.stride.1, s.pad.1, s.out_width, column),
                channels: s.channels,
                kernel_columns: s.kernel.1,
                out_columns: s.width,
            };
            let end = (last - remainder).div_ceil(s.stride.0);
            correlate(isa, &walk, (first / s.stride.0, end), dy, w, None, FusedActivation::Linear, dx);
        }
    }
}

/// Adds the share of output rows `rows` of one image, whose gradient is `dy`, to a slice's partial gradients.
fn add_unit(isa: Isa, shape: &DepthwiseShape, rows: (usize, usize), image: &[f32], dy: &[f32], partial: &mut [f32]) {
    let (dw, db) = partial.split_at_mut(whole_lines(shape.w_len()));
    add_weight_gradient(isa, shape, rows, image, dy, &mut dw[..shape.w_len()]);
    add_rows(isa, dy, &mut db[..shape.channels]);
}

/// A slice is some adjacent units of some rows of an image.
pub(super) fn weight_gradient(isa: Isa, shape: &DepthwiseShape, x: &[f32], dy: &[f32], partials: &mut [f32]) {
    let s = *shape;
    let (per_image, units, slices) = s.units();
    let (rows, row_len) = (s.task_rows(), s.out_width * s.channels);
    partials.par_chunks_mut(s.partial_len()).enumerate().for_each(|(slice, partial)| {
        partial.fill(0.0);
        for unit in slice * units / slices..(slice + 1) * units / slices {
            let (image, first) = (unit / per_image, unit % per_image * rows);
            let last = (first + rows).min(s.out_height);
            let dy = &dy[(image * s.out_height + first) * row_len..][..(last - first) * row_len];
            let image = &x[image * s.image_len()..][..s.image_len()];
            add_unit(isa, shape, (first, last), image, dy, partial);
        }
    });
}
