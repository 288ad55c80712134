//! Accuracy and loss over the epochs, training and validation, side by side: SVG and PNG.

use std::path::{Path, PathBuf};

use super::canvas;
use super::figure::Figure;
use crate::base::progress::EpochRecord;
use crate::{Error, Result};

/// One run's curves with the name they go by.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NamedCurves<'a> {
    pub name: &'a str,
    pub epochs: &'a [EpochRecord],
}

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths. One run: training against
/// validation; several: one color a run, dashed for training. Values that are not numbers leave gaps; a single epoch
/// is drawn as dots. The folder must exist.
pub fn write(folder: &Path, stem: &str, runs: &[NamedCurves<'_>]) -> Result<Vec<PathBuf>> {
    if runs.iter().all(|run| run.epochs.is_empty()) {
        return Err(Error::NoEpochs { run: folder.to_owned() });
    }
    canvas::write(folder, stem, &Figure::new(runs))
}
