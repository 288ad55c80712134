//! Layer normalisation over the last axis (Ba, Kiros & Hinton 2016, as Keras' `LayerNormalization`): each row gets mean 0 and
//! variance 1 by itself, whatever the others are, so that training and inference are the same.
//!
//! A row is gone over while it is in the first-level cache: its mean, its variance about that mean, then its output. The
//! backward pass computes both again from the input, so that nothing has to be kept.

pub mod scalar;
mod simd;

use rayon::prelude::*;

use crate::Isa;
use crate::extent::volume;
use crate::isa::per_isa;
use crate::parallel::CHUNK;

/// `x` is `[rows, channels]`, rows being all axes but the last.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct LayerNormShape {
    pub rows: usize,
    pub channels: usize,
    /// Added to the variance.
    pub epsilon: f32,
}

impl LayerNormShape {
    /// Rows that one task takes.
    fn block_rows(&self) -> usize {
        (CHUNK / self.channels.max(1)).max(1)
    }

    fn block_len(&self) -> usize {
        volume(&[self.block_rows(), self.channels])
    }

    fn blocks(&self) -> usize {
        self.rows.div_ceil(self.block_rows())
    }

    fn check(&self, x: &[f32], per_channel: &[&[f32]]) {
        assert!(self.rows > 0 && self.channels > 0, "rows and channels must not be 0: {self:?}");
        assert_eq!(x.len(), volume(&[self.rows, self.channels]), "x must be rows x channels");
        let fit = per_channel.iter().all(|values| values.len() == self.channels);
        assert!(fit, "gamma, beta and their gradients must have one value per channel");
    }
}

per_isa! {
    fn normalize(epsilon: f32, x: &[f32], gamma: &[f32], beta: &[f32], y: &mut [f32]) = simd::normalize;
    fn gradients(
        epsilon: f32,
        x: &[f32],
        gamma: &[f32],
        dy: &[f32],
        dx: &mut [f32],
        dgamma: &mut [f32],
        dbeta: &mut [f32],
    ) = simd::gradients;
}

/// How many `f32` of workspace [`backward`] needs (monotone in `rows`).
pub fn workspace_len(shape: &LayerNormShape) -> usize {
    volume(&[shape.blocks(), 2, shape.channels])
}

/// `y = (x - mean) / sqrt(variance + epsilon) · gamma + beta`, mean and (biased) variance those of the row, `gamma` and `beta`
/// `[channels]`.
///
/// # Panics
/// Where a slice has the wrong length.
pub fn forward(isa: Isa, shape: &LayerNormShape, x: &[f32], gamma: &[f32], beta: &[f32], y: &mut [f32]) {
    shape.check(x, &[gamma, beta]);
    assert_eq!(y.len(), x.len(), "y must be as long as x");
    let blocks = y.par_chunks_mut(shape.block_len()).zip(x.par_chunks(shape.block_len()));
    blocks.for_each(|(y, x)| normalize(isa, shape.epsilon, x, gamma, beta, y));
}

/// Gradients of [`forward`]; `dx`, `dgamma` and `dbeta` are overwritten.
///
/// # Panics
/// Where a slice has the wrong length.
#[allow(clippy::too_many_arguments)]
pub fn backward(
    isa: Isa,
    shape: &LayerNormShape,
    x: &[f32],
    gamma: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
    workspace: &mut [f32],
) {
    shape.check(x, &[gamma, dgamma, dbeta]);
    assert!(dy.len() == x.len() && dx.len() == x.len(), "dy and dx must be as long as x");
    assert!(workspace.len() >= workspace_len(shape), "the workspace is too small");
    let (channels, block_len) = (shape.channels, shape.block_len());
    let partials = &mut workspace[..workspace_len(shape)];
    let tasks = partials.par_chunks_mut(2 * channels).zip(dx.par_chunks_mut(block_len));
    let tasks = tasks.zip(x.par_chunks(block_len).zip(dy.par_chunks(block_len)));
    tasks.for_each(|((partial, dx), (x, dy))| {
        partial.fill(0.0);
        let (dgamma, dbeta) = partial.split_at_mut(channels);
        gradients(isa, shape.epsilon, x, gamma, dy, dx, dgamma, dbeta);
    });
    // From the first block to the last.
    for c in 0..channels {
        let sum = |at: usize| partials.chunks_exact(2 * channels).map(|block| f64::from(block[at])).sum::<f64>();
        dgamma[c] = sum(c) as f32;
        dbeta[c] = sum(channels + c) as f32;
    }
}
