//! Training: one owner of weights, gradients, the optimizer's state and the moving average.

use std::fmt;

use super::backward;
use super::forward::{self, Given};
use super::gradients::{blend, clip_global_norm};
use super::memory::{Memory, Sizes};
use super::{Compiled, Cpu, Inference, Isa, LossSum, Optimizer, Precision, Program, compiled};
use crate::Result;
use crate::nn::engine::{Infer, Seen, Slice, Targets, Train, TrainState, TrainingEngine, Updates, Watch};
use crate::nn::steps::{Layout, Use};
use crate::nn::{Model, Tensor, Weights};

/// [`LossSum::correct_top_k`] counts the labels among so many of the highest outputs.
const TOP_K: usize = 5;

/// A model in training. Holds everything that an update changes, and an inference program over the same buffers.
pub struct Training {
    isa: Isa,
    updates: Updates,
    compiled: Compiled,
    memory: Memory,
    model: Model,
    optimizer: Optimizer,
    average: Option<Weights>,
}

impl Training {
    fn new(isa: Isa, model: Model, batch: usize, updates: &Updates) -> Result<Self> {
        let compiled = compiled(&model, batch, updates.precision, &[Use::Inference, Use::Training])?;
        let memory = Memory::new(compiled.sizes(), batch)?;
        let optimizer = Optimizer::new(updates.optimizer, model.weights()).with_rates(updates.rates.clone());
        let average = (updates.ema_momentum > 0.0).then(|| model.weights().clone());
        Ok(Training { isa, updates: updates.clone(), compiled, memory, model, optimizer, average })
    }

    fn training(&self) -> &Program {
        &self.compiled.programs[1]
    }

    /// The weights, to be changed in place (not in shape) between two updates.
    pub fn weights_mut(&mut self) -> &mut Weights {
        self.model.weights_mut()
    }

    /// The optimizer at work.
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
    }

    /// The gradient of each trainable tensor, in order, as [`Train::gradients`] has them.
    pub fn gradient_of_each(&self) -> Vec<Vec<f32>> {
        let ranges = self.training().layout.gradients();
        ranges.iter().map(|range| self.memory.gradients[range.clone()].to_vec()).collect()
    }

    /// Loss and hits of [`Train::judge`] against `labels` `[n]`.
    ///
    /// # Panics
    /// Those of [`Train::judge`], and where there is not one label for each picture, below the number of classes.
    pub fn evaluate(&mut self, images: &[f32], labels: &[u32]) -> LossSum {
        loss_of(self.compiled.classes, self.judge(images), labels)
    }

    pub(super) fn program(&self) -> (&Program, &Compiled) {
        (self.training(), &self.compiled)
    }
}

impl Inference {
    /// Loss and hits of [`Infer::infer`] against `labels` `[n]`.
    ///
    /// # Panics
    /// Those of [`Infer::infer`], and where there is not one label for each picture, below the number of classes.
    pub fn evaluate(&mut self, weights: &Weights, images: &[f32], labels: &[u32]) -> LossSum {
        loss_of(self.compiled.classes, self.infer(weights, images), labels)
    }
}

impl Cpu {
    /// [`TrainingEngine::train`], as the type that it is.
    ///
    /// # Errors
    /// Those of [`TrainingEngine::train`].
    pub fn training(&self, model: Model, batch: usize, updates: &Updates) -> Result<Training> {
        Training::new(self.isa().for_precision(updates.precision), model, batch, updates)
    }
}

impl TrainingEngine for Cpu {
    fn train(&self, model: Model, batch: usize, updates: &Updates) -> Result<Box<dyn Train>> {
        Ok(Box::new(self.training(model, batch, updates)?))
    }

    fn foreseen_bytes(&self, model: &Model, batch: usize) -> Result<u128> {
        Ok(compiled(model, batch, Precision::F32, &[Use::Inference, Use::Training])?.sizes().bytes())
    }

    fn foreseen_inference_bytes(&self, model: &Model, batch: usize) -> Result<u128> {
        Ok(compiled(model, batch, Precision::F32, &[Use::Inference])?.sizes().bytes())
    }
}

/// Loss and hits of logits against labels.
fn loss_of(classes: usize, logits: &[f32], labels: &[u32]) -> LossSum {
    let targets = Targets::from(labels);
    targets.check(logits.len() / classes, classes);
    if labels.is_empty() {
        return LossSum::default();
    }
    targets.loss(classes, logits, TOP_K.min(classes), None)
}

impl Train for Training {
    fn batch(&self) -> usize {
        self.compiled.batch
    }

    fn layout(&self) -> &Layout {
        &self.training().layout
    }

    fn backward_watched(&mut self, slice: Slice<'_>, watch: &mut Watch<'_>) -> LossSum {
        let Slice { images, targets, key } = slice;
        let n = self.compiled.count(self.model.weights(), images);
        let Training { isa, compiled, memory, model, .. } = self;
        let (program, classes) = (&compiled.programs[1], compiled.classes);
        targets.check(n, classes);
        assert!(n > 0, "a training step needs at least one picture");
        // Every slice begins with the statistics as the last update left them.
        for (tensor, range) in program.layout.statistics() {
            memory.gradients.all()[range.clone()].copy_from_slice(&model.weights().tensors[*tensor].data);
        }
        let given = Given { isa: *isa, program, weights: model.weights(), images, n, key: Some(key) };
        forward::run(given, memory, |index, arena| {
            watch(Seen::Output(index, &arena[program.steps[index].y.range(n)]));
        });
        let places = [program.output(), program.output_gradient()].map(|place| place.range(n));
        let [logits, gradient] = memory.arena.disjoint(places);
        let gradient = (!gradient.is_empty()).then_some(gradient);
        let loss = targets.loss(classes, logits, TOP_K.min(classes), gradient);
        watch(Seen::Loss);
        backward::run(given, memory, |index, arena| {
            watch(Seen::Gradient(index, &arena[program.steps[index].dy.range(n)]));
        });
        loss
    }

    fn gradients(&mut self) -> &mut [f32] {
        self.memory.gradients.all()
    }

    fn update(&mut self, learning_rate: f64) {
        let Training { isa, updates, compiled, memory, model, optimizer, average } = self;
        let (layout, all) = (&compiled.programs[1].layout, memory.gradients.all());
        let weights = model.weights_mut();
        for (tensor, range) in layout.statistics() {
            weights.tensors[*tensor].data.copy_from_slice(&all[range.clone()]);
        }
        if updates.global_clipnorm > 0.0 {
            clip_global_norm(*isa, layout.gradients(), all, updates.global_clipnorm);
        }
        optimizer.update(*isa, learning_rate, weights, layout.gradients(), all);
        if let Some(average) = average {
            // Early on, less of the past is kept (as in TensorFlow's `ExponentialMovingAverage` with `num_updates`).
            let steps = optimizer.steps() as f64;
            let early = (1.0 + steps) / (10.0 + steps);
            blend(*isa, (1.0 - updates.ema_momentum.min(early)) as f32, model.weights(), average);
        }
    }

    fn judge(&mut self, images: &[f32]) -> &[f32] {
        let weights = self.average.as_ref().unwrap_or(self.model.weights());
        let n = self.compiled.count(weights, images);
        let program = &self.compiled.programs[0];
        if n > 0 {
            let given = Given { isa: self.isa, program, weights, images, n, key: None };
            forward::run(given, &mut self.memory, |_, _| {});
        }
        &self.memory.arena[program.output().range(n)]
    }

    fn weights(&self) -> &Weights {
        self.model.weights()
    }

    fn average(&self) -> Option<&Weights> {
        self.average.as_ref()
    }

    fn moments(&self) -> (u64, &[Tensor]) {
        (self.optimizer.steps(), self.optimizer.tensors())
    }

    fn restore(&mut self, state: TrainState) -> Result<()> {
        let TrainState { weights, updates, moments, average } = state;
        let graph = || self.model.architecture().clone();
        let model = Model::from_weights(graph(), weights)?;
        let average = average.map(|average| Model::from_weights(graph(), average)).transpose()?;
        self.optimizer.restore(updates, moments)?;
        if let (Some(own), Some(average)) = (&mut self.average, average) {
            *own = average.into_weights();
        }
        self.model = model;
        Ok(())
    }

    fn load(&mut self, weights: &Weights) {
        assert!(self.compiled.fits(weights), "the weights are another model's");
        self.model.weights_mut().clone_from(weights);
        if let Some(average) = &mut self.average {
            average.clone_from(weights);
        }
    }

    fn resize(&mut self, size: usize) -> Result<()> {
        let model = self.model.with_input_size(size)?;
        let uses = [Use::Inference, Use::Training];
        self.compiled = compiled(&model, self.compiled.batch, self.updates.precision, &uses)?;
        // What was for the other size makes room first.
        self.memory = Memory::new(Sizes::default(), 0)?;
        self.memory = Memory::new(self.compiled.sizes(), self.compiled.batch)?;
        self.model = model;
        Ok(())
    }

    fn into_weights(self: Box<Self>) -> Weights {
        self.model.into_weights()
    }

    fn memory_bytes(&self) -> usize {
        self.memory.bytes()
    }
}

impl fmt::Debug for Training {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Training")
            .field("isa", &self.isa)
            .field("updates", &self.updates)
            .field("batch", &self.compiled.batch)
            .field("memory_bytes", &self.memory_bytes())
            .field("programs", &self.compiled.programs)
            .finish_non_exhaustive()
    }
}
