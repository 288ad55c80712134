//! The record of a run: one row an epoch, in memory and as history.csv.

use std::path::Path;

use crate::Result;
use crate::base::progress::EpochRecord;

/// All epochs so far.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct History {
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// Writes all rows (epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds), atomically.
    pub fn write(&self, path: &Path) -> Result<()> {
        todo!()
    }
    /// Reads a history.csv.
    pub fn read(path: &Path) -> Result<Self> {
        todo!()
    }
}
