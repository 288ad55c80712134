//! Who computes: the seam between models, which are data, and whatever can run them. An engine is a value that is made once,
//! where the program starts, and handed down; nobody asks the surroundings for one.
//!
//! Inference and training are two kinds of things: [`Infer`] takes weights that somebody else holds, `Train` (with the feature
//! `train`) owns them.

#[cfg(feature = "train")]
mod targets;
#[cfg(feature = "train")]
mod train;

use std::fmt;

#[cfg(feature = "train")]
pub use self::{
    targets::Targets,
    train::{SharedEngine, Slice, Train, TrainState, TrainingEngine, Updates},
};
use super::{Model, Precision, Weights};
use crate::Result;

/// Something that runs models.
pub trait Engine: fmt::Debug + Send + Sync {
    /// What computes in this precision, as records tell it.
    fn computes(&self, precision: Precision) -> Computed;

    /// The precision that this engine trains fastest in. Told by its kind and not by a measurement, which might say another
    /// thing tomorrow.
    fn fastest_precision(&self) -> Precision;

    /// For pictures through a model, up to `batch` at a time.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for a batch of 0, [`Error::OutOfMemory`](crate::Error::OutOfMemory) where the
    /// buffers cannot be had.
    fn infer(&self, model: &Model, batch: usize, precision: Precision) -> Result<Box<dyn Infer>>;

    /// For a look at one layer, in `f32`: the one of this name, by default the last convolution that gives more than one pixel
    /// (with the batch norm, the residual sum and the activation that follow it). Where the engine computes several layers
    /// in one step (a convolution, its activation and the 2 x 2 max-pooling behind it; a sum and its activation), the
    /// output of each of them is that of the last.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) where no layer with a picture as output has that name, or the model has no
    /// convolution; [`Error::OutOfMemory`](crate::Error::OutOfMemory) where the buffers cannot be had.
    fn probe(&self, model: &Model, layer: Option<&str>) -> Result<Box<dyn Probe>>;
}

/// What computed: the same names with the same numbers give the same bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// For a CPU, the instruction set.
    pub device: String,
    /// What convolutions and dense layers multiplied.
    pub precision: Precision,
}

/// A model's architecture, ready to run on weights.
pub trait Infer: fmt::Debug + Send {
    /// The largest batch.
    fn batch(&self) -> usize;

    /// Outputs of the last layer, `[n, classes]`, for `images` `[n, height, width, channels]` (0..=255), n up to the batch.
    /// Dropout is off, batch norm uses its moving statistics. What is prepared of the weights is kept until they are
    /// accessed mutably, so that only the first call pays for it.
    ///
    /// # Panics
    /// Where `images` is not a whole number of pictures, up to the batch, or `weights` are not the model's.
    fn infer(&mut self, weights: &Weights, images: &[f32]) -> &[f32] {
        self.infer_watched(weights, images, &mut |_| {})
    }

    /// The same; `watch` sees what each step gives.
    ///
    /// # Panics
    /// Those of [`Infer::infer`].
    fn infer_watched(&mut self, weights: &Weights, images: &[f32], watch: &mut Watch<'_>) -> &[f32];

    /// [`Infer::infer`], and the features by which pictures are told to be alike, `[n, values]`: the mean of each channel of
    /// the convolutions' outputs (with the activation and pooling that are one step with them), of as many of the first
    /// convolutions as have 512 channels together. Without a convolution, there is none.
    ///
    /// # Panics
    /// Those of [`Infer::infer`].
    fn infer_with_features(&mut self, weights: &Weights, images: &[f32]) -> (&[f32], &[f32]);

    /// Bytes of all buffers.
    fn memory_bytes(&self) -> usize;
}

/// Sees what steps do, one after the other.
pub type Watch<'a> = dyn FnMut(Seen<'_>) + 'a;

/// What a step does, told to whoever watches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    /// The step of this number has run; this is its output for all samples.
    Output(usize, &'a [f32]),
    /// The loss was taken.
    Loss,
    /// The way back comes to the step of this number, and all who read its output have told its gradient: this.
    Gradient(usize, &'a [f32]),
}

/// A look inside: the output of one layer, and how a class's logit depends on it. What explanations are made of. One picture at
/// a time.
pub trait Probe: fmt::Debug + Send {
    /// The name of the layer that is looked at.
    fn layer(&self) -> &str;

    /// The logits of one `image` `[height, width, channels]` (0..=255), as [`Infer::infer`] gives them: dropout is off,
    /// batch norm uses its moving statistics.
    ///
    /// # Panics
    /// Where `image` is not one picture, or `weights` are not the model's.
    fn logits(&mut self, weights: &Weights, image: &[f32]) -> Vec<f32>;

    /// The layer's output for one `image`, and the gradient of the logit of `class`.
    ///
    /// # Panics
    /// Those of [`Probe::logits`], and where there is no such class.
    fn run(&mut self, weights: &Weights, image: &[f32], class: usize) -> Probed;
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
