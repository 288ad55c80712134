//! What may change the course of a run after an epoch. Their state is plain data, so that a checkpoint can hold it.

use serde::{Deserialize, Serialize};

/// The figure that decides which epoch was best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Monitor {
    #[default]
    ValAccuracy,
    ValLoss,
}

/// Ends the run when the monitored figure has not improved for `patience` epochs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct EarlyStopping {
    pub patience: usize,
    pub min_delta: f64,
}

/// Multiplies the rate by `factor` when the monitored figure has not improved for `patience` epochs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ReduceOnPlateau {
    pub patience: usize,
    pub factor: f64,
    pub min_lr: f64,
}
