//! Dense layers with products of bf16 and sums of `f32`, see [`bf16`](crate::bf16), cut as those of `f32`. Weights are
//! rounded block by block on their way from memory, so that they are read once and nothing is written for it.

use rayon::prelude::*;

use super::shared::{Task, finish_sums, mask_and_sum};
use super::{BACKWARD_INPUTS, BLOCK_INPUTS, DenseShape, simd};
use crate::bf16::{halves, halves_mut, join_into, round_into};
use crate::gemm::{Product, Start, pair_product};
use crate::isa::per_pairs;
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::{FusedActivation, Isa};

per_pairs! {
    fn one_sample(x: &[u16], k: usize, w: &[f32], w_row: usize, y: &mut [f32]) = simd::one_sample_bf16;
}

/// [`forward`](super::forward) in bf16.
///
/// # Panics
/// Where a slice does not have the shape's length.
#[allow(clippy::too_many_arguments)]
pub fn forward(
    isa: Isa,
    shape: &DenseShape,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    activation: FusedActivation,
    y: &mut [f32],
    workspace: &mut [f32],
) {
    shape.check(x, w, bias, y, workspace);
    if y.is_empty() {
        return;
    }
    let partials = &mut workspace[..shape.partials_len()];
    let shared = Shared::new(partials);
    (0..shape.forward_tasks()).into_par_iter().for_each(|index| {
        let task = Task::new(shape, index);
        // SAFETY: tasks differ in their slice or their block of outputs.
        let partial = unsafe { shared.range(task.partial_start, shape.batch * task.outputs) };
        if shape.batch == 1 {
            return one_sample_of(isa, shape, &task, x, w, partial);
        }
        let x_len = whole_lines(shape.batch * BLOCK_INPUTS / 2);
        with_scratch(x_len + BLOCK_INPUTS / 2 * task.outputs, |scratch| {
            let (x_block, w_block) = scratch.split_at_mut(x_len);
            for input in task.inputs.clone().step_by(BLOCK_INPUTS) {
                let k = (task.inputs.end - input).min(BLOCK_INPUTS);
                let rows = halves_mut(x_block).chunks_exact_mut(BLOCK_INPUTS);
                for (x, rounded) in x.chunks_exact(shape.inputs).zip(rows) {
                    round_into(isa, &x[input..][..k], &mut rounded[..k]);
                    rounded[k..].fill(0);
                }
                for (pair, pairs) in w_block.chunks_exact_mut(task.outputs).take(k.div_ceil(2)).enumerate() {
                    let row = |term: usize| match term < k {
                        true => &w[(input + term) * shape.outputs + task.first_output..][..task.outputs],
                        false => &[],
                    };
                    join_into(isa, row(2 * pair), row(2 * pair + 1), pairs);
                }
                let p = Product {
                    m: shape.batch,
                    n: task.outputs,
                    k: k.div_ceil(2),
                    a: halves(x_block),
                    a_row: BLOCK_INPUTS,
                    a_col: 2,
                    b: w_block,
                    b_row: task.outputs,
                    c_row: task.outputs,
                    start: if input == task.inputs.start { Start::Zero } else { Start::Accumulate },
                    ..Product::default()
                };
                pair_product(isa, &p, partial);
            }
        });
    });
    finish_sums(isa, shape, bias, activation, workspace, y);
}

/// A task's share of a single sample's output.
fn one_sample_of(isa: Isa, shape: &DenseShape, task: &Task, x: &[f32], w: &[f32], partial: &mut [f32]) {
    let k = task.inputs.len();
    with_scratch(k / 2 + 1, |scratch| {
        let rounded = halves_mut(scratch);
        round_into(isa, &x[task.inputs.clone()], &mut rounded[..k]);
        rounded[k..].fill(0);
        let w = &w[task.inputs.start * shape.outputs + task.first_output..];
        one_sample(isa, rounded, k, w, shape.outputs, partial);
    });
}

/// [`backward`](super::backward) in bf16, but for `db`, which is summed in `f32`.
///
/// # Panics
/// Where a slice does not have the shape's length.
#[allow(clippy::too_many_arguments)]
pub fn backward(
    isa: Isa,
    shape: &DenseShape,
    x: &[f32],
    w: &[f32],
    y: &[f32],
    activation: FusedActivation,
    dy: &mut [f32],
    dx: Option<&mut [f32]>,
    dw: &mut [f32],
    db: Option<&mut [f32]>,
    workspace: &mut [f32],
) {
    shape.check_backward(x, w, dy, dx.as_deref(), dw, db.as_deref(), workspace);
    mask_and_sum(isa, shape, y, activation, dy, db);
    if w.is_empty() {
        dx.into_iter().for_each(|dx| dx.fill(0.0));
        return;
    }
    let DenseShape { batch, inputs, outputs } = *shape;
    let (samples, output_pairs) = (batch.div_ceil(2), outputs.div_ceil(2));
    let dy_len = whole_lines(samples * outputs);
    with_scratch(dy_len + output_pairs * batch, |scratch| {
        let (dy_pairs, turned) = scratch.split_at_mut(dy_len);
        for (two, pairs) in dy.chunks(2 * outputs).zip(dy_pairs.chunks_exact_mut(outputs)) {
            let (low, high) = two.split_at(outputs);
            join_into(isa, low, high, pairs);
        }
        if dx.is_some() {
            turn(dy, outputs, batch, turned);
        }
        let (dy_pairs, turned) = (&*dy_pairs, &*turned);
        let dx = dx.map(Shared::new);
        dw.par_chunks_mut(BACKWARD_INPUTS * outputs).enumerate().for_each(|(task, dw)| {
            let first = task * BACKWARD_INPUTS;
            let m = dw.len() / outputs;
            weight_gradient(isa, shape, first, x, dy_pairs, dw);
            let Some(dx) = &dx else { return };
            let w_len = whole_lines((m * outputs).div_ceil(2) + 1);
            with_scratch(w_len + m * batch, |scratch| {
                let (rounded, product) = scratch.split_at_mut(w_len);
                let rounded = halves_mut(rounded);
                round_into(isa, &w[first * outputs..][..m * outputs], &mut rounded[..m * outputs]);
                rounded[m * outputs..].fill(0);
                // dxᵀ = w · dyᵀ reads the weights as they lie; only the small result has to be turned.
                let p = Product {
                    m,
                    n: batch,
                    k: output_pairs,
                    a: rounded,
                    a_row: outputs,
                    a_col: 2,
                    b: turned,
                    b_row: batch,
                    c_row: batch,
                    ..Product::default()
                };
                pair_product(isa, &p, product);
                for sample in 0..batch {
                    // SAFETY: tasks have disjoint inputs.
                    let dx = unsafe { dx.range(sample * inputs + first, m) };
                    for (i, dx) in dx.iter_mut().enumerate() {
                        *dx = product[i * batch + sample];
                    }
                }
            });
        });
    });
}

/// `turned[o / 2, sample] = (dy[sample, o], dy[sample, o + 1])`; the last of an odd number is paired with 0.
fn turn(dy: &[f32], outputs: usize, batch: usize, turned: &mut [f32]) {
    let bits = |d: &f32| u32::from(crate::half::round(*d));
    for (sample, dy) in dy.chunks_exact(outputs).enumerate() {
        for (pair, two) in dy.chunks(2).enumerate() {
            turned[pair * batch + sample] = f32::from_bits(bits(&two[0]) | two.get(1).map_or(0, bits) << 16);
        }
    }
}

/// The gradient of the weights of some inputs from `first` on: a product over pairs of samples.
fn weight_gradient(isa: Isa, shape: &DenseShape, first: usize, x: &[f32], dy_pairs: &[f32], dw: &mut [f32]) {
    let DenseShape { batch, inputs, outputs } = *shape;
    let m = dw.len() / outputs;
    let samples = batch.div_ceil(2);
    with_scratch(samples * m, |x_pairs| {
        for (pair, pairs) in x_pairs.chunks_exact_mut(m).enumerate() {
            let row = |sample: usize| match sample < batch {
                true => &x[sample * inputs + first..][..m],
                false => &[],
            };
            join_into(isa, row(2 * pair), row(2 * pair + 1), pairs);
        }
        let p = Product {
            m,
            n: outputs,
            k: samples,
            a: halves(x_pairs),
            a_row: 2,
            a_col: 2 * m,
            b: dy_pairs,
            b_row: outputs,
            c_row: outputs,
            ..Product::default()
        };
        pair_product(isa, &p, dw);
    });
}
