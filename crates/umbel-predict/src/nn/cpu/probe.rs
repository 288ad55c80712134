//! A look at one layer: inference, and the way back from a logit as far as that layer's output.

use std::fmt;

use super::backward;
use super::forward::{self, Given};
use super::memory::{Memory, Sizes};
use super::program::Program;
use super::{Compiled, Isa, Precision};
use crate::Result;
use crate::nn::engine::{Probe, Probed};
use crate::nn::steps::{Layout, Look};
use crate::nn::weights::TensorSpec;
use crate::nn::{Model, Weights};

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
        let architecture = model.architecture();
        let Look { steps, step, layer, shape } = Look::at(architecture, layer)?;
        let (specs, input) = (TensorSpec::of(architecture)?, steps.images);
        let programs = vec![Program::new(steps, Layout::default(), Precision::F32, 1)];
        let memory = Memory::new(Sizes::of(&programs), 1)?;
        let compiled = Compiled { specs, programs, input, classes: architecture.classes()?, batch: 1 };
        Ok(CpuProbe { isa, compiled, memory, step, layer, shape })
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
