//! A look at one layer: inference, and the way back from a logit as far as that layer's output.

use std::fmt;

use super::backward;
use super::forward::{self, Given};
use super::memory::{Memory, Sizes};
use super::program::Program;
use super::{Compiled, Isa, Precision};
use crate::nn::engine::{Probe, Probed};
use crate::nn::graph::{ResolvedLayer, Source};
use crate::nn::layers::{Layer, Shape};
use crate::nn::steps::{Layout, Steps, Use, Value};
use crate::nn::weights::TensorSpec;
use crate::nn::{Model, Weights};
use crate::{Error, Result};

/// A model compiled to look at one layer, one picture at a time.
pub(super) struct CpuProbe {
    isa: Isa,
    compiled: Compiled,
    memory: Memory,
    /// The step that gives the layer's output.
    step: usize,
    layer: String,
    shape: (usize, usize, usize),
}

impl CpuProbe {
    pub fn new(isa: Isa, model: &Model, layer: Option<&str>) -> Result<Self> {
        let layers = model.architecture().resolve()?;
        let (height, width, channels) = model.architecture().input();
        let input = height * width * channels;
        let mut steps = Steps::of(input, &layers, Use::Probing);
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
        let specs = TensorSpec::of(model.architecture())?;
        let programs = vec![Program::new(steps, Layout::default(), Precision::F32, 1)];
        let memory = Memory::new(Sizes::of(&programs), 1)?;
        let compiled = Compiled { specs, programs, input, classes: model.architecture().classes()?, batch: 1 };
        Ok(CpuProbe { isa, compiled, memory, step, layer: layers[index].name.clone(), shape })
    }
}

impl Probe for CpuProbe {
    fn layer(&self) -> &str {
        &self.layer
    }

    fn logits(&mut self, weights: &Weights, image: &[f32]) -> Vec<f32> {
        assert_eq!(self.compiled.count(weights, image), 1, "one picture at a time");
        let program = &self.compiled.programs[0];
        let given = Given { isa: self.isa, program, weights, images: image, n: 1, key: None };
        forward::run(given, &mut self.memory, |_, _| {});
        self.memory.arena[program.output().range(1)].to_vec()
    }

    fn run(&mut self, weights: &Weights, image: &[f32], class: usize) -> Probed {
        let classes = self.compiled.classes;
        assert!(class < classes, "class {class} of a model with {classes}");
        self.logits(weights, image);
        let (program, memory) = (&self.compiled.programs[0], &mut self.memory);
        let logits = &mut memory.arena.all()[program.output_gradient().range(1)];
        logits.fill(0.0);
        logits[class] = 1.0;
        // Where the layer's output is the logits, that is it already.
        let given = Given { isa: self.isa, program, weights, images: image, n: 1, key: None };
        backward::run(given, memory, |_, _| {});
        let [activation, gradient] = [program.steps[self.step].y, program.steps[self.step].dy]
            .map(|place| memory.arena[place.range(1)].to_vec());
        Probed { shape: self.shape, activation, gradient }
    }
}

impl fmt::Debug for CpuProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CpuProbe").field("isa", &self.isa).field("layer", &self.layer).finish_non_exhaustive()
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
        let expected = format!("one that gives a picture: {}", names.join(", "));
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
            value: format!("one without a convolution ({})", names.join(", ")),
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
