//! metrics.json: how far a run came, and how good its best epoch is. One type writes and reads it, so that what one version
//! writes the next ones read; what an older one did not write yet is not there.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::json;
use crate::Result;
use crate::base::machine::Machine;
use crate::base::progress::{EpochRecord, TestRecord};
use crate::metrics::{Certainty, Scores, SetScore, Trusted};
use crate::model_file::StartedFrom;

/// All of it, in the order of the file. New fields go where they belong and are read as not there from older files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Whole epochs.
    pub epochs: usize,
    /// The run has come to its end.
    pub finished: bool,
    /// The epoch that was kept.
    pub best: Figures,
    /// The last one.
    pub last: Figures,
    /// accuracy − val_accuracy after the last epoch.
    pub accuracy_gap: f64,
    /// val_loss − loss after the last epoch.
    pub loss_gap: f64,
    /// Sum over the epochs: training and validation.
    pub seconds: f64,
    /// Digest of config.toml's settings.
    pub settings: String,
    /// Numbers that the network learned or carries.
    pub parameters: Option<usize>,
    /// Whose weights it began with; left out where they were random ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_from: Option<StartedFrom>,
    /// What computed.
    pub machine: Option<Machine>,
    /// The best model on the test part, where there is one.
    #[serde(flatten)]
    pub test: Option<TestRecord>,
    /// The best model on the validation part after calibration, once the run is over.
    #[serde(flatten)]
    pub scores: Option<Scores>,
    /// What calibration did on the validation part, which it was fitted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationRecord>,
    /// On the test part, if there is one: photos that neither the training nor the calibration saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_calibration: Option<BeforeAfter>,
    /// From which confidence on answers were right as often as is told, on the photos that judged the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted: Vec<Trusted>,
    /// How right they are of the same confidence on the test part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test_trusted: Vec<Trusted>,
    /// How often sets hold the right class there; of the photos that judged the run, they do by construction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test_sets: Vec<SetScore>,
}

/// The figures of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Figures {
    /// From 1.
    pub epoch: usize,
    pub loss: f64,
    pub accuracy: f64,
    pub val_loss: f64,
    pub val_accuracy: f64,
}

impl From<&EpochRecord> for Figures {
    fn from(record: &EpochRecord) -> Self {
        let EpochRecord { epoch, loss, accuracy, val_loss, val_accuracy, .. } = *record;
        Figures { epoch, loss, accuracy, val_loss, val_accuracy }
    }
}

/// How confidence was calibrated, and what it changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRecord {
    /// 1 where none could be fitted.
    pub temperature: f64,
    /// Photos that it was fitted on; 0 where none could be fitted.
    pub images: usize,
    /// On these photos.
    #[serde(flatten)]
    pub certainty: Option<BeforeAfter>,
}

/// What calibration did to the confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BeforeAfter {
    pub before: Certainty,
    pub after: Certainty,
}

impl Metrics {
    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        json::write(path, self)
    }

    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self> {
        json::read(path)
    }
}
