//! Batch normalisation over all axes but the last (Ioffe & Szegedy 2015, as in Keras), fused with an activation.
//!
//! Mean and variance come from one pass over memory: each block of rows gives its own sum and its squares about its own
//! mean while it is in the cache, and the blocks are merged in order, in `f64` (Chan, Golub & LeVeque 1983). The backward
//! pass computes again from the input what the activation let through, so that it reads no output.

pub mod scalar;
mod simd;

use rayon::prelude::*;

use crate::extent::{total, volume};
use crate::isa::per_isa;
use crate::parallel::CHUNK;
use crate::sums::add_rows;
use crate::{FusedActivation, Isa};

/// `x` is `[rows, channels]`, rows being batch · height · width.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct BatchNormShape {
    pub rows: usize,
    pub channels: usize,
    pub epsilon: f32,
    /// Applied to the output; a clamp.
    pub activation: FusedActivation,
}

impl BatchNormShape {
    fn block_rows(&self) -> usize {
        (CHUNK / self.channels.max(1)).max(1)
    }

    fn block_len(&self) -> usize {
        volume(&[self.block_rows(), self.channels])
    }

    fn check(&self, x: &[f32], per_channel: &[&[f32]]) {
        assert!(self.activation.is_clamp(), "{:?} cannot be fused with batch norm", self.activation);
        assert!(self.rows > 0 && self.channels > 0, "rows and channels must not be 0: {self:?}");
        assert_eq!(x.len(), volume(&[self.rows, self.channels]), "x must be rows x channels");
        let fit = per_channel.iter().all(|values| values.len() == self.channels);
        assert!(fit, "everything but x, y and their gradients must have one value per channel");
    }
}

/// What the forward pass does to each channel: `activation((x - mean) · scale + shift)`.
#[derive(Clone, Copy)]
struct Forward<'a> {
    mean: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    activation: FusedActivation,
}

per_isa! {
    fn squares(rows: &[f32], mean: &[f32], sums: &mut [f32]) = simd::squares;
    fn products(x: &[f32], dy: &[f32], forward: &Forward<'_>, sums: &mut [f32], weighted: &mut [f32]) = simd::products;
    fn normalize(x: &[f32], forward: &Forward<'_>, y: &mut [f32]) = simd::normalize;
    fn combine(
        x: &[f32],
        dy: &[f32],
        forward: &Forward<'_>,
        of_dy: &[f32],
        of_x: &[f32],
        constant: &[f32],
        dx: &mut [f32],
    ) = simd::combine;
}

/// How many `f32` of workspace the training calls need (monotone in `rows`).
pub fn workspace_len(shape: &BatchNormShape) -> usize {
    let blocks = shape.rows.div_ceil(shape.block_rows());
    volume(&[total(&[volume(&[2, blocks]).max(3), 1]), shape.channels])
}

/// Normalises with the batch's own mean and (biased) variance; `mean` and `inverse_deviation` (`[channels]`) are kept
/// for the backward pass, `moving_mean` and `moving_variance` move by `1 - momentum` towards the batch's, as in Keras.
///
/// # Panics
/// Where a slice has the wrong length.
#[allow(clippy::too_many_arguments)]
pub fn forward_training(
    isa: Isa,
    shape: &BatchNormShape,
    momentum: f32,
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    y: &mut [f32],
    mean: &mut [f32],
    inverse_deviation: &mut [f32],
    moving_mean: &mut [f32],
    moving_variance: &mut [f32],
    workspace: &mut [f32],
) {
    shape.check(x, &[gamma, beta, mean, inverse_deviation, moving_mean, moving_variance]);
    assert_eq!(y.len(), x.len(), "y must be as long as x");
    assert!(workspace.len() >= workspace_len(shape), "the workspace is too small");
    let channels = shape.channels;
    let blocks = &mut workspace[..shape.rows.div_ceil(shape.block_rows()) * 2 * channels];
    blocks.par_chunks_mut(2 * channels).zip(x.par_chunks(shape.block_len())).for_each(|(block, x)| {
        let (block_mean, block_squares) = block.split_at_mut(channels);
        block_mean.fill(0.0);
        add_rows(isa, x, block_mean);
        let rows = (x.len() / channels) as f32;
        block_mean.iter_mut().for_each(|sum| *sum /= rows);
        squares(isa, x, block_mean, block_squares);
    });
    for c in 0..channels {
        let (batch_mean, batch_variance) = merge(shape, blocks, c);
        mean[c] = batch_mean as f32;
        inverse_deviation[c] = (1.0 / (batch_variance + f64::from(shape.epsilon)).sqrt()) as f32;
        moving_mean[c] = moving_mean[c] * momentum + mean[c] * (1.0 - momentum);
        moving_variance[c] = moving_variance[c] * momentum + batch_variance as f32 * (1.0 - momentum);
    }
    let scale = &mut workspace[..channels];
    for c in 0..channels {
        scale[c] = gamma[c] * inverse_deviation[c];
    }
    apply(isa, shape, x, &Forward { mean, scale, shift: beta, activation: shape.activation }, y);
}

/// Mean and biased variance of one channel from those of the blocks.
fn merge(shape: &BatchNormShape, blocks: &[f32], channel: usize) -> (f64, f64) {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for (index, block) in blocks.chunks_exact(2 * shape.channels).enumerate() {
        let rows = (shape.rows - index * shape.block_rows()).min(shape.block_rows()) as f64;
        let distance = f64::from(block[channel]) - mean;
        let total = count + rows;
        mean += distance * rows / total;
        squares += f64::from(block[shape.channels + channel]) + distance * distance * count * rows / total;
        count = total;
    }
    (mean, squares / count)
}

fn apply(isa: Isa, shape: &BatchNormShape, x: &[f32], forward: &Forward<'_>, y: &mut [f32]) {
    let blocks = y.par_chunks_mut(shape.block_len()).zip(x.par_chunks(shape.block_len()));
    blocks.for_each(|(y, x)| normalize(isa, x, forward, y));
}

/// Normalises with the moving statistics.
///
/// # Panics
/// Where a slice has the wrong length.
#[allow(clippy::too_many_arguments)]
pub fn forward_inference(
    isa: Isa,
    shape: &BatchNormShape,
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    moving_mean: &[f32],
    moving_variance: &[f32],
    y: &mut [f32],
) {
    shape.check(x, &[gamma, beta, moving_mean, moving_variance]);
    assert_eq!(y.len(), x.len(), "y must be as long as x");
    let blocks = y.par_chunks_mut(shape.block_len()).zip(x.par_chunks(shape.block_len()));
    blocks.for_each(|(y, x)| {
        crate::parallel::with_scratch(shape.channels, |scale| {
            for ((scale, &gamma), &variance) in scale.iter_mut().zip(gamma).zip(moving_variance) {
                *scale = gamma / (variance + shape.epsilon).sqrt();
            }
            let forward = Forward { mean: moving_mean, scale, shift: beta, activation: shape.activation };
            normalize(isa, x, &forward, y);
        });
    });
}

/// Gradients of [`forward_training`]; `dy` is that of the output after the activation. `dx`, `dgamma` and `dbeta` are overwritten.
///
/// # Panics
/// Where a slice has the wrong length.
#[allow(clippy::too_many_arguments)]
pub fn backward(
    isa: Isa,
    shape: &BatchNormShape,
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    mean: &[f32],
    inverse_deviation: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
    workspace: &mut [f32],
) {
    shape.check(x, &[gamma, beta, mean, inverse_deviation, dgamma, dbeta]);
    assert!(dy.len() == x.len() && dx.len() == x.len(), "dy and dx must be as long as x");
    assert!(workspace.len() >= workspace_len(shape), "the workspace is too small");
    let channels = shape.channels;
    let block_len = shape.block_len();
    let (scale, workspace) = workspace.split_at_mut(channels);
    for c in 0..channels {
        scale[c] = gamma[c] * inverse_deviation[c];
    }
    let forward = Forward { mean, scale, shift: beta, activation: shape.activation };
    let blocks = &mut workspace[..shape.rows.div_ceil(shape.block_rows()) * 2 * channels];
    let tasks = blocks.par_chunks_mut(2 * channels).zip(x.par_chunks(block_len)).zip(dy.par_chunks(block_len));
    tasks.for_each(|((block, x), dy)| {
        let (sums, weighted) = block.split_at_mut(channels);
        products(isa, x, dy, &forward, sums, weighted);
    });
    for c in 0..channels {
        let (mut sum, mut weighted) = (0.0, 0.0);
        for block in blocks.chunks_exact(2 * channels) {
            sum += f64::from(block[c]);
            weighted += f64::from(block[channels + c]);
        }
        dbeta[c] = sum as f32;
        dgamma[c] = (weighted * f64::from(inverse_deviation[c])) as f32;
    }
    let rows = shape.rows as f32;
    let (of_dy, rest) = workspace.split_at_mut(channels);
    let (of_x, rest) = rest.split_at_mut(channels);
    let constant = &mut rest[..channels];
    for c in 0..channels {
        of_dy[c] = gamma[c] * inverse_deviation[c];
        of_x[c] = -of_dy[c] * inverse_deviation[c] * dgamma[c] / rows;
        constant[c] = -of_dy[c] * dbeta[c] / rows;
    }
    let (of_dy, of_x, constant) = (&*of_dy, &*of_x, &*constant);
    let tasks = dx.par_chunks_mut(block_len).zip(x.par_chunks(block_len)).zip(dy.par_chunks(block_len));
    tasks.for_each(|((dx, x), dy)| combine(isa, x, dy, &forward, of_dy, of_x, constant, dx));
}
