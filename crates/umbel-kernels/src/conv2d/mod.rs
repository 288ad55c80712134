//! Two-dimensional convolution, fused with bias, activation and 2x2 max-pooling.
//!
//! Nothing is unrolled into columns: in a zero-padded row of input, the values under a kernel row are adjacent, so the
//! matrix micro-kernel reads them in place. 3x3 kernels of stride 1 with channels enough go through Winograd's tiles instead
//! (in `f32`, forward and for the input gradient).

mod backward;
pub mod bf16;
mod flipped;
mod forward;
mod input_gradient;
mod masked;
mod operand;
mod packed;
mod picked;
mod pointwise;
mod pointwise_backward;
mod pooled;
mod room;
pub mod scalar;
mod simd;
mod strips;
mod unit;
mod walk;
mod weights;
mod winograd;

use weights::Weights;

pub use packed::{forward_packed, forward_pool_packed, pack, packed_len};

use crate::extent::{Sliding, total, volume};
use crate::gemm::F32;
use crate::isa::per_isa;
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
    /// Of the convolution's own output `y` (after the activation). Where the activation is linear, `y` is not read and may
    /// be empty.
    Full { dy: &'a [f32], y: &'a [f32], activation: FusedActivation },
    /// Of the pooled output of [`forward_pool`], with its `choice`. The full-size gradient is never materialised.
    Pooled { dy: &'a [f32], choice: &'a [u8] },
}

impl Conv2dShape {
    fn x_len(&self) -> usize {
        volume(&[self.batch, self.height, self.width, self.channels_in])
    }

    fn w_len(&self) -> usize {
        volume(&[self.kernel.0, self.kernel.1, self.channels_in, self.channels_out])
    }

    fn y_len(&self) -> usize {
        volume(&[self.batch, self.out_height, self.out_width, self.channels_out])
    }

    fn pooled_len(&self) -> usize {
        volume(&[self.batch, self.out_height / 2, self.out_width / 2, self.channels_out])
    }

    /// Panics where a place that the kernel may look at, inside of the input or in its padding, is none that can be told, or
    /// one of the output's seen from there.
    fn check_reach(&self) {
        let Self { kernel, stride, pad, .. } = *self;
        let down =
            Sliding { size: self.height, window: kernel.0, stride: stride.0, pad: pad.0, outputs: self.out_height };
        let across =
            Sliding { size: self.width, window: kernel.1, stride: stride.1, pad: pad.1, outputs: self.out_width };
        volume(&[down.covered(), across.covered(), self.channels_in]);
        let [rows, columns] =
            [(self.out_height, kernel.0), (self.out_width, kernel.1)].map(|(size, k)| total(&[size, k, k]));
        volume(&[rows, columns, self.channels_out]);
    }

    /// What every call demands of its operands.
    fn check(&self, x: &[f32], w: &[f32], bias: Option<&[f32]>) {
        assert_eq!(w.len(), self.w_len(), "w must have the shape's length");
        self.check_pictures(x, bias);
    }

    /// The same without the weights.
    fn check_pictures(&self, x: &[f32], bias: Option<&[f32]>) {
        let sizes = [self.channels_in, self.channels_out, self.kernel.0, self.kernel.1, self.stride.0, self.stride.1];
        assert!(sizes.iter().all(|&size| size > 0), "channels, kernel and stride must not be 0: {self:?}");
        self.check_reach();
        assert_eq!(x.len(), self.x_len(), "x must have the shape's length");
        if let Some(bias) = bias {
            assert_eq!(bias.len(), self.channels_out, "the bias must have one value per output channel");
        }
    }

    fn check_forward(&self, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &[f32]) {
        self.check(x, w, bias);
        assert_eq!(y.len(), self.y_len(), "y must have the shape's length");
    }

    fn check_forward_pool(
        &self,
        x: &[f32],
        w: &[f32],
        bias: Option<&[f32]>,
        activation: FusedActivation,
        pooled: &[f32],
        choice: Option<&[u8]>,
    ) {
        self.check(x, w, bias);
        assert!(activation.is_clamp(), "{activation:?} cannot be applied after the maximum");
        assert_eq!(pooled.len(), self.pooled_len(), "pooled must have the shape's length");
        if let Some(choice) = choice {
            assert_eq!(choice.len(), pooled.len(), "choice must be as long as pooled");
        }
    }

    fn check_backward(
        &self,
        x: &[f32],
        w: &[f32],
        gradient: OutputGradient<'_>,
        dx: Option<&[f32]>,
        dw: &[f32],
        db: Option<&[f32]>,
    ) {
        self.check(x, w, db);
        assert_eq!(dw.len(), w.len(), "dw must be as long as w");
        if let Some(dx) = &dx {
            assert_eq!(dx.len(), x.len(), "dx must be as long as x");
        }
        match gradient {
            OutputGradient::Full { dy, y, activation } => {
                assert_eq!(dy.len(), self.y_len(), "dy must have the shape's length");
                let needs_y = activation != FusedActivation::Linear;
                assert!(!needs_y || y.len() == dy.len(), "y must be as long as dy");
            }
            OutputGradient::Pooled { dy, choice } => {
                assert_eq!(dy.len(), self.pooled_len(), "dy must have the pooled length");
                assert_eq!(choice.len(), dy.len(), "choice must be as long as dy");
            }
        }
    }
}

per_isa! {
    fn pool_rows(
        upper: &[f32],
        lower: &[f32],
        channels: usize,
        activation: FusedActivation,
        pooled: &mut [f32],
        choice: &mut [u8],
    ) = simd::pool_rows;
    fn lay_quads(upper: &[f32], lower: &[f32], channels: usize, quads: &mut [f32]) = picked::lay_quads;
    fn split_choice(dy: &[f32], choice: &[u8], masked: &mut [f32], index: &mut [f32]) = picked::split_choice;
    fn add_picked(p: &picked::Picked<'_>, dw: &mut [f32]) = picked::add;
    fn unpool_row(dy: &[f32], choice: &[u8], which: usize, channels: usize, full: &mut [f32]) = simd::unpool_row;
}

/// How many `f32` of workspace [`backward`] needs for this shape (monotone in `batch`).
pub fn workspace_len(shape: &Conv2dShape) -> usize {
    backward::workspace_len(shape)
}

/// `y = activation(conv(x, w) + bias)`.
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
        forward::forward::<F32>(isa, shape, x, Weights { w, packed: false, bias, activation }, y);
    }
}

/// `pooled = max_pool_2x2(activation(conv(x, w) + bias))`, window and stride 2, no padding: pooled is
/// `[batch, out_height / 2, out_width / 2, channels_out]` (an odd last row or column is dropped, as Keras does).
/// `choice`, of the same shape, says which of the four (0..=3, row by row, the first of equals) was taken, or 4 where
/// the activation lets no gradient through. Inference passes `None`.
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
        forward::forward_pool::<F32>(isa, shape, x, Weights { w, packed: false, bias, activation }, pooled, choice);
    }
}

/// Gradients of [`forward`] and [`forward_pool`]. `dx` is left out where nobody needs it (the first layer). `dx`, `dw`
/// and `db` are overwritten.
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
    backward::backward::<F32>(isa, shape, x, w, gradient, dx, dw, db, workspace);
}
