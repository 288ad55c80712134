//! What an error means for whoever called, and an error in one text.

use std::error::Error;

/// What went wrong, roughly: enough to choose what to do next, whichever floor it comes from. The error itself has the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value that was chosen cannot be used, whatever the data: choose another.
    Setting,
    /// The photos, their folder or table, or that they do not suit the model: change the data.
    Data,
    /// A file of umbel's, or one of weights, is missing, damaged, of another version or another run.
    File,
    /// The system refused: a file or folder cannot be read or written, its place is taken, a thread cannot be had.
    Io,
    /// There is not enough memory: smaller batches or smaller pictures need less.
    Memory,
    /// Something could not be fetched.
    Network,
    /// Somebody else has it in use: try again later.
    Busy,
    /// The numbers of a training are no longer finite: a lower learning rate may help.
    Diverged,
    /// The caller asked to stop.
    Interrupted,
}

/// The error and its causes in one text, `what: cause: cause`. An error's own words do not repeat its cause.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(|cause| cause.to_string().trim_end().to_string()).collect::<Vec<_>>().join(": ")
}
