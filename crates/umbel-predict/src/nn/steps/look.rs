//! A look at one layer: which one, and which step gives its output.

use super::{Steps, Use, Value};
use crate::base::listed::listed;
use crate::nn::Graph;
use crate::nn::graph::{ResolvedLayer, Source};
use crate::nn::layers::{Layer, Shape};
use crate::{Error, Result};

/// What a [`Probe`](crate::nn::engine::Probe) of any engine looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// For [`Use::Probing`], with a way back that ends at the step that is looked at.
    pub steps: Steps,
    /// The step that gives the layer's output.
    pub step: usize,
    /// The layer's name.
    pub layer: String,
    /// Height, width and channels of its output.
    pub shape: (usize, usize, usize),
}

impl Look {
    /// At the layer that [`Engine::probe`](crate::nn::Engine::probe) says.
    ///
    /// # Errors
    /// [`Error::Setting`] where no layer with a picture as output has that name, or the model has no convolution; and those of
    /// [`Graph::resolve`].
    pub fn at(architecture: &Graph, layer: Option<&str>) -> Result<Self> {
        let layers = architecture.resolve()?;
        let (height, width, channels) = architecture.input();
        let mut steps = Steps::of(height * width * channels, &layers, Use::Probing);
        let index = match layer {
            Some(name) => named(&layers, &steps.values, name)?,
            None => last_convolution(&layers)?,
        };
        let value = steps.values[index];
        let Value::Step(step) = value else {
            unreachable!("convolutions and what named allows are computed by a step")
        };
        steps.probe(step);
        // What went into the same step last has the last word on its shape.
        let alike = layers.iter().zip(&steps.values).filter(|(_, other)| **other == value);
        let shape = alike.rev().find_map(|(layer, _)| picture(layer)).unwrap_or_default();
        Ok(Look { steps, step, layer: layers[index].name.clone(), shape })
    }
}

fn picture(layer: &ResolvedLayer<'_>) -> Option<(usize, usize, usize)> {
    match layer.output {
        Shape::Picture { height, width, channels } => Some((height, width, channels)),
        Shape::Vector { .. } => None,
    }
}

/// The layer of that name, where there is something to look at: a picture that the engine computes.
fn named(layers: &[ResolvedLayer<'_>], values: &[Value], name: &str) -> Result<usize> {
    let can_be_seen = |index: &usize| picture(&layers[*index]).is_some() && values[*index] != Value::Images;
    let found = (0..layers.len()).filter(can_be_seen).find(|&index| layers[index].name == name);
    found.ok_or_else(|| {
        let seen = (0..layers.len()).filter(can_be_seen);
        let names: Vec<&str> = seen.map(|index| layers[index].name.as_str()).collect();
        let expected = format!("one that gives a picture: {}", listed(&names));
        Error::Setting { setting: "the layer".into(), value: format!("{name:?}"), expected }
    })
}

/// The last convolution, with what belongs to it. One that gives a single pixel says nothing of where, so that it is taken
/// only where there is no other.
fn last_convolution(layers: &[ResolvedLayer<'_>]) -> Result<usize> {
    let is_convolution =
        |layer: &ResolvedLayer<'_>| matches!(layer.layer, Layer::Conv2d(_) | Layer::DepthwiseConv2d(_));
    let has_places = |layer: &ResolvedLayer<'_>| picture(layer).is_some_and(|(height, width, _)| height * width > 1);
    let last = layers.iter().rposition(|layer| is_convolution(layer) && has_places(layer));
    let Some(mut index) = last.or_else(|| layers.iter().rposition(is_convolution)) else {
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        return Err(Error::Setting {
            setting: "the model".into(),
            value: format!("one without a convolution ({})", listed(&names)),
            expected: "one with a convolution: where it looks is read from a convolution's output".into(),
        });
    };
    while let Some(reader) = only_reader(layers, index)
        && matches!(
            layers[reader].layer,
            Layer::BatchNorm(_) | Layer::Activation(_) | Layer::StochasticDepth(_) | Layer::Add(_)
        )
    {
        index = reader;
    }
    Ok(index)
}

/// The layer that reads the output of the one of that number, where it is the only one.
fn only_reader(layers: &[ResolvedLayer<'_>], index: usize) -> Option<usize> {
    let mut readers = (0..layers.len()).filter(|&reader| layers[reader].sources.contains(&Source::Layer(index)));
    readers.next().filter(|_| readers.next().is_none())
}
