//! The file that is shipped: one `.safetensors` with named weights, and in its header the architecture, class names,
//! preparation, metrics, version and digest. Nothing in it runs code; writes are atomic.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::data::PrepSpec;
use crate::nn::Model;

/// How good the model was when it was saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Metrics {
    pub epoch: usize,
    pub val_accuracy: f64,
    pub val_loss: f64,
}

/// A trained model with all that is needed to use it.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ModelFile {
    pub model: Model,
    pub classes: Vec<String>,
    pub prep: PrepSpec,
    pub metrics: Metrics,
}

impl ModelFile {
    /// Writes the file atomically.
    pub fn save(&self, path: &Path) -> Result<()> {
        todo!()
    }
    /// Reads a model file, or the `model.safetensors` of a run folder. Refuses damaged files and unknown versions.
    pub fn load(path: &Path) -> Result<Self> {
        todo!()
    }
}
