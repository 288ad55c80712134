//! Model file + photo → class and confidence.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use crate::base::settings::positive;
use crate::data::PrepSpec;
use crate::data::decode::{DecodeError, Limits, SNIFF_BYTES, decode, named_as_picture, read_file, sniff};
use crate::metrics::softmax;
use crate::model_file::ModelFile;
use crate::nn::{Model, Plan, isa_from_env};
use crate::{Error, Result};

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
    /// Most likely first; of equals, in the order of the classes.
    pub top: Vec<ClassProbability>,
}

impl std::fmt::Display for Prediction {
    /// The tutorial's sentence.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "This image most likely belongs to {} with a {:.2} percent confidence.",
            self.class,
            100.0 * self.confidence
        )
    }
}

/// A loaded model, ready for photos.
#[derive(Debug)]
pub struct Predictor {
    model: Model,
    classes: Vec<String>,
    prep: PrepSpec,
    temperature: f64,
    limits: Limits,
    plan: Plan,
    top_k: usize,
    images: Vec<f32>,
}

impl Predictor {
    /// Takes a model; photos are computed `batch` at a time, and `top_k` classes are named (at most all).
    pub fn new(file: ModelFile, batch: usize, top_k: usize) -> Result<Self> {
        positive("batch", batch)?;
        positive("top", top_k)?;
        let temperature = file.temperature();
        let ModelFile { model, classes, prep, .. } = file;
        let plan = Plan::inference(&model, batch, isa_from_env()?)?;
        Ok(Predictor {
            model,
            top_k: top_k.min(classes.len()),
            classes,
            prep,
            temperature,
            limits: Limits::default(),
            plan,
            images: Vec::new(),
        })
    }

    /// With other limits on what a photo may cost than the default ones.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The class names.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Predicts photos given as file contents; each answer stands at its photo's place.
    pub fn predict(&mut self, photos: &[Vec<u8>]) -> Vec<std::result::Result<Prediction, DecodeError>> {
        photos.chunks(self.plan.batch()).flat_map(|photos| self.predict_batch(photos)).collect()
    }

    /// Predicts the photo in one file.
    pub fn predict_file(&mut self, path: &Path) -> Result<Prediction> {
        let bytes = read_file(path, &self.limits);
        let answer = bytes.and_then(|bytes| self.predict_batch(&[bytes]).remove(0));
        answer.map_err(|error| Error::BadPicture { path: path.display().to_string(), detail: error.detail })
    }

    fn predict_batch(&mut self, photos: &[Vec<u8>]) -> Vec<std::result::Result<Prediction, DecodeError>> {
        let prepare = |bytes: &Vec<u8>| decode(bytes, &self.limits).map(|photo| self.prep.apply(&photo));
        let prepared: Vec<std::result::Result<Vec<u8>, DecodeError>> = photos.par_iter().map(prepare).collect();
        self.images.clear();
        for pixels in prepared.iter().flatten() {
            self.images.extend(pixels.iter().map(|value| f32::from(*value)));
        }
        let classes = self.classes.len();
        let mut probabilities = Vec::new();
        if !self.images.is_empty() {
            let outputs = self.plan.infer(self.model.weights(), &self.images);
            probabilities = softmax(classes, outputs, self.temperature);
        }
        let mut rows = probabilities.chunks_exact(classes);
        prepared.into_iter().map(|pixels| pixels.map(|_| self.prediction(rows.next().unwrap_or_default()))).collect()
    }

    fn prediction(&self, probabilities: &[f64]) -> Prediction {
        let mut top: Vec<ClassProbability> = self
            .classes
            .iter()
            .zip(probabilities)
            .map(|(class, p)| ClassProbability { class: class.clone(), probability: *p })
            .collect();
        // The sort keeps equals in the order of the classes.
        top.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        top.truncate(self.top_k);
        let (class, confidence) =
            top.first().map_or((String::new(), 0.0), |best| (best.class.clone(), best.probability));
        Prediction { class, confidence, top }
    }
}

/// Every file below the given paths: files as they are, folders recursively (picture files only), each folder's files
/// sorted. A path that isn't there is an error.
pub fn expand_paths(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let about = std::fs::metadata(path).map_err(|source| io_error(path, source))?;
        if about.is_dir() {
            let mut found = Vec::new();
            walk(path, &mut BTreeSet::new(), &mut found)?;
            found.sort();
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Pictures below `folder`. A folder that was seen already (a loop of links) is not entered again.
fn walk(folder: &Path, seen: &mut BTreeSet<PathBuf>, files: &mut Vec<PathBuf>) -> Result<()> {
    let real = folder.canonicalize().map_err(|source| io_error(folder, source))?;
    if !seen.insert(real) {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(|source| io_error(folder, source))? {
        let path = entry.map_err(|source| io_error(folder, source))?.path();
        match std::fs::metadata(&path) {
            Ok(about) if about.is_dir() => walk(&path, seen, files)?,
            Ok(about) if about.is_file() && is_picture(&path) => files.push(path),
            // A dangling link, a socket, or a file of another kind.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Named like a picture (then a damaged one is reported, not passed over), or beginning like one.
fn is_picture(path: &Path) -> bool {
    if named_as_picture(path) {
        return true;
    }
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(SNIFF_BYTES as u64).read_to_end(&mut start));
    read.is_ok() && sniff(&start).is_some()
}

fn io_error(path: &Path, source: std::io::Error) -> Error {
    Error::Io { action: "read", path: path.to_owned(), source }
}
