//! The forward pass: one task per strip of one image.

use super::strips::{InputRows, Walk};
use super::weights::{Weights, panels_len};
use super::{Conv2dShape, pointwise, pool_rows, winograd};
use crate::extent::volume;
use crate::gemm::{Product, pack, panel_width, product};
use crate::parallel::{Shared, with_scratch};
use crate::{FusedActivation, Isa, fused};

/// Weights from so many floats on are packed; fewer stay in the cache as they are.
const PACKED_FLOATS: usize = 64 * 1024;
/// For fewer pixels than these, packing takes longer than it saves.
const PACKED_PIXELS: usize = 256;

/// Runs `work` with the weights packed where that pays.
fn with_packed(isa: Isa, shape: &Conv2dShape, weights: Weights<'_>, work: impl FnOnce(Weights<'_>)) {
    let width = panel_width(isa);
    let few_pixels = volume(&[shape.batch, shape.out_height, shape.out_width]) < PACKED_PIXELS;
    if weights.packed || few_pixels || shape.w_len() < PACKED_FLOATS || shape.channels_out <= width {
        return work(weights);
    }
    with_scratch(panels_len(isa, shape), |panels| {
        pack(isa, weights.w, shape.channels_out, panels);
        work(Weights { w: panels, packed: true, ..weights });
    });
}

pub(super) fn forward(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    if winograd::fits(shape) {
        return winograd::forward(isa, shape, x, weights, y);
    }
    with_packed(isa, shape, weights, |weights| {
        if pointwise::fits(shape) {
            pointwise::forward(isa, shape, x, weights, y);
        } else {
            forward_strips(isa, shape, x, weights, y);
        }
    });
}

fn forward_strips(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    let row_len = shape.out_width * shape.channels_out;
    let y = Shared::new(y);
    Walk::new(shape, shape.out_height).for_each(x, |image, (first, last), rows, _| {
        // SAFETY: no two tasks have the same image and strip.
        let y = unsafe { y.range((image * shape.out_height + first) * row_len, (last - first) * row_len) };
        convolve(isa, shape, rows, last - first, weights, y);
        fused::activate_after_product(isa, weights.activation, y);
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
    if winograd::fits(shape) {
        return winograd::forward_pool(isa, shape, x, weights, pooled, choice);
    }
    with_packed(isa, shape, weights, |weights| forward_pool_strips(isa, shape, x, weights, pooled, choice));
}

fn forward_pool_strips(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    weights: Weights<'_>,
    pooled: &mut [f32],
    choice: Option<&mut [u8]>,
) {
    let out_rows = shape.out_height / 2 * 2;
    let row_len = shape.out_width * shape.channels_out;
    let pooled_len = shape.out_width / 2 * shape.channels_out;
    if pooled_len == 0 {
        return;
    }
    let bare = Weights { activation: FusedActivation::Linear, ..weights };
    let pooled = Shared::new(pooled);
    let choice = choice.map(Shared::new);
    let walk = Walk { scratch: 2 * row_len, ..Walk::new(shape, out_rows) };
    walk.for_each(x, |image, (first, last), rows, two_rows| {
        for row in (first..last).step_by(2) {
            let start = (image * (out_rows / 2) + row / 2) * pooled_len;
            // SAFETY: no two tasks have the same image and strip, and rows come once.
            let pooled = unsafe { pooled.range(start, pooled_len) };
            let choice = match &choice {
                // SAFETY: as above.
                Some(choice) => unsafe { choice.range(start, pooled_len) },
                None => &mut [],
            };
            let below = InputRows { data: &rows.data[(row - first) * shape.stride.0 * rows.pitch..], ..rows };
            convolve(isa, shape, below, 2, bare, two_rows);
            let (upper, lower) = two_rows.split_at(row_len);
            pool_rows(isa, upper, lower, shape.channels_out, weights.activation, pooled, choice);
        }
    });
}

/// `out_rows` rows of output from the input rows under them.
fn convolve(isa: Isa, shape: &Conv2dShape, rows: InputRows<'_>, out_rows: usize, weights: Weights<'_>, y: &mut [f32]) {
    let pixel = shape.stride.1 * shape.channels_in;
    let line = shape.stride.0 * rows.pitch;
    let k = shape.kernel.1 * shape.channels_in;
    // Where rows follow each other without a gap, they are one long row.
    let one_line = shape.kernel.0 == 1 && line == shape.out_width * pixel;
    let (lines, m) = if one_line { (1, out_rows * shape.out_width) } else { (out_rows, shape.out_width) };
    let p = Product {
        m,
        n: shape.channels_out,
        a: rows.data,
        a_row: pixel,
        c_row: shape.channels_out,
        a_segment: rows.pitch,
        lines,
        a_line: line,
        c_line: m * shape.channels_out,
        ..weights.product_part(isa, shape.channels_out, k, 0)
    };
    product(isa, &p, y);
}
