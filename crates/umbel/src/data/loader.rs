//! Batches of a dataset, made ahead by a thread of its own while the engine computes.

use super::Dataset;
use super::augment::Policy;

/// Pixels `[n, size, size, 3]` in 0..=255 as `f32`, and labels.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Batch {
    pub images: Vec<f32>,
    pub labels: Vec<u32>,
}

/// What one pass over a dataset looks like.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct LoaderOptions {
    pub batch: usize,
    pub seed: u64,
    /// From 0; with the seed it names the order and the augmentations.
    pub epoch: u64,
    /// `true` shuffles (training), `false` keeps the dataset's order (validation).
    pub shuffle: bool,
    pub augment: Policy,
    /// How many batches to leave out at the start (a resumed epoch).
    pub skip_batches: usize,
}

/// An iterator over the batches of one epoch; the last may be smaller. Give batches back with [`Loader::recycle`].
#[derive(Debug)]
pub struct Loader {}

impl Loader {
    /// Starts making batches.
    pub fn new(dataset: &Dataset, options: LoaderOptions) -> Self {
        todo!()
    }
    /// How many batches an epoch has in all (skipped ones included).
    pub fn n_batches(&self) -> usize {
        todo!()
    }
    /// Hands a used batch back, so that its memory is used again.
    pub fn recycle(&mut self, batch: Batch) {
        todo!()
    }
}

impl Iterator for Loader {
    type Item = Batch;
    fn next(&mut self) -> Option<Batch> {
        todo!()
    }
}
