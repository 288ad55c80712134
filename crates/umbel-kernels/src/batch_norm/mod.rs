//! Batch normalisation over all axes but the last.

use crate::Isa;

/// `x` is `[rows, channels]`, rows being batch · height · width.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct BatchNormShape {
    pub rows: usize,
    pub channels: usize,
    pub epsilon: f32,
}

/// How many `f32` of workspace the training calls need (monotone in `rows`).
pub fn workspace_len(shape: &BatchNormShape) -> usize {
    todo!()
}

/// Normalises with the batch's own mean and (biased) variance; `mean` and `inverse_deviation` (`[channels]`) are kept
/// for the backward pass, `moving_mean` and `moving_variance` move by `1 - momentum` towards the batch's, as in Keras.
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
    todo!()
}

/// Normalises with the moving statistics.
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
    todo!()
}

/// Gradients of [`forward_training`].
#[allow(clippy::too_many_arguments)]
pub fn backward(
    isa: Isa,
    shape: &BatchNormShape,
    x: &[f32],
    gamma: &[f32],
    mean: &[f32],
    inverse_deviation: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
    workspace: &mut [f32],
) {
    todo!()
}
