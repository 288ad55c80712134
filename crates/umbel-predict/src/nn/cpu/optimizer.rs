//! An optimizer at work: its state as named tensors (for checkpoints).

use std::ops::Range;

use umbel_kernels::Isa;
use umbel_kernels::optimizer::{AdamStep, SgdStep, adam, sgd};

use crate::Result;
use crate::nn::layers::Initializer;
use crate::nn::weights::{self, TensorSpec};
use crate::nn::{OptimizerConfig, Tensor, Weights};

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

    /// One update of every trainable tensor; the gradient of each lies at its place, in order, among `all`.
    ///
    /// # Panics
    /// Where weights or gradients are not those that the optimizer was made for.
    pub fn update(
        &mut self,
        isa: Isa,
        learning_rate: f64,
        weights: &mut Weights,
        ranges: &[Range<usize>],
        all: &[f32],
    ) {
        self.steps += 1;
        let trained = weights.tensors.iter_mut().filter(|tensor| tensor.trainable);
        let n_kept = self.config.kept().len();
        assert!(self.state.len() == n_kept * ranges.len(), "the optimizer was made for other weights");
        assert!(self.rates.is_empty() || self.rates.len() == ranges.len(), "one rate for each trained tensor");
        for (index, (weight, range)) in trained.zip(ranges).enumerate() {
            let gradient = &all[range.clone()];
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
