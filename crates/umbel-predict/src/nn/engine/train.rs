//! The training half of an engine.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Engine, Targets, Watch};
use crate::Result;
use crate::nn::steps::Layout;
use crate::nn::{Cpu, LossSum, Model, OptimizerConfig, Precision, Tensor, Weights};

/// An engine that trains, too.
pub trait TrainingEngine: Engine {
    /// Takes up the model's weights, to train them on up to `batch` pictures at a time.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for a batch of 0, [`Error::OutOfMemory`](crate::Error::OutOfMemory) where the
    /// buffers cannot be had.
    fn train(&self, model: Model, batch: usize, updates: &Updates) -> Result<Box<dyn Train>>;

    /// Bytes of the buffers of [`TrainingEngine::train`] (weights, optimizer and average aside), at most, without taking any.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for a batch of 0.
    fn foreseen_bytes(&self, model: &Model, batch: usize) -> Result<u128>;

    /// The same of [`Engine::infer`].
    ///
    /// # Errors
    /// Those of [`TrainingEngine::foreseen_bytes`].
    fn foreseen_inference_bytes(&self, model: &Model, batch: usize) -> Result<u128>;
}

/// How weights are updated.
#[derive(Clone, Debug, PartialEq)]
pub struct Updates {
    /// What convolutions and dense layers multiply.
    pub precision: Precision,
    /// With its settings.
    pub optimizer: OptimizerConfig,
    /// What multiplies the learning rate of each trainable tensor, in order (discriminative learning rates, Howard & Ruder
    /// 2018, "Universal Language Model Fine-tuning"); empty: nothing.
    pub rates: Vec<f64>,
    /// Gradients longer than this, all together as one vector, are shortened to it; 0: never.
    pub global_clipnorm: f64,
    /// Momentum of a moving average of the weights, which is judged in their place; 0: none is kept.
    pub ema_momentum: f64,
}

impl Updates {
    /// With this optimizer, in `f32`, and nothing else.
    pub fn by(optimizer: OptimizerConfig) -> Self {
        let precision = Precision::default();
        Updates { precision, optimizer, rates: Vec::new(), global_clipnorm: 0.0, ema_momentum: 0.0 }
    }
}

/// What one slice of an update is made of.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    /// `[n, height, width, channels]` (0..=255).
    pub images: &'a [f32],
    /// Labels, or shares of the classes.
    pub targets: Targets<'a>,
    /// Names the dropout masks.
    pub key: u64,
}

/// Training at work. Owns weights, gradients, the optimizer's moments and the moving average; others see copies on the host.
///
/// An update is [`Train::backward`] of a slice and [`Train::update`]. Where several slices make one update, whoever sums them
/// takes each one's [`Train::gradients`] and puts their mean back before the update.
pub trait Train: fmt::Debug + Send {
    /// The largest batch.
    fn batch(&self) -> usize;

    /// Where things lie in [`Train::gradients`].
    fn layout(&self) -> &Layout;

    /// Forward, loss and backward of one slice, from the weights as the last update left them: fills [`Train::gradients`].
    /// `correct_top_k` of the answer counts the five highest outputs, or all where there are fewer.
    ///
    /// # Panics
    /// On an empty slice, where `images` is not a whole number of pictures, up to the batch, and where the targets are not
    /// one for each, below the number of classes.
    fn backward(&mut self, slice: Slice<'_>) -> LossSum {
        self.backward_watched(slice, &mut |_| {})
    }

    /// The same; `watch` sees each step's output and gradient.
    ///
    /// # Panics
    /// Those of [`Train::backward`].
    fn backward_watched(&mut self, slice: Slice<'_>, watch: &mut Watch<'_>) -> LossSum;

    /// What the latest slice gave: the gradient of its mean loss, and batch norm's moving statistics as it moved them. One
    /// flat buffer in one order; the one hook that summing over slices and machines needs.
    fn gradients(&mut self) -> &mut [f32];

    /// One update from what lies in [`Train::gradients`]: statistics, clipping, optimizer, average.
    fn update(&mut self, learning_rate: f64);

    /// Logits of the judged weights, as [`Infer::infer`](super::Infer::infer) gives them, in the buffers of training.
    ///
    /// # Panics
    /// Those of [`Infer::infer`](super::Infer::infer).
    fn judge(&mut self, images: &[f32]) -> &[f32];

    /// The weights.
    fn weights(&self) -> &Weights;

    /// The moving average of the weights, where there is one.
    fn average(&self) -> Option<&Weights>;

    /// What is validated and kept: the average where there is one, else the weights.
    fn judged(&self) -> &Weights {
        self.average().unwrap_or(self.weights())
    }

    /// The optimizer's state: updates so far, and its tensors (`<weight>/m`, `<weight>/v`, `<weight>/velocity`).
    fn moments(&self) -> (u64, &[Tensor]);

    /// Goes on from where another was.
    ///
    /// # Errors
    /// [`Error::Tensors`](crate::Error::Tensors) where something is missing, left over or of another shape; nothing is changed
    /// then.
    fn restore(&mut self, state: TrainState) -> Result<()>;

    /// Takes other weights of the same model; the average begins anew with them, the optimizer's state stays.
    ///
    /// # Panics
    /// Where they are another model's.
    fn load(&mut self, weights: &Weights);

    /// Goes on with square pictures of another size.
    ///
    /// # Errors
    /// Those of [`Model::with_input_size`] and [`TrainingEngine::train`].
    fn resize(&mut self, size: usize) -> Result<()>;

    /// Ends it; gives the weights as they are.
    fn into_weights(self: Box<Self>) -> Weights;

    /// Bytes of all buffers (weights, optimizer and average aside).
    fn memory_bytes(&self) -> usize;
}

/// Everything that [`Train::restore`] needs to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainState {
    /// The weights.
    pub weights: Weights,
    /// Updates so far.
    pub updates: u64,
    /// The optimizer's tensors.
    pub moments: Vec<Tensor>,
    /// The moving average, where one is kept.
    pub average: Option<Weights>,
}

/// An engine that many hold. By default, the CPU with the best instruction set that it has.
#[derive(Clone)]
pub struct SharedEngine(Arc<dyn TrainingEngine>);

impl SharedEngine {
    /// Shares it.
    pub fn new(engine: impl TrainingEngine + 'static) -> Self {
        SharedEngine(Arc::new(engine))
    }

    /// For those who only infer.
    pub fn for_inference(&self) -> &dyn Engine {
        &*self.0
    }

    /// For those who only infer, and hold it themselves.
    pub fn share_for_inference(&self) -> Arc<dyn Engine> {
        self.0.clone()
    }
}

impl Default for SharedEngine {
    fn default() -> Self {
        SharedEngine::new(Cpu::best())
    }
}

impl Deref for SharedEngine {
    type Target = dyn TrainingEngine;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for SharedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for SharedEngine {
    /// Whether the two compute the same.
    fn eq(&self, other: &Self) -> bool {
        [Precision::F32, Precision::Bf16]
            .into_iter()
            .all(|precision| self.computes(precision) == other.computes(precision))
    }
}
