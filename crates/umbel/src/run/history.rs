//! The record of a run: one row an epoch, in memory and as history.csv.

use std::path::Path;

use super::tables;
use crate::Result;
use crate::base::atomic;
use crate::base::progress::EpochRecord;
use crate::base::table::Table;

/// The columns of history.csv, in order.
pub const COLUMNS: [&str; 7] = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "lr", "seconds"];
/// Columns that follow these where the run has such figures.
pub const MORE_COLUMNS: [&str; 3] = ["val_balanced_accuracy", "l2", "val_calibrated_loss"];

/// All epochs so far.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct History {
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// Writes all rows ([`COLUMNS`], and those of [`MORE_COLUMNS`] that any row has), atomically: a file that is replaced whole
    /// can neither lose a line nor hold one twice. Numbers read back to the same bits.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(atomic::write_bytes(path, self.to_csv().as_bytes())?)
    }

    /// Reads a history.csv. `images_per_second` is not among its columns and is 0 afterwards.
    pub fn read(path: &Path) -> Result<Self> {
        tables::parsed(path, parse)
    }

    /// Rust prints the shortest digits that read back to the same number, so no quoting or rounding is needed.
    fn to_csv(&self) -> String {
        let more: Vec<usize> =
            (0..MORE_COLUMNS.len()).filter(|&k| self.epochs.iter().any(|record| more(record)[k].is_some())).collect();
        let mut text = COLUMNS.join(",");
        more.iter().for_each(|&k| text.push_str(&format!(",{}", MORE_COLUMNS[k])));
        text.push('\n');
        for record in &self.epochs {
            let EpochRecord { epoch, loss, accuracy, val_loss, val_accuracy, lr, seconds, .. } = record;
            text.push_str(&format!("{epoch},{loss},{accuracy},{val_loss},{val_accuracy},{lr},{seconds}"));
            for &k in &more {
                text.push_str(&self::more(record)[k].map_or(",".to_string(), |value| format!(",{value}")));
            }
            text.push('\n');
        }
        text
    }
}

/// The figures of [`MORE_COLUMNS`].
fn more(record: &EpochRecord) -> [Option<f64>; MORE_COLUMNS.len()] {
    [record.val_balanced_accuracy, record.l2, record.val_calibrated_loss]
}

fn parse(bytes: &[u8]) -> std::result::Result<History, String> {
    let table = Table::own(bytes)?;
    let (own, more) = table.header.split_at(COLUMNS.len().min(table.header.len()));
    if own != COLUMNS || !more.iter().all(|column| MORE_COLUMNS.contains(&column.as_str())) {
        return Err(format!("its columns are {}, but {} were expected", table.header.join(","), COLUMNS.join(",")));
    }
    let more = MORE_COLUMNS.map(|name| table.header.iter().position(|column| column == name));
    let mut epochs: Vec<EpochRecord> = Vec::new();
    for row in table.rows() {
        let (line, row) = row?;
        let record = parse_row(&row, more).map_err(|detail| format!("line {line}: {detail}"))?;
        let expected = epochs.len() + 1;
        if record.epoch != expected {
            return Err(format!("line {line}: epoch {} came, but {expected} was expected", record.epoch));
        }
        epochs.push(record);
    }
    Ok(History { epochs })
}

/// `more` are the places of [`MORE_COLUMNS`], where they are there.
fn parse_row(
    row: &csv::StringRecord,
    more: [Option<usize>; MORE_COLUMNS.len()],
) -> std::result::Result<EpochRecord, String> {
    let number = |column: usize, name: &str| -> std::result::Result<f64, String> {
        row[column].trim().parse().map_err(|_| format!("{name} is {:?}, not a number", &row[column]))
    };
    let own = |column: usize| number(column, COLUMNS[column]);
    let further = |which: usize| {
        let column = more[which].filter(|&column| !row[column].trim().is_empty());
        column.map(|column| number(column, MORE_COLUMNS[which])).transpose()
    };
    Ok(EpochRecord {
        epoch: row[0].trim().parse().map_err(|_| format!("epoch is {:?}, not a whole number", &row[0]))?,
        loss: own(1)?,
        accuracy: own(2)?,
        val_loss: own(3)?,
        val_accuracy: own(4)?,
        lr: own(5)?,
        seconds: own(6)?,
        images_per_second: 0.0,
        val_balanced_accuracy: further(0)?,
        l2: further(1)?,
        val_calibrated_loss: further(2)?,
    })
}
