//! What can go wrong with a run folder and the files in it.

use std::path::PathBuf;

use crate::base::error::ErrorKind;

/// Why a run folder, or a file in it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text file of a run (history.csv, config.toml, ...) does not hold what it should.
    #[error("cannot understand {}: {detail}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What came and what was expected, with the place in the file.
        detail: String,
    },
    /// The run folder cannot be made, or nothing can be written into it.
    #[error("cannot write to the run folder {}", path.display())]
    RunNotWritable {
        /// The run folder, or the file in it.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The run folder holds something already.
    #[error("{} exists already and is not empty: choose another run folder, or go on with that run", path.display())]
    RunExists {
        /// The run folder.
        path: PathBuf,
    },
    /// Another process trains in this run folder.
    #[error("{} is in use by another run: wait for it to end, or choose another run folder", path.display())]
    RunBusy {
        /// The run folder.
        path: PathBuf,
    },
    /// A run folder that cannot be resumed.
    #[error("{} is not a run that can be resumed ({detail}): start a new one", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        detail: String,
    },
    /// A run to be compared or reported has no history.
    #[error("{} has no history.csv: name the run folder of a training", run.display())]
    NoHistory {
        /// The folder that was taken for a run.
        run: PathBuf,
    },
    /// A run's history has no epoch yet.
    #[error("{} has no finished epoch yet: let the run go on, or leave it out", run.display())]
    NoEpochs {
        /// The run.
        run: PathBuf,
    },
}

impl Error {
    /// What it means for whoever called.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Malformed { .. } | Error::NotARun { .. } | Error::NoHistory { .. } | Error::NoEpochs { .. } => {
                ErrorKind::File
            }
            Error::RunNotWritable { .. } | Error::RunExists { .. } => ErrorKind::Io,
            Error::RunBusy { .. } => ErrorKind::Busy,
        }
    }
}
