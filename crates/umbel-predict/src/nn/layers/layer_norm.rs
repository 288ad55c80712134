//! Layer normalization.

use serde::{Deserialize, Serialize};

use super::{Initializer, Mistake, Parameter, Rules, Shape};

/// Normalizes every pixel (or vector) over its channels, then scales and shifts each channel (Keras' `LayerNormalization` over
/// the last axis; Ba, Kiros & Hinton 2016). It does the same in training and inference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LayerNorm {
    /// Added to the variance; more than 0.
    pub epsilon: f32,
}

impl Default for LayerNorm {
    /// Epsilon 1e-3, as in Keras.
    fn default() -> Self {
        LayerNorm { epsilon: 1e-3 }
    }
}

impl LayerNorm {
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the epsilon.
    pub fn epsilon(mut self, epsilon: f32) -> Self {
        self.epsilon = epsilon;
        self
    }
}

impl Rules for LayerNorm {
    fn names(&self) -> (&'static str, &'static str) {
        ("layer_normalization", "LayerNormalization")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        Mistake::unless_small_positive("epsilon", self.epsilon)?;
        Ok(input)
    }

    fn parameters(&self, input: Shape) -> Vec<Parameter> {
        let shape = || vec![input.channels()];
        vec![
            Parameter::trained("gamma", shape(), Initializer::Ones),
            Parameter::trained("beta", shape(), Initializer::Zeros),
        ]
    }
}
