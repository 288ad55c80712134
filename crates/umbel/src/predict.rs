//! Model file + photo → class and confidence.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Result;
use crate::data::decode::DecodeError;
use crate::model_file::ModelFile;

/// A class with its probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct ClassProbability {
    pub class: String,
    pub probability: f64,
}

/// The answer for one photo (JSON by contract, with its path).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Prediction {
    pub class: String,
    pub confidence: f64,
    /// Most likely first.
    pub top: Vec<ClassProbability>,
}

/// A loaded model, ready for photos.
#[derive(Debug)]
pub struct Predictor {}

impl Predictor {
    /// Takes a model; photos are computed `batch` at a time.
    pub fn new(file: ModelFile, batch: usize, top_k: usize) -> Result<Self> {
        todo!()
    }
    /// The class names.
    pub fn classes(&self) -> &[String] {
        todo!()
    }
    /// Predicts photos given as file contents; each answer stands at its photo's place.
    pub fn predict(&mut self, photos: &[Vec<u8>]) -> Vec<std::result::Result<Prediction, DecodeError>> {
        todo!()
    }
}

/// Every file below the given paths: files as they are, folders recursively (picture files only), sorted.
pub fn expand_paths(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    todo!()
}
