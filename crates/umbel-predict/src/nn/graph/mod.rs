//! A network as a graph of layers, as in Keras' functional API: one list in the order of computation, where a layer
//! reads the one before it unless it says what else.

mod depth;
mod form;
mod limits;
mod resolve;

use serde::{Deserialize, Serialize};

use self::form::GraphForm;
use super::layers::{Activation, Layer, Parameter};
use super::summary::{Summary, SummaryLayer};
use crate::base::augmentation::AugmentLayer;
use crate::{Error, Result};

pub use self::depth::stage;
pub use self::resolve::ResolvedLayer;

/// What the photo is called among a layer's `inputs`.
const INPUT: &str = "input";

/// The architecture: input shape (height, width, channels) and layers, each with what it reads.
///
/// As JSON or TOML: `input = [height, width, channels]` and a list `layer` of tables with a `kind` each. A layer that
/// reads something else than the layer before it lists names: `inputs = ["conv2d", "add"]`, where `"input"` is the photo.
///
/// ```
/// use umbel_predict::nn::layers::*;
/// use umbel_predict::nn::{Graph, Source};
/// let mut graph = Graph::new((32, 32, 3));
/// let stem = graph.layer(Conv2d::new(8, 3).padding(Padding::Same), Source::Input);
/// let branch = graph.layer(Conv2d::new(8, 3).padding(Padding::Same).activation(Activation::Relu), stem);
/// let sum = graph.layer(Add, [stem, branch]);
/// let vector = graph.layer(GlobalAvgPool2d, sum);
/// graph.layer(Dense::new(5), vector);
/// assert_eq!(graph.classes()?, 5);
/// # Ok::<(), umbel_predict::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "GraphForm", try_from = "GraphForm")]
pub struct Graph {
    input: (usize, usize, usize),
    nodes: Vec<Node>,
}

/// What a layer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The photo.
    Input,
    /// The output of the layer of that number, from 0.
    Layer(usize),
}

/// Lets one source stand where a list is expected.
impl AsRef<[Source]> for Source {
    fn as_ref(&self) -> &[Source] {
        std::slice::from_ref(self)
    }
}

/// A layer in its place.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    layer: Layer,
    /// `None`: made when the graph is resolved.
    name: Option<String>,
    sources: Vec<Source>,
    /// Whether its weights are trained.
    trainable: bool,
}

impl Graph {
    /// An empty graph for pictures of `height` x `width` x `channels`.
    pub fn new(input: (usize, usize, usize)) -> Self {
        Graph { input, nodes: Vec::new() }
    }

    /// Adds a layer that reads `sources` (one, or a list for the layers that merge). What is added last gives the logits.
    pub fn layer(&mut self, layer: impl Into<Layer>, sources: impl AsRef<[Source]>) -> Source {
        self.push(layer.into(), None, sources.as_ref())
    }

    /// [`Graph::layer`] under a name of its own, which its weights will bear too.
    pub fn named(&mut self, name: impl Into<String>, layer: impl Into<Layer>, sources: impl AsRef<[Source]>) -> Source {
        self.push(layer.into(), Some(name.into()), sources.as_ref())
    }

    fn push(&mut self, layer: Layer, name: Option<String>, sources: &[Source]) -> Source {
        self.nodes.push(Node { layer, name, sources: sources.to_vec(), trainable: true });
        Source::Layer(self.nodes.len() - 1)
    }

    /// The output of the last layer; the photo while there is none.
    pub fn last(&self) -> Source {
        source_before(self.nodes.len())
    }

    /// Height, width, channels.
    pub fn input(&self) -> (usize, usize, usize) {
        self.input
    }

    /// The layers in order.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = &Layer> {
        self.nodes.iter().map(|node| &node.layer)
    }

    /// The augmentation layers (they stand first), for the loader.
    pub fn augmentation(&self) -> Vec<AugmentLayer> {
        let augmentation = |layer: &Layer| match layer {
            Layer::Augment(layer) => Some(*layer),
            _ => None,
        };
        self.layers().filter_map(augmentation).collect()
    }

    /// The same network with other augmentation layers in place of its own; all other layers keep their names.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn with_augmentation(&self, augment: impl IntoIterator<Item = AugmentLayer>) -> Result<Self> {
        let names: Vec<String> = self.resolve()?.into_iter().map(|layer| layer.name).collect();
        let mut graph = Graph::new(self.input);
        for layer in augment {
            graph.layer(layer, graph.last());
        }
        let photo = graph.last();
        let (before, after) = (self.augmentation().len(), graph.nodes.len());
        let moved = |source: &Source| match *source {
            Source::Layer(index) if index >= before => Source::Layer(index - before + after),
            _ => photo,
        };
        for (node, name) in self.nodes.iter().zip(names).skip(before) {
            let sources = node.sources.iter().map(moved).collect();
            graph.nodes.push(Node { name: Some(name), sources, ..node.clone() });
        }
        graph.resolve()?;
        Ok(graph)
    }

    /// The same network for square pictures of another size. Its weights may have other shapes then (a dense layer behind a
    /// flatten).
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn with_input_size(&self, size: usize) -> Result<Self> {
        let graph = Graph { input: (size, size, self.input.2), nodes: self.nodes.clone() };
        graph.resolve()?;
        Ok(graph)
    }

    /// Puts other settings in the place of a layer's.
    ///
    /// # Errors
    /// [`Error::Setting`] where no layer has that name, and those of [`Graph::resolve`], before and after.
    pub fn replace_layer(&mut self, name: &str, layer: impl Into<Layer>) -> Result<()> {
        let index = self.resolve()?.iter().position(|layer| layer.name == name);
        let Some(index) = index else {
            return Err(Error::Setting {
                setting: "the layer to replace".into(),
                value: format!("{name:?}"),
                expected: "the name of a layer of this network, as its summary shows it".into(),
            });
        };
        self.nodes[index].layer = layer.into();
        self.resolve().map(|_| ())
    }

    /// Number of outputs of the last layer. Fails where the shapes do not fit: the error names the layer.
    pub fn classes(&self) -> Result<usize> {
        Ok(self.resolve()?.last().map_or(0, |last| last.output.count()))
    }

    /// The network without its head: up to what the last layer reads, which must be a vector. `None` where the last layer is no
    /// dense layer without an activation, or where nothing is left. Names stay, and all of it is frozen.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn without_head(&self) -> Result<Option<Self>> {
        let resolved = self.resolve()?;
        let last = resolved
            .last()
            .filter(|last| matches!(last.layer, Layer::Dense(dense) if dense.activation == Activation::Linear));
        let Some(mut source) = last.and_then(|last| last.sources.first().copied()) else { return Ok(None) };
        // Dropout does nothing outside of training.
        while let Source::Layer(index) = source
            && matches!(resolved[index].layer, Layer::Dropout(_))
        {
            source = resolved[index].sources[0];
        }
        let Source::Layer(end) = source else { return Ok(None) };
        let named = self.nodes.iter().zip(&resolved).take(end + 1);
        let nodes =
            named.map(|(node, layer)| Node { name: Some(layer.name.clone()), trainable: false, ..node.clone() });
        let body = Graph { input: self.input, nodes: nodes.collect() };
        // Something before the end may have been read only by what is gone.
        Ok(body.resolve().is_ok().then_some(body))
    }

    /// Freezes or thaws layers (Keras' `layer.trainable`): `trainable` is asked for every name in order; the weights of those
    /// that it answers with false are not trained, and a frozen batch norm works with its moving statistics, in training too.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn set_trainable(&mut self, mut trainable: impl FnMut(&str) -> bool) -> Result<()> {
        let answers: Vec<bool> = self.resolve()?.iter().map(|layer| trainable(&layer.name)).collect();
        for (node, answer) in self.nodes.iter_mut().zip(answers) {
            node.trainable = answer;
        }
        Ok(())
    }

    /// The layer table, without drawing any weights.
    pub fn summary(&self) -> Result<Summary> {
        let resolved = self.resolve()?;
        let is_chain = self.nodes.iter().enumerate().all(|(index, node)| node.sources == [source_before(index)]);
        let source = |source: &Source| match *source {
            Source::Input => INPUT.to_string(),
            Source::Layer(index) => resolved[index].name.clone(),
        };
        let row = |layer: &ResolvedLayer<'_>| SummaryLayer {
            inputs: if is_chain { Vec::new() } else { layer.sources.iter().map(source).collect() },
            name: layer.name.clone(),
            kind: layer.layer.class_name().to_string(),
            output: layer.output.axes(),
            parameters: layer.parameters.iter().map(Parameter::count).sum(),
        };
        let trained = resolved.iter().flat_map(|layer| &layer.parameters).filter(|p| p.trainable);
        Ok(Summary {
            parameters: resolved.iter().flat_map(|l| &l.parameters).map(Parameter::count).sum(),
            trainable: trained.map(Parameter::count).sum(),
            layers: resolved.iter().map(row).collect(),
        })
    }
}

/// What the layer of that number reads unless it says what else.
fn source_before(index: usize) -> Source {
    index.checked_sub(1).map_or(Source::Input, Source::Layer)
}
