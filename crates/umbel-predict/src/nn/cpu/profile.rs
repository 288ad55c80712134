//! Where the time of a step goes: each fused step with its time, its arithmetic and the memory that it touches.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;
use umbel_kernels::{Isa, peak};

use super::program::PlacedStep;
use super::{Inference, LossSum, Training};
use crate::nn::Weights;
use crate::nn::engine::{Infer, Seen, Slice, Train};
use crate::nn::steps::{Facts, Work};
use crate::nn::weights::TensorSpec;

/// What is done with a fused step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Phase {
    Forward,
    Loss,
    Backward,
    Update,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Phase::Forward => "forward",
            Phase::Loss => "loss",
            Phase::Backward => "backward",
            Phase::Update => "update",
        })
    }
}

/// One thing that a step does, in the order in which it is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Lap {
    /// Such as `conv2d 3x3, 16 to 32, 90x90, relu, max-pooled`.
    pub what: String,
    /// Forward, backward, ...
    pub phase: Phase,
    /// Multiplications and additions of the products for a whole batch, as the plain form has them; 0 for what mostly moves
    /// data. (Where only the pixels that won their maximum are multiplied, fewer are carried out.)
    pub operations: u64,
    /// Bytes of what is read and written, each once, for a whole batch. The caches may spare some of it, or the kernel pass
    /// over it twice.
    pub bytes: u64,
    /// Wall time, one a step.
    pub times: Vec<Duration>,
}

impl Lap {
    /// The median time.
    pub fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }
}

/// A profile under way, or taken: the times of an inference's steps, or of a training's. It watches from outside, so that nothing
/// is measured where nobody asks. What a step's work is, is told for the largest batch, so that only whole batches should be
/// measured.
#[derive(Clone, Debug)]
pub struct Profile {
    /// In the order of a step.
    pub laps: Vec<Lap>,
    next: usize,
    mark: Instant,
    /// Whether the way back has begun: the first step on it ends nothing.
    is_back: bool,
}

impl Profile {
    fn new(laps: Vec<Lap>) -> Self {
        Profile { laps, next: 0, mark: Instant::now(), is_back: false }
    }

    /// Of an inference.
    pub fn of_inference(inference: &Inference) -> Self {
        let compiled = &inference.compiled;
        let (specs, input, batch) = (&compiled.specs, compiled.input, compiled.batch);
        let measured = |step| Measured { step, specs, input, batch };
        Profile::new(compiled.programs[0].steps.iter().map(|step| measured(step).forward()).collect())
    }

    /// Of a training.
    pub fn of_training(training: &Training) -> Self {
        let (program, compiled) = training.program();
        let (specs, input, batch) = (&compiled.specs, compiled.input, compiled.batch);
        let measured = |step| Measured { step, specs, input, batch };
        let mut laps: Vec<Lap> = program.steps.iter().map(|step| measured(step).forward()).collect();
        laps.push(lap("cross-entropy".into(), Phase::Loss, 0, 2 * batch * compiled.classes * 4));
        let back = program.steps.iter().rev().filter(|step| step.runs_backward);
        laps.extend(back.map(|step| measured(step).backward()));
        let trained: usize = specs.iter().filter(|spec| spec.trainable).map(count).sum();
        // The gradient is read; weights and state are read and written.
        let bytes = 3 * trained * 4 + 2 * training.optimizer().memory_bytes();
        laps.push(lap("optimizer".into(), Phase::Update, 0, bytes));
        Profile::new(laps)
    }

    /// [`Infer::infer`], measured.
    ///
    /// # Panics
    /// Those of [`Infer::infer`], and where the profile is of another model.
    pub fn infer<'i>(&mut self, inference: &'i mut Inference, weights: &Weights, images: &[f32]) -> &'i [f32] {
        self.begin();
        inference.infer_watched(weights, images, &mut |seen| self.see(seen))
    }

    /// One slice and its update, measured.
    ///
    /// # Panics
    /// Those of [`Train::backward`], and where the profile is of another model.
    pub fn step(&mut self, training: &mut Training, slice: Slice<'_>, learning_rate: f64) -> LossSum {
        self.begin();
        let loss = training.backward_watched(slice, &mut |seen| self.see(seen));
        if self.is_back {
            self.lap();
        }
        training.update(learning_rate);
        self.lap();
        loss
    }

    fn begin(&mut self) {
        (self.next, self.is_back, self.mark) = (0, false, Instant::now());
    }

    fn see(&mut self, seen: Seen<'_>) {
        match seen {
            Seen::Output(..) | Seen::Loss => self.lap(),
            Seen::Gradient(..) if self.is_back => self.lap(),
            Seen::Gradient(..) => self.is_back = true,
        }
    }

    /// The next lap is done.
    fn lap(&mut self) {
        let now = Instant::now();
        self.laps[self.next].times.push(now - self.mark);
        (self.next, self.mark) = (self.next + 1, now);
    }
}

/// What this computer can do at best, measured in a second or so.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Peak {
    /// Floating-point operations a second, of all threads of rayon's current pool.
    pub operations_per_second: f64,
    /// Bytes read and written a second.
    pub bytes_per_second: f64,
}

impl Peak {
    /// Measures it in rayon's current pool.
    pub fn measure(isa: Isa) -> Self {
        Peak { operations_per_second: peak::arithmetic(isa), bytes_per_second: peak::memory(isa) }
    }
}

fn lap(what: String, phase: Phase, operations: u64, bytes: usize) -> Lap {
    Lap { what, phase, operations, bytes: bytes as u64, times: Vec::new() }
}

fn count(spec: &TensorSpec) -> usize {
    spec.shape.iter().product()
}

/// A step and what its cost depends on.
struct Measured<'a> {
    step: &'a PlacedStep,
    specs: &'a [TensorSpec],
    /// Values of one picture.
    input: usize,
    batch: usize,
}

impl Measured<'_> {
    fn forward(&self) -> Lap {
        let PlacedStep { inputs, y, choice, .. } = self.step;
        let inputs = inputs.iter().map(|input| input.x.map_or(0, |place| place.range(self.batch).len()));
        let values = inputs.sum::<usize>() + self.images() + y.range(self.batch).len() + self.weights();
        let bytes = 4 * values + choice.range(self.batch).len();
        lap(self.what(), Phase::Forward, self.operations(), bytes)
    }

    fn backward(&self) -> Lap {
        let PlacedStep { inputs, dy, kept_y, choice, .. } = self.step;
        let len = |place: &super::arena::Place| place.range(self.batch).len();
        let images = if self.facts().reads_inputs { self.images() } else { 0 };
        let of_inputs = inputs.iter().map(|input| len(&input.kept_x) + len(&input.dx) + 2 * len(&input.sum));
        let passes_on = inputs.iter().any(|input| len(&input.dx) > 0);
        // The weights are read where a gradient goes on from here; theirs is written.
        let weights = self.weights() * (1 + usize::from(passes_on));
        let values = of_inputs.sum::<usize>() + images + len(dy) + len(kept_y) + weights;
        let products = 1 + u64::from(passes_on);
        lap(self.what(), Phase::Backward, products * self.operations(), 4 * values + len(choice))
    }

    /// Values of the images, where the step reads them.
    fn images(&self) -> usize {
        let reads_them = self.step.inputs.iter().filter(|input| input.x.is_none()).count();
        reads_them * self.input * self.batch
    }

    fn facts(&self) -> Facts {
        self.step.op.facts(self.step.y.per_sample)
    }

    /// Values of its weights, batch norm's moving statistics among them.
    fn weights(&self) -> usize {
        let Facts { weights, statistics, .. } = self.facts();
        let tensors = weights.iter().map(|slot| slot.tensor).chain(statistics);
        tensors.map(|tensor| count(&self.specs[tensor])).sum()
    }

    /// Of one product: forward, or one of the two gradients.
    fn operations(&self) -> u64 {
        2 * (self.work().products * self.batch) as u64
    }

    fn what(&self) -> String {
        self.work().what
    }

    fn work(&self) -> Work {
        self.step.op.work(self.step.inputs.len(), self.step.y.per_sample)
    }
}
