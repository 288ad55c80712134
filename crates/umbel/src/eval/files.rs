//! An evaluation written down: metrics.json, predictions.csv and pictures.

use std::path::Path;

use super::{Evaluation, Rows};
use crate::base::atomic;
use crate::report::{confusion, predictions, ranking, reliability};
use crate::{Error, Result};

impl Evaluation {
    /// Writes metrics.json, predictions.csv (path, class, predicted, confidence, and the probability of each class),
    /// confusion, roc-pr and reliability (each .svg and .png) into `folder`, each whole or not at all; metrics.json comes last. The
    /// folder is created, or must be empty.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let io = |source| umbel_predict::Error::Io { action: "create the folder", path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        if std::fs::read_dir(folder).map_err(io)?.next().is_some() {
            return Err(Error::FolderNotEmpty { path: folder.to_owned() });
        }
        let Rows { predictions, bins } = &self.rows;
        predictions.write(&folder.join(predictions::FILE_NAME))?;
        confusion::write(folder, "confusion", &predictions.classes, &self.scores.confusion)?;
        ranking::write(folder, "roc-pr", &predictions.classes, &predictions.answers()?)?;
        let ece = [self.uncalibrated.ece, self.scores.ece];
        let panels = reliability::panels(self.calibration.is_some(), ece, bins);
        reliability::write(folder, "reliability", &panels)?;
        let path = folder.join("metrics.json");
        let json = serde_json::to_string_pretty(self)
            .map_err(|error| Error::Malformed { path: path.clone(), detail: error.to_string() })?;
        Ok(atomic::write_bytes(&path, format!("{json}\n").as_bytes())?)
    }
}
