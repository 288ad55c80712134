//! Named weights.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

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
    pub tensors: Tensors,
}

/// A list of tensors that knows when it may have changed: a plan keeps what it made of them until then.
#[derive(Clone, Debug, Default)]
pub struct Tensors {
    list: Vec<Tensor>,
    stamp: Stamp,
}

/// Stands for what tensors hold: whoever has the same stamp has seen the same values. Every access that could change one
/// gives them another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamp(Arc<()>);

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Tensors {
    /// What they hold now. As long as it is kept, no other values get the same one.
    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp.clone()
    }
}

impl Deref for Tensors {
    type Target = Vec<Tensor>;
    fn deref(&self) -> &Vec<Tensor> {
        &self.list
    }
}

impl DerefMut for Tensors {
    fn deref_mut(&mut self) -> &mut Vec<Tensor> {
        // Where nobody else has it, nobody can take the new values for the old ones.
        if Arc::get_mut(&mut self.stamp.0).is_none() {
            self.stamp = Stamp::default();
        }
        &mut self.list
    }
}

impl PartialEq for Tensors {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl From<Vec<Tensor>> for Tensors {
    fn from(list: Vec<Tensor>) -> Self {
        Tensors { list, stamp: Stamp::default() }
    }
}

impl FromIterator<Tensor> for Tensors {
    fn from_iter<I: IntoIterator<Item = Tensor>>(tensors: I) -> Self {
        Vec::from_iter(tensors).into()
    }
}

impl IntoIterator for Tensors {
    type Item = Tensor;
    type IntoIter = std::vec::IntoIter<Tensor>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Tensors {
    type Item = &'a Tensor;
    type IntoIter = std::slice::Iter<'a, Tensor>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl<'a> IntoIterator for &'a mut Tensors {
    type Item = &'a mut Tensor;
    type IntoIter = std::slice::IterMut<'a, Tensor>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
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
pub(crate) fn matched(
    what: &'static str,
    specs: &[TensorSpec],
    tensors: impl IntoIterator<Item = Tensor>,
) -> Result<Vec<Tensor>> {
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

/// Whether `weights` are those of the specs, in their order; else [`Error::Tensors`].
pub(crate) fn check(what: &'static str, specs: &[TensorSpec], weights: &Weights) -> Result<()> {
    let fits = |(spec, tensor): (&TensorSpec, &Tensor)| {
        let count: usize = spec.shape.iter().product();
        spec.name == tensor.name && spec.shape == tensor.shape && tensor.data.len() == count
    };
    let misplaced = specs.iter().zip(&weights.tensors).position(|pair| !fits(pair));
    if specs.len() == weights.tensors.len() && misplaced.is_none() {
        return Ok(());
    }
    matched(what, specs, weights.tensors.iter().cloned())?;
    // All are there, in another order.
    let left_over = misplaced.map(|place| weights.tensors[place].name.clone()).into_iter().collect();
    Err(Error::Tensors { what, missing: Vec::new(), left_over, misshapen: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(value: f32) -> Tensor {
        Tensor { name: "a".into(), shape: vec![1], data: vec![value], trainable: true }
    }

    #[test]
    fn a_stamp_stands_for_the_values_until_they_may_have_changed() {
        let mut weights = Weights { tensors: vec![tensor(1.0)].into() };
        let seen = weights.tensors.stamp();
        let copy = weights.clone();
        assert!(weights.tensors.stamp() == seen && copy.tensors.stamp() == seen);
        // Through an index, an iterator, or the vector itself.
        weights.tensors[0].data[0] = 2.0;
        let indexed = weights.tensors.stamp();
        weights.tensors.iter_mut().for_each(|tensor| tensor.data[0] = 3.0);
        let iterated = weights.tensors.stamp();
        for tensor in &mut weights.tensors {
            tensor.data[0] = 4.0;
        }
        let walked = weights.tensors.stamp();
        let stamps = [&seen, &indexed, &iterated, &walked];
        for (i, a) in stamps.iter().enumerate() {
            assert!(stamps[i + 1..].iter().all(|b| a != b), "{i}");
        }
        // A copy keeps its own, and what holds the same values otherwise is still another.
        assert!(copy.tensors.stamp() == seen);
        assert_eq!(copy, Weights { tensors: vec![tensor(1.0)].into() });
        assert!(Tensors::from(vec![tensor(1.0)]).stamp() != seen);
    }

    #[test]
    fn a_stamp_that_is_kept_is_never_given_again() {
        let mut tensors = Tensors::from(vec![tensor(0.0)]);
        let mut kept = Vec::new();
        for step in 0..100 {
            tensors[0].data[0] = step as f32;
            let stamp = tensors.stamp();
            assert!(kept.iter().all(|other| *other != stamp), "step {step}");
            kept.push(stamp);
        }
    }
}
