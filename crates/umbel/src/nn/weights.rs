//! Named weights.

use std::collections::HashMap;

use super::Graph;
use super::layers::Initializer;
use crate::base::random::{Purpose, Stream};
use crate::{Error, Result};

/// One tensor, row-major. Names are `<layer>/<weight>`, for instance `conv2d_1/kernel`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
    /// Whether the optimizer changes it (batch norm's moving statistics are not trained).
    pub trainable: bool,
}

/// The weights of a model, in the order of its layers.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Weights {
    pub tensors: Vec<Tensor>,
}

impl Weights {
    /// Number of values, trained or not.
    pub fn count(&self) -> usize {
        self.tensors.iter().map(|t| t.data.len()).sum()
    }
    /// Number of trained values.
    pub fn trainable_count(&self) -> usize {
        self.tensors.iter().filter(|t| t.trainable).map(|t| t.data.len()).sum()
    }
    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|t| t.name == name)
    }

    /// Draws fresh weights: every tensor from a stream of its own, named by the seed and the tensor's place.
    pub(crate) fn initialize(specs: &[TensorSpec], seed: u64) -> Self {
        let draw = |(number, spec): (usize, &TensorSpec)| {
            let count = spec.shape.iter().product();
            let data = match spec.initializer {
                Initializer::Zeros => vec![0.0; count],
                Initializer::Ones => vec![1.0; count],
                Initializer::GlorotUniform { fan_in, fan_out } => {
                    let limit = (6.0 / (fan_in as f64 + fan_out as f64)).sqrt() as f32;
                    let mut stream = Stream::new(seed, Purpose::Initialise, number as u64, 0);
                    (0..count).map(|_| stream.range(-limit, limit)).collect()
                }
            };
            spec.tensor(data)
        };
        Weights { tensors: specs.iter().enumerate().map(draw).collect() }
    }
}

/// A tensor that an architecture asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TensorSpec {
    pub name: String,
    pub shape: Vec<usize>,
    pub trainable: bool,
    pub initializer: Initializer,
}

impl TensorSpec {
    /// All tensors of an architecture, in order.
    pub fn of(architecture: &Graph) -> Result<Vec<Self>> {
        let mut specs = Vec::new();
        for layer in architecture.resolve()? {
            for parameter in layer.parameters {
                specs.push(TensorSpec {
                    name: format!("{}/{}", layer.name, parameter.name),
                    shape: parameter.shape,
                    trainable: parameter.trainable,
                    initializer: parameter.initializer,
                });
            }
        }
        Ok(specs)
    }

    fn tensor(&self, data: Vec<f32>) -> Tensor {
        let TensorSpec { name, shape, trainable, .. } = self.clone();
        Tensor { name, shape, data, trainable }
    }
}

/// The tensors in the specs' order, or [`Error::Tensors`] with everything that does not fit.
pub(crate) fn matched(what: &'static str, specs: &[TensorSpec], tensors: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let mut left_over = Vec::new();
    let mut by_name = HashMap::new();
    for tensor in tensors {
        // Of two with one name, one is too many.
        if let Some(twin) = by_name.insert(tensor.name.clone(), tensor) {
            left_over.push(twin.name);
        }
    }
    let (mut found, mut missing, mut misshapen) = (Vec::new(), Vec::new(), Vec::new());
    for spec in specs {
        match by_name.remove(&spec.name) {
            None => missing.push(spec.name.clone()),
            Some(tensor) => {
                let count: usize = spec.shape.iter().product();
                if tensor.shape == spec.shape && tensor.data.len() == count {
                    found.push(spec.tensor(tensor.data));
                } else {
                    // A shape that lies about its data is told as the data's length.
                    let lies = tensor.shape == spec.shape;
                    let came = if lies { vec![tensor.data.len()] } else { tensor.shape };
                    misshapen.push((tensor.name, came, spec.shape.clone()));
                }
            }
        }
    }
    left_over.extend(by_name.into_keys());
    left_over.sort();
    if missing.is_empty() && left_over.is_empty() && misshapen.is_empty() {
        Ok(found)
    } else {
        Err(Error::Tensors { what, missing, left_over, misshapen })
    }
}
