//! Grouped convolution (Krizhevsky et al. 2012; Xie et al. 2017, "ResNeXt"): the channels are cut into groups, and each
//! group's outputs see that group's inputs only (Keras' argument `groups`).
//!
//! One group after another is taken out of the pictures, goes through the plain convolution's kernels, and is put back.

pub mod scalar;

use rayon::prelude::*;

use crate::conv2d::{self, Conv2dShape, OutputGradient};
use crate::extent::{total, volume};
use crate::parallel::whole_lines;
use crate::{FusedActivation, Isa, fused};

/// Shapes: those of [`Conv2dShape`], but `w [kernel.0, kernel.1, channels_in / groups, channels_out]`: group `g` has the
/// `g`-th share of the inputs and of the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct GroupedShape {
    pub conv: Conv2dShape,
    /// A divisor of both numbers of channels.
    pub groups: usize,
}

/// Pixels (or rows of weights) that one task copies.
const TASK_ROWS: usize = 1024;

impl GroupedShape {
    /// The convolution of one group.
    fn one(&self) -> Conv2dShape {
        let Conv2dShape { channels_in, channels_out, .. } = self.conv;
        let (channels_in, channels_out) = (channels_in / self.groups, channels_out / self.groups);
        Conv2dShape { channels_in, channels_out, ..self.conv }
    }

    fn x_len(&self) -> usize {
        volume(&[self.conv.batch, self.conv.height, self.conv.width, self.conv.channels_in])
    }

    fn y_len(&self) -> usize {
        volume(&[self.conv.batch, self.conv.out_height, self.conv.out_width, self.conv.channels_out])
    }

    fn w_len(&self) -> usize {
        let Conv2dShape { kernel, channels_in, channels_out, .. } = self.conv;
        volume(&[kernel.0, kernel.1, channels_in / self.groups, channels_out])
    }

    fn check(&self, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &[f32]) {
        let Conv2dShape { channels_in, channels_out, .. } = self.conv;
        let divides = |channels: usize| self.groups > 0 && channels.is_multiple_of(self.groups);
        assert!(divides(channels_in) && divides(channels_out), "the groups must divide the channels: {self:?}");
        assert_eq!(x.len(), self.x_len(), "x must have the shape's length");
        assert_eq!(w.len(), self.w_len(), "w must have the shape's length");
        assert_eq!(y.len(), self.y_len(), "y must have the shape's length");
        if let Some(bias) = bias {
            assert_eq!(bias.len(), channels_out, "the bias must have one value per output channel");
        }
    }

    /// Floats of one group's input, weights and output.
    fn lengths(&self) -> [usize; 3] {
        [self.x_len(), self.w_len(), self.y_len()].map(|len| whole_lines(len / self.groups.max(1)))
    }
}

/// How many `f32` of workspace [`forward`] needs for this shape (monotone in `batch`).
pub fn forward_workspace_len(shape: &GroupedShape) -> usize {
    total(&shape.lengths())
}

/// How many `f32` of workspace [`backward`] needs for this shape (monotone in `batch`); also enough for [`forward`].
pub fn workspace_len(shape: &GroupedShape) -> usize {
    let each = forward_workspace_len(shape);
    total(&[each, each, conv2d::workspace_len(&shape.one())])
}

/// `y = activation(conv(x, w) + bias)`, each group by itself.
///
/// # Panics
/// Where a slice does not have the shape's length, or the groups do not divide the channels.
#[allow(clippy::too_many_arguments)]
pub fn forward(
    isa: Isa,
    shape: &GroupedShape,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    activation: FusedActivation,
    y: &mut [f32],
    workspace: &mut [f32],
) {
    shape.check(x, w, bias, y);
    let one = shape.one();
    let [x_one, w_one, y_one] = parts(shape, workspace);
    for group in 0..shape.groups {
        take(x, shape.conv.channels_in, group, one.channels_in, x_one);
        take(w, shape.conv.channels_out, group, one.channels_out, w_one);
        let bias = bias.map(|bias| &bias[group * one.channels_out..][..one.channels_out]);
        conv2d::forward(isa, &one, x_one, w_one, bias, activation, y_one);
        put(y_one, group, one.channels_out, y, shape.conv.channels_out);
    }
}

/// Gradients of [`forward`]. `dy` is the gradient of the output after the activation, `y` that output, which is not read and
/// may be empty where the activation is linear. `dx` is left out where nobody needs it. `dx`, `dw` and `db` are overwritten.
///
/// # Panics
/// Those of [`forward`], and where the activation's derivative cannot be told from its output.
#[allow(clippy::too_many_arguments)]
pub fn backward(
    isa: Isa,
    shape: &GroupedShape,
    x: &[f32],
    w: &[f32],
    y: &[f32],
    activation: FusedActivation,
    dy: &[f32],
    mut dx: Option<&mut [f32]>,
    dw: &mut [f32],
    mut db: Option<&mut [f32]>,
    workspace: &mut [f32],
) {
    shape.check(x, w, db.as_deref(), dy);
    assert_eq!(dw.len(), w.len(), "dw must be as long as w");
    assert!(activation == FusedActivation::Linear || y.len() == dy.len(), "y must be as long as dy");
    if let Some(dx) = &dx {
        assert_eq!(dx.len(), x.len(), "dx must be as long as x");
    }
    assert!(workspace.len() >= workspace_len(shape), "the workspace is too small");
    let one = shape.one();
    let (channels_in, channels_out) = (shape.conv.channels_in, shape.conv.channels_out);
    let (values, rest) = workspace.split_at_mut(forward_workspace_len(shape));
    let (gradients, rest) = rest.split_at_mut(forward_workspace_len(shape));
    let ([x_one, w_one, y_one], [dx_one, dw_one, dy_one]) = (parts(shape, values), parts(shape, gradients));
    for group in 0..shape.groups {
        take(x, channels_in, group, one.channels_in, x_one);
        take(w, channels_out, group, one.channels_out, w_one);
        take(dy, channels_out, group, one.channels_out, dy_one);
        if activation != FusedActivation::Linear {
            take(y, channels_out, group, one.channels_out, y_one);
            let rows = dy_one.par_chunks_mut(crate::parallel::CHUNK).zip(y_one.par_chunks(crate::parallel::CHUNK));
            rows.for_each(|(dy, y)| fused::mask(isa, y, activation, dy));
        }
        let gradient = OutputGradient::Full { dy: dy_one, y: &[], activation: FusedActivation::Linear };
        let dx_wanted = dx.is_some().then_some(&mut *dx_one);
        let db = db.as_deref_mut().map(|db| &mut db[group * one.channels_out..][..one.channels_out]);
        conv2d::backward(isa, &one, x_one, w_one, gradient, dx_wanted, dw_one, db, rest);
        if let Some(dx) = dx.as_deref_mut() {
            put(dx_one, group, one.channels_in, dx, channels_in);
        }
        put(dw_one, group, one.channels_out, dw, channels_out);
    }
}

/// Room for one group's input, weights and output.
fn parts<'a>(shape: &GroupedShape, workspace: &'a mut [f32]) -> [&'a mut [f32]; 3] {
    assert!(workspace.len() >= forward_workspace_len(shape), "the workspace is too small");
    let lengths = shape.lengths();
    let (x, rest) = workspace.split_at_mut(lengths[0]);
    let (w, rest) = rest.split_at_mut(lengths[1]);
    let groups = shape.groups;
    [&mut x[..shape.x_len() / groups], &mut w[..shape.w_len() / groups], &mut rest[..shape.y_len() / groups]]
}

/// The share of `group` of every row of `row` values.
fn take(all: &[f32], row: usize, group: usize, share: usize, one: &mut [f32]) {
    one.par_chunks_mut(TASK_ROWS * share).zip(all.par_chunks(TASK_ROWS * row)).for_each(|(one, all)| {
        for (one, all) in one.chunks_exact_mut(share).zip(all.chunks_exact(row)) {
            one.copy_from_slice(&all[group * share..][..share]);
        }
    });
}

/// The way back.
fn put(one: &[f32], group: usize, share: usize, all: &mut [f32], row: usize) {
    all.par_chunks_mut(TASK_ROWS * row).zip(one.par_chunks(TASK_ROWS * share)).for_each(|(all, one)| {
        for (all, one) in all.chunks_exact_mut(row).zip(one.chunks_exact(share)) {
            all[group * share..][..share].copy_from_slice(one);
        }
    });
}
