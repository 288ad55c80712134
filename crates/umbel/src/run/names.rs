//! The names in a run folder: whoever reads or writes there takes them from here.

use std::path::{Path, PathBuf};

pub use crate::base::run_folder::{CONFIG, FOLDS_JSON, PREPARING, SPLIT};
pub use crate::model_file::FILE_NAME as MODEL;

/// The text of the network's TOML file, where it came from one.
pub const MODEL_TOML: &str = "model.toml";
/// What was done about single photos: [`Plan`](crate::data::Plan).
pub const PLAN: &str = "plan.csv";
/// Files that cannot be used: [`Problem`](crate::base::problem::Problem).
pub const PROBLEMS: &str = "problems.csv";
/// Photos on which a model is measured, and that show the same as one that it learned from: [`LeakRow`](super::LeakRow).
pub const LEAKS: &str = "leaks.csv";
/// A row for each epoch: [`History`](super::History).
pub const HISTORY: &str = "history.csv";
/// All that a stopped run needs to go on.
pub const CHECKPOINT: &str = "last.ckpt";
/// The figures of the best epoch: [`Metrics`](super::Metrics).
pub const METRICS: &str = "metrics.json";
/// What the best model says about the validation part: [`Predictions`](super::Predictions).
pub const PREDICTIONS: &str = "predictions.csv";
/// The same about the test part, where there is one.
pub const TEST_PREDICTIONS: &str = "test-predictions.csv";
/// The page with everything.
pub const REPORT: &str = "report.html";
/// The folder of the pictures.
pub const PLOTS: &str = "plots";
/// The folder of the event files, which TensorBoard takes as its `--logdir`.
pub const TENSORBOARD: &str = "tensorboard";
/// The same figures, a row for each fold.
pub const FOLDS: &str = "folds.csv";

/// The file that is locked by whoever writes to the folder.
pub const LOCK: &str = ".lock";

/// The pictures among [`PLOTS`], each as .svg and .png.
pub const CURVES: &str = "curves";
/// See [`CURVES`].
pub const CONFUSION: &str = "confusion";
/// See [`CURVES`].
pub const RANKING: &str = "roc-pr";
/// See [`CURVES`].
pub const RELIABILITY: &str = "reliability";
/// Some training photos, as .png alone.
pub const SAMPLES: &str = "samples";

/// Where a picture among the plots lies as .png.
pub fn plot(run: &Path, picture: &str) -> PathBuf {
    run.join(PLOTS).join(format!("{picture}.png"))
}

/// The run folder of a fold, counted from 1, within that of its cross-validation.
pub fn fold(run: &Path, number: usize) -> PathBuf {
    run.join(format!("fold-{number}"))
}
