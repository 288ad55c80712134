//! The forward pass: slices of inputs by blocks of outputs, each summed by itself.

use std::ops::Range;

use rayon::prelude::*;

use super::{BLOCK_INPUTS, DenseShape, Sampled, TASK_OUTPUTS, finish};
use crate::gemm::{Product, Start};
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::prefetch::ask_for;
use crate::{FusedActivation, Isa, fused};

#[allow(clippy::too_many_arguments)]
pub(super) fn forward<O: Sampled>(
    isa: Isa,
    shape: &DenseShape,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    activation: FusedActivation,
    y: &mut [f32],
    workspace: &mut [f32],
) {
    let DenseShape { batch, inputs, outputs } = *shape;
    let shared = Shared::new(&mut workspace[..shape.partials_len()]);
    (0..shape.forward_tasks()).into_par_iter().for_each(|index| {
        let task = Task::new(shape, index);
        // SAFETY: tasks differ in their slice or their block of outputs.
        let partial = unsafe { shared.range(task.partial_start, batch * task.outputs) };
        let (first, last) = (task.inputs.start, task.inputs.end);
        if batch == 1 {
            return O::one_sample(isa, &x[first..last], &w[first * outputs + task.first_output..], outputs, partial);
        }
        let x_len = whole_lines(O::left_rows_len(batch, BLOCK_INPUTS));
        with_scratch(x_len + O::rows_len(BLOCK_INPUTS, task.outputs), |scratch| {
            let (x_block, w_block) = scratch.split_at_mut(x_len);
            for input in (first..last).step_by(BLOCK_INPUTS) {
                let next = (input + BLOCK_INPUTS).min(last);
                if O::IS_F32 && outputs <= TASK_OUTPUTS {
                    ask_for(&w[next * outputs..(next + BLOCK_INPUTS).min(last) * outputs]);
                }
                let columns = task.first_output..task.first_output + task.outputs;
                let (a, a_row) = O::left_rows(isa, x, inputs, input..next, x_block);
                let (b, b_row) = O::rows(isa, &w[input * outputs..next * outputs], outputs, columns, w_block);
                let p = Product {
                    m: batch,
                    n: task.outputs,
                    k: (next - input).div_ceil(O::TERMS),
                    a,
                    a_row,
                    a_col: O::TERMS,
                    b,
                    b_row,
                    c_row: task.outputs,
                    start: if input == first { Start::Zero } else { Start::Accumulate },
                    ..Product::default()
                };
                O::product(isa, &p, (&mut *partial).into());
            }
        });
    });
    finish_sums(isa, shape, bias, activation, workspace, y);
}

/// What a forward task sums: the products of one slice of inputs, for one block of outputs.
struct Task {
    inputs: Range<usize>,
    first_output: usize,
    outputs: usize,
    /// Where its partial outputs lie.
    partial_start: usize,
}

impl Task {
    fn new(shape: &DenseShape, index: usize) -> Self {
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
fn finish_sums(
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
