//! A model compiled for one batch size: fused steps over one arena. A step allocates nothing.
//!
//! `compile` turns the layers into steps (convolution, bias, activation and pooling are one), `lifetimes` and
//! `program` give every step's output and gradient a place in the arena, `prepared` turns the weights into what the
//! kernels read, `forward` and `backward` walk the steps.

mod arena;
mod backward;
mod compile;
mod features;
mod forward;
mod lifetimes;
mod merge;
mod prepared;
mod probe;
mod profile;
mod program;
mod step;
mod targets;

use std::fmt;

use self::arena::Arena;
use self::backward::Given;
use self::features::Features;
use self::forward::Mode;
use self::prepared::Prepared;
use self::program::Program;
use self::step::Use;
use super::weights::TensorSpec;
use super::{Arithmetic, Isa, LossSum, Model, Optimizer, Precision, Weights};
use crate::base::memory;
use crate::{Error, Result};

pub use self::probe::{Probe, Probed};
pub use self::profile::{Lap, Peak, Phase, Profile};
pub use self::targets::Targets;

/// [`LossSum::correct_top_k`] counts the labels among so many of the highest outputs.
const TOP_K: usize = 5;

/// The compiled form of a model. Holds buffers, not weights.
pub struct Plan {
    isa: Isa,
    precision: Precision,
    batch: usize,
    classes: usize,
    /// Values of one picture.
    input: usize,
    specs: Vec<TensorSpec>,
    inference: Program,
    training: Option<Program>,
    memory: Memory,
    features: Features,
    /// The features of the latest pictures.
    seen: Vec<f32>,
    /// Takes the times of the steps, where somebody asked for it.
    profile: Option<Profile>,
}

/// All buffers of a plan.
struct Memory {
    /// What flows between the steps, and its gradients.
    arena: Arena,
    /// Which pixel won each maximum.
    choice: Vec<u8>,
    /// The kernels' scratch.
    workspace: Arena,
    /// What is made of the weights before the first step.
    prepared: Prepared,
    /// One buffer for every trainable tensor, in order.
    gradients: Vec<Vec<f32>>,
}

impl Plan {
    /// For training (and inference) with up to `batch` samples at a time. An [`Isa`] alone computes in `f32`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a batch of 0, [`Error::OutOfMemory`] where the buffers cannot be had.
    pub fn training(model: &Model, batch: usize, arithmetic: impl Into<Arithmetic>) -> Result<Self> {
        Self::new(model, batch, arithmetic.into(), true)
    }

    /// For inference with up to `batch` samples at a time.
    ///
    /// # Errors
    /// Those of [`Plan::training`].
    pub fn inference(model: &Model, batch: usize, arithmetic: impl Into<Arithmetic>) -> Result<Self> {
        Self::new(model, batch, arithmetic.into(), false)
    }

    fn new(model: &Model, batch: usize, arithmetic: Arithmetic, trains: bool) -> Result<Self> {
        let Arithmetic { isa, precision } = arithmetic;
        let (specs, inference, training) = compiled(model, batch, precision, trains)?;
        let memory = Memory::new(Sizes::of(&inference, training.as_ref(), &specs), &specs, batch)?;
        let (height, width, channels) = model.architecture().input();
        let input = height * width * channels;
        Ok(Plan {
            isa,
            precision,
            batch,
            classes: model.architecture().classes()?,
            input,
            specs,
            features: Features::new(&inference),
            seen: Vec::new(),
            profile: None,
            inference,
            training,
            memory,
        })
    }

    /// The largest batch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The instruction set that computes.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// How it computes.
    pub fn arithmetic(&self) -> Arithmetic {
        Arithmetic { isa: self.isa, precision: self.precision }
    }

    /// What [`Plan::memory_bytes`] of [`Plan::training`] will be (in bf16, at most), without taking any memory.
    ///
    /// # Errors
    /// [`Error::Setting`] for a batch of 0.
    pub fn foreseen_bytes(model: &Model, batch: usize) -> Result<u128> {
        let (specs, inference, training) = compiled(model, batch, Precision::F32, true)?;
        Ok(Sizes::of(&inference, training.as_ref(), &specs).bytes())
    }

    /// The same of [`Plan::inference`].
    ///
    /// # Errors
    /// Those of [`Plan::foreseen_bytes`].
    pub fn foreseen_inference_bytes(model: &Model, batch: usize) -> Result<u128> {
        let (specs, inference, _) = compiled(model, batch, Precision::F32, false)?;
        Ok(Sizes::of(&inference, None, &specs).bytes())
    }

    /// Bytes of all buffers.
    pub fn memory_bytes(&self) -> usize {
        let Memory { arena, choice, workspace, prepared, gradients } = &self.memory;
        let gradients: usize = gradients.iter().map(Vec::len).sum();
        (arena.len() + workspace.len() + prepared.len() + gradients) * size_of::<f32>() + choice.len()
    }

    /// Outputs of the last layer, `[n, classes]`, for `images` `[n, height, width, channels]` (0..=255), n up to `batch`.
    /// Dropout is off, batch norm uses its moving statistics. What is prepared of the weights (batch norm folded into
    /// convolutions, packed kernels) is kept until they are accessed mutably, so that only the first call pays for it.
    ///
    /// # Panics
    /// Where `images` is not a whole number of pictures, up to `batch`, or `weights` are not the model's.
    pub fn infer(&mut self, weights: &Weights, images: &[f32]) -> &[f32] {
        let n = self.count(weights, images);
        if n > 0 {
            let mode = &mut Mode::Inference(weights);
            let mut profile = self.profile.as_mut().filter(|profile| !profile.trains);
            begin(&mut profile);
            let after = |_, _: &Arena| lap(&mut profile);
            forward::run_with(self.isa, &self.inference, &mut self.memory, mode, images, n, after);
        }
        &self.memory.arena[self.inference.output().range(n)]
    }

    /// [`Plan::infer`], and the features by which pictures are told to be alike, `[n, values]`: the mean of each channel of
    /// the convolutions' outputs (with the activation and pooling that are one step with them), of as many of the first
    /// convolutions as have 512 channels together. Without a convolution, there is none.
    ///
    /// # Panics
    /// Those of [`Plan::infer`].
    pub fn infer_with_features(&mut self, weights: &Weights, images: &[f32]) -> (&[f32], &[f32]) {
        let n = self.count(weights, images);
        let Plan { isa, inference, memory, features, seen, .. } = self;
        seen.resize(n * features.width(), 0.0);
        if n > 0 {
            let take = |index: usize, arena: &Arena| features.take(inference, index, arena, n, seen);
            forward::run_with(*isa, inference, memory, &mut Mode::Inference(weights), images, n, take);
        }
        (&self.memory.arena[self.inference.output().range(n)], &self.seen)
    }

    /// Loss and hits of [`Plan::infer`] against `labels` `[n]`.
    ///
    /// # Panics
    /// Those of [`Plan::infer`], and where there is not one label for each picture, below the number of classes.
    pub fn evaluate(&mut self, weights: &Weights, images: &[f32], labels: &[u32]) -> LossSum {
        let targets = Targets::from(labels);
        targets.check(images.len() / self.input, self.classes);
        let (classes, top_k) = (self.classes, self.top_k());
        let logits = self.infer(weights, images);
        if labels.is_empty() {
            return LossSum::default();
        }
        targets.loss(classes, logits, top_k, None)
    }

    /// One training step: forward, loss, backward, update. `targets` are labels (a slice of them will do) or shares of the
    /// classes; `dropout_key` names the dropout masks. `correct_top_k` of the answer counts the five highest outputs, or all
    /// where there are fewer.
    ///
    /// # Panics
    /// Those of [`Plan::evaluate`]; on an empty batch; on a plan made by [`Plan::inference`]; where the optimizer was made
    /// for other weights.
    pub fn train_step<'t>(
        &mut self,
        weights: &mut Weights,
        optimizer: &mut Optimizer,
        learning_rate: f64,
        images: &[f32],
        targets: impl Into<Targets<'t>>,
        dropout_key: u64,
    ) -> LossSum {
        let loss = self.backpropagate(weights, images, targets, dropout_key);
        optimizer.update(self.isa, learning_rate, weights, &self.memory.gradients);
        lap(&mut self.profile.as_mut().filter(|profile| profile.trains));
        loss
    }

    /// From now on, takes the time of every fused step: of a training step with this optimizer, or of [`Plan::infer`].
    /// What a step's work is, is told for [`Plan::batch`] pictures, so that only whole batches should follow.
    ///
    /// # Panics
    /// With an optimizer, on a plan made by [`Plan::inference`].
    pub fn start_profile(&mut self, optimizer: Option<&Optimizer>) {
        self.profile = Some(match optimizer {
            None => Profile::of_inference(&self.inference, &self.specs, self.batch),
            Some(optimizer) => {
                let program = self.training.as_ref().expect("Plan::training makes a plan that trains");
                Profile::of_training(program, &self.specs, self.batch, optimizer, self.classes)
            }
        });
    }

    /// What was measured since [`Plan::start_profile`]; no more is taken.
    pub fn take_profile(&mut self) -> Option<Profile> {
        self.profile.take()
    }

    /// Forward and backward without the update; gradients of the trainable tensors, in the order of the weights. (Batch
    /// norm's moving statistics do move.)
    ///
    /// # Panics
    /// Those of [`Plan::train_step`].
    pub fn gradients<'t>(
        &mut self,
        weights: &mut Weights,
        images: &[f32],
        targets: impl Into<Targets<'t>>,
        dropout_key: u64,
    ) -> (LossSum, Vec<Vec<f32>>) {
        let loss = self.backpropagate(weights, images, targets, dropout_key);
        (loss, self.memory.gradients.clone())
    }

    /// [`Plan::gradients`], which stay in the plan until the next step: [`Plan::last_gradients`].
    ///
    /// # Panics
    /// Those of [`Plan::train_step`].
    pub fn backpropagate<'t>(
        &mut self,
        weights: &mut Weights,
        images: &[f32],
        targets: impl Into<Targets<'t>>,
        dropout_key: u64,
    ) -> LossSum {
        let n = self.count(weights, images);
        let targets = targets.into();
        targets.check(n, self.classes);
        assert!(n > 0, "a training step needs at least one picture");
        let (isa, classes, top_k, memory) = (self.isa, self.classes, self.top_k(), &mut self.memory);
        let program = self.training.as_ref().expect("Plan::training makes a plan that trains");
        let mut profile = self.profile.as_mut().filter(|profile| profile.trains);
        begin(&mut profile);
        let mode = &mut Mode::Training(weights, dropout_key);
        forward::run_with(isa, program, memory, mode, images, n, |_, _| lap(&mut profile));

        let output_gradient = program.output_gradient();
        let [logits, gradient] = memory.arena.disjoint([program.output().range(n), output_gradient.range(n)]);
        let gradient = (!gradient.is_empty()).then_some(gradient);
        let loss = targets.loss(classes, logits, top_k, gradient);

        lap(&mut profile);

        let given = Given { weights, dropout_key, images, n };
        backward::run_with(isa, program, memory, given, || lap(&mut profile));
        loss
    }

    /// The gradients of the latest step, one for every trainable tensor in order. They may be changed in place before an
    /// optimizer takes them.
    pub fn last_gradients(&mut self) -> &mut [Vec<f32>] {
        &mut self.memory.gradients
    }

    fn top_k(&self) -> usize {
        TOP_K.min(self.classes)
    }

    /// How many pictures came, checked.
    fn count(&self, weights: &Weights, images: &[f32]) -> usize {
        let fits = self.specs.len() == weights.tensors.len()
            && self.specs.iter().zip(&weights.tensors).all(|(spec, tensor)| {
                spec.trainable == tensor.trainable
                    && spec.shape == tensor.shape
                    && spec.shape.iter().product::<usize>() == tensor.data.len()
            });
        assert!(fits, "the weights are not those of the model that the plan was made for");
        let n = images.len() / self.input;
        assert!(
            n * self.input == images.len() && n <= self.batch,
            "{} values are no whole number of pictures of {} values, up to {}",
            images.len(),
            self.input,
            self.batch
        );
        n
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("isa", &self.isa)
            .field("precision", &self.precision)
            .field("batch", &self.batch)
            .field("memory_bytes", &self.memory_bytes())
            .field("inference", &self.inference)
            .field("training", &self.training)
            .finish_non_exhaustive()
    }
}

/// The tensors, and the steps for inference and for training.
fn compiled(
    model: &Model,
    batch: usize,
    precision: Precision,
    trains: bool,
) -> Result<(Vec<TensorSpec>, Program, Option<Program>)> {
    if batch == 0 {
        return Err(Error::Setting { setting: "batch".into(), value: "0".into(), expected: "1 or more".into() });
    }
    let layers = model.architecture().resolve()?;
    let (height, width, channels) = model.architecture().input();
    let input = height * width * channels;
    let program = |usage| {
        let mut steps = compile::compile(input, &layers, usage).steps;
        steps.iter_mut().for_each(|step| step.op.multiply_in(precision));
        Program::new(input, steps, usage, batch)
    };
    let training = trains.then(|| program(Use::Training));
    Ok((TensorSpec::of(model.architecture())?, program(Use::Inference), training))
}

/// What both programs need; they never run at the same time, so they share it.
struct Sizes {
    arena: u128,
    workspace: u128,
    prepared: u128,
    choice: u128,
    gradients: u128,
}

impl Sizes {
    fn of(inference: &Program, training: Option<&Program>, specs: &[TensorSpec]) -> Self {
        let largest = |need: fn(&Program) -> u128| need(inference).max(training.map_or(0, need));
        let gradients = match training {
            Some(_) => specs.iter().filter(|s| s.trainable).map(|s| count(s) as u128).sum(),
            None => 0,
        };
        Sizes {
            arena: largest(|program| program.arena),
            workspace: largest(|program| program.workspace),
            prepared: largest(|program| program.prepared),
            choice: largest(|program| program.choice),
            gradients,
        }
    }

    fn bytes(&self) -> u128 {
        (self.arena + self.workspace + self.prepared + self.gradients) * size_of::<f32>() as u128 + self.choice
    }
}

impl Memory {
    fn new(sizes: Sizes, specs: &[TensorSpec], batch: usize) -> Result<Self> {
        let bytes = sizes.bytes();
        let Sizes { arena, workspace, prepared, choice, gradients } = sizes;
        let refused = || Error::OutOfMemory { batch, bytes };
        // Before anything is allocated: the system may promise what it does not have, and then end the program.
        let more_than_free = memory::available_bytes().is_some_and(|available| bytes > u128::from(available));
        if arena > program::MOST_VALUES || bytes > isize::MAX as u128 || more_than_free {
            return Err(refused());
        }
        let zeros = |len| arena::zeros(len, 0.0f32).ok_or_else(refused);
        let trained = specs.iter().filter(|spec| gradients > 0 && spec.trainable);
        Ok(Memory {
            arena: Arena::new(arena as usize).ok_or_else(refused)?,
            workspace: Arena::new(workspace as usize).ok_or_else(refused)?,
            prepared: Prepared::new(prepared as usize).ok_or_else(refused)?,
            choice: arena::zeros(choice as usize, 0u8).ok_or_else(refused)?,
            gradients: trained.map(|spec| zeros(count(spec))).collect::<Result<_>>()?,
        })
    }
}

/// A profile that is under way, or not: then this is a test of a pointer a step.
fn begin(profile: &mut Option<&mut Profile>) {
    if let Some(profile) = profile {
        profile.begin();
    }
}

fn lap(profile: &mut Option<&mut Profile>) {
    if let Some(profile) = profile {
        profile.lap();
    }
}

fn count(spec: &TensorSpec) -> usize {
    spec.shape.iter().product()
}
