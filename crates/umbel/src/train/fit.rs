//! fit: epochs of steps, validation after each, the best model kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{EarlyStopping, History, Monitor, ReduceOnPlateau};
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::data::Dataset;
use crate::nn::{LossSum, Model, OptimizerConfig, ScheduleKind};

/// How to train; the defaults are the tutorial's. (Saved as part of config.toml.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct FitOptions {
    pub epochs: usize,
    pub batch: usize,
    pub seed: u64,
    pub learning_rate: f64,
    pub optimizer: OptimizerConfig,
    pub schedule: ScheduleKind,
    /// Epochs (may be fractional) of linear warm-up.
    pub warmup_epochs: f64,
    pub monitor: Monitor,
    pub early_stopping: Option<EarlyStopping>,
    pub reduce_on_plateau: Option<ReduceOnPlateau>,
    /// Where model.safetensors, last.ckpt and history.csv go; `None` keeps everything in memory.
    #[serde(skip)]
    pub run_folder: Option<PathBuf>,
}

impl Default for FitOptions {
    fn default() -> Self {
        FitOptions {
            epochs: 15,
            batch: 32,
            seed: 123,
            learning_rate: 0.001,
            optimizer: OptimizerConfig::adam(),
            schedule: ScheduleKind::Constant,
            warmup_epochs: 0.0,
            monitor: Monitor::ValAccuracy,
            early_stopping: None,
            reduce_on_plateau: None,
            run_folder: None,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct FitOutcome {
    pub history: History,
    /// From 1.
    pub best_epoch: usize,
    /// The weights of the best epoch.
    pub best: Model,
    /// Whether the user's interrupt ended it (everything is saved; the run can be resumed).
    pub interrupted: bool,
}

/// Trains `model` on `train`, validating on `val` after every epoch. Afterwards `model` holds the last weights.
/// Where `options.run_folder` has a checkpoint of the same settings, goes on from there.
pub fn fit(
    model: &mut Model,
    train: &Dataset,
    val: &Dataset,
    options: &FitOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<FitOutcome> {
    todo!()
}

/// Loss and accuracy sums of a model over a dataset.
pub fn evaluate(model: &Model, dataset: &Dataset, batch: usize, top_k: usize) -> Result<LossSum> {
    todo!()
}
