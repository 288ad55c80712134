//! A model compiled for one batch size: fused steps over one arena. A step allocates nothing.

use super::{Isa, LossSum, Model, Optimizer, Weights};
use crate::Result;

/// The compiled form of a model. Holds buffers, not weights.
#[derive(Debug)]
pub struct Plan {}

impl Plan {
    /// For training with up to `batch` samples at a time.
    pub fn training(model: &Model, batch: usize, isa: Isa) -> Result<Self> {
        todo!()
    }
    /// For inference with up to `batch` samples at a time.
    pub fn inference(model: &Model, batch: usize, isa: Isa) -> Result<Self> {
        todo!()
    }
    /// The largest batch.
    pub fn batch(&self) -> usize {
        todo!()
    }
    /// Bytes of all buffers.
    pub fn memory_bytes(&self) -> usize {
        todo!()
    }
    /// Outputs of the last layer, `[n, classes]`, for `images` `[n, height, width, channels]` (0..=255), n up to `batch`.
    /// Dropout is off, batch norm uses its moving statistics.
    pub fn infer(&mut self, weights: &Weights, images: &[f32]) -> &[f32] {
        todo!()
    }
    /// One training step: forward, loss, backward, update. `dropout_key` names the dropout masks. `top_k` as in [`LossSum`].
    pub fn train_step(
        &mut self,
        weights: &mut Weights,
        optimizer: &mut Optimizer,
        learning_rate: f64,
        images: &[f32],
        labels: &[u32],
        dropout_key: u64,
    ) -> LossSum {
        todo!()
    }
    /// Forward and backward without the update; gradients of the trainable tensors, in the order of the weights.
    pub fn gradients(
        &mut self,
        weights: &mut Weights,
        images: &[f32],
        labels: &[u32],
        dropout_key: u64,
    ) -> (LossSum, Vec<Vec<f32>>) {
        todo!()
    }
}
