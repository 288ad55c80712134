//! predictions.csv: what a model said about every photo of a part.

use std::path::Path;

use crate::base::atomic;
use crate::metrics::Answers;
use crate::{Result, run};

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

    /// Writes path, class, predicted, confidence and the probability of each class, atomically. Numbers read back to the
    /// same bits.
    pub fn write(&self, path: &Path) -> Result<()> {
        let answers = self.answers()?;
        Ok(atomic::write_with(path, |file| {
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(COLUMNS.into_iter().chain(self.classes.iter().map(String::as_str)))?;
            for ((path, (label, row)), predicted) in self.paths.iter().zip(answers.rows()).zip(answers.predicted()) {
                let names = [path.clone(), self.classes[label].clone(), self.classes[predicted].clone()];
                let numbers = std::iter::once(&row[predicted]).chain(row).map(f64::to_string);
                writer.write_record(names.into_iter().chain(numbers))?;
            }
            writer.flush()
        })?)
    }

    /// Reads such a table.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| umbel_predict::Error::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        Ok(parse(&bytes).map_err(|detail| run::Error::Malformed { path: path.to_owned(), detail })?)
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
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    if header.iter().take(COLUMNS.len()).ne(COLUMNS) || header.len() == COLUMNS.len() {
        let came = header.iter().collect::<Vec<_>>().join(",");
        return Err(format!("its columns are {came}, but {} and a class each were expected", COLUMNS.join(",")));
    }
    let classes: Vec<String> = header.iter().skip(COLUMNS.len()).map(str::to_string).collect();
    let mut all = Predictions { classes, ..Predictions::default() };
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let label = all.classes.iter().position(|class| *class == row[1]);
        all.labels.push(label.ok_or_else(|| format!("line {line}: the class {:?} has no column", &row[1]))? as u32);
        all.paths.push(row[0].to_string());
        for value in row.iter().skip(COLUMNS.len()) {
            let share = value.parse().ok().filter(|p| (0.0..=1.0).contains(p));
            all.probabilities.push(share.ok_or_else(|| format!("line {line}: {value:?} is not a number from 0 to 1"))?);
        }
    }
    Ok(all)
}
