//! Dense layers with products of bf16 and sums of `f32`, see [`bf16`](crate::bf16), cut as those of `f32`. Weights are
//! rounded block by block on their way from memory, so that they are read once and nothing is written for it.

use super::{DenseShape, Sampled, simd};
use crate::gemm::{Bf16, Operand};
use crate::isa::per_pairs;
use crate::parallel::with_scratch;
use crate::{FusedActivation, Isa};

per_pairs! {
    fn one_sample(x: &[u16], k: usize, w: &[f32], w_row: usize, y: &mut [f32]) = simd::one_sample_bf16;
}

impl Sampled for Bf16 {
    fn one_sample(isa: Isa, x: &[f32], w: &[f32], w_row: usize, y: &mut [f32]) {
        with_scratch(Bf16::left_len(x.len()), |scratch| {
            one_sample(isa, Bf16::left(isa, x, scratch), x.len(), w, w_row, y);
        });
    }
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
    super::forward::forward::<Bf16>(isa, shape, x, w, bias, activation, y, workspace);
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
    super::backward::backward::<Bf16>(isa, shape, x, w, y, activation, dy, dx, dw, db, workspace);
}
