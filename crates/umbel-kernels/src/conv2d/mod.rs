//! Two-dimensional convolution, fused with bias, activation and 2x2 max-pooling.

use crate::{FusedActivation, Isa};

/// Shapes: `x [batch, height, width, channels_in]`, `w [kernel.0, kernel.1, channels_in, channels_out]`,
/// `y [batch, out_height, out_width, channels_out]`. Output pixel (i, j) starts at input pixel
/// (i·stride.0 − pad.0, j·stride.1 − pad.1); what lies outside of the input counts as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Conv2dShape {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub channels_in: usize,
    pub channels_out: usize,
    pub kernel: (usize, usize),
    pub stride: (usize, usize),
    /// Rows above and columns left; below and right follow from the output size.
    pub pad: (usize, usize),
    pub out_height: usize,
    pub out_width: usize,
}

/// The gradient that [`backward`] starts from.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum OutputGradient<'a> {
    /// Of the convolution's own output `y` (after the activation).
    Full { dy: &'a [f32], y: &'a [f32], activation: FusedActivation },
    /// Of the pooled output of [`forward_pool`], with its `choice`. The full-size gradient is never materialised.
    Pooled { dy: &'a [f32], choice: &'a [u8] },
}

/// How many `f32` of workspace [`backward`] needs for this shape (monotone in `batch`).
pub fn workspace_len(shape: &Conv2dShape) -> usize {
    todo!()
}

/// `y = activation(conv(x, w) + bias)`.
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
    todo!()
}

/// `pooled = max_pool_2x2(activation(conv(x, w) + bias))`, window and stride 2, no padding: pooled is
/// `[batch, out_height / 2, out_width / 2, channels_out]` (an odd last row or column is dropped, as Keras does).
/// `choice`, of the same shape, says which of the four (0..=3, row by row, the first of equals) was taken, or 4 where
/// the activation lets no gradient through. Inference passes `None`.
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
    todo!()
}

/// Gradients of [`forward`] and [`forward_pool`]. `dx` is left out where nobody needs it (the first layer). `dw` and
/// `db` are overwritten.
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
    todo!()
}
