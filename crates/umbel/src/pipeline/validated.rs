//! The end of a run: the best model is calibrated on the validation part and measured there, remembers what known pictures
//! are like, and is measured on the test part.

use std::path::{Path, PathBuf};

use super::run_folder::RunFolder;
use crate::Result;
use crate::base::progress::{Interrupt, TestRecord};
use crate::data::Dataset;
use crate::metrics::{
    Answers, Bin, Certainty, KnownPictures, MOST_PROTOTYPES, Moments, Reads, Scores, fit_temperature, max_probability,
    softmax,
};
use crate::model_file::ModelFile;
use crate::report::{confusion, ranking, reliability};
use crate::run::{BeforeAfter, CalibrationRecord, Metrics, Predictions, names};
use crate::train::{FitOptions, FitOutcome, HeadFit, Outputs};

/// How good the best epoch's model is. The figures are those after calibration.
#[derive(Clone, Debug)]
pub(super) struct Validated {
    scores: Scores,
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
    pub fn measure(
        run: &RunFolder,
        fit: &FitOutcome,
        parts: &Parts<'_>,
        options: &FitOptions,
        interrupt: &Interrupt,
    ) -> Result<Option<(Self, Option<TestRecord>)>> {
        let reads = read_by(options.head);
        let Some(val) = fit.outputs(parts.val, (options.batch, reads), interrupt)? else { return Ok(None) };
        let remembered = remembered(parts.train, reads);
        let Some(seen) = fit.outputs(&remembered, (options.batch, reads), interrupt)? else { return Ok(None) };
        let test = match parts.test {
            None => None,
            Some(test) => match fit.outputs(test, (options.batch, Reads::Logits), interrupt)? {
                None => return Ok(None),
                Some(outputs) => Some((labels(test), outputs.logits)),
            },
        };
        let n_classes = parts.val.class_names().len();
        let val_labels = labels(parts.val);
        let mut file = ModelFile::load(run.path())?;
        let before = (file.calibration, file.known.take());
        file.calibration = fit_temperature(n_classes, &val.logits, &val_labels);
        file.known = known((n_classes, file.temperature(), reads), (&seen, &labels(&remembered)), &val);
        if (file.calibration, &file.known) != (before.0, &before.1) {
            file.save(&run.path().join(names::MODEL))?;
        }
        let calibrated = softmax(n_classes, &val.logits, file.temperature());
        let plain = softmax(n_classes, &val.logits, 1.0);
        let before = Answers::new(&val_labels, &plain, n_classes)?;
        let answers = Answers::new(&val_labels, &calibrated, n_classes)?;
        let bins = [before.bins(), answers.bins()];
        let test = test
            .map(|(labels, logits)| {
                let certainty = before_after(n_classes, &labels, &logits, file.temperature())?;
                Ok::<_, crate::Error>((certainty, test_record(n_classes, &labels, &logits, &certainty)?))
            })
            .transpose()?;
        let certainty = BeforeAfter { before: Certainty::new(&before), after: Certainty::new(&answers) };
        let validated = Validated {
            scores: Scores::new(&answers, parts.val.class_names(), options.seed),
            calibration: CalibrationRecord {
                temperature: file.temperature(),
                images: file.calibration.map_or(0, |calibration| calibration.images),
                certainty: Some(certainty),
            },
            certainty: (certainty, test.map(|(certainty, _)| certainty)),
            predictions: Predictions {
                classes: parts.val.class_names().to_vec(),
                paths: parts.val.paths.to_vec(),
                labels: val_labels,
                probabilities: calibrated,
            },
            bins,
        };
        Ok(Some((validated, test.map(|(_, record)| record))))
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

fn known(
    (n_classes, temperature, reads): (usize, f64, Reads),
    (seen, labels): (&Outputs, &[u32]),
    val: &Outputs,
) -> Option<KnownPictures> {
    let n_features = seen.features.len() / labels.len().max(1);
    let asked = (val.logits.as_slice(), val.features.as_slice());
    let known = match reads {
        Reads::LastInput => KnownPictures::measure(n_classes, (n_features, &seen.features), asked),
        Reads::ChannelMeans | Reads::Logits => {
            KnownPictures::measure_distances(n_classes, (n_features, &seen.features, labels), asked)
        }
    }?;
    let probabilities = softmax(n_classes, &val.logits, temperature);
    let confidences: Vec<f64> = probabilities.chunks_exact(n_classes).map(max_probability).collect();
    let from_scratch = reads != Reads::LastInput;
    Some(KnownPictures { confidence: Moments::of(&confidences), from_scratch, ..known })
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
