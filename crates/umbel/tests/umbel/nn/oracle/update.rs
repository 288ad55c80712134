//! What an update does: clipping, the optimizer, the average.

use umbel::PredictError;
use umbel::nn::steps::Layout;
use umbel::nn::{OptimizerConfig, Tensor, Updates, Weights};
use umbel_kernels::optimizer::{self, AdamStep, SgdStep};
use umbel_kernels::vectors;

use super::{Result, narrow, widen};

/// The optimizer's state. Kept in `f32`, as weights are, and updated in `f64`.
#[derive(Debug)]
pub struct State {
    pub updates: u64,
    pub tensors: Vec<Tensor>,
}

impl State {
    pub fn new(config: &OptimizerConfig, weights: &Weights) -> Self {
        let trained = weights.tensors.iter().filter(|tensor| tensor.trainable);
        let tensor = |weight: &Tensor, kept: &str| Tensor {
            name: format!("{}/{kept}", weight.name),
            data: vec![0.0; weight.data.len()],
            trainable: false,
            ..weight.clone()
        };
        let of = |weight| config.kept().iter().map(move |kept| tensor(weight, kept));
        State { updates: 0, tensors: trained.flat_map(of).collect() }
    }

    /// Takes up the tensors of another.
    pub fn restore(&mut self, updates: u64, mut tensors: Vec<Tensor>) -> Result<()> {
        let (mut taken, mut missing, mut misshapen) = (Vec::new(), Vec::new(), Vec::new());
        for own in &self.tensors {
            match tensors.iter().position(|tensor| tensor.name == own.name).map(|at| tensors.swap_remove(at)) {
                None => missing.push(own.name.clone()),
                Some(came) if came.shape != own.shape => misshapen.push((came.name, came.shape, own.shape.clone())),
                Some(came) => taken.push(came),
            }
        }
        let left_over: Vec<String> = tensors.into_iter().map(|tensor| tensor.name).collect();
        if !(missing.is_empty() && misshapen.is_empty() && left_over.is_empty()) {
            return Err(PredictError::Tensors { what: "the optimizer's tensors", missing, left_over, misshapen });
        }
        *self = State { updates, tensors: taken };
        Ok(())
    }

    /// Changes the weights by the gradients in `flat`.
    pub fn update(
        &mut self,
        updates: &Updates,
        learning_rate: f64,
        weights: &mut Weights,
        layout: &Layout,
        flat: &mut [f64],
    ) {
        self.updates += 1;
        clip(updates.global_clipnorm, layout, flat);
        let kept = updates.optimizer.kept().len();
        let trained = weights.tensors.iter_mut().filter(|tensor| tensor.trainable);
        for (index, (weight, place)) in trained.zip(layout.gradients()).enumerate() {
            let rate = (learning_rate * updates.rates.get(index).unwrap_or(&1.0)) as f32;
            // Biases and batch norm's vectors have no decay.
            let config = if weight.shape.len() > 1 { updates.optimizer } else { updates.optimizer.without_decay() };
            let own = &mut self.tensors[index * kept..][..kept];
            let (mut w, mut state) = (widen(&weight.data), own.iter().map(|t| widen(&t.data)).collect::<Vec<_>>());
            apply(&config, (rate, self.updates), &mut w, &flat[place.clone()], &mut state);
            weight.data = narrow(&w);
            own.iter_mut().zip(&state).for_each(|(own, state)| own.data = narrow(state));
        }
    }

    /// Moves the average towards the weights.
    pub fn blend(&self, momentum: f64, weights: &Weights, average: &mut Weights) {
        let updates = self.updates as f64;
        let kept = momentum.min((1.0 + updates) / (10.0 + updates));
        for (new, average) in weights.tensors.iter().zip(&mut average.tensors) {
            let mut wide = widen(&average.data);
            vectors::scalar::blend(1.0 - kept, &widen(&new.data), &mut wide);
            average.data = narrow(&wide);
        }
    }
}

fn clip(limit: f64, layout: &Layout, flat: &mut [f64]) {
    let squares = layout.gradients().iter().map(|place| vectors::scalar::sum_of_squares(&flat[place.clone()]));
    let norm = squares.sum::<f64>().sqrt();
    if limit > 0.0 && norm > limit {
        layout.gradients().iter().for_each(|place| vectors::scalar::scale(limit / norm, &mut flat[place.clone()]));
    }
}

fn apply(
    config: &OptimizerConfig,
    (learning_rate, step): (f32, u64),
    weights: &mut [f64],
    gradient: &[f64],
    state: &mut [Vec<f64>],
) {
    let (beta_1, beta_2, epsilon, weight_decay) = match *config {
        OptimizerConfig::Adam { beta_1, beta_2, epsilon } => (beta_1, beta_2, epsilon, 0.0),
        OptimizerConfig::AdamW { beta_1, beta_2, epsilon, weight_decay } => (beta_1, beta_2, epsilon, weight_decay),
        OptimizerConfig::Sgd { momentum, nesterov, weight_decay } => {
            let options = SgdStep { learning_rate, momentum, nesterov, weight_decay };
            let velocity = state.first_mut().map_or(&mut [][..], |velocity| velocity);
            return optimizer::scalar::sgd(&options, weights, gradient, velocity);
        }
    };
    let options = AdamStep { learning_rate, beta_1, beta_2, epsilon, weight_decay, step };
    let [m, v] = state else { unreachable!("Adam keeps two tensors for every weight") };
    optimizer::scalar::adam(&options, weights, gradient, m, v);
}
