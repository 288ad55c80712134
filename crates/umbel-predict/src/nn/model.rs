//! A model: architecture and weights. Plain data; see [`super::engine`] for what computes.

use std::collections::HashSet;

use super::layers::{Layer, MOVING_VARIANCE};
use super::steps::{Steps, Use, featured};
use super::weights::{self, TensorSpec};
use super::{Graph, Summary, Weights};
use crate::Result;

/// An architecture with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    architecture: Graph,
    weights: Weights,
}

impl Model {
    /// Checks the shapes and draws the weights (Glorot uniform kernels, zero biases, as Keras) from `seed`.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn new(architecture: impl Into<Graph>, seed: u64) -> Result<Self> {
        let architecture = architecture.into();
        let weights = Weights::initialize(&TensorSpec::of(&architecture)?, seed);
        Ok(Model { architecture, weights })
    }

    /// Puts given weights to an architecture; names and shapes must agree, the order need not. Which of them are trained
    /// is what the architecture says.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`], and [`crate::Error::Tensors`] with the names that are missing, left over or of
    /// another shape.
    pub fn from_weights(architecture: impl Into<Graph>, weights: Weights) -> Result<Self> {
        let architecture = architecture.into();
        let specs = TensorSpec::of(&architecture)?;
        let tensors = weights::matched("the weights", &specs, weights.tensors)?;
        Ok(Model { architecture, weights: Weights { tensors: tensors.into() } })
    }

    /// The same weights for square pictures of another size.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`], and [`crate::Error::Tensors`] where a weight's shape depends on the pictures' size.
    pub fn with_input_size(&self, size: usize) -> Result<Self> {
        Self::from_weights(self.architecture.with_input_size(size)?, self.weights.clone())
    }

    /// The architecture.
    pub fn architecture(&self) -> &Graph {
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

    /// The same architecture with these weights, which have to be of its tensors in its order.
    ///
    /// # Panics
    /// Where they are not.
    pub fn with(&self, weights: Weights) -> Self {
        let names = |weights: &Weights| -> Vec<String> { weights.tensors.iter().map(|t| t.name.clone()).collect() };
        let own = TensorSpec::of(&self.architecture).expect("the architecture was checked when the model was built");
        let fits = own.iter().map(|spec| &spec.name).eq(weights.tensors.iter().map(|tensor| &tensor.name));
        assert!(fits, "weights of another model: {:?}", names(&weights));
        Model { architecture: self.architecture.clone(), weights }
    }

    /// Takes the weights out, and leaves none until they are given back by [`Model::weights_mut`].
    pub fn take(&mut self) -> Self {
        Model { architecture: self.architecture.clone(), weights: std::mem::take(&mut self.weights) }
    }

    /// Whether the weights are still those of the architecture, after [`Model::weights_mut`].
    ///
    /// # Errors
    /// Those of [`Graph::resolve`], and [`crate::Error::Tensors`].
    pub fn check(&self) -> Result<()> {
        weights::check("the weights", &TensorSpec::of(&self.architecture)?, &self.weights)
    }

    /// The name of a moving variance that is below 0, which no data give; its root is no number.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub(crate) fn negative_variance(&self) -> Result<Option<String>> {
        let layers = self.architecture.resolve()?;
        let norms = layers.iter().filter(|layer| matches!(layer.layer, Layer::BatchNorm(_)));
        let names: HashSet<String> = norms.map(|layer| format!("{}/{MOVING_VARIANCE}", layer.name)).collect();
        let bad = self
            .weights
            .tensors
            .iter()
            .find(|tensor| names.contains(&tensor.name) && tensor.data.iter().any(|v| *v < 0.0));
        Ok(bad.map(|tensor| tensor.name.clone()))
    }

    /// How many numbers [`Infer::infer_with_features`](super::Infer::infer_with_features) tells a picture by.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn features(&self) -> Result<usize> {
        let steps = self.inference()?;
        Ok(featured(steps.list.iter().map(|step| &step.op)).iter().map(|(_, channels)| channels).sum())
    }

    /// What the last layer reads: the number of the step whose output it is, as [`Infer::infer_watched`](super::Infer::infer_watched)
    /// tells of it, and how many numbers of one picture. `None` where the last layer is no dense one, or reads the picture itself.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn last_input(&self) -> Result<Option<(usize, usize)>> {
        Ok(self.inference()?.last_input())
    }

    fn inference(&self) -> Result<Steps> {
        let (height, width, channels) = self.architecture.input();
        Ok(Steps::of(height * width * channels, &self.architecture.resolve()?, Use::Inference))
    }

    /// The weights by themselves.
    pub fn into_weights(self) -> Weights {
        self.weights
    }

    /// The layer table.
    pub fn summary(&self) -> Summary {
        self.architecture.summary().expect("the architecture was checked when the model was built")
    }
}
