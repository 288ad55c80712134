//! The end of a run: the best model is calibrated on the validation part, and measured there.

use std::path::Path;

use serde::Serialize;

use super::RunFolder;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::data::Dataset;
use crate::metrics::{Answers, Bin, Certainty, Scores, fit_temperature, softmax};
use crate::model_file::{self, ModelFile};
use crate::report::predictions::{self, Predictions};
use crate::report::{confusion, ranking, reliability};
use crate::train::{FitOptions, FitOutcome, logits};

/// The part of metrics.json that tells of the best epoch's model. Its figures are those after calibration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Validated {
    #[serde(flatten)]
    pub scores: Scores,
    pub calibration: CalibrationRecord,
    /// What the figures come from.
    #[serde(skip)]
    pub predictions: Predictions,
    /// Before and after calibration.
    #[serde(skip)]
    pub bins: [Vec<Bin>; 2],
}

/// What calibration did, on the very photos that it was fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct CalibrationRecord {
    /// 1 where none could be fitted.
    temperature: f64,
    /// Photos that it was fitted on; 0 where none could be fitted.
    images: usize,
    before: Certainty,
    after: Certainty,
}

impl Validated {
    /// Fits the temperature, puts it into the run's model file, and measures. The same run gives the same bits, stopped
    /// and resumed or not. `None` where the user asked to stop; resuming the run then comes back to it.
    pub fn measure(
        run: &RunFolder,
        fit: &FitOutcome,
        val: &Dataset,
        options: &FitOptions,
        interrupt: &Interrupt,
    ) -> Result<Option<Self>> {
        let Some(logits) = logits(&fit.best, val, options.batch, interrupt)? else { return Ok(None) };
        let n_classes = val.class_names().len();
        let labels: Vec<u32> = val.samples.iter().map(|(_, label)| *label).collect();
        let mut file = ModelFile::load(run.path())?;
        let before = file.calibration;
        file.calibration = fit_temperature(n_classes, &logits, &labels);
        if file.calibration != before {
            file.save(&run.path().join(model_file::FILE_NAME))?;
        }
        let plain = softmax(n_classes, &logits, 1.0);
        let calibrated = softmax(n_classes, &logits, file.temperature());
        let before = Answers::new(&labels, &plain, n_classes)?;
        let answers = Answers::new(&labels, &calibrated, n_classes)?;
        let scores = Scores::new(&answers, val.class_names(), options.seed);
        let calibration = CalibrationRecord {
            temperature: file.temperature(),
            images: file.calibration.map_or(0, |calibration| calibration.images),
            before: Certainty::new(&before),
            after: Certainty::new(&answers),
        };
        let bins = [before.bins(), answers.bins()];
        let predictions = Predictions {
            classes: val.class_names().to_vec(),
            paths: val.paths.to_vec(),
            labels,
            probabilities: calibrated,
        };
        Ok(Some(Validated { scores, calibration, predictions, bins }))
    }

    /// Writes predictions.csv into the run folder, and the pictures into that of its plots.
    pub fn write(&self, folder: &Path, plots: &Path) -> Result<()> {
        let Predictions { classes, .. } = &self.predictions;
        self.predictions.write(&folder.join(predictions::FILE_NAME))?;
        confusion::write(plots, "confusion", classes, &self.scores.confusion)?;
        ranking::write(plots, "roc-pr", classes, &self.predictions.answers()?)?;
        let CalibrationRecord { before, after, images, .. } = &self.calibration;
        let panels = reliability::panels(*images > 0, [before.ece, after.ece], &self.bins);
        reliability::write(plots, "reliability", &panels)?;
        Ok(())
    }
}
