//! The errors of all rooms in one, which is what the library's functions give.

use std::path::PathBuf;

use crate::base::error::ErrorKind;
use crate::{data, get, pretrained, report, run, train};

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done: the error of the room where it happened, or what can happen in any.
///
/// Every message names the thing and the way out; the cause, where there is one, is the error's source
/// ([`with_causes`](crate::base::error::with_causes) joins them). [`Error::kind`] says what it means for whoever called.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model, its file or a photo: what predicting needs as well.
    #[error(transparent)]
    Predict(#[from] umbel_predict::Error),
    /// The folder or table of photos, how they are divided, or the cache.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// Weights of other programs.
    #[error(transparent)]
    Pretrained(#[from] pretrained::Error),
    /// Fetching a data set, weights or a file.
    #[error(transparent)]
    Get(#[from] get::Error),
    /// A run folder, or a file in it.
    #[error(transparent)]
    Run(#[from] run::Error),
    /// Training.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// A report.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// The thread pool could not be started.
    #[error("cannot start {threads} threads: {detail}; ask for fewer")]
    Threads {
        /// How many were asked for (0: one per core).
        threads: usize,
        /// The system's answer.
        detail: String,
    },
    /// A folder that must be new has something in it.
    #[error("the folder {} is not empty: name another one, or empty it first", path.display())]
    FolderNotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The user asked to stop (Ctrl-C, SIGTERM); what was done so far is saved.
    #[error("stopped by the user")]
    Interrupted,
}

impl Error {
    /// What it means for whoever called.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Predict(error) => error.kind(),
            Error::Data(error) => error.kind(),
            Error::Pretrained(error) => error.kind(),
            Error::Get(error) => error.kind(),
            Error::Run(error) => error.kind(),
            Error::Train(error) => error.kind(),
            Error::Report(error) => error.kind(),
            Error::Threads { .. } | Error::FolderNotEmpty { .. } => ErrorKind::Io,
            Error::Interrupted => ErrorKind::Interrupted,
        }
    }
}
