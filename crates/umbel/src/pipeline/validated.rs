//! The end of a run: the best model is calibrated on the validation part and measured there, remembers what known pictures
//! are like, and is measured on the test part.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::RunFolder;
use crate::Result;
use crate::base::progress::{Interrupt, TestRecord};
use crate::data::Dataset;
use crate::metrics::{Answers, Bin, Certainty, KnownPictures, Scores, fit_temperature, softmax};
use crate::model_file::{self, ModelFile};
use crate::report::predictions::{self, Predictions};
use crate::report::{confusion, ranking, reliability};
use crate::train::{FitOptions, FitOutcome, Outputs};

/// The part of metrics.json that tells of the best epoch's model. Its figures are those after calibration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Validated {
    #[serde(flatten)]
    pub scores: Scores,
    pub calibration: CalibrationRecord,
    /// On the test part, if there is one: photos that neither the training nor the calibration saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_calibration: Option<BeforeAfter>,
    /// What the figures come from.
    #[serde(skip)]
    pub predictions: Predictions,
    /// Before and after calibration.
    #[serde(skip)]
    pub bins: [Vec<Bin>; 2],
}

/// What calibration did to the confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct BeforeAfter {
    before: Certainty,
    after: Certainty,
}

/// What calibration did, on the very photos that it was fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct CalibrationRecord {
    /// 1 where none could be fitted.
    temperature: f64,
    /// Photos that it was fitted on; 0 where none could be fitted.
    images: usize,
    #[serde(flatten)]
    certainty: BeforeAfter,
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
        let Some(val) = fit.outputs(parts.val, options.batch, interrupt)? else { return Ok(None) };
        let remembered = remembered(parts.train);
        let Some(seen) = fit.outputs(&remembered, options.batch, interrupt)? else { return Ok(None) };
        let test = match parts.test {
            None => None,
            Some(test) => match fit.outputs(test, options.batch, interrupt)? {
                None => return Ok(None),
                Some(outputs) => Some((labels(test), outputs.logits)),
            },
        };
        let n_classes = parts.val.class_names().len();
        let val_labels = labels(parts.val);
        let mut file = ModelFile::load(run.path())?;
        let before = (file.calibration, file.known.take());
        file.calibration = fit_temperature(n_classes, &val.logits, &val_labels);
        file.known = known(n_classes, (&seen, &labels(&remembered)), &val);
        if (file.calibration, &file.known) != (before.0, &before.1) {
            file.save(&run.path().join(model_file::FILE_NAME))?;
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
        let validated = Validated {
            scores: Scores::new(&answers, parts.val.class_names(), options.seed),
            calibration: CalibrationRecord {
                temperature: file.temperature(),
                images: file.calibration.map_or(0, |calibration| calibration.images),
                certainty: BeforeAfter { before: Certainty::new(&before), after: Certainty::new(&answers) },
            },
            test_calibration: test.map(|(certainty, _)| certainty),
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
        self.predictions.write(&folder.join(predictions::FILE_NAME))?;
        let written = confusion::write(plots, "confusion", classes, &self.scores.confusion)?;
        ranking::write(plots, "roc-pr", classes, &self.predictions.answers()?)?;
        let CalibrationRecord { certainty: BeforeAfter { before, after }, images, .. } = &self.calibration;
        let panels = reliability::panels(*images > 0, [before.ece, after.ece], &self.bins);
        reliability::write(plots, "reliability", &panels)?;
        Ok(written)
    }
}

/// So many training photos at most tell what known pictures are like, in a hundred or so numbers each: more would cost time and
/// memory that grow with the folder.
const REMEMBERED: usize = 5_000;

/// The training photos, or some at even distances where there are very many.
fn remembered(train: &Dataset) -> Dataset {
    let every = train.len().div_ceil(REMEMBERED).max(1);
    let samples = train.samples.iter().step_by(every).copied().collect();
    let paths = train.paths.iter().step_by(every).cloned().collect();
    Dataset { samples, paths, ..train.clone() }
}

fn known(n_classes: usize, (seen, labels): (&Outputs, &[u32]), val: &Outputs) -> Option<KnownPictures> {
    let n_features = seen.features.len() / labels.len().max(1);
    KnownPictures::measure(n_classes, (n_features, &seen.features, labels), (&val.logits, &val.features))
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
