//! predictions.csv: what a model said about every photo of a part.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use rayon::prelude::*;

use super::tables;
use crate::Result;
use crate::base::atomic;
use crate::base::cells::{defused, restored};
use crate::base::table::Table;
use crate::metrics::Answers;

/// The columns before those of the classes.
const COLUMNS: [&str; 4] = ["path", "class", "predicted", "confidence"];

/// Rows that are in hand at a time.
const IN_HAND: usize = 1024;

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
            let mut writer = csv::Writer::from_writer(&mut *file);
            let classes: Vec<_> = self.classes.iter().map(|class| defused(class)).collect();
            writer.write_record(COLUMNS.into_iter().chain(classes.iter().map(AsRef::as_ref)))?;
            writer.flush()?;
            drop(writer);
            let rows: Vec<_> = self.paths.iter().zip(answers.rows()).zip(answers.predicted()).collect();
            // With a thousand classes, writing numbers takes longer than all that is measured: as many rows as are in hand, side by side.
            for in_hand in rows.chunks(IN_HAND) {
                let texts = in_hand.par_chunks(IN_HAND / 16).map(|rows| {
                    let mut writer = csv::Writer::from_writer(Vec::new());
                    let mut number = String::new();
                    for ((path, (label, row)), predicted) in rows {
                        for name in [&defused(path), &classes[*label], &classes[*predicted]] {
                            writer.write_field(name.as_bytes())?;
                        }
                        for p in std::iter::once(&row[*predicted]).chain(*row) {
                            number.clear();
                            // A string takes whatever is written to it.
                            let _ = write!(number, "{p}");
                            writer.write_field(&number)?;
                        }
                        writer.write_record(None::<&[u8]>)?;
                    }
                    writer.into_inner().map_err(csv::IntoInnerError::into_error)
                });
                for text in texts.collect::<Vec<std::io::Result<Vec<u8>>>>() {
                    file.write_all(&text?)?;
                }
            }
            Ok(())
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
        let mut plain = self.probabilities.clone();
        plain.par_chunks_exact_mut(self.classes.len().max(1)).for_each(|row| {
            // softmax(z / T) to the power of T is in proportion to softmax(z).
            row.iter_mut().for_each(|p| *p = p.powf(temperature));
            let (sum, even): (f64, f64) = (row.iter().sum(), 1.0 / row.len() as f64);
            row.iter_mut().for_each(|p| *p = if sum > 0.0 { *p / sum } else { even });
        });
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
    let (mut rows, mut numbers) = (table.rows(), Vec::new());
    loop {
        let in_hand: Vec<_> = rows.by_ref().take(IN_HAND).collect::<std::result::Result<_, String>>()?;
        if in_hand.is_empty() {
            return Ok(all);
        }
        in_hand.par_iter().map(|(line, row)| probabilities(*line, row)).collect_into_vec(&mut numbers);
        for ((line, row), numbers) in in_hand.iter().zip(numbers.drain(..)) {
            let class = restored(&row[1]);
            let label = labels.get(class).ok_or_else(|| format!("line {line}: the class {class:?} has no column"))?;
            all.labels.push(*label);
            all.paths.push(restored(&row[0]).to_string());
            all.probabilities.extend(numbers?);
        }
    }
}

fn probabilities(line: u64, row: &csv::StringRecord) -> std::result::Result<Vec<f64>, String> {
    let share = |value: &str| value.parse().ok().filter(|p| (0.0..=1.0).contains(p));
    let number = |value| share(value).ok_or_else(|| format!("line {line}: {value:?} is not a number from 0 to 1"));
    row.iter().skip(COLUMNS.len()).map(number).collect()
}
