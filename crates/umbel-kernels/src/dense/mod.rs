//! Dense (fully connected) layers: `y = activation(x · w + bias)`.
//!
//! The layer behind a flattened feature map has millions of weights and few samples, so what costs is reading the weights
//! once and writing their gradient once: all work is cut along the inputs, into blocks of weights that fit the cache.

pub mod bf16;
pub mod scalar;
mod shared;
mod simd;

use rayon::prelude::*;

use shared::{Task, finish_sums, mask_and_sum};

use crate::extent::volume;
use crate::gemm::{Product, Start, product};
use crate::isa::per_isa;
use crate::parallel::{Shared, with_scratch};
use crate::prefetch::ask_for;
use crate::{FusedActivation, Isa};

/// Shapes: `x [batch, inputs]`, `w [inputs, outputs]`, `y [batch, outputs]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DenseShape {
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
}

/// Inputs in a forward slice, at least, and slices, at most.
const SLICE_INPUTS: usize = 512;
const MAX_SLICES: usize = 64;
/// Outputs in a forward task.
const TASK_OUTPUTS: usize = 256;
/// Inputs multiplied before going on to the next samples, so that the weights in use stay in the first-level cache.
const BLOCK_INPUTS: usize = 128;
/// Inputs in a backward task.
const BACKWARD_INPUTS: usize = 96;

per_isa! {
    fn finish(bias: &[f32], activation: FusedActivation, y: &mut [f32]) = simd::finish;
    fn one_sample(x: &[f32], w: &[f32], w_row: usize, y: &mut [f32]) = simd::one_sample;
}

impl DenseShape {
    /// Inputs in a forward slice.
    fn slice_inputs(&self) -> usize {
        self.inputs.div_ceil(MAX_SLICES).max(SLICE_INPUTS).next_multiple_of(BLOCK_INPUTS)
    }

    /// Forward slices, each with a partial output of its own.
    fn slices(&self) -> usize {
        self.inputs.div_ceil(self.slice_inputs())
    }

    /// What every call demands of its operands.
    fn check(&self, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &[f32], workspace: &[f32]) {
        assert_eq!(x.len(), volume(&[self.batch, self.inputs]), "x must be batch x inputs");
        assert_eq!(w.len(), volume(&[self.inputs, self.outputs]), "w must be inputs x outputs");
        assert_eq!(y.len(), volume(&[self.batch, self.outputs]), "y must be batch x outputs");
        if let Some(bias) = bias {
            assert_eq!(bias.len(), self.outputs, "the bias must have one value per output");
        }
        assert!(workspace.len() >= workspace_len(self), "the workspace is too small");
    }

    #[allow(clippy::too_many_arguments)]
    fn check_backward(
        &self,
        x: &[f32],
        w: &[f32],
        dy: &[f32],
        dx: Option<&[f32]>,
        dw: &[f32],
        db: Option<&[f32]>,
        workspace: &[f32],
    ) {
        self.check(x, w, db, dy, workspace);
        assert_eq!(dw.len(), w.len(), "dw must be as long as w");
        if let Some(dx) = dx {
            assert_eq!(dx.len(), x.len(), "dx must be as long as x");
        }
    }

    /// Floats of the partial outputs: `[slice, block of outputs, batch, output in the block]`.
    fn partials_len(&self) -> usize {
        volume(&[self.slices(), self.batch, self.outputs])
    }

    fn forward_tasks(&self) -> usize {
        volume(&[self.slices(), self.outputs.div_ceil(TASK_OUTPUTS)])
    }
}

/// How many `f32` of workspace forward and backward need for this shape (monotone in `batch`).
pub fn workspace_len(shape: &DenseShape) -> usize {
    volume(&[shape.batch, shape.outputs, shape.slices().max(1)])
}

/// `y = activation(x · w + bias)`.
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
    let DenseShape { batch, inputs, outputs } = *shape;
    let shared = Shared::new(&mut workspace[..shape.partials_len()]);
    (0..shape.forward_tasks()).into_par_iter().for_each(|index| {
        let task = Task::new(shape, index);
        // SAFETY: tasks differ in their slice or their block of outputs.
        let partial = unsafe { shared.range(task.partial_start, batch * task.outputs) };
        let (first, last) = (task.inputs.start, task.inputs.end);
        if batch == 1 {
            return one_sample(isa, &x[first..last], &w[first * outputs + task.first_output..], outputs, partial);
        }
        for input in (first..last).step_by(BLOCK_INPUTS) {
            let next = (input + BLOCK_INPUTS).min(last);
            if outputs <= TASK_OUTPUTS {
                ask_for(&w[next * outputs..(next + BLOCK_INPUTS).min(last) * outputs]);
            }
            let p = Product {
                m: batch,
                n: task.outputs,
                k: (last - input).min(BLOCK_INPUTS),
                a: &x[input..],
                a_row: inputs,
                b: &w[input * outputs + task.first_output..],
                b_row: outputs,
                c_row: task.outputs,
                start: if input == first { Start::Zero } else { Start::Accumulate },
                ..Product::default()
            };
            product(isa, &p, partial);
        }
    });
    finish_sums(isa, shape, bias, activation, workspace, y);
}

/// Gradients of [`forward`]. `dy` is the gradient of the output after the activation and is masked in place with the
/// activation's derivative (told from `y`). `dx` is left out where nobody needs it. `dx`, `dw` and `db` are overwritten.
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
    let DenseShape { batch, inputs, outputs } = *shape;
    mask_and_sum(isa, shape, y, activation, dy, db);
    if w.is_empty() {
        dx.into_iter().for_each(|dx| dx.fill(0.0));
        return;
    }
    let dy = &*dy;
    let transposed = &mut workspace[..outputs * batch];
    if dx.is_some() {
        for (sample, dy) in dy.chunks_exact(outputs).enumerate() {
            for (output, &d) in dy.iter().enumerate() {
                transposed[output * batch + sample] = d;
            }
        }
    }
    let transposed = &*transposed;
    let dx = dx.map(Shared::new);
    dw.par_chunks_mut(BACKWARD_INPUTS * outputs).enumerate().for_each(|(task, dw)| {
        let first = task * BACKWARD_INPUTS;
        let m = dw.len() / outputs;
        if dx.is_some() {
            ask_for(&w[first * outputs..][..dw.len()]);
        }
        let weights = Product {
            m,
            n: outputs,
            k: batch,
            a: x.get(first..).unwrap_or_default(),
            a_row: 1,
            a_col: inputs,
            b: dy,
            b_row: outputs,
            c_row: outputs,
            ..Product::default()
        };
        product(isa, &weights, dw);
        let Some(dx) = &dx else { return };
        // dxᵀ = w · dyᵀ reads the weights as they lie; only the small result has to be turned.
        let turned = Product {
            m,
            n: batch,
            k: outputs,
            a: &w[first * outputs..],
            a_row: outputs,
            b: transposed,
            b_row: batch,
            c_row: batch,
            ..Product::default()
        };
        with_scratch(m * batch, |scratch| {
            product(isa, &turned, scratch);
            for sample in 0..batch {
                // SAFETY: tasks have disjoint inputs.
                let dx = unsafe { dx.range(sample * inputs + first, m) };
                for (i, dx) in dx.iter_mut().enumerate() {
                    *dx = scratch[i * batch + sample];
                }
            }
        });
    });
}
