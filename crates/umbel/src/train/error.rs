//! What can go wrong in training.

use std::path::PathBuf;

use crate::base::error::ErrorKind;

/// Why training cannot begin, or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The loss or a weight stopped being a number.
    #[error(
        "the {what} is no longer a finite number in epoch {epoch}, step {step}: the learning rate {learning_rate} is too \
         high for this model and data; start a new run with a lower one, say {} ({kept})",
        learning_rate / 10.0
    )]
    Diverged {
        /// "loss", "validation loss" or a weight's name.
        what: String,
        /// From 1.
        epoch: usize,
        /// From 1, within the epoch.
        step: usize,
        /// The learning rate of that step.
        learning_rate: f64,
        /// What was saved before.
        kept: String,
    },
    /// The model has another number of outputs than the data have classes.
    #[error(
        "the model has {outputs} outputs, but the data have {classes} classes: the last layer must be Dense({classes})"
    )]
    ClassCount {
        /// Outputs of the last layer.
        outputs: usize,
        /// Classes of the data.
        classes: usize,
    },
    /// The photos are prepared in another size than the model takes.
    #[error("the model takes pictures of {model}, but the data are prepared as {data}: give both the same image size")]
    ImageSize {
        /// Height x width x channels of the model's input.
        model: String,
        /// The same of the prepared photos.
        data: String,
    },
    /// Training would need more memory than the machine has free.
    #[error(
        "training needs about {} MiB of memory, but only {} MiB are free: lower the batch size or the image size",
        needed_bytes >> 20,
        available_bytes >> 20
    )]
    Memory {
        /// Buffers, weights, optimizer state and batches.
        needed_bytes: u64,
        /// What the system says it can give.
        available_bytes: u64,
    },
    /// The checkpoint was made with other settings or data.
    #[error("{} belongs to a run with other {what}: put back what it was begun with, or start in a new run folder", path.display())]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// "settings", "photos or labels", "classes or settings", "architecture".
        what: &'static str,
    },
}

impl Error {
    /// What it means for whoever called.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Diverged { .. } => ErrorKind::Diverged,
            Error::ClassCount { .. } | Error::ImageSize { .. } => ErrorKind::Data,
            Error::Memory { .. } => ErrorKind::Memory,
            Error::OtherRun { .. } => ErrorKind::File,
        }
    }
}
