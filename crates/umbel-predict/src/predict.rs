//! Model file + photo → class and confidence.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use crate::base::settings::{positive, within};
use crate::decode::{DecodeError, Limits, SNIFF_BYTES, decode, named_as_picture, read_file, sniff};
use crate::metrics::{KnownPictures, softmax};
use crate::model_file::ModelFile;
use crate::nn::{Cpu, Engine, Infer, Model, Precision};
use crate::prepare::PrepSpec;
use crate::views::{Tta, Views};
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
    /// Where it was asked for ([`Predictor::keep`]).
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub familiarity: Option<Familiar>,
}

/// The `class` of a picture that is unlike everything that the model was trained on.
pub const UNKNOWN: &str = "unknown";

/// Whether a picture is like those that the model was trained on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Familiar {
    /// Then the prediction's class is [`UNKNOWN`].
    pub unknown: bool,
    /// The most likely class all the same; the confidence is this class's.
    pub nearest: String,
    /// How familiar it is: higher is more.
    pub score: f64,
    /// Below this, it is unknown.
    pub threshold: f64,
}

impl std::fmt::Display for Prediction {
    /// The tutorial's sentence, or that the image is unlike all known ones.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(Familiar { unknown: true, nearest, .. }) = &self.familiarity {
            return write!(
                f,
                "This image is unlike those that the model was trained on: {UNKNOWN} (nearest: {nearest}, with a {:.2} \
                 percent confidence).",
                100.0 * self.confidence
            );
        }
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
    infer: Box<dyn Infer>,
    known: Option<KnownPictures>,
    /// Below it, a picture is unknown; `None`: not asked.
    threshold: Option<f64>,
    /// `None`: every photo is looked at once.
    views: Option<Views>,
    top_k: usize,
    images: Vec<f32>,
}

impl Predictor {
    /// Takes a model, to run on this machine's CPU; photos are computed `batch` at a time, and `top_k` classes are named (at
    /// most all).
    ///
    /// # Errors
    /// Those of [`Predictor::on`].
    pub fn new(file: ModelFile, batch: usize, top_k: usize) -> Result<Self> {
        Self::on(&Cpu::best(), file, batch, top_k)
    }

    /// The same by this engine, in `f32`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a batch or a number of classes of 0, [`Error::OutOfMemory`].
    pub fn on(engine: &dyn Engine, file: ModelFile, batch: usize, top_k: usize) -> Result<Self> {
        positive("batch", batch)?;
        positive("top", top_k)?;
        let temperature = file.temperature();
        let ModelFile { model, classes, prep, known, .. } = file;
        let infer = engine.infer(&model, batch, Precision::F32)?;
        Ok(Predictor {
            model,
            top_k: top_k.min(classes.len()),
            classes,
            prep,
            temperature,
            limits: Limits::default(),
            infer,
            known,
            threshold: None,
            views: None,
            images: Vec::new(),
        })
    }

    /// With other limits on what a photo may cost than the default ones.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Answers [`UNKNOWN`] where a photo is unlike those that the model was trained on. The threshold is such that this
    /// share (above 0, up to 1) of good photos, as the validation part had them, keeps its class.
    ///
    /// # Errors
    /// [`Error::Setting`] where the share is out of range, or the model file was made before known pictures were measured.
    pub fn keep(mut self, share: f64) -> Result<Self> {
        within("keep", share, "a share above 0, up to 1, for instance 0.95", share > 0.0 && share <= 1.0)?;
        let known = self.known.as_ref().ok_or_else(|| Error::Setting {
            setting: "keep".into(),
            value: share.to_string(),
            expected:
                "left out, as this model file does not tell what known pictures are like; umbel train --resume RUN \
                       adds it to the model of a finished run"
                    .into(),
        })?;
        self.threshold = Some(known.scores.threshold(share));
        Ok(self)
    }

    /// Averages the probabilities over several looks at each photo ([`Views`]; test-time augmentation). Whether a photo is
    /// unknown is told by the photo itself.
    pub fn with_views(mut self, tta: Tta) -> Self {
        self.views = Some(Views::new(tta, &self.model.architecture().augmentation()));
        self
    }

    /// The class names.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Predicts photos given as file contents; each answer stands at its photo's place.
    pub fn predict(&mut self, photos: &[Vec<u8>]) -> Vec<std::result::Result<Prediction, DecodeError>> {
        photos.chunks(self.infer.batch()).flat_map(|photos| self.predict_batch(photos)).collect()
    }

    /// Predicts the photo in one file.
    pub fn predict_file(&mut self, path: &Path) -> Result<Prediction> {
        let bytes = read_file(path, &self.limits);
        let answer = bytes.and_then(|bytes| self.predict_batch(&[bytes]).remove(0));
        answer.map_err(|error| Error::UnreadablePhoto { path: path.to_owned(), detail: error.detail })
    }

    fn predict_batch(&mut self, photos: &[Vec<u8>]) -> Vec<std::result::Result<Prediction, DecodeError>> {
        let prepare = |bytes: &Vec<u8>| decode(bytes, &self.limits).map(|photo| self.prep.apply(&photo));
        let prepared: Vec<std::result::Result<Vec<u8>, DecodeError>> = photos.par_iter().map(prepare).collect();
        let good: Vec<&Vec<u8>> = prepared.iter().flatten().collect();
        let mut answers = self.answer(&good).into_iter();
        let mut next = || answers.next().expect("one answer for each photo that could be prepared");
        prepared.iter().map(|pixels| pixels.as_ref().map(|_| next()).map_err(Clone::clone)).collect()
    }

    /// One answer for each prepared photo; at most a batch of them.
    fn answer(&mut self, photos: &[&Vec<u8>]) -> Vec<Prediction> {
        let classes = self.classes.len();
        let (mut probabilities, scores) = self.look(photos);
        if let Some(views) = self.views {
            let looks: Vec<Vec<Vec<u8>>> = photos.par_iter().map(|photo| views.of(&self.prep, photo)).collect();
            // The first look is the photo itself, which is done.
            for view in 1..views.count() {
                let photos: Vec<&Vec<u8>> = looks.iter().map(|looks| &looks[view]).collect();
                let (more, _) = self.look(&photos);
                probabilities.iter_mut().zip(more).for_each(|(sum, p)| *sum += p);
            }
            probabilities.iter_mut().for_each(|sum| *sum = (*sum / views.count() as f64).min(1.0));
        }
        let mut scores = scores.into_iter();
        probabilities.chunks_exact(classes).map(|row| self.prediction(row, scores.next())).collect()
    }

    /// Probabilities of prepared photos, and how familiar each is where that was asked for.
    fn look(&mut self, photos: &[&Vec<u8>]) -> (Vec<f64>, Vec<f64>) {
        if photos.is_empty() {
            return (Vec::new(), Vec::new());
        }
        self.images.clear();
        for pixels in photos {
            self.images.extend(pixels.iter().map(|value| f32::from(*value)));
        }
        let classes = self.classes.len();
        let (logits, features) = match self.threshold {
            Some(_) => self.infer.infer_with_features(self.model.weights(), &self.images),
            None => (self.infer.infer(self.model.weights(), &self.images), [].as_slice()),
        };
        let score = |known: &KnownPictures| -> Vec<f64> {
            let width = features.len() / photos.len();
            let features = |k: usize| &features[k * width..][..width];
            logits.chunks_exact(classes).enumerate().map(|(k, logits)| known.score(logits, features(k))).collect()
        };
        let scores = self.known.as_ref().filter(|_| self.threshold.is_some()).map(score);
        (softmax(classes, logits, self.temperature), scores.unwrap_or_default())
    }

    fn prediction(&self, probabilities: &[f64], score: Option<f64>) -> Prediction {
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
        let familiarity = score.zip(self.threshold).map(|(score, threshold)| {
            // A score that is no number is not familiar.
            let unknown = score.is_nan() || score < threshold;
            Familiar { unknown, nearest: class.clone(), score, threshold }
        });
        let unknown = familiarity.as_ref().is_some_and(|familiar| familiar.unknown);
        let class = if unknown { UNKNOWN.to_string() } else { class };
        Prediction { class, confidence, top, familiarity }
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
