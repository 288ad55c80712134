//! Depthwise convolution: one filter for each channel, fused with bias and activation.
//!
//! Forward and input gradient are the same walk, a correlation of a source with a kernel: the latter's source is the
//! output gradient, its kernel is flipped, and with a stride, each remainder of the input's position has the part of the
//! kernel that meets it. Nothing is copied or padded; pixels near the edge read zeros in the place of what is not there.

mod axis;
mod backward;
pub mod scalar;
mod simd;
mod sliding;
mod tile;
mod weight_gradient;

use rayon::prelude::*;

use axis::Axis;

use crate::extent::{Sliding, total, volume};
use crate::isa::per_isa;
use crate::parallel::{CHUNK, Shared, whole_lines};
use crate::prefetch::ask_for_much;
use crate::sums::reduce;
use crate::{FusedActivation, Isa, fused};

/// Shapes: `x [batch, height, width, channels]`, `w [kernel.0, kernel.1, channels]`,
/// `y [batch, out_height, out_width, channels]`. Output pixel (i, j) starts at input pixel
/// (i·stride.0 − pad.0, j·stride.1 − pad.1); what lies outside of the input counts as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DepthwiseShape {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub kernel: (usize, usize),
    pub stride: (usize, usize),
    /// Rows above and columns left; below and right follow from the output size.
    pub pad: (usize, usize),
    pub out_height: usize,
    pub out_width: usize,
}

/// Outputs that one task computes, about.
const TASK_OUTPUTS: usize = 16 * 1024;
/// Of more inputs than these, few are still in a cache when they are read: the processor is asked for a task's own in the order
/// in which they lie, since it will read them in many short pieces, which it does not guess.
const NEAR_INPUTS: usize = 2 * 1024 * 1024;
/// At most so many partial weight gradients.
const MAX_SLICES: usize = 32;
/// With so many images, a task of the backward pass has some of them to itself.
const ENOUGH_IMAGES: usize = 8;

impl DepthwiseShape {
    fn image_len(&self) -> usize {
        volume(&[self.height, self.width, self.channels])
    }

    fn out_image_len(&self) -> usize {
        volume(&[self.out_height, self.out_width, self.channels])
    }

    fn w_len(&self) -> usize {
        volume(&[self.kernel.0, self.kernel.1, self.channels])
    }

    /// Panics where a place that a tap may look at, inside of the input or in its padding, is none that can be told.
    fn check_reach(&self) {
        let Self { kernel, stride, pad, .. } = *self;
        let down =
            Sliding { size: self.height, window: kernel.0, stride: stride.0, pad: pad.0, outputs: self.out_height };
        let across =
            Sliding { size: self.width, window: kernel.1, stride: stride.1, pad: pad.1, outputs: self.out_width };
        volume(&[down.covered(), across.covered(), self.channels]);
    }

    /// What every call demands of its operands.
    fn check(&self, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &[f32]) {
        let sizes = [self.channels, self.kernel.0, self.kernel.1, self.stride.0, self.stride.1];
        assert!(sizes.iter().all(|&size| size > 0), "channels, kernel and stride must not be 0: {self:?}");
        self.check_reach();
        assert_eq!(
            x.len(),
            volume(&[self.batch, self.height, self.width, self.channels]),
            "x must have the shape's length"
        );
        assert_eq!(w.len(), self.w_len(), "w must have the shape's length");
        assert_eq!(
            y.len(),
            volume(&[self.batch, self.out_height, self.out_width, self.channels]),
            "y must have the shape's length"
        );
        if let Some(bias) = bias {
            assert_eq!(bias.len(), self.channels, "the bias must have one value per channel");
        }
    }

    /// Output rows of a task.
    fn task_rows(&self) -> usize {
        (TASK_OUTPUTS / volume(&[self.out_width, self.channels]).max(1)).clamp(1, self.out_height.max(1))
    }

    /// How the weight gradient is cut: into (image, some rows), so many to an image, shared out to so many slices.
    fn units(&self) -> (usize, usize, usize) {
        let per_image = self.out_height.div_ceil(self.task_rows());
        let units = volume(&[self.batch, per_image]);
        (per_image, units, units.clamp(1, MAX_SLICES))
    }

    /// Floats of one slice's partial weight and bias gradient.
    fn partial_len(&self) -> usize {
        total(&[whole_lines(self.w_len()), whole_lines(self.channels)])
    }
}

/// A walk over one image: `out[o] = activation(bias + Σ_taps source[..] · w[tap])` along two axes.
#[derive(Clone, Copy, Debug)]
struct Correlation {
    down: Axis,
    across: Axis,
    channels: usize,
    /// Columns of the kernel, of which `across` may visit but some.
    kernel_columns: usize,
    /// Columns of the target, of which `across` may visit but some.
    out_columns: usize,
}

per_isa! {
    /// Outputs `rows` of one image, clamped; `out` begins at the first row that belongs to them.
    fn correlate(
        walk: &Correlation,
        rows: (usize, usize),
        source: &[f32],
        w: &[f32],
        bias: Option<&[f32]>,
        clamp: FusedActivation,
        out: &mut [f32],
    ) = simd::correlate;
    /// Adds the share of output rows `rows` of one image to `dw`.
    fn add_weight_gradient(shape: &DepthwiseShape, rows: (usize, usize), image: &[f32], dy: &[f32], dw: &mut [f32])
        = weight_gradient::add;
}

/// How many `f32` of workspace [`backward`] needs for this shape (monotone in `batch`).
pub fn workspace_len(shape: &DepthwiseShape) -> usize {
    let (_, _, slices) = shape.units();
    volume(&[slices, shape.partial_len()])
}

/// `y = activation(conv(x, w) + bias)`, each channel by itself.
///
/// # Panics
/// Where a slice does not have the shape's length.
#[allow(clippy::too_many_arguments)]
pub fn forward(
    isa: Isa,
    shape: &DepthwiseShape,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    activation: FusedActivation,
    y: &mut [f32],
) {
    shape.check(x, w, bias, y);
    if y.is_empty() {
        return;
    }
    let s = *shape;
    let walk = Correlation {
        down: Axis::forward(s.height, s.kernel.0, s.stride.0, s.pad.0, s.out_height),
        across: Axis::forward(s.width, s.kernel.1, s.stride.1, s.pad.1, s.out_width),
        channels: s.channels,
        kernel_columns: s.kernel.1,
        out_columns: s.out_width,
    };
    let rows = s.task_rows();
    let per_image = s.out_height.div_ceil(rows);
    let row_len = s.out_width * s.channels;
    let y = Shared::new(y);
    let is_far = x.len() > NEAR_INPUTS;
    (0..s.batch * per_image).into_par_iter().for_each(|task| {
        let (image, first) = (task / per_image, task % per_image * rows);
        let last = (first + rows).min(s.out_height);
        // SAFETY: tasks differ in their image or their rows.
        let y = unsafe { y.range((image * s.out_height + first) * row_len, (last - first) * row_len) };
        let image = &x[image * s.image_len()..][..s.image_len()];
        if is_far {
            let read = walk.down.reads(first..last);
            ask_for_much(&image[read.start * s.width * s.channels..read.end * s.width * s.channels]);
        }
        correlate(isa, &walk, (first, last), image, w, bias, activation.in_product(), y);
        fused::activate_after_product(isa, activation, y);
    });
}

/// Gradients of [`forward`]. `dy` is the gradient of the output after the activation and is masked in place with the
/// activation's derivative (told from `y`, which is not read and may be empty where the activation is linear). `dx` is
/// left out where nobody needs it. `dx`, `dw` and `db` are overwritten.
///
/// # Panics
/// Where a slice does not have the shape's length, or the activation's derivative cannot be told from its output.
#[allow(clippy::too_many_arguments)]
pub fn backward(
    isa: Isa,
    shape: &DepthwiseShape,
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
    shape.check(x, w, db.as_deref(), dy);
    assert_eq!(dw.len(), w.len(), "dw must be as long as w");
    if let Some(dx) = &dx {
        assert_eq!(dx.len(), x.len(), "dx must be as long as x");
    }
    assert!(workspace.len() >= workspace_len(shape), "the workspace is too small");
    if activation != FusedActivation::Linear {
        assert_eq!(y.len(), dy.len(), "y must be as long as dy");
    }
    let (_, _, slices) = shape.units();
    let partials = &mut workspace[..slices * shape.partial_len()];
    if shape.batch >= ENOUGH_IMAGES {
        backward::by_images(isa, shape, x, w, y, activation, dy, dx, partials);
    } else {
        if activation != FusedActivation::Linear {
            let chunks = dy.par_chunks_mut(CHUNK).zip(y.par_chunks(CHUNK));
            chunks.for_each(|(dy, y)| fused::mask(isa, y, activation, dy));
        }
        if let Some(dx) = dx {
            backward::input_gradient(isa, shape, w, dy, dx);
        }
        backward::weight_gradient(isa, shape, x, dy, partials);
    }
    reduce(partials, shape.partial_len(), 0, dw);
    if let Some(db) = db {
        reduce(partials, shape.partial_len(), whole_lines(shape.w_len()), db);
    }
}
