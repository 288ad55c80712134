//! Dense (fully connected) layers: `y = activation(x · w + bias)`.

use crate::{FusedActivation, Isa};

/// Shapes: `x [batch, inputs]`, `w [inputs, outputs]`, `y [batch, outputs]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DenseShape {
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
}

/// How many `f32` of workspace forward and backward need for this shape (monotone in `batch`).
pub fn workspace_len(shape: &DenseShape) -> usize {
    todo!()
}

/// `y = activation(x · w + bias)`.
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
    todo!()
}

/// Gradients of [`forward`]. `dy` is the gradient of the output after the activation and is masked in place with the
/// activation's derivative (told from `y`). `dx` is left out where nobody needs it. `dw` and `db` are overwritten.
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
    todo!()
}
