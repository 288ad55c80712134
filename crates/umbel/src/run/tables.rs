//! problems.csv and folds.csv: tables whose rows are plain records.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{json, names};
use crate::base::cells::{defused, restored};
use crate::base::problem::Problem;
use crate::base::progress::{FoldRecord, FoldsRecord};
use crate::base::table::Table;
use crate::base::{atomic, regular};
use crate::{Result, run};

/// The names of the columns, which stand in the file also where it has no rows.
const PROBLEM: [&str; 3] = ["path", "kind", "detail"];
const FOLD: [&str; 5] = ["fold", "best_epoch", "val_accuracy", "val_loss", "run"];

/// Writes problems.csv, whole or not at all. Cells that a spreadsheet would run as formulas are [`defused`], here as in folds.csv.
pub fn write_problems(path: &Path, problems: &[Problem]) -> Result<()> {
    let cells = |problem: &Problem| {
        let Problem { path, kind, detail } = problem;
        (defused(path).into_owned(), *kind, defused(detail).into_owned())
    };
    write(path, &PROBLEM, problems.iter().map(cells))
}

/// Reads problems.csv.
pub fn read_problems(path: &Path) -> Result<Vec<Problem>> {
    let restore = |problem: Problem| Problem {
        path: restored(&problem.path).to_string(),
        detail: restored(&problem.detail).to_string(),
        ..problem
    };
    Ok(read(path)?.into_iter().map(restore).collect())
}

/// Writes folds.csv and folds.json into the folder of a cross-validation.
pub fn write_folds(run: &Path, record: &FoldsRecord) -> Result<()> {
    let cells = |record: &FoldRecord| {
        let FoldRecord { fold, best_epoch, val_accuracy, val_loss, run } = record;
        (*fold, *best_epoch, *val_accuracy, *val_loss, defused(run).into_owned())
    };
    write(&run.join(names::FOLDS), &FOLD, record.folds.iter().map(cells))?;
    json::write(&run.join(names::FOLDS_JSON), record)
}

/// Reads folds.json from the folder of a cross-validation, which holds all that folds.csv does.
pub fn read_folds(run: &Path) -> Result<FoldsRecord> {
    json::read(&run.join(names::FOLDS_JSON))
}

/// Reads the rows of folds.csv.
pub fn read_fold_rows(path: &Path) -> Result<Vec<FoldRecord>> {
    let restore = |record: FoldRecord| FoldRecord { run: restored(&record.run).to_string(), ..record };
    Ok(read(path)?.into_iter().map(restore).collect())
}

pub(super) fn write(path: &Path, columns: &[&str], rows: impl Iterator<Item = impl Serialize>) -> Result<()> {
    Ok(atomic::write_with(path, |file| {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
        writer.write_record(columns)?;
        for row in rows {
            writer.serialize(row)?;
        }
        writer.flush()
    })?)
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    parsed(path, parse)
}

/// What is made of a table's bytes.
pub(super) fn parsed<T>(path: &Path, parse: impl FnOnce(&[u8]) -> std::result::Result<T, String>) -> Result<T> {
    let bytes = regular::read(path, regular::TABLE).map_err(|source| umbel_predict::Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    Ok(parse(&bytes).map_err(|detail| run::Error::Malformed { path: path.to_owned(), detail })?)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> std::result::Result<Vec<T>, String> {
    let table = Table::own(bytes)?;
    let header = csv::StringRecord::from(table.header.clone());
    let row = |(line, record): (u64, csv::StringRecord)| {
        record.deserialize(Some(&header)).map_err(|error| format!("line {line}: {error}"))
    };
    table.rows().map(|record| record.and_then(row)).collect()
}
