//! One error type, by cause: what came, what was expected, and the way out.

use std::path::PathBuf;

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done. Every message names the thing and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "write", "create the folder", ...
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A setting has a value that cannot be used.
    #[error("{setting} is {value}, but must be {expected}")]
    Setting {
        /// The setting's name as the user writes it.
        setting: String,
        /// What came.
        value: String,
        /// What was expected.
        expected: String,
    },
    /// A folder that must be new has something in it.
    #[error("the folder {} is not empty: name another one, or empty it first", path.display())]
    FolderNotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A run to be compared or reported has no history.
    #[error("{} has no history.csv: name the folder of a run that umbel train wrote", run.display())]
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
    /// No run was named.
    #[error("there is no run to compare: name one run folder or more")]
    NothingToCompare,
    /// The user asked to stop (Ctrl-C, SIGTERM); what was done so far is saved.
    #[error("stopped by the user")]
    Interrupted,
}
