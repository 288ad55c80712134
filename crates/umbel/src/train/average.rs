//! A moving average of the weights, which is validated and kept in their place.

use crate::nn::{Isa, Model, Weights, blend};

/// The average model of a run.
#[derive(Debug)]
pub(super) struct Average {
    momentum: f64,
    pub model: Model,
}

impl Average {
    /// Begins with the model's weights; `None` where the momentum is 0.
    pub fn begin(momentum: f64, model: &Model) -> Option<Self> {
        (momentum > 0.0).then(|| Average { momentum, model: model.clone() })
    }

    /// Takes the weights after the update of that number, from 1. Batch norm's moving statistics are averaged like all
    /// others. Early on, less of the past is kept (as in TensorFlow's `ExponentialMovingAverage` with `num_updates`).
    pub fn take(&mut self, isa: Isa, update: u64, weights: &Weights) {
        let early = (1.0 + update as f64) / (10.0 + update as f64);
        let share = 1.0 - self.momentum.min(early);
        blend(isa, share as f32, weights, self.model.weights_mut());
    }
}
