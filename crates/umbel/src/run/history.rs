//! The record of a run: one row an epoch, in memory and as history.csv.

use std::path::Path;

use super::tables;
use crate::Result;
use crate::base::atomic;
use crate::base::progress::EpochRecord;
use crate::base::table::Table;

/// The columns of history.csv, in order.
pub const COLUMNS: [&str; 7] = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "lr", "seconds"];

/// All epochs so far.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct History {
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// Writes all rows (epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds), atomically: a file that is replaced whole
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
        let mut text = COLUMNS.join(",");
        text.push('\n');
        for r in &self.epochs {
            let EpochRecord { epoch, loss, accuracy, val_loss, val_accuracy, lr, seconds, .. } = r;
            text.push_str(&format!("{epoch},{loss},{accuracy},{val_loss},{val_accuracy},{lr},{seconds}\n"));
        }
        text
    }
}

fn parse(bytes: &[u8]) -> std::result::Result<History, String> {
    let table = Table::own(bytes)?;
    if table.header != COLUMNS {
        return Err(format!("its columns are {}, but {} were expected", table.header.join(","), COLUMNS.join(",")));
    }
    let mut epochs: Vec<EpochRecord> = Vec::new();
    for row in table.rows() {
        let (line, row) = row?;
        let record = parse_row(&row).map_err(|detail| format!("line {line}: {detail}"))?;
        let expected = epochs.len() + 1;
        if record.epoch != expected {
            return Err(format!("line {line}: epoch {} came, but {expected} was expected", record.epoch));
        }
        epochs.push(record);
    }
    Ok(History { epochs })
}

fn parse_row(row: &csv::StringRecord) -> std::result::Result<EpochRecord, String> {
    let number = |column: usize| -> std::result::Result<f64, String> {
        row[column].trim().parse().map_err(|_| format!("{} is {:?}, not a number", COLUMNS[column], &row[column]))
    };
    Ok(EpochRecord {
        epoch: row[0].trim().parse().map_err(|_| format!("epoch is {:?}, not a whole number", &row[0]))?,
        loss: number(1)?,
        accuracy: number(2)?,
        val_loss: number(3)?,
        val_accuracy: number(4)?,
        lr: number(5)?,
        seconds: number(6)?,
        images_per_second: 0.0,
    })
}
