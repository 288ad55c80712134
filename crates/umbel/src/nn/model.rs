//! A model: architecture and weights. Plain data; see [`super::Plan`] for what computes.

use super::{Sequential, Summary, Weights};
use crate::Result;

/// An architecture with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    architecture: Sequential,
    weights: Weights,
}

impl Model {
    /// Checks the shapes and draws the weights (Glorot uniform kernels, zero biases, as Keras) from `seed`.
    pub fn new(architecture: Sequential, seed: u64) -> Result<Self> {
        todo!()
    }
    /// Puts given weights to an architecture; names and shapes must agree.
    pub fn from_weights(architecture: Sequential, weights: Weights) -> Result<Self> {
        todo!()
    }
    /// The architecture.
    pub fn architecture(&self) -> &Sequential {
        &self.architecture
    }
    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }
    /// The weights, to be changed in place (not in shape).
    pub fn weights_mut(&mut self) -> &mut Weights {
        &mut self.weights
    }
    /// The layer table.
    pub fn summary(&self) -> Summary {
        todo!()
    }
}
