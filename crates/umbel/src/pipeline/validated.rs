//! The end of a run: the best model is calibrated on the validation part and measured there, remembers what known pictures
//! are like, and is measured on the test part.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::run_folder::RunFolder;
use crate::Result;
use crate::base::progress::{Interrupt, Judged, SmallestClass, TestRecord};
use crate::data::Dataset;
use crate::metrics::{
    Answers, Bin, Certainty, KnownPictures, MOST_PROTOTYPES, Moments, Reads, Scores, calibrated, max_probability,
    softmax,
};
use crate::model_file::ModelFile;
use crate::nn::Precision;
use crate::report::{confusion, ranking, reliability};
use crate::run::{BeforeAfter, CalibrationRecord, Metrics, Predictions, names};
use crate::train::{FitOptions, FitOutcome, HeadFit, Outputs};

/// How good the best epoch's model is. The figures are those after calibration.
#[derive(Clone, Debug)]
pub(super) struct Validated {
    scores: Scores,
    /// Where the photos train the model, too: the folds that they were judged in.
    folds: Option<usize>,
    calibration: CalibrationRecord,
    /// What calibration did to the confidence, on the validation and on the test part, if there is one.
    certainty: (BeforeAfter, Option<BeforeAfter>),
    /// What the figures come from.
    predictions: Predictions,
    /// Before and after calibration.
    bins: [Vec<Bin>; 2],
}

/// metrics.json of a run that has done an epoch, but for its test part, settings and machine.
pub(super) fn metrics(fit: &FitOutcome, validated: Option<&Validated>) -> Option<Metrics> {
    let epochs = &fit.history.epochs;
    let (last, best) = (epochs.last()?, epochs.iter().find(|record| record.epoch == fit.best_epoch)?);
    Some(Metrics {
        epochs: last.epoch,
        finished: !fit.interrupted,
        best: best.into(),
        last: last.into(),
        accuracy_gap: last.accuracy - last.val_accuracy,
        loss_gap: last.val_loss - last.loss,
        seconds: epochs.iter().map(|record| record.seconds).sum(),
        parameters: Some(fit.best.weights().count()),
        scores: validated.map(|validated| validated.scores.clone()),
        calibration: validated.map(|validated| validated.calibration),
        test_calibration: validated.and_then(|validated| validated.certainty.1),
        ..Metrics::default()
    })
}

/// The parts of a run's photos.
pub(super) struct Parts<'a> {
    pub train: &'a Dataset,
    pub val: &'a Dataset,
    pub test: Option<&'a Dataset>,
}

impl Validated {
    /// Fits the temperature, puts it and what known pictures are like into the run's model file, and measures; also on the
    /// test part. The same run gives the same bits, stopped and resumed or not. `None` where the user asked to stop;
    /// resuming the run then comes back to it.
    ///
    /// A run whose epochs were validated in another precision than that of every answer is measured anew here, and these figures
    /// take the place of its best epoch's: one thing has one figure.
    pub fn measure(
        run: &RunFolder,
        fit: &mut FitOutcome,
        parts: &Parts<'_>,
        options: &FitOptions,
        interrupt: &Interrupt,
    ) -> Result<Option<(Self, Option<TestRecord>)>> {
        let Some(unseen) = Unseen::of(fit, parts, options, interrupt)? else { return Ok(None) };
        let test = match parts.test {
            None => None,
            Some(test) => match fit.outputs(test, (options.batch, Reads::Logits), interrupt)? {
                None => return Ok(None),
                Some(outputs) => Some((labels(test), outputs.logits)),
            },
        };
        let n_classes = parts.train.class_names().len();
        let Unseen { photos, outputs, .. } = &unseen;
        let val_labels = labels(photos);
        let mut file = ModelFile::load(run.path())?;
        let before = (file.calibration, file.known.take(), file.metrics.clone());
        file.calibration = calibrated(n_classes, &outputs.logits, &val_labels, options.balance);
        let temperature = file.temperature();
        let Some(known) = known(fit, parts, (&unseen, temperature, options), interrupt)? else { return Ok(None) };
        file.known = known;
        let calibrated = softmax(n_classes, &outputs.logits, file.temperature());
        let plain = softmax(n_classes, &outputs.logits, 1.0);
        let uncalibrated = Answers::new(&val_labels, &plain, n_classes)?;
        let answers = Answers::new(&val_labels, &calibrated, n_classes)?;
        let bins = [uncalibrated.bins(), answers.bins()];
        let test = test
            .map(|(labels, logits)| {
                let certainty = before_after(n_classes, &labels, &logits, file.temperature())?;
                Ok::<_, crate::Error>((certainty, test_record(n_classes, &labels, &logits, &certainty)?))
            })
            .transpose()?;
        let certainty = BeforeAfter { before: Certainty::new(&uncalibrated), after: Certainty::new(&answers) };
        let scores = Scores::new(&answers, parts.train.class_names(), options.seed);
        if fit.computed.precision != Precision::F32 {
            file.metrics.val_accuracy = scores.accuracy;
            file.metrics.val_loss = certainty.before.loss;
            correct(run, fit, &scores, certainty.before.loss)?;
        }
        if (file.calibration, &file.known, &file.metrics) != (before.0, &before.1, &before.2) {
            file.save(&run.path().join(names::MODEL))?;
        }
        let validated = Validated {
            scores,
            folds: fit.out_of_fold.as_ref().map(|judged| judged.folds.len()),
            calibration: CalibrationRecord {
                temperature: file.temperature(),
                images: file.calibration.map_or(0, |calibration| calibration.images),
                certainty: Some(certainty),
            },
            certainty: (certainty, test.map(|(certainty, _)| certainty)),
            predictions: Predictions {
                classes: parts.train.class_names().to_vec(),
                paths: photos.paths.to_vec(),
                labels: val_labels,
                probabilities: calibrated,
            },
            bins,
        };
        Ok(Some((validated, test.map(|(_, record)| record))))
    }

    /// What the told figures rest on.
    pub fn judged(&self) -> Judged {
        let Scores { images, balanced_accuracy, intervals, .. } = self.scores;
        let sizes = || self.scores.classes.iter().filter(|class| class.score.support > 0);
        let most = sizes().map(|class| class.score.support).max().unwrap_or(0) as f64;
        let smallest = sizes().min_by_key(|class| class.score.support);
        let smallest = smallest.filter(|class| most >= Judged::UNEVEN * class.score.support as f64);
        Judged {
            judged_images: images,
            folds: self.folds,
            val_accuracy_interval: intervals.accuracy,
            val_balanced_accuracy: balanced_accuracy,
            smallest_class: smallest.map(|class| SmallestClass {
                class: class.class.clone(),
                images: class.score.support as usize,
                recall: class.score.recall,
            }),
        }
    }

    /// Writes predictions.csv into the run folder, and the pictures into that of its plots; the confusion matrix'
    /// files.
    pub fn write(&self, folder: &Path, plots: &Path) -> Result<Vec<PathBuf>> {
        let Predictions { classes, .. } = &self.predictions;
        self.predictions.write(&folder.join(names::PREDICTIONS))?;
        let written = confusion::write(plots, names::CONFUSION, classes, &self.scores.confusion)?;
        ranking::write(plots, names::RANKING, classes, &self.predictions.answers()?)?;
        let (BeforeAfter { before, after }, is_fitted) = (self.certainty.0, self.calibration.images > 0);
        let panels = reliability::panels(is_fitted, [before.ece, after.ece], &self.bins);
        reliability::write(plots, names::RELIABILITY, &panels)?;
        Ok(written)
    }
}

/// By which features unknown pictures are told: a network that began with pretrained weights knows other things in what its last
/// layer reads; one that learned from these photos alone knows a little of them in its convolutions (benchmarks/RESULTS.md).
fn read_by(head: HeadFit) -> Reads {
    match head {
        HeadFit::First | HeadFit::Only => Reads::LastInput,
        HeadFit::No => Reads::ChannelMeans,
    }
}

/// So many training photos are remembered one by one, about a byte for each number that the last layer reads: with all
/// of them, unknown ones are hardly told better (benchmarks/RESULTS.md).
const REMEMBERED: usize = 500;
/// Of a class, however many there are.
const FEWEST_OF_A_CLASS: usize = 4;
/// So many at most give means and a covariance: more would cost time and memory that grow with the folder.
const MEASURED: usize = 5_000;

/// Training photos at even distances; where they are remembered one by one, of each class alike.
fn remembered(train: &Dataset, reads: Reads) -> Dataset {
    let n_classes = train.class_names().len();
    let each = (REMEMBERED / n_classes.max(1)).max(FEWEST_OF_A_CLASS);
    let of_class = |class: usize| {
        let own = train.samples.iter().enumerate().filter(move |(_, (_, label))| *label as usize == class);
        let places: Vec<usize> = own.map(|(place, _)| place).collect();
        let count = each.min(places.len());
        (0..count).map(move |k| places[k * places.len() / count])
    };
    let places: Vec<usize> = match reads {
        Reads::LastInput => (0..n_classes).flat_map(of_class).take(MOST_PROTOTYPES).collect(),
        Reads::ChannelMeans | Reads::Logits => {
            (0..train.len()).step_by(train.len().div_ceil(MEASURED).max(1)).collect()
        }
    };
    let samples = places.iter().map(|place| train.samples[*place]).collect();
    let paths = places.iter().map(|place| train.paths[*place].clone()).collect();
    Dataset { samples, paths, ..train.clone() }
}

/// What is said of photos that did not train what says it.
struct Unseen {
    photos: Dataset,
    outputs: Outputs,
    /// Where these photos train, too: those of them, by their places, that stand for unseen ones beside what is remembered.
    left_out: Option<HashSet<usize>>,
}

impl Unseen {
    /// Of the validation part; where there is none, of the training part as its folds were judged. `None` where the user asked to
    /// stop.
    fn of(fit: &FitOutcome, parts: &Parts<'_>, options: &FitOptions, interrupt: &Interrupt) -> Result<Option<Self>> {
        let reads = read_by(options.head);
        let Some(judged) = &fit.out_of_fold else {
            let outputs = fit.outputs(parts.val, (options.batch, reads), interrupt)?;
            return Ok(outputs.map(|outputs| Unseen { photos: parts.val.clone(), outputs, left_out: None }));
        };
        // In the order of the data, as every table is.
        let mut order: Vec<usize> = (0..judged.photos.len()).collect();
        order.sort_by_key(|&place| judged.photos.samples[place].0);
        let photos = pick(&judged.photos, &order);
        let Some(mut outputs) = fit.outputs(&photos, (options.batch, reads), interrupt)? else { return Ok(None) };
        let n_classes = photos.class_names().len();
        outputs.logits =
            order.iter().flat_map(|&place| &judged.logits[place * n_classes..][..n_classes]).copied().collect();
        let first = judged.folds.first().cloned().unwrap_or_default();
        let left_out = (0..order.len()).filter(|&place| first.contains(&order[place])).collect();
        Ok(Some(Unseen { photos, outputs, left_out: Some(left_out) }))
    }
}

/// The photos at these places.
fn pick(photos: &Dataset, places: &[usize]) -> Dataset {
    let samples = places.iter().map(|&place| photos.samples[place]).collect();
    let paths = places.iter().map(|&place| photos.paths[place].clone()).collect();
    Dataset { samples, paths, ..photos.clone() }
}

/// What known pictures are like: remembered of the training part, measured on photos that are not remembered (of photos that are
/// judged by folds, the first fold stands aside). The outer `None` where the user asked to stop.
fn known(
    fit: &FitOutcome,
    parts: &Parts<'_>,
    (unseen, temperature, options): (&Unseen, f64, &FitOptions),
    interrupt: &Interrupt,
) -> Result<Option<Option<KnownPictures>>> {
    let n_classes = parts.train.class_names().len();
    let all = |left_out: &HashSet<usize>| -> (Dataset, Outputs) {
        let places: Vec<usize> = (0..unseen.photos.len()).filter(|place| left_out.contains(place)).collect();
        let n_features = unseen.outputs.features.len() / unseen.photos.len().max(1);
        let rows = |values: &[f32], width: usize| -> Vec<f32> {
            places.iter().flat_map(|&place| &values[place * width..][..width]).copied().collect()
        };
        let outputs = Outputs {
            logits: rows(&unseen.outputs.logits, n_classes),
            features: rows(&unseen.outputs.features, n_features),
        };
        (pick(&unseen.photos, &places), outputs)
    };
    let aside = unseen.left_out.as_ref().map(all);
    let train = aside.as_ref().map(|(aside, _)| {
        let held: HashSet<usize> = aside.samples.iter().map(|(position, _)| *position).collect();
        let places: Vec<usize> =
            (0..parts.train.len()).filter(|&at| !held.contains(&parts.train.samples[at].0)).collect();
        pick(parts.train, &places)
    });
    let reads = read_by(options.head);
    let remembered = remembered(train.as_ref().unwrap_or(parts.train), reads);
    let Some(seen) = fit.outputs(&remembered, (options.batch, reads), interrupt)? else { return Ok(None) };
    let val = aside.as_ref().map_or(&unseen.outputs, |(_, outputs)| outputs);
    let n_features = seen.features.len() / remembered.len().max(1);
    let asked = (val.logits.as_slice(), val.features.as_slice());
    let known = match reads {
        Reads::LastInput => KnownPictures::measure(n_classes, (n_features, &seen.features), asked),
        Reads::ChannelMeans | Reads::Logits => {
            let labels = labels(&remembered);
            KnownPictures::measure_distances(n_classes, (n_features, &seen.features, &labels), asked)
        }
    };
    let probabilities = softmax(n_classes, &val.logits, temperature);
    let confidences: Vec<f64> = probabilities.chunks_exact(n_classes).map(max_probability).collect();
    let (confidence, from_scratch) = (Moments::of(&confidences), reads != Reads::LastInput);
    Ok(Some(known.map(|known| KnownPictures { confidence, from_scratch, ..known })))
}

/// Puts the figures as every answer is computed in the place of those of the best epoch.
fn correct(run: &RunFolder, fit: &mut FitOutcome, scores: &Scores, loss: f64) -> Result<()> {
    let best = fit.history.epochs.iter_mut().find(|record| record.epoch == fit.best_epoch);
    if let Some(best) = best {
        (best.val_accuracy, best.val_loss) = (scores.accuracy, loss);
        best.val_balanced_accuracy = best.val_balanced_accuracy.map(|_| scores.balanced_accuracy);
    }
    fit.history.write(&run.path().join(names::HISTORY))
}

fn labels(dataset: &Dataset) -> Vec<u32> {
    dataset.samples.iter().map(|(_, label)| *label).collect()
}

fn before_after(n_classes: usize, labels: &[u32], logits: &[f32], temperature: f64) -> Result<BeforeAfter> {
    let certainty = |temperature| -> Result<Certainty> {
        Ok(Certainty::new(&Answers::new(labels, &softmax(n_classes, logits, temperature), n_classes)?))
    };
    Ok(BeforeAfter { before: certainty(1.0)?, after: certainty(temperature)? })
}

fn test_record(n_classes: usize, labels: &[u32], logits: &[f32], certainty: &BeforeAfter) -> Result<TestRecord> {
    let probabilities = softmax(n_classes, logits, 1.0);
    Ok(TestRecord {
        // The temperature has no say in which class is the most likely.
        test_accuracy: Answers::new(labels, &probabilities, n_classes)?.top_k_accuracy(1),
        test_loss: certainty.after.loss,
        test_images: labels.len(),
    })
}
