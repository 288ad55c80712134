//! How a command ends: the exit code of the contract, and one clear line on standard error where something went wrong.

use std::io::ErrorKind;
use std::process::ExitCode;

use umbel::base::error::FileFault;
use umbel::{Error, PredictError};

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

fn code(error: &anyhow::Error) -> u8 {
    let wrong = error.chain().any(|cause| {
        cause.is::<UsageError>()
            || cause.downcast_ref().is_some_and(is_setting)
            || cause.downcast_ref().is_some_and(is_predicting_setting)
    });
    if wrong { 2 } else { 1 }
}

/// Values that the user chose, on the command line or in a TOML file, and that cannot be used with any data.
fn is_setting(error: &Error) -> bool {
    match error {
        Error::Predict(error) => is_predicting_setting(error),
        error => matches!(error, Error::GroupPattern { .. }),
    }
}

/// The same, where the error comes from predicting itself.
fn is_predicting_setting(error: &PredictError) -> bool {
    use PredictError::{Layer, ModelToml, NoKnownPictures, Setting};
    matches!(error, Setting { .. } | ModelToml { .. } | Layer { .. } | NoKnownPictures)
}

/// What to type, where the library, which knows no commands, cannot say it.
fn way_out(error: &PredictError) -> Option<&'static str> {
    match error {
        PredictError::NoKnownPictures => {
            Some("leave --keep out; umbel train --resume RUN adds it to the model of a finished run")
        }
        PredictError::ModelFile { fault: FileFault::NoModel, .. } => Some("umbel train --resume RUN"),
        _ => None,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    // Only our own writes to standard output return a bare io::Error; the library wraps its own with the path.
    matches!(error.downcast_ref::<std::io::Error>(), Some(e) if e.kind() == ErrorKind::BrokenPipe)
}

/// The error and its causes in one text; a cause that the text quotes already is not said twice.
pub fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.contains(cause.trim_end()) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(cause.trim_end());
    }
    let below = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref() {
        Some(Error::Predict(error)) => way_out(error),
        _ => cause.downcast_ref().and_then(way_out),
    };
    if let Some(way_out) = error.chain().find_map(below) {
        text.push_str(&format!(" ({way_out})"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let io = std::io::Error::new(ErrorKind::NotFound, "no such file");
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
        let stopped = PredictError::ModelFile { path: "run".into(), fault: FileFault::NoModel };
        assert!(message(&stopped.into()).ends_with("resume it (umbel train --resume RUN)"));
    }

    #[test]
    fn wrong_usage_is_two_and_failure_is_one() {
        let setting: Error =
            PredictError::Setting { setting: "--lr".into(), value: "0".into(), expected: "above 0".into() }.into();
        assert_eq!(code(&setting.into()), 2);
        let below = PredictError::Setting { setting: "--keep".into(), value: "2".into(), expected: "up to 1".into() };
        assert_eq!(code(&below.into()), 2);
        assert_eq!(code(&usage("no")), 2);
        assert_eq!(code(&Error::Interrupted.into()), 1);
    }
}
