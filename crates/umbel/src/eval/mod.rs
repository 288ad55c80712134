//! Model file + folder → how good it is there. Classes are matched by name, never by number.

mod files;
mod text;
mod trained;
pub(crate) mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::base::listed::listed;
use crate::base::mistaken::Mistaken;
use crate::base::progress::{Interrupt, Observer};
use crate::data::{
    Cache, CacheOptions, Dataset, Detections, DoubtfulDepth, Index, Listing, Part, Problem, Source, Split, SplitMethod,
    Tta,
};
use crate::metrics::{
    Answers, Bin, Calibration, Certainty, Drift, KnownPictures, Reads, Scores, SetScore, Trusted, max_probability,
    softmax, trusted_on,
};
use crate::model_file::ModelFile;
use crate::nn::SharedEngine;
use crate::run::Predictions;
use crate::train::{Outputs, outputs};
use crate::{Error, Result, data};

/// What to measure on; by default, all photos of the folder.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct EvalOptions {
    /// A split.csv of the folder, and which part of it.
    pub part: Option<(PathBuf, Part)>,
    pub cache: CacheOptions,
    /// Which boxes of a detector's are measured on, where there are such.
    pub detections: Detections,
    /// Photos computed at a time, 1 or more.
    pub batch: usize,
    /// Of the bootstrap.
    pub seed: u64,
    /// Over which looks at each photo the probabilities are averaged, as `predict --tta` does; `None`: the photo itself.
    pub tta: Option<Tta>,
    /// Who computes, in `f32`.
    pub engine: SharedEngine,
}

impl Default for EvalOptions {
    fn default() -> Self {
        let (cache, engine) = (CacheOptions::default(), SharedEngine::default());
        let detections = Detections::default();
        EvalOptions { part: None, cache, detections, batch: 32, seed: 123, tta: None, engine }
    }
}

/// What came of it; serialized, it is metrics.json and what `umbel eval --json` prints.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Evaluation {
    #[serde(flatten)]
    pub scores: Scores,
    /// How many of the photos the model was trained on, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trained: Option<usize>,
    /// How many judged the model in its run, where that is known: its calibration and its sets are made from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<usize>,
    /// The parts of the run's photos that did not train it, where that is known.
    #[serde(skip)]
    pub unseen: Vec<Part>,
    /// Photos that were not scored: they cannot be used, or the model does not know their class.
    pub skipped: usize,
    pub unknown_classes: Vec<UnknownClass>,
    /// Classes of the model of which no photo was scored.
    pub missing_classes: Vec<String>,
    pub problems: Vec<Problem>,
    /// Photos whose numbers hardly can be meant as the model takes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubtful_depth: Option<DoubtfulDepth>,
    pub calibration: Option<Calibration>,
    /// Over how many looks at each photo the probabilities were averaged, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub views: Option<usize>,
    /// The same without the calibration (a temperature of 1).
    pub uncalibrated: Certainty,
    /// Whether the photos, as a whole, are like the validation photos, where that can be told: of so many photos, each looked at
    /// once, by a model file that says what those were like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Which classes are taken for which, where that happens more than once: most often first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub most_mistaken: Vec<Mistaken>,
    /// How often sets of classes that are to hold the right one do, where each photo is looked at once and the model file makes any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<SetScore>,
    /// How right answers are here from a confidence on that photos which judged the model chose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted: Vec<Trusted>,
    #[serde(skip)]
    rows: Rows,
}

/// A class of the folder that the model does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct UnknownClass {
    pub class: String,
    pub images: usize,
}

/// What was computed for each photo.
#[derive(Clone, Debug)]
struct Rows {
    predictions: Predictions,
    /// Before and after calibration.
    bins: [Vec<Bin>; 2],
}

/// Measures the model on the photos of `folder`. Fails where not one photo is of a class that the model knows, where the parts of
/// `file` do not fit each other, and where it gives no finite number for a photo.
pub fn evaluate_folder(
    file: &ModelFile,
    folder: &Path,
    options: &EvalOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Evaluation> {
    let source = Source::open(folder, &options.cache, observer, interrupt)?;
    evaluate_source(file, source, options, observer, interrupt)
}

/// The same on the photos of a place that was opened.
///
/// # Errors
/// Those of [`evaluate_folder`].
pub fn evaluate_source(
    file: &ModelFile,
    source: Source,
    options: &EvalOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Evaluation> {
    file.check().map_err(umbel_predict::Error::Model)?;
    let source = source.with_detections(&options.detections).cropped_as(&file.prep);
    let index = Index::list(source, Listing::Photos, observer, interrupt)?;
    let cache = Cache::open(&index, &file.prep, &options.cache, observer, interrupt)?;
    let positions = positions(&index, &cache, options.part.as_ref())?;
    let (problems, doubtful_depth) = (cache.problems().to_vec(), cache.doubtful_depth().cloned());
    let (dataset, unknown_classes) = match_classes(&index, cache, &positions, &file.classes)?;
    let labels = dataset.labels();
    let (n_classes, engine) = (file.classes.len(), options.engine.for_inference());
    let once = || -> Result<_> {
        let reads = file.known.as_ref().map_or(Reads::Logits, KnownPictures::reads);
        let outputs = outputs(engine, &file.model, &dataset, (options.batch, reads), interrupt)?;
        let outputs = outputs.ok_or(Error::Interrupted)?;
        let probabilities =
            [file.temperature(), 1.0].map(|temperature| softmax(n_classes, &outputs.logits, temperature));
        Ok((drift(file, &outputs, &probabilities[0]), probabilities))
    };
    let tta = options.tta.or(file.views);
    let looked = tta.map(|tta| views::probabilities(engine, file, &dataset, (tta, options.batch), interrupt));
    let (drift, [probabilities, plain]) = match (options.tta, looked.transpose()?) {
        (_, None) => once()?,
        // Other looks than the model's own.
        (Some(_), Some(looked)) => (None, looked),
        (None, Some(looked)) => (once()?.0, looked),
    };
    check_answers(&dataset, &probabilities, n_classes)?;
    let answers = Answers::new(&labels, &probabilities, n_classes)?;
    let uncalibrated = Answers::new(&labels, &plain, n_classes)?;
    let scores = Scores::new(&answers, &file.classes, options.seed);
    let doubts = file.doubts.as_ref().filter(|_| options.tta.is_none());
    let sets = doubts.map(|doubts| SetScore::measure(doubts, &answers));
    let missing = scores.classes.iter().filter(|class| class.score.support == 0).map(|class| class.class.clone());
    Ok(Evaluation {
        trained: None,
        judged: None,
        unseen: Vec::new(),
        skipped: problems.len() + unknown_classes.iter().map(|unknown| unknown.images).sum::<usize>(),
        missing_classes: missing.collect(),
        unknown_classes,
        problems,
        doubtful_depth,
        calibration: file.calibration,
        views: tta.map(|tta| views::of(file, tta).count()),
        uncalibrated: Certainty::new(&uncalibrated),
        drift,
        most_mistaken: scores.most_mistaken(),
        sets: sets.unwrap_or_default(),
        trusted: trusted_on(&file.trusted, &answers),
        rows: Rows {
            bins: [uncalibrated.bins(), answers.bins()],
            predictions: Predictions {
                classes: file.classes.clone(),
                paths: dataset.paths.to_vec(),
                labels,
                probabilities,
            },
        },
        scores,
    })
}

/// How the photos compare with the validation photos, by their familiarity and their confidence.
fn drift(file: &ModelFile, outputs: &Outputs, probabilities: &[f64]) -> Option<Drift> {
    let (known, n_classes) = (file.known.as_ref()?, file.classes.len());
    let width = outputs.features.len() * n_classes / outputs.logits.len().max(1);
    let score = |(k, logits): (usize, &[f32])| {
        outputs.features.get(k * width..(k + 1) * width).map(|features| known.score(logits, features))
    };
    let scores: Option<Vec<f64>> = outputs.logits.chunks_exact(n_classes).enumerate().map(score).collect();
    let confidences: Vec<f64> = probabilities.chunks_exact(n_classes).map(max_probability).collect();
    known.drift(&scores?, &confidences)
}

/// Whether the model gave numbers for every photo.
fn check_answers(dataset: &Dataset, probabilities: &[f64], n_classes: usize) -> Result<()> {
    let mut rows = probabilities.chunks_exact(n_classes).zip(dataset.paths.iter());
    match rows.find(|(row, _)| row.iter().any(|p| !p.is_finite())) {
        None => Ok(()),
        Some((_, photo)) => Err(umbel_predict::Error::NoAnswer { photo: Some(photo.clone()) }.into()),
    }
}

/// The photos to be scored, as positions in the index.
fn positions(index: &Index, cache: &Cache, part: Option<&(PathBuf, Part)>) -> Result<Vec<usize>> {
    let Some((file, part)) = part else { return Ok(cache.usable().to_vec()) };
    let split = Split::make(&SplitMethod::File(file.clone()), index, cache, 0.0, 0)?;
    let judged_by_folds = !split.folds.is_empty();
    let (part, positions) = match part {
        Part::Train => ("training", split.train),
        Part::Val => ("validation", split.val),
        Part::Test => ("test", split.test),
    };
    if positions.is_empty() {
        let way_out = if judged_by_folds {
            "all photos but the test part trained the model, and folds of them judged it: what came of that stands in its \
             metrics.json and its report; measure it on photos that it has not seen"
        } else {
            "choose another part, or name pictures of that part in the split file"
        };
        return Err(data::Error::EmptyPart { part, photos: cache.usable().len(), way_out }.into());
    }
    Ok(positions)
}

/// The photos of classes that the model knows, labeled as the model numbers them, and the classes that it does not know.
fn match_classes(
    index: &Index,
    cache: Cache,
    positions: &[usize],
    known: &[String],
) -> Result<(Dataset, Vec<UnknownClass>)> {
    let labels: Vec<Option<u32>> =
        index.classes.iter().map(|class| known.iter().position(|name| name == class).map(|k| k as u32)).collect();
    let mut counts = vec![0; index.classes.len()];
    let (mut samples, mut paths) = (Vec::new(), Vec::new());
    for &position in positions {
        let photo = &index.photos[position];
        let class = photo.class as usize;
        counts[class] += 1;
        if let Some(label) = labels[class] {
            samples.push((position, label));
            paths.push(photo.path.clone());
        }
    }
    if samples.is_empty() {
        let folder = index.root().to_owned();
        return Err(data::Error::NoKnownClass { folder, found: listed(&index.classes), known: listed(known) }.into());
    }
    let unknown =
        index.classes.iter().zip(labels).zip(counts).filter(|((_, label), images)| label.is_none() && *images > 0);
    let unknown = unknown.map(|((class, _), images)| UnknownClass { class: class.clone(), images }).collect();
    let dataset =
        Dataset { cache: Arc::new(cache), classes: known.into(), samples: samples.into(), paths: paths.into() };
    Ok((dataset, unknown))
}
