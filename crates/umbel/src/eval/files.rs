//! An evaluation written down: metrics.json, predictions.csv and two pictures.

use std::path::Path;

use super::{Evaluation, Rows};
use crate::base::atomic;
use crate::metrics::Answers;
use crate::report::{confusion, reliability};
use crate::{Error, Result};

impl Evaluation {
    /// Writes metrics.json, predictions.csv (path, class, predicted, confidence, and the probability of each class),
    /// confusion.svg/.png and reliability.svg/.png into `folder`, each whole or not at all; metrics.json comes last. The
    /// folder is created, or must be empty.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let io = |source| Error::Io { action: "create the folder", path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        if std::fs::read_dir(folder).map_err(io)?.next().is_some() {
            return Err(Error::FolderNotEmpty { path: folder.to_owned() });
        }
        self.rows.write(&folder.join("predictions.csv"))?;
        confusion::write(folder, "confusion", &self.rows.classes, &self.scores.confusion)?;
        reliability::write(folder, "reliability", &self.panels())?;
        let path = folder.join("metrics.json");
        let json = serde_json::to_string_pretty(self)
            .map_err(|error| Error::Malformed { path: path.clone(), detail: error.to_string() })?;
        atomic::write_bytes(&path, format!("{json}\n").as_bytes())
    }

    fn panels(&self) -> Vec<reliability::Panel> {
        let [before, after] = self.rows.bins.clone();
        let panel = |what: &str, ece: f64, bins| reliability::Panel { title: format!("{what}: {ece:.3}"), bins };
        match self.calibration {
            None => vec![panel("Calibration error", self.scores.ece, after)],
            Some(_) => vec![
                panel("Calibration error before calibration", self.uncalibrated.ece, before),
                panel("Calibration error after calibration", self.scores.ece, after),
            ],
        }
    }
}

impl Rows {
    fn write(&self, path: &Path) -> Result<()> {
        let answers = Answers::new(&self.labels, &self.probabilities, self.classes.len())?;
        atomic::write_with(path, |file| {
            let mut writer = csv::Writer::from_writer(file);
            let columns = ["path", "class", "predicted", "confidence"].into_iter();
            writer.write_record(columns.chain(self.classes.iter().map(String::as_str)))?;
            for ((path, (label, row)), predicted) in self.paths.iter().zip(answers.rows()).zip(answers.predicted()) {
                let names = [path.clone(), self.classes[label].clone(), self.classes[predicted].clone()];
                let numbers = std::iter::once(&row[predicted]).chain(row).map(f64::to_string);
                writer.write_record(names.into_iter().chain(numbers))?;
            }
            writer.flush()
        })
    }
}
