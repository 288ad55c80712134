//! What `f32` and bf16 have in common: the cut of a forward pass, and what is done before and after the products.

use std::ops::Range;

use rayon::prelude::*;

use super::{DenseShape, TASK_OUTPUTS, finish};
use crate::parallel::CHUNK;
use crate::sums::add_rows;
use crate::{FusedActivation, Isa, fused};

/// What a forward task sums: the products of one slice of inputs, for one block of outputs.
pub(super) struct Task {
    pub inputs: Range<usize>,
    pub first_output: usize,
    pub outputs: usize,
    /// Where its partial outputs lie.
    pub partial_start: usize,
}

impl Task {
    pub fn new(shape: &DenseShape, index: usize) -> Self {
        let blocks = shape.outputs.div_ceil(TASK_OUTPUTS);
        let (slice, first_output) = (index / blocks, index % blocks * TASK_OUTPUTS);
        let first = slice * shape.slice_inputs();
        Task {
            inputs: first..(first + shape.slice_inputs()).min(shape.inputs),
            first_output,
            outputs: (shape.outputs - first_output).min(TASK_OUTPUTS),
            partial_start: (slice * shape.outputs + first_output) * shape.batch,
        }
    }
}

/// Adds the slices' partial outputs in order, then bias and activation.
pub(super) fn finish_sums(
    isa: Isa,
    shape: &DenseShape,
    bias: Option<&[f32]>,
    activation: FusedActivation,
    workspace: &[f32],
    y: &mut [f32],
) {
    let DenseShape { batch, outputs, .. } = *shape;
    let partials = &workspace[..shape.partials_len()];
    y.par_chunks_mut(outputs).enumerate().for_each(|(sample, y)| {
        y.fill(0.0);
        for (block, y) in y.chunks_mut(TASK_OUTPUTS).enumerate() {
            let at = block * TASK_OUTPUTS * batch + sample * y.len();
            for partial in partials.chunks_exact(batch * outputs) {
                for (y, &partial) in y.iter_mut().zip(&partial[at..]) {
                    *y += partial;
                }
            }
        }
        finish(isa, bias.unwrap_or_default(), activation.in_product(), y);
        fused::activate_after_product(isa, activation, y);
    });
}

/// Masks the gradient with the activation's derivative, and sums it over the samples.
pub(super) fn mask_and_sum(
    isa: Isa,
    shape: &DenseShape,
    y: &[f32],
    activation: FusedActivation,
    dy: &mut [f32],
    db: Option<&mut [f32]>,
) {
    if activation != FusedActivation::Linear {
        assert_eq!(y.len(), dy.len(), "y must be as long as dy");
        let chunks = dy.par_chunks_mut(CHUNK).zip(y.par_chunks(CHUNK));
        chunks.for_each(|(dy, y)| fused::mask(isa, y, activation, dy));
    }
    if let Some(db) = db {
        db.fill(0.0);
        if shape.outputs > 0 {
            add_rows(isa, dy, db);
        }
    }
}
