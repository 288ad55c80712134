//! predictions.csv: what a model said about every photo of a part.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use super::tables;
use crate::Result;
use crate::base::atomic;
use crate::base::cells::{defused, restored};
use crate::base::table::Table;
use crate::metrics::Answers;

/// The columns before those of the classes.
const COLUMNS: [&str; 4] = ["path", "class", "predicted", "confidence"];

/// Photos with their true classes and the probability of every class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// Class names; labels index into them.
    pub classes: Vec<String>,
    /// Relative to the data folder, with `/`.
    pub paths: Vec<String>,
    /// True classes, one a photo.
    pub labels: Vec<u32>,
    /// A row for each photo.
    pub probabilities: Vec<f64>,
}

impl Predictions {
    /// For the metrics. Fails where labels and probabilities do not fit together.
    pub fn answers(&self) -> Result<Answers<'_>> {
        Answers::new(&self.labels, &self.probabilities, self.classes.len())
    }

    /// Writes path, class, predicted, confidence and the probability of each class, atomically. Names that a spreadsheet would run
    /// as formulas are [`defused`]. Numbers read back to the same bits.
    pub fn write(&self, path: &Path) -> Result<()> {
        let answers = self.answers()?;
        Ok(atomic::write_with(path, |file| {
            let mut writer = csv::Writer::from_writer(file);
            let classes: Vec<_> = self.classes.iter().map(|class| defused(class)).collect();
            writer.write_record(COLUMNS.into_iter().chain(classes.iter().map(AsRef::as_ref)))?;
            for ((path, (label, row)), predicted) in self.paths.iter().zip(answers.rows()).zip(answers.predicted()) {
                let names = [defused(path), classes[label].clone(), classes[predicted].clone()];
                let numbers = std::iter::once(&row[predicted]).chain(row).map(f64::to_string);
                writer.write_record(names.into_iter().map(Cow::into_owned).chain(numbers))?;
            }
            writer.flush()
        })?)
    }

    /// Reads such a table.
    pub fn read(path: &Path) -> Result<Self> {
        tables::parsed(path, parse)
    }

    /// Adds what was said of other photos, of the same classes.
    pub(super) fn append(&mut self, other: Predictions) -> std::result::Result<(), String> {
        let Predictions { classes, paths, labels, probabilities } = other;
        if classes != self.classes {
            return Err(format!(
                "its classes are {}, and {} were expected",
                classes.join(", "),
                self.classes.join(", ")
            ));
        }
        self.paths.extend(paths);
        self.labels.extend(labels);
        self.probabilities.extend(probabilities);
        Ok(())
    }

    /// The probabilities as they were before this temperature was applied.
    pub fn uncalibrated(&self, temperature: f64) -> Vec<f64> {
        let mut plain = Vec::with_capacity(self.probabilities.len());
        for row in self.probabilities.chunks_exact(self.classes.len().max(1)) {
            // softmax(z / T) to the power of T is in proportion to softmax(z).
            let raised = row.iter().map(|p| p.powf(temperature));
            let sum: f64 = raised.clone().sum();
            plain.extend(raised.map(|p| if sum > 0.0 { p / sum } else { 1.0 / row.len() as f64 }));
        }
        plain
    }
}

fn parse(bytes: &[u8]) -> std::result::Result<Predictions, String> {
    let table = Table::own(bytes)?;
    let header = &table.header;
    if header.iter().take(COLUMNS.len()).ne(COLUMNS) || header.len() == COLUMNS.len() {
        let (came, expected) = (header.join(","), COLUMNS.join(","));
        return Err(format!("its columns are {came}, but {expected} and a class each were expected"));
    }
    let classes: Vec<String> = header.iter().skip(COLUMNS.len()).map(|class| restored(class).to_string()).collect();
    let mut all = Predictions { classes: classes.clone(), ..Predictions::default() };
    // Of two columns of one name, the first.
    let mut labels = HashMap::new();
    for (label, class) in (0u32..).zip(&classes) {
        labels.entry(class.as_str()).or_insert(label);
    }
    for row in table.rows() {
        let (line, row) = row?;
        let class = restored(&row[1]);
        all.labels.push(*labels.get(class).ok_or_else(|| format!("line {line}: the class {class:?} has no column"))?);
        all.paths.push(restored(&row[0]).to_string());
        for value in row.iter().skip(COLUMNS.len()) {
            let share = value.parse().ok().filter(|p| (0.0..=1.0).contains(p));
            all.probabilities.push(share.ok_or_else(|| format!("line {line}: {value:?} is not a number from 0 to 1"))?);
        }
    }
    Ok(all)
}
