//! The end of a run: the best model is calibrated on the validation part, and measured there.

use serde::Serialize;

use super::RunFolder;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::data::Dataset;
use crate::metrics::{Answers, Certainty, Scores, fit_temperature, softmax};
use crate::model_file::{self, ModelFile};
use crate::train::{FitOptions, FitOutcome, logits};

/// The part of metrics.json that tells of the best epoch's model. Its figures are those after calibration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Validated {
    #[serde(flatten)]
    pub scores: Scores,
    pub calibration: CalibrationRecord,
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
        let answers = Answers::new(&labels, &calibrated, n_classes)?;
        Ok(Some(Validated {
            scores: Scores::new(&answers, val.class_names(), options.seed),
            calibration: CalibrationRecord {
                temperature: file.temperature(),
                images: file.calibration.map_or(0, |calibration| calibration.images),
                before: Certainty::new(&Answers::new(&labels, &plain, n_classes)?),
                after: Certainty::new(&answers),
            },
        }))
    }
}
