//! Batch normalization.

use serde::{Deserialize, Serialize};

use super::{Initializer, Mistake, Parameter, Rules, Shape};

/// Normalizes every channel over the batch and all pixels, then scales and shifts it (Keras' `BatchNormalization`).
/// Inference uses moving averages of the batches' mean and variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchNorm {
    /// How much of the moving averages a step keeps, 0 to 1.
    pub momentum: f32,
    /// Added to the variance; more than 0.
    pub epsilon: f32,
}

impl Default for BatchNorm {
    /// Momentum 0.99, epsilon 1e-3, as in Keras.
    fn default() -> Self {
        BatchNorm { momentum: 0.99, epsilon: 1e-3 }
    }
}

impl BatchNorm {
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the momentum.
    pub fn momentum(mut self, momentum: f32) -> Self {
        self.momentum = momentum;
        self
    }

    /// Sets the epsilon.
    pub fn epsilon(mut self, epsilon: f32) -> Self {
        self.epsilon = epsilon;
        self
    }
}

/// The name of the weight that is one.
pub(crate) const MOVING_VARIANCE: &str = "moving_variance";

impl Rules for BatchNorm {
    fn names(&self) -> (&'static str, &'static str) {
        ("batch_normalization", "BatchNormalization")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Mistake::new("momentum", self.momentum, "from 0 to 1"));
        }
        Mistake::unless_small_positive("epsilon", self.epsilon)?;
        Ok(input)
    }

    fn parameters(&self, input: Shape) -> Vec<Parameter> {
        let shape = || vec![input.channels()];
        vec![
            Parameter::trained("gamma", shape(), Initializer::Ones),
            Parameter::trained("beta", shape(), Initializer::Zeros),
            Parameter::kept("moving_mean", shape(), Initializer::Zeros),
            Parameter::kept(MOVING_VARIANCE, shape(), Initializer::Ones),
        ]
    }
}
