//! Weights in the order in which the matrix product reads them, and turned where Winograd's tiles want them so, made once for
//! many forward passes.

use rayon::prelude::*;

use super::operand::panels_len;
use super::weights::Weights;
use super::{Conv2dShape, FusedActivation, Isa, forward, winograd};
use crate::extent::volume;
use crate::gemm::{F32, MAX_PANEL_WIDTH, panel_width};

/// How many `f32` the packed weights take, on any instruction set (for Winograd's tiles 16/9 of the weights and more); 0 where
/// packing gains nothing, because all output channels are one panel.
pub fn packed_len(shape: &Conv2dShape) -> usize {
    if winograd::fits(shape) {
        return winograd::turned_len(shape.channels_in, shape.channels_out);
    }
    if shape.channels_out <= MAX_PANEL_WIDTH {
        return 0;
    }
    let columns = shape.channels_out.next_multiple_of(MAX_PANEL_WIDTH);
    volume(&[shape.kernel.0, shape.kernel.1, shape.channels_in, columns])
}

/// Packs `w`, each output channel times its factor where there are `factors`, for [`forward_packed`] and
/// [`forward_pool_packed`] on the same instruction set.
///
/// # Panics
/// Where a slice does not have the shape's length, or packing gains nothing.
pub fn pack(isa: Isa, shape: &Conv2dShape, w: &[f32], factors: Option<&[f32]>, packed: &mut [f32]) {
    assert_eq!(w.len(), shape.w_len(), "w must have the shape's length");
    check(shape, packed);
    let n = shape.channels_out;
    if let Some(factors) = factors {
        assert_eq!(factors.len(), n, "there must be one factor per output channel");
    }
    if winograd::fits(shape) {
        return winograd::turn(isa, shape, w, factors, packed);
    }
    let (width, rows) = (panel_width(isa), w.len() / n);
    let panels = &mut packed[..len_for(isa, shape)];
    panels.par_chunks_mut(rows * width).enumerate().for_each(|(index, panel)| {
        let first = index * width;
        let columns = (n - first).min(width);
        for (row, to) in panel.chunks_exact_mut(width).enumerate() {
            let from = &w[row * n + first..][..columns];
            match factors {
                None => to[..columns].copy_from_slice(from),
                Some(factors) => {
                    let scaled = to.iter_mut().zip(from).zip(&factors[first..]);
                    scaled.for_each(|((to, from), factor)| *to = from * factor);
                }
            }
            to[columns..].fill(0.0);
        }
    });
}

/// [`forward`](super::forward) with weights that [`pack`] made, to the same bits.
///
/// # Panics
/// Those of [`forward`](super::forward).
#[allow(clippy::too_many_arguments)]
pub fn forward_packed(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    packed: &[f32],
    bias: Option<&[f32]>,
    activation: FusedActivation,
    y: &mut [f32],
) {
    check(shape, packed);
    shape.check_pictures(x, bias);
    assert_eq!(y.len(), shape.y_len(), "y must have the shape's length");
    if shape.y_len() > 0 {
        let weights = Weights { w: &packed[..len_for(isa, shape)], packed: true, bias, activation };
        forward::forward::<F32>(isa, shape, x, weights, y);
    }
}

/// [`forward_pool`](super::forward_pool) with weights that [`pack`] made, to the same bits, for inference.
///
/// # Panics
/// Those of [`forward_pool`](super::forward_pool).
#[allow(clippy::too_many_arguments)]
pub fn forward_pool_packed(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    packed: &[f32],
    bias: Option<&[f32]>,
    activation: FusedActivation,
    pooled: &mut [f32],
) {
    check(shape, packed);
    shape.check_pictures(x, bias);
    assert!(activation.is_clamp(), "{activation:?} cannot be applied after the maximum");
    assert_eq!(pooled.len(), shape.pooled_len(), "pooled must have the shape's length");
    if shape.pooled_len() > 0 {
        let weights = Weights { w: &packed[..len_for(isa, shape)], packed: true, bias, activation };
        forward::forward_pool::<F32>(isa, shape, x, weights, pooled, None);
    }
}

fn check(shape: &Conv2dShape, packed: &[f32]) {
    let len = packed_len(shape);
    assert!(len > 0, "there is nothing to pack in {shape:?}");
    assert_eq!(packed.len(), len, "the packed weights must be as long as packed_len says");
}

/// The part of [`packed_len`] that is used on this instruction set.
fn len_for(isa: Isa, shape: &Conv2dShape) -> usize {
    if !winograd::fits(shape) {
        return panels_len(isa, shape);
    }
    volume(&[winograd::POINTS, shape.channels_in, shape.channels_out.next_multiple_of(panel_width(isa))])
}
