//! Optimizers with Keras' names and defaults: their settings. An engine does the arithmetic.

use serde::{Deserialize, Serialize};

use super::Weights;
use crate::base::settings::is_default;

/// Which optimizer, with its settings. The learning rate is given step by step (see [`super::Schedule`]).
///
/// Weight decay is decoupled (Loshchilov & Hutter 2019) and for kernels alone: biases and batch norm's scales and offsets are
/// left out, as in timm (He et al. 2019, "Bag of Tricks", 3.1) and in Keras with `exclude_from_weight_decay`.
///
/// In TOML, `kind = "adam"`, `"adam_w"` or `"sgd"`; settings that are left out have Keras' defaults.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum OptimizerConfig {
    Adam {
        #[serde(default = "beta_1")]
        beta_1: f32,
        #[serde(default = "beta_2")]
        beta_2: f32,
        #[serde(default = "epsilon")]
        epsilon: f32,
    },
    AdamW {
        #[serde(default = "beta_1")]
        beta_1: f32,
        #[serde(default = "beta_2")]
        beta_2: f32,
        #[serde(default = "epsilon")]
        epsilon: f32,
        #[serde(default = "weight_decay")]
        weight_decay: f32,
    },
    Sgd {
        #[serde(default)]
        momentum: f32,
        #[serde(default)]
        nesterov: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        weight_decay: f32,
    },
}

fn beta_1() -> f32 {
    0.9
}

fn beta_2() -> f32 {
    0.999
}

fn epsilon() -> f32 {
    1e-7
}

fn weight_decay() -> f32 {
    0.004
}

impl OptimizerConfig {
    /// Adam with Keras' defaults (0.9, 0.999, 1e-7).
    pub fn adam() -> Self {
        OptimizerConfig::Adam { beta_1: beta_1(), beta_2: beta_2(), epsilon: epsilon() }
    }
    /// AdamW with Keras' defaults (weight decay 0.004, of kernels alone).
    pub fn adam_w() -> Self {
        OptimizerConfig::AdamW { beta_1: beta_1(), beta_2: beta_2(), epsilon: epsilon(), weight_decay: weight_decay() }
    }
    /// Plain stochastic gradient descent with a momentum.
    pub fn sgd(momentum: f32) -> Self {
        OptimizerConfig::Sgd { momentum, nesterov: false, weight_decay: 0.0 }
    }

    /// The same for biases and for batch norm's vectors.
    pub fn without_decay(mut self) -> Self {
        match &mut self {
            OptimizerConfig::Adam { .. } => {}
            OptimizerConfig::AdamW { weight_decay, .. } | OptimizerConfig::Sgd { weight_decay, .. } => {
                *weight_decay = 0.0
            }
        }
        self
    }

    /// Bytes of the state that these weights will need.
    pub fn state_bytes(&self, weights: &Weights) -> usize {
        let trained = weights.tensors.iter().filter(|tensor| tensor.trainable);
        self.kept().len() * trained.map(|tensor| size_of_val(tensor.data.as_slice())).sum::<usize>()
    }

    /// Names of the tensors that are kept for every weight.
    pub fn kept(&self) -> &'static [&'static str] {
        match self {
            OptimizerConfig::Adam { .. } | OptimizerConfig::AdamW { .. } => &["m", "v"],
            OptimizerConfig::Sgd { momentum, .. } if *momentum == 0.0 => &[],
            OptimizerConfig::Sgd { .. } => &["velocity"],
        }
    }
}
