//! What can go wrong with reports.

use crate::base::error::ErrorKind;

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No run was named.
    #[error("there is no run to compare: name one run folder or more")]
    NothingToCompare,
}

impl Error {
    /// What it means for whoever called.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::NothingToCompare => ErrorKind::Setting,
        }
    }
}
