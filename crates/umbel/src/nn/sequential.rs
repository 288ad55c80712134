//! A stack of layers, as in Keras: built in Rust layer by layer or read from TOML, checked when built.

use serde::{Deserialize, Serialize};

use super::Layer;
use crate::Result;
use crate::base::augmentation::AugmentLayer;

/// The architecture: input shape (height, width, channels) and layers in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequential {
    input: (usize, usize, usize),
    layers: Vec<Layer>,
}

impl Sequential {
    /// An empty stack for pictures of `height` x `width` x `channels`.
    pub fn new(input: (usize, usize, usize)) -> Self {
        Sequential { input, layers: Vec::new() }
    }
    /// Adds a layer: `Sequential::new((180, 180, 3)).add(Rescaling::new(1.0 / 255.0)).add(Conv2d::new(16, 3) ...)`.
    #[allow(clippy::should_implement_trait)]
    pub fn add(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }
    /// Reads a stack from TOML text (`[[layer]]` tables with a `kind`); unknown keys are errors.
    pub fn from_toml(text: &str, input: (usize, usize, usize)) -> Result<Self> {
        todo!()
    }
    /// Height, width, channels.
    pub fn input(&self) -> (usize, usize, usize) {
        self.input
    }
    /// The layers in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
    /// The augmentation layers (they stand first), for the loader.
    pub fn augmentation(&self) -> Vec<AugmentLayer> {
        todo!()
    }
    /// Number of outputs of the last layer. Fails where the shapes do not fit: the error names the layer.
    pub fn classes(&self) -> Result<usize> {
        todo!()
    }
}
