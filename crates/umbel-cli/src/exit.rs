//! How a command ends: the exit code of the contract, and one clear line on standard error where something went wrong.

use std::io;
use std::process::ExitCode;

use umbel::base::error::with_causes;
use umbel::{Error, ErrorKind, PredictError};

use crate::hints;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All well: 0.
    Done,
    /// Done, but some inputs could not be used, and were listed: 3.
    SomeUnusable,
    /// Not done, and said so already (stopped by the user, or no input at all could be used): 1.
    NotDone,
}

/// Values that cannot work together, found after parsing. Reported like clap's own usage errors: 2.
#[derive(Debug)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// A usage error, ready to be returned.
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    UsageError(message.into()).into()
}

/// Says what went wrong, if anything did, and gives the exit code.
pub fn report(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeUnusable) => ExitCode::from(3),
        Ok(Outcome::NotDone) => ExitCode::from(1),
        // Whoever read our output has seen enough (`umbel predict ... | head`): that is no failure.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            super::console::error(&message(&error));
            ExitCode::from(code(&error))
        }
    }
}

/// Wrong usage, and values that cannot be used with any data, on the command line or in a TOML file: 2. Everything else: 1.
fn code(error: &anyhow::Error) -> u8 {
    let wrong = error.chain().any(|cause| cause.is::<UsageError>());
    if wrong || kind(error) == Some(ErrorKind::Setting) { 2 } else { 1 }
}

/// What the library says of it, where it comes from there.
fn kind(error: &anyhow::Error) -> Option<ErrorKind> {
    error.chain().find_map(|cause| {
        let kind = cause.downcast_ref().map(Error::kind);
        kind.or_else(|| cause.downcast_ref().map(PredictError::kind))
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    // Only our own writes to standard output return a bare io::Error; the library wraps its own with the path.
    matches!(error.downcast_ref::<io::Error>(), Some(e) if e.kind() == io::ErrorKind::BrokenPipe)
}

/// The error and its causes in one text, with the flags that lead out of it.
pub fn message(error: &anyhow::Error) -> String {
    let hint = error.chain().find_map(hints::after).unwrap_or_default();
    format!("{}{hint}", with_causes(error.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use umbel::base::error::FileFault;
    use umbel::{data, run};

    #[test]
    fn a_cause_is_said_once() {
        let io = io::Error::new(io::ErrorKind::NotFound, "no such file");
        let error =
            anyhow::Error::new(Error::from(PredictError::Io { action: "read", path: "photo.jpg".into(), source: io }));
        assert_eq!(message(&error), "cannot read photo.jpg: no such file");
        let error = error.context("while looking");
        assert_eq!(message(&error), "while looking: cannot read photo.jpg: no such file");
    }

    #[test]
    fn the_way_out_is_a_command() {
        let refused = message(&PredictError::NoKnownPictures.into());
        assert!(refused.ends_with("umbel train --resume RUN adds it to the model of a finished run)"), "{refused}");
        assert_eq!(message(&Error::from(PredictError::NoKnownPictures).into()), refused);
        assert_eq!(code(&PredictError::NoKnownPictures.into()), 2);
        let stopped = PredictError::ModelFile { path: "runs/b".into(), fault: FileFault::NoModel };
        assert!(message(&stopped.into()).ends_with("resume it (umbel train --resume runs/b)"));
    }

    #[test]
    fn what_the_library_says_ends_in_the_programs_words() {
        let exists = run::Error::RunExists { path: "runs/a".into() };
        assert_eq!(
            message(&Error::from(exists).into()),
            "runs/a exists already and is not empty: choose another run folder, or go on with that run (--out DIR, or \
             --resume runs/a)"
        );
        let source = io::Error::new(io::ErrorKind::PermissionDenied, "permission denied");
        let refused = run::Error::RunNotWritable { path: "/runs".into(), source };
        assert_eq!(
            message(&Error::from(refused).into()),
            "cannot write to the run folder /runs: permission denied; choose a place that can be written with --out"
        );
        let full = io::Error::new(io::ErrorKind::StorageFull, "no space left");
        let cache = data::Error::Cache { action: "write", folder: "/cache".into(), source: full };
        assert_eq!(
            message(&anyhow::Error::new(Error::from(cache)).context("while preparing")),
            "while preparing: cannot write in the cache folder /cache: no space left; choose another with --cache DIR or the \
             variable UMBEL_CACHE"
        );
        let bad = data::Error::BadPicture { path: "a/1.jpg".into(), detail: "it is empty".into() };
        assert_eq!(
            message(&Error::from(bad).into()),
            "a/1.jpg cannot be used: it is empty; mend it or take it away, or let bad pictures be listed and left out, without \
             --strict"
        );
    }

    #[test]
    fn wrong_usage_is_two_and_failure_is_one() {
        let setting: Error =
            PredictError::Setting { setting: "--lr".into(), value: "0".into(), expected: "above 0".into() }.into();
        assert_eq!(code(&setting.into()), 2);
        let below = PredictError::Setting { setting: "--keep".into(), value: "2".into(), expected: "up to 1".into() };
        assert_eq!(code(&below.into()), 2);
        assert_eq!(code(&usage("no")), 2);
        let pattern = data::Error::GroupPattern { pattern: "(".into(), detail: "unclosed group".into() };
        assert_eq!(code(&anyhow::Error::new(Error::from(pattern)).context("while dividing")), 2);
        assert_eq!(code(&Error::Interrupted.into()), 1);
        assert_eq!(code(&Error::from(run::Error::RunBusy { path: "runs/a".into() }).into()), 1);
        assert_eq!(code(&anyhow::anyhow!("something else")), 1);
    }
}
