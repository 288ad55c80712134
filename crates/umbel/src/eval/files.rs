//! An evaluation written down: metrics.json, predictions.csv and pictures.

use std::path::Path;

use super::{Evaluation, Rows};
use crate::base::fonts::Fonts;
use crate::report::{confusion, ranking, reliability};
use crate::run::{json, names};
use crate::{Error, Result};

impl Evaluation {
    /// Writes metrics.json, predictions.csv (path, class, predicted, confidence, and the probability of each class),
    /// confusion, roc-pr and reliability (each .svg and .png) into `folder`, each whole or not at all; metrics.json comes last. The
    /// folder is created, or must be empty.
    pub fn write(&self, folder: &Path, fonts: &Fonts) -> Result<()> {
        let io = |source| umbel_predict::Error::Io { action: "create the folder", path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        if std::fs::read_dir(folder).map_err(io)?.next().is_some() {
            return Err(Error::FolderNotEmpty { path: folder.to_owned() });
        }
        let Rows { predictions, bins } = &self.rows;
        predictions.write(&folder.join(names::PREDICTIONS))?;
        confusion::write(folder, names::CONFUSION, &predictions.classes, &self.scores.confusion, fonts)?;
        ranking::write(folder, names::RANKING, &predictions.classes, &predictions.answers()?, fonts)?;
        let ece = [self.uncalibrated.ece, self.scores.ece];
        let panels = reliability::panels(self.calibration.is_some(), ece, bins);
        reliability::write(folder, names::RELIABILITY, &panels)?;
        json::write(&folder.join(names::METRICS), self)
    }
}
