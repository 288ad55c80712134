//! problems.csv and folds.csv: tables whose rows are plain records.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{json, names};
use crate::base::atomic;
use crate::base::problem::Problem;
use crate::base::progress::{FoldRecord, FoldsRecord};
use crate::{Result, run};

/// The names of the columns, which stand in the file also where it has no rows.
const PROBLEM: [&str; 3] = ["path", "kind", "detail"];
const FOLD: [&str; 5] = ["fold", "best_epoch", "val_accuracy", "val_loss", "run"];

/// Writes problems.csv, whole or not at all.
pub fn write_problems(path: &Path, problems: &[Problem]) -> Result<()> {
    write(path, &PROBLEM, problems)
}

/// Reads problems.csv.
pub fn read_problems(path: &Path) -> Result<Vec<Problem>> {
    read(path)
}

/// Writes folds.csv and folds.json into the folder of a cross-validation.
pub fn write_folds(run: &Path, record: &FoldsRecord) -> Result<()> {
    write(&run.join(names::FOLDS), &FOLD, &record.folds)?;
    json::write(&run.join(names::FOLDS_JSON), record)
}

/// Reads folds.json from the folder of a cross-validation, which holds all that folds.csv does.
pub fn read_folds(run: &Path) -> Result<FoldsRecord> {
    json::read(&run.join(names::FOLDS_JSON))
}

/// Reads the rows of folds.csv.
pub fn read_fold_rows(path: &Path) -> Result<Vec<FoldRecord>> {
    read(path)
}

fn write(path: &Path, columns: &[&str], rows: &[impl Serialize]) -> Result<()> {
    Ok(atomic::write_with(path, |file| {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
        writer.write_record(columns)?;
        for row in rows {
            writer.serialize(row)?;
        }
        writer.flush()
    })?)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let malformed = |error: csv::Error| run::Error::Malformed { path: path.to_owned(), detail: error.to_string() };
    let mut reader = csv::Reader::from_path(path).map_err(malformed)?;
    Ok(reader.deserialize().collect::<std::result::Result<_, _>>().map_err(malformed)?)
}
