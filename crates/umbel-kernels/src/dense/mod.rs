//! Dense (fully connected) layers: `y = activation(x · w + bias)`.
//!
//! The layer behind a flattened feature map has millions of weights and few samples, so what costs is reading the weights
//! once and writing their gradient once: all work is cut along the inputs, into blocks of weights that fit the cache.

mod backward;
pub mod bf16;
mod forward;
pub mod scalar;
mod simd;

use crate::extent::volume;
use crate::gemm::{F32, Operand};
use crate::isa::per_isa;
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
    forward::forward::<F32>(isa, shape, x, w, bias, activation, y, workspace);
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
    backward::backward::<F32>(isa, shape, x, w, y, activation, dy, dx, dw, db, workspace);
}

/// Operands that a dense layer can multiply.
trait Sampled: Operand {
    /// `y = x · w` for a single sample: rows of `w` lie `w_row` apart, and `y` says how many of their columns are wanted.
    fn one_sample(isa: Isa, x: &[f32], w: &[f32], w_row: usize, y: &mut [f32]);
}

impl Sampled for F32 {
    fn one_sample(isa: Isa, x: &[f32], w: &[f32], w_row: usize, y: &mut [f32]) {
        one_sample(isa, x, w, w_row, y);
    }
}
