//! Several runs beside each other: curves in one picture, final figures and the train/validation gap in one table.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::curves::{self, NamedCurves};
use super::differences;
pub use super::differences::{CHANCE, Difference, DifferingSetting};
use crate::base::duration::duration;
use crate::base::fonts::Fonts;
use crate::base::lang::Lang;
use crate::base::progress::EpochRecord;
use crate::base::shown::{cell, column, shown};
use crate::data::Part;
use crate::run::{History, RunRecords, leaks};
use crate::{Result, report, run};

/// A run is said to over-fit when, after its last epoch, it is better on the photos it was trained on than on others by
/// more than this (accuracy, 0 to 1) ...
pub const OVERFIT_ACCURACY_GAP: f64 = 0.10;
/// ... and its validation loss has risen again by at least this share over its lowest value of an earlier epoch. One sign
/// alone is no proof: small validation sets give gaps, and loss may waver.
pub const OVERFIT_LOSS_RISE: f64 = 0.10;

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
    /// The epoch with the lowest val_loss, and that loss.
    pub lowest_val_loss_epoch: usize,
    pub lowest_val_loss: f64,
    pub seconds: f64,
    /// Where the last layer alone was fitted, the rows are no epochs but strengths of L2 regularization: the one that was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l2: Option<f64>,
    /// By [`OVERFIT_ACCURACY_GAP`] and [`OVERFIT_LOSS_RISE`].
    pub overfits: bool,
    /// Validation photos that show the same as a training photo, which flatter its figures; `None` where nobody looked.
    pub val_leaks: Option<usize>,
}

/// The comparison: rows, differences that chance may or may not explain, settings that differ, and the pictures written. Shown
/// (Display), it is a plain-text table with sentences below it.
#[derive(Clone, Debug, Default, Serialize)]
#[allow(missing_docs)]
pub struct Comparison {
    pub runs: Vec<ComparedRun>,
    /// Of every two runs whose validation photos can be paired.
    pub differences: Vec<Difference>,
    /// What could not be compared, and why.
    pub notes: Vec<String>,
    pub settings: Vec<DifferingSetting>,
    pub pictures: Vec<PathBuf>,
}

/// Reads the runs' records and writes compare.svg and compare.png into `out` (created where it is missing). Runs go by the
/// names of their folders, with as much of the path as tells them apart.
pub fn compare(runs: &[PathBuf], out: &Path, fonts: &Fonts) -> Result<Comparison> {
    compare_records(&read(runs)?, out, fonts)
}

/// The records of runs, under names that tell them apart.
pub fn read(runs: &[PathBuf]) -> Result<Vec<(String, RunRecords)>> {
    names(runs).into_iter().zip(runs).map(|(name, run)| Ok((name, RunRecords::read(run)?))).collect()
}

/// The same as [`compare`] for records at hand, under the names given.
pub fn compare_records(runs: &[(String, RunRecords)], out: &Path, fonts: &Fonts) -> Result<Comparison> {
    let best = |run: &RunRecords| Some(run.metrics.best.epoch).filter(|epoch| *epoch > 0);
    let histories: Vec<_> = runs.iter().map(|(name, run)| (name.as_str(), &run.history, best(run))).collect();
    let mut comparison = of_histories(&histories, out, fonts)?;
    for (row, (_, records)) in comparison.runs.iter_mut().zip(runs) {
        row.val_leaks = records.leaks.as_ref().map(|found| leaks::count(found, Part::Val));
    }
    (comparison.differences, comparison.notes) = differences::differences(runs)?;
    comparison.settings = differences::settings(runs);
    Ok(comparison)
}

/// For histories alone, under the names given.
pub fn compare_histories(runs: &[(String, History)], out: &Path, fonts: &Fonts) -> Result<Comparison> {
    let runs: Vec<_> = runs.iter().map(|(name, history)| (name.as_str(), history, None)).collect();
    of_histories(&runs, out, fonts)
}

/// Names, histories, and the best epochs where they are known.
fn of_histories(runs: &[(&str, &History, Option<usize>)], out: &Path, fonts: &Fonts) -> Result<Comparison> {
    if runs.is_empty() {
        return Err(report::Error::NothingToCompare.into());
    }
    let rows = runs.iter().map(|(name, history, best)| ComparedRun::new(name, &history.epochs, *best));
    let rows = rows.collect::<Result<_>>()?;
    std::fs::create_dir_all(out).map_err(|source| umbel_predict::Error::Io {
        action: "create the folder",
        path: out.to_owned(),
        source,
    })?;
    let curves: Vec<NamedCurves<'_>> =
        runs.iter().map(|(name, history, _)| NamedCurves { name, epochs: &history.epochs }).collect();
    Ok(Comparison {
        runs: rows,
        pictures: curves::write_with(out, "compare", &curves, fonts)?,
        ..Comparison::default()
    })
}

/// The shortest ends of the paths that tell them apart; a folder given twice is numbered.
fn names(runs: &[PathBuf]) -> Vec<String> {
    let parts = |run: &PathBuf| -> Vec<String> {
        let whole = std::path::absolute(run).unwrap_or_else(|_| run.clone());
        whole.iter().map(|part| part.to_string_lossy().into_owned()).collect()
    };
    let parts: Vec<Vec<String>> = runs.iter().map(parts).collect();
    let tail = |index: usize, length: usize| {
        let own = &parts[index];
        own[own.len().saturating_sub(length)..].join("/")
    };
    let mut names: Vec<String> = Vec::with_capacity(runs.len());
    for index in 0..runs.len() {
        let differs = |length: &usize| {
            (0..runs.len()).all(|k| parts[k] == parts[index] || tail(k, *length) != tail(index, *length))
        };
        let length = (1..=parts[index].len()).find(differs).unwrap_or(parts[index].len());
        let earlier = (0..index).filter(|&k| parts[k] == parts[index]).count();
        let number = if earlier > 0 { format!(" ({})", earlier + 1) } else { String::new() };
        names.push(tail(index, length) + &number);
    }
    names
}

impl ComparedRun {
    /// `known`: the best epoch, as the run chose it.
    pub(super) fn new(name: &str, epochs: &[EpochRecord], known: Option<usize>) -> Result<Self> {
        let Some(last) = epochs.last() else { return Err(run::Error::NoEpochs { run: PathBuf::from(name) }.into()) };
        // The first of equals (of the same accuracy the one of lower loss), and the last epoch where no value is a number.
        let best = |better: fn(&EpochRecord, &EpochRecord) -> bool, value: fn(&EpochRecord) -> f64| {
            let finite = epochs.iter().filter(|record| value(record).is_finite());
            finite.reduce(|best, record| if better(record, best) { record } else { best }).unwrap_or(last)
        };
        let is_better = |a: &EpochRecord, b: &EpochRecord| {
            a.val_accuracy > b.val_accuracy || a.val_accuracy == b.val_accuracy && a.val_loss < b.val_loss
        };
        let chosen = known.and_then(|number| epochs.iter().find(|record| record.epoch == number));
        let most_accurate = chosen.unwrap_or_else(|| best(is_better, |r| r.val_accuracy));
        let of_strengths = curves::is_of_strengths(epochs);
        let lowest = best(|a, b| a.val_loss < b.val_loss, |r| r.val_loss);
        let accuracy_gap = last.accuracy - last.val_accuracy;
        let rising = last.val_loss > lowest.val_loss * (1.0 + OVERFIT_LOSS_RISE) && lowest.epoch < last.epoch;
        Ok(ComparedRun {
            run: name.to_string(),
            epochs: epochs.len(),
            best_epoch: most_accurate.epoch,
            best_val_accuracy: most_accurate.val_accuracy,
            accuracy: last.accuracy,
            val_accuracy: last.val_accuracy,
            accuracy_gap,
            loss: last.loss,
            val_loss: last.val_loss,
            loss_gap: last.val_loss - last.loss,
            lowest_val_loss_epoch: lowest.epoch,
            lowest_val_loss: lowest.val_loss,
            seconds: epochs.iter().map(|record| record.seconds).sum(),
            l2: most_accurate.l2.filter(|_| of_strengths),
            overfits: accuracy_gap > OVERFIT_ACCURACY_GAP && rising && !of_strengths,
            val_leaks: None,
        })
    }

    fn columns(&self) -> [String; 11] {
        [
            self.run.clone(),
            self.epochs.to_string(),
            self.best_epoch.to_string(),
            decimal(self.best_val_accuracy),
            decimal(self.accuracy),
            decimal(self.val_accuracy),
            signed(self.accuracy_gap),
            decimal(self.loss),
            decimal(self.val_loss),
            signed(self.loss_gap),
            duration(self.seconds),
        ]
    }
}

/// Two lines of headings, so that the table stays narrow.
const HEADINGS: [[&str; 11]; 2] = [
    ["", "", "best", "best val", "train", "val", "accuracy", "train", "val", "loss", ""],
    ["run", "epochs", "epoch", "accuracy", "accuracy", "accuracy", "gap", "loss", "loss", "gap", "time"],
];

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let headings = HEADINGS.iter().map(|row| row.map(str::to_string));
        let rows: Vec<[String; 11]> = headings.chain(self.runs.iter().map(ComparedRun::columns)).collect();
        let widths: [usize; 11] = std::array::from_fn(|k| column(rows.iter().map(|row| row[k].as_str()), 0));
        for (index, row) in rows.iter().enumerate() {
            if index == HEADINGS.len() {
                writeln!(f, "{}", "─".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)))?;
            }
            let mut line = cell(&row[0], widths[0]);
            for (value, width) in row.iter().zip(widths).skip(1) {
                line += &format!("  {value:>width$}");
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        let differences = self.differences.iter().map(Difference::to_string);
        let verdicts = self.runs.iter().filter_map(|run| run.verdict(Lang::English));
        let leaks = self.runs.iter().filter_map(ComparedRun::leaks_in_words);
        for sentence in differences.chain(self.notes.iter().cloned()).chain(leaks).chain(verdicts) {
            write!(f, "\n{}", shown(&sentence))?;
        }
        Ok(())
    }
}

pub(super) fn decimal(value: f64) -> String {
    if value.is_finite() { format!("{value:.3}") } else { "-".to_string() }
}

fn signed(value: f64) -> String {
    if value.is_finite() { format!("{value:+.3}") } else { "-".to_string() }
}
