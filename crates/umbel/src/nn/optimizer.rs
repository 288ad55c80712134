//! Optimizers with Keras' names and defaults, and their state as named tensors (for checkpoints).

use serde::{Deserialize, Serialize};
use umbel_kernels::optimizer::{AdamStep, SgdStep, adam, sgd};

use super::layers::Initializer;
use super::weights::{self, TensorSpec};
use super::{Isa, Tensor, Weights};
use crate::Result;
use crate::base::settings::{is_default, within};

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
    fn without_decay(mut self) -> Self {
        match &mut self {
            OptimizerConfig::Adam { .. } => {}
            OptimizerConfig::AdamW { weight_decay, .. } | OptimizerConfig::Sgd { weight_decay, .. } => {
                *weight_decay = 0.0
            }
        }
        self
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`crate::Error::Setting`].
    pub fn validate(&self) -> Result<()> {
        let decay = match *self {
            OptimizerConfig::Adam { .. } => 0.0,
            OptimizerConfig::AdamW { weight_decay, .. } => weight_decay,
            OptimizerConfig::Sgd { momentum, weight_decay, .. } => {
                let holds = (0.0..1.0).contains(&momentum);
                within("optimizer.momentum", f64::from(momentum), "from 0 to below 1", holds)?;
                weight_decay
            }
        };
        within("optimizer.weight_decay", f64::from(decay), "a number from 0", decay >= 0.0)
    }

    /// Bytes of the state that these weights will need.
    pub fn state_bytes(&self, weights: &Weights) -> usize {
        let trained = weights.tensors.iter().filter(|tensor| tensor.trainable);
        self.kept().len() * trained.map(|tensor| size_of_val(tensor.data.as_slice())).sum::<usize>()
    }

    /// Names of the tensors kept for every weight.
    fn kept(&self) -> &'static [&'static str] {
        match self {
            OptimizerConfig::Adam { .. } | OptimizerConfig::AdamW { .. } => &["m", "v"],
            OptimizerConfig::Sgd { momentum, .. } if *momentum == 0.0 => &[],
            OptimizerConfig::Sgd { .. } => &["velocity"],
        }
    }
}

/// An optimizer at work on one model's weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer {
    config: OptimizerConfig,
    steps: u64,
    /// For every trainable tensor in order, the tensors that [`OptimizerConfig::kept`] names.
    state: Vec<Tensor>,
    /// What multiplies the learning rate of each trainable tensor; empty: nothing.
    rates: Vec<f64>,
}

impl Optimizer {
    /// Fresh state (zeros) for these weights.
    pub fn new(config: OptimizerConfig, weights: &Weights) -> Self {
        let mut state = Vec::new();
        for weight in weights.tensors.iter().filter(|tensor| tensor.trainable) {
            for kept in config.kept() {
                state.push(Tensor {
                    name: format!("{}/{kept}", weight.name),
                    shape: weight.shape.clone(),
                    data: vec![0.0; weight.data.len()],
                    trainable: false,
                });
            }
        }
        Optimizer { config, steps: 0, state, rates: Vec::new() }
    }

    /// With factors of the learning rate, one for every trainable tensor in order (discriminative learning rates, Howard &
    /// Ruder 2018, "Universal Language Model Fine-tuning"). They are settings, not state: a restored optimizer needs them
    /// again.
    pub fn with_rates(mut self, rates: Vec<f64>) -> Self {
        self.rates = rates;
        self
    }

    /// The settings.
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// Steps done so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Bytes of the state.
    pub fn memory_bytes(&self) -> usize {
        self.state.iter().map(|tensor| size_of_val(tensor.data.as_slice())).sum()
    }

    /// The state as named tensors (`<weight>/m`, `<weight>/v`, `<weight>/velocity`).
    pub fn state(&self) -> Vec<Tensor> {
        self.state.clone()
    }

    /// [`Optimizer::state`], not copied.
    pub fn tensors(&self) -> &[Tensor] {
        &self.state
    }

    /// Takes up a state made by [`Optimizer::state`] after `steps` steps; names and shapes must agree.
    ///
    /// # Errors
    /// [`crate::Error::Tensors`]; the optimizer is unchanged then.
    pub fn restore(&mut self, steps: u64, state: Vec<Tensor>) -> Result<()> {
        let spec = |tensor: &Tensor| TensorSpec {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            trainable: false,
            initializer: Initializer::Zeros,
        };
        let specs: Vec<TensorSpec> = self.state.iter().map(spec).collect();
        self.state = weights::matched("the optimizer's tensors", &specs, state)?;
        self.steps = steps;
        Ok(())
    }

    /// One update of every trainable tensor; `gradients` has one entry for each, in order.
    ///
    /// # Panics
    /// Where weights or gradients are not those that the optimizer was made for.
    pub(crate) fn update(&mut self, isa: Isa, learning_rate: f64, weights: &mut Weights, gradients: &[Vec<f32>]) {
        self.steps += 1;
        let trained = weights.tensors.iter_mut().filter(|tensor| tensor.trainable);
        let n_kept = self.config.kept().len();
        assert!(self.state.len() == n_kept * gradients.len(), "the optimizer was made for other weights");
        assert!(self.rates.is_empty() || self.rates.len() == gradients.len(), "one rate for each trained tensor");
        for (index, (weight, gradient)) in trained.zip(gradients).enumerate() {
            let state = &mut self.state[index * n_kept..(index + 1) * n_kept];
            let config = if weight.shape.len() > 1 { self.config } else { self.config.without_decay() };
            let learning_rate = learning_rate * self.rates.get(index).unwrap_or(&1.0);
            apply(isa, &config, (learning_rate, self.steps), &mut weight.data, gradient, state);
        }
    }
}

fn apply(
    isa: Isa,
    config: &OptimizerConfig,
    (learning_rate, step): (f64, u64),
    weights: &mut [f32],
    gradient: &[f32],
    state: &mut [Tensor],
) {
    let learning_rate = learning_rate as f32;
    let (beta_1, beta_2, epsilon, weight_decay) = match *config {
        OptimizerConfig::Adam { beta_1, beta_2, epsilon } => (beta_1, beta_2, epsilon, 0.0),
        OptimizerConfig::AdamW { beta_1, beta_2, epsilon, weight_decay } => (beta_1, beta_2, epsilon, weight_decay),
        OptimizerConfig::Sgd { momentum, nesterov, weight_decay } => {
            let options = SgdStep { learning_rate, momentum, nesterov, weight_decay };
            let velocity = state.first_mut().map_or(&mut [][..], |tensor| &mut tensor.data);
            return sgd(isa, &options, weights, gradient, velocity);
        }
    };
    let options = AdamStep { learning_rate, beta_1, beta_2, epsilon, weight_decay, step };
    match state {
        [m, v] => adam(isa, &options, weights, gradient, &mut m.data, &mut v.data),
        _ => unreachable!("Adam keeps two tensors for every weight"),
    }
}
