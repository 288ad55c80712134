//! Accuracy and loss over the epochs, training and validation, side by side: SVG and PNG.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::base::progress::EpochRecord;

/// One run's curves with the name they go by.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NamedCurves<'a> {
    pub name: &'a str,
    pub epochs: &'a [EpochRecord],
}

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths. One run: training against
/// validation; several: one colour a run, dashed for training.
pub fn write(folder: &Path, stem: &str, runs: &[NamedCurves<'_>]) -> Result<Vec<PathBuf>> {
    todo!()
}
