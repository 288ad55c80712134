//! Several runs beside each other: curves in one picture, final figures and the train/validation gap in one table.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Result;

/// One run's row.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct ComparedRun {
    pub run: String,
    pub epochs: usize,
    pub best_epoch: usize,
    pub best_val_accuracy: f64,
    pub accuracy: f64,
    pub val_accuracy: f64,
    /// accuracy − val_accuracy after the last epoch.
    pub accuracy_gap: f64,
    pub loss: f64,
    pub val_loss: f64,
    /// val_loss − loss after the last epoch.
    pub loss_gap: f64,
    pub seconds: f64,
}

/// The comparison: rows, a plain-text table (Display), and the pictures written.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Comparison {
    pub runs: Vec<ComparedRun>,
    pub pictures: Vec<PathBuf>,
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}

/// Reads the runs' history.csv and writes compare.svg and compare.png into `out`.
pub fn compare(runs: &[PathBuf], out: &Path) -> Result<Comparison> {
    todo!()
}
