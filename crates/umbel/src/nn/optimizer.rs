//! Optimisers with Keras' names and defaults, and their state as named tensors (for checkpoints).

use serde::{Deserialize, Serialize};

use super::{Tensor, Weights};
use crate::Result;

/// Which optimiser, with its settings. The learning rate is given step by step (see [`super::Schedule`]).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum OptimizerConfig {
    Adam { beta_1: f32, beta_2: f32, epsilon: f32 },
    AdamW { beta_1: f32, beta_2: f32, epsilon: f32, weight_decay: f32 },
    Sgd { momentum: f32, nesterov: bool },
}

impl OptimizerConfig {
    /// Adam with Keras' defaults (0.9, 0.999, 1e-7).
    pub fn adam() -> Self {
        OptimizerConfig::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
    /// AdamW with Keras' defaults (weight decay 0.004).
    pub fn adam_w() -> Self {
        OptimizerConfig::AdamW { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, weight_decay: 0.004 }
    }
    /// Plain stochastic gradient descent with a momentum.
    pub fn sgd(momentum: f32) -> Self {
        OptimizerConfig::Sgd { momentum, nesterov: false }
    }
}

/// An optimiser at work on one model's weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer {}

impl Optimizer {
    /// Fresh state (zeros) for these weights.
    pub fn new(config: OptimizerConfig, weights: &Weights) -> Self {
        todo!()
    }
    /// Steps done so far.
    pub fn steps(&self) -> u64 {
        todo!()
    }
    /// The state as named tensors (`<weight>/m`, `<weight>/v`, `<weight>/velocity`).
    pub fn state(&self) -> Vec<Tensor> {
        todo!()
    }
    /// Takes up a state made by [`Optimizer::state`] after `steps` steps; names and shapes must agree.
    pub fn restore(&mut self, steps: u64, state: Vec<Tensor>) -> Result<()> {
        todo!()
    }
}
