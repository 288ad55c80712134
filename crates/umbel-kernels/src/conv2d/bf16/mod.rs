//! Convolution with products of bf16 and sums of `f32`, see [`bf16`](crate::bf16). Inputs, weights and gradients are
//! rounded where a strip's rows are copied, weights where they are packed; bias, activation and pooling stay in `f32`.
//!
//! The right matrix is packed as panels of pairs: of two terms that are summed one after the other, the values lie in the
//! halves of 32 bits. The left one is read as it lies, since a pair of neighbors is a pair already. A row with an odd
//! number of terms reads one value beyond, which meets a zero.

mod operand;
mod pack;
mod picked;

use super::weights::Weights;
use super::workspace_len;
use super::{Conv2dShape, OutputGradient};
use crate::gemm::Bf16;
use crate::{FusedActivation, Isa};

/// [`forward`](super::forward) in bf16.
///
/// # Panics
/// Where a slice does not have the shape's length.
#[allow(clippy::too_many_arguments)]
pub fn forward(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    activation: FusedActivation,
    y: &mut [f32],
) {
    shape.check_forward(x, w, bias, y);
    if shape.y_len() > 0 {
        super::forward::forward::<Bf16>(isa, shape, x, Weights { w, packed: false, bias, activation }, y);
    }
}

/// [`forward_pool`](super::forward_pool) in bf16.
///
/// # Panics
/// Where a slice does not have the shape's length, or the activation is no clamp.
#[allow(clippy::too_many_arguments)]
pub fn forward_pool(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    activation: FusedActivation,
    pooled: &mut [f32],
    choice: Option<&mut [u8]>,
) {
    shape.check_forward_pool(x, w, bias, activation, pooled, choice.as_deref());
    if shape.pooled_len() > 0 {
        super::forward::forward_pool::<Bf16>(
            isa,
            shape,
            x,
            Weights { w, packed: false, bias, activation },
            pooled,
            choice,
        );
    }
}

/// [`backward`](super::backward) in bf16, but for `db`, which is summed in `f32`. The workspace is as large.
///
/// # Panics
/// Where a slice does not have the shape's length, or the activation is no clamp.
#[allow(clippy::too_many_arguments)]
pub fn backward(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    w: &[f32],
    gradient: OutputGradient<'_>,
    dx: Option<&mut [f32]>,
    dw: &mut [f32],
    db: Option<&mut [f32]>,
    workspace: &mut [f32],
) {
    shape.check_backward(x, w, gradient, dx.as_deref(), dw, db.as_deref());
    assert!(workspace.len() >= workspace_len(shape), "the workspace is too small");
    if shape.y_len() == 0 || shape.x_len() == 0 {
        let zeros = [Some(dw), dx, db].into_iter().flatten();
        zeros.for_each(|gradient| gradient.fill(0.0));
        return;
    }
    super::backward::backward::<Bf16>(isa, shape, x, w, gradient, dx, dw, db, workspace);
}
