//! A look inside: the output of one layer, and how a class's logit depends on it. What explanations are made of.

use umbel_kernels::Isa;

use super::backward::{self, After};
use super::compile::{self, Use};
use super::features::Features;
use super::forward::{self, Mode};
use super::program::Program;
use super::{Memory, Plan, TensorSpec};
use crate::nn::layers::{Layer, Shape};
use crate::nn::sequential::ResolvedLayer;
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
    /// Looks at the output of the layer of this name, by default of the last convolution (with the batch norm and the
    /// activation that follow it). Where a convolution and the 2 x 2 max-pooling behind it are one step, the output of
    /// either is the pooled one.
    ///
    /// # Errors
    /// [`Error::Setting`] where no layer with a picture as output has that name, or the model has no convolution;
    /// [`Error::OutOfMemory`] where the buffers cannot be had.
    pub fn new(model: &Model, layer: Option<&str>, isa: Isa) -> Result<Self> {
        let layers = model.architecture().resolve()?;
        let index = match layer {
            Some(name) => named(&layers, name)?,
            None => last_convolution(&layers)?,
        };
        // Which step it is does not depend on which step is looked at.
        let (steps, places) = compile::steps_and_places(&layers, Use::Probing(0));
        let step = places[index] - 1;
        // The pooling that went into the step has the last word on its shape.
        let last = places.iter().rposition(|place| *place == step + 1).unwrap_or(index);
        let shape = layers[..=last].iter().rev().find_map(picture).unwrap_or_default();
        let specs = TensorSpec::of(model.architecture())?;
        let program = Program::new(steps, Use::Probing(step), 1);
        let memory = Memory::new(&program, Some(&program), &specs, 1)?;
        let (height, width, channels) = model.architecture().input();
        let classes = model.architecture().classes()?;
        let input = height * width * channels;
        let (features, seen) = (Features::new(&program), Vec::new());
        let plan =
            Plan { isa, batch: 1, classes, input, specs, inference: program, training: None, memory, features, seen };
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
        forward::run(*isa, program, memory, &mut Mode::Probing(weights), image, 1);
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
        let one_hot = |gradient: &mut [f32]| {
            gradient.fill(0.0);
            gradient[class] = 1.0;
        };
        let gradient = match program.steps.get(self.step + 1) {
            Some(next) => {
                one_hot(&mut memory.arena.all()[program.output_gradient().range(1)]);
                backward::run(*isa, program, memory, weights, After::Probing, image, 1);
                memory.arena[next.dx.range(1)].to_vec()
            }
            // The layer's output is the logits.
            None => {
                let mut gradient = vec![0.0; classes];
                one_hot(&mut gradient);
                gradient
            }
        };
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

/// Whether there is anything to look at: a picture that the engine computes.
fn can_be_seen(layer: &ResolvedLayer<'_>) -> bool {
    picture(layer).is_some() && !matches!(layer.layer, Layer::Augment(_))
}

fn named(layers: &[ResolvedLayer<'_>], name: &str) -> Result<usize> {
    // A layer before the first step (an augmentation, a dropout) gives what goes in: there is nothing to see yet.
    let first = layers.iter().position(|layer| !matches!(layer.layer, Layer::Augment(_) | Layer::Dropout(_)));
    let seen = |index: usize| can_be_seen(&layers[index]) && first.is_some_and(|first| index >= first);
    let found = (0..layers.len()).find(|&index| layers[index].name == name && seen(index));
    found.ok_or_else(|| {
        let names: Vec<&str> =
            (0..layers.len()).filter(|&index| seen(index)).map(|index| layers[index].name.as_str()).collect();
        let expected = format!("one that gives a picture: {}", names.join(", "));
        Error::Setting { setting: "the layer".into(), value: format!("{name:?}"), expected }
    })
}

fn last_convolution(layers: &[ResolvedLayer<'_>]) -> Result<usize> {
    let Some(mut index) = layers.iter().rposition(|layer| matches!(layer.layer, Layer::Conv2d(_))) else {
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        return Err(Error::Setting {
            setting: "the model".into(),
            value: format!("one without a convolution ({})", names.join(", ")),
            expected: "one with a convolution: where it looks is read from a convolution's output".into(),
        });
    };
    while let Some(next) = layers.get(index + 1)
        && matches!(next.layer, Layer::BatchNorm(_) | Layer::Activation(_))
    {
        index += 1;
    }
    Ok(index)
}
