//! A look inside: the output of one layer, and how a class's logit depends on it. What explanations are made of.

use umbel_kernels::{Isa, Precision};

use super::backward::{self, Given};
use super::compile::compile;
use super::features::Features;
use super::forward::{self, Mode};
use super::program::Program;
use super::step::{Use, Value};
use super::{Memory, Plan, Sizes, TensorSpec};
use crate::nn::graph::{ResolvedLayer, Source};
use crate::nn::layers::{Layer, Shape};
use crate::nn::{Model, Weights};
use crate::{Error, Result};

/// A model compiled to look at one layer, one picture at a time.
pub struct Probe {
    plan: Plan,
    /// The step that gives the layer's output.
    step: usize,
    layer: String,
    shape: (usize, usize, usize),
}

/// What [`Probe::run`] saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    /// Height, width and channels of the layer's output.
    pub shape: (usize, usize, usize),
    /// The layer's output, `[height, width, channels]`.
    pub activation: Vec<f32>,
    /// The gradient of the class's logit with respect to it, of the same shape.
    pub gradient: Vec<f32>,
}

impl Probe {
    /// Looks at the output of the layer of this name, by default of the last convolution that gives more than one pixel
    /// (with the batch norm, the residual sum and the activation that follow it). Where the engine computes several layers
    /// in one step (a convolution, its activation and the 2 x 2 max-pooling behind it; a sum and its activation), the
    /// output of each of them is that of the last.
    ///
    /// # Errors
    /// [`Error::Setting`] where no layer with a picture as output has that name, or the model has no convolution;
    /// [`Error::OutOfMemory`] where the buffers cannot be had.
    pub fn new(model: &Model, layer: Option<&str>, isa: Isa) -> Result<Self> {
        let layers = model.architecture().resolve()?;
        let (height, width, channels) = model.architecture().input();
        let input = height * width * channels;
        let mut compiled = compile(input, &layers, Use::Probing);
        let index = match layer {
            Some(name) => named(&layers, &compiled.values, name)?,
            None => last_convolution(&layers)?,
        };
        let value = compiled.values[index];
        let Value::Step(step) = value else {
            unreachable!("convolutions and what named allows are computed by a step")
        };
        compiled.probe(step);
        // What went into the same step last has the last word on its shape.
        let alike = layers.iter().zip(&compiled.values).filter(|(_, other)| **other == value);
        let shape = alike.rev().find_map(|(layer, _)| picture(layer)).unwrap_or_default();
        let specs = TensorSpec::of(model.architecture())?;
        let program = Program::new(input, compiled.steps, Use::Probing, 1);
        let memory = Memory::new(Sizes::of(&program, None, &specs), &specs, 1)?;
        let classes = model.architecture().classes()?;
        let precision = Precision::F32;
        let (features, seen) = (Features::new(&program), Vec::new());
        let plan = Plan {
            isa,
            precision,
            batch: 1,
            classes,
            input,
            specs,
            inference: program,
            training: None,
            memory,
            features,
            seen,
            profile: None,
        };
        Ok(Probe { plan, step, layer: layers[index].name.clone(), shape })
    }

    /// The name of the layer that is looked at.
    pub fn layer(&self) -> &str {
        &self.layer
    }

    /// The logits of one `image` `[height, width, channels]` (0..=255), as [`Plan::infer`] gives them: dropout is off,
    /// batch norm uses its moving statistics.
    ///
    /// # Panics
    /// Where `image` is not one picture, or `weights` are not the model's.
    pub fn logits(&mut self, weights: &Weights, image: &[f32]) -> Vec<f32> {
        let Plan { isa, inference: program, memory, .. } = &mut self.plan;
        forward::run(*isa, program, memory, &mut Mode::Inference(weights), image, 1);
        memory.arena[program.output().range(1)].to_vec()
    }

    /// The layer's output for one `image`, and the gradient of the logit of `class`.
    ///
    /// # Panics
    /// Those of [`Probe::logits`], and where there is no such class.
    pub fn run(&mut self, weights: &Weights, image: &[f32], class: usize) -> Probed {
        assert_eq!(self.plan.count(weights, image), 1, "one picture at a time");
        let classes = self.plan.classes;
        assert!(class < classes, "class {class} of a model with {classes}");
        self.logits(weights, image);
        let Plan { isa, inference: program, memory, .. } = &mut self.plan;
        let logits = &mut memory.arena.all()[program.output_gradient().range(1)];
        logits.fill(0.0);
        logits[class] = 1.0;
        // Where the layer's output is the logits, that is it already.
        let given = Given { weights, dropout_key: 0, images: image, n: 1 };
        backward::run(*isa, program, memory, given);
        let gradient = memory.arena[program.steps[self.step].dy.range(1)].to_vec();
        let activation = memory.arena[program.steps[self.step].y.range(1)].to_vec();
        Probed { shape: self.shape, activation, gradient }
    }
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").field("layer", &self.layer).field("plan", &self.plan).finish_non_exhaustive()
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
