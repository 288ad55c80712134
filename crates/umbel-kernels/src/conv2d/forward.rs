//! The forward pass: one task per strip of one image.

use super::operand::Walked;
use super::strips::InputRows;
use super::walk::Walk;
use super::weights::Weights;
use super::{Conv2dShape, pointwise, pool_rows, winograd};
use crate::gemm::Product;
use crate::parallel::Shared;
use crate::{FusedActivation, Isa, fused};

/// Runs `work` with the weights packed where that pays, or has to be.
fn with_packed<O: Walked>(isa: Isa, shape: &Conv2dShape, weights: Weights<'_>, work: impl FnOnce(Weights<'_>)) {
    if weights.packed {
        return work(weights);
    }
    O::with_panels(isa, shape, weights.w, |panels| match panels {
        Some(w) => work(Weights { w, packed: true, ..weights }),
        None => work(weights),
    });
}

pub(super) fn forward<O: Walked>(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    if O::IS_F32 && winograd::fits(shape) {
        return winograd::forward(isa, shape, x, weights, y);
    }
    with_packed::<O>(isa, shape, weights, |weights| {
        if pointwise::fits(shape) {
            pointwise::forward::<O>(isa, shape, x, weights, y);
        } else {
            forward_strips::<O>(isa, shape, x, weights, y);
        }
    });
}

fn forward_strips<O: Walked>(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    let row_len = shape.out_width * shape.channels_out;
    let y = Shared::new(y);
    Walk::new(shape, shape.out_height).for_each::<O>(isa, x, |image, (first, last), rows, _| {
        // SAFETY: no two tasks have the same image and strip.
        let y = unsafe { y.range((image * shape.out_height + first) * row_len, (last - first) * row_len) };
        convolve::<O>(isa, shape, rows, last - first, weights, y);
        fused::activate_after_product(isa, weights.activation, y);
    });
}

pub(super) fn forward_pool<O: Walked>(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    weights: Weights<'_>,
    pooled: &mut [f32],
    choice: Option<&mut [u8]>,
) {
    if O::IS_F32 && winograd::fits(shape) {
        return winograd::forward_pool(isa, shape, x, weights, pooled, choice);
    }
    with_packed::<O>(isa, shape, weights, |weights| forward_pool_strips::<O>(isa, shape, x, weights, pooled, choice));
}

fn forward_pool_strips<O: Walked>(
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
    walk.for_each::<O>(isa, x, |image, (first, last), rows, two_rows| {
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
            convolve::<O>(isa, shape, below, 2, bare, two_rows);
            let (upper, lower) = two_rows.split_at(row_len);
            pool_rows(isa, upper, lower, shape.channels_out, weights.activation, pooled, choice);
        }
    });
}

/// `out_rows` rows of output from the input rows under them.
fn convolve<O: Walked>(
    isa: Isa,
    shape: &Conv2dShape,
    rows: InputRows<'_, O::A>,
    out_rows: usize,
    weights: Weights<'_>,
    y: &mut [f32],
) {
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
        ..weights.product_part::<O>(isa, shape.channels_out, k, 0)
    };
    O::product(isa, &p, y.into());
}
