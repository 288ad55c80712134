//! The flags and commands that lead out of an error. The library tells what is wrong and what can be done, in words for
//! whoever uses it; these end such a text for who sits at the command line.

use std::error::Error as StdError;
use std::path::Path;

use umbel::base::error::FileFault;
use umbel::base::shell::quote;
use umbel::data::{AnnotationFault, ArchiveFault};
use umbel::get::{self, Fault};
use umbel::pretrained::{self, PretrainedFault, store};
use umbel::{Error, PredictError, data, run};

use crate::commands;

/// What is said right after the text of this error and its causes, where there is something to say.
pub fn after(error: &(dyn StdError + 'static)) -> Option<String> {
    match error.downcast_ref::<Error>() {
        Some(error) => after_error(error),
        None => error.downcast_ref().and_then(after_predicting),
    }
}

fn after_error(error: &Error) -> Option<String> {
    match error {
        Error::Predict(error) => after_predicting(error),
        Error::Data(error) => after_data(error),
        Error::Get(error) => after_get(error).map(String::from),
        Error::Run(error) => after_run(error),
        Error::Pretrained(error) => after_pretrained(error),
        _ => None,
    }
}

fn after_predicting(error: &PredictError) -> Option<String> {
    match error {
        PredictError::NoKnownPictures => {
            Some(" (leave --keep out; umbel train --resume RUN adds it to the model of a finished run)".into())
        }
        PredictError::NoDoubts => {
            Some(", or leave --sure out (umbel train --resume RUN adds it to the model of a finished run)".into())
        }
        PredictError::TooFewJudged { most, .. } if *most >= 0.001 => {
            Some(format!(" (--sure {:.3})", (most * 1000.0).floor() / 1000.0))
        }
        PredictError::ModelFile { path, fault: FileFault::NoModel } => {
            Some(format!(" (umbel train --resume {})", word(path)))
        }
        PredictError::Setting { setting, .. } if setting == "train_sizes" => Some(" (--train-sizes none)".into()),
        _ => None,
    }
}

fn after_data(error: &data::Error) -> Option<String> {
    match error {
        data::Error::FolderMissing { path } => commands::get::hint(path),
        data::Error::Annotations { source: AnnotationFault::UnknownCategory { .. }, .. } => {
            Some(" (--detection-category NAME)".into())
        }
        data::Error::Archive { fault: ArchiveFault::NotBuilt(_, feature), .. } => {
            Some(format!("; install it anew by cargo install with --features {feature}"))
        }
        data::Error::BadPicture { .. } => Some(", without --strict".into()),
        data::Error::Cache { .. } => Some("; choose another with --cache DIR or the variable UMBEL_CACHE".into()),
        data::Error::Pack { .. } => Some(" (a training run goes on with --resume)".into()),
        _ => None,
    }
}

fn after_get(error: &get::Error) -> Option<&'static str> {
    match error {
        get::Error::Unknown { .. } => Some(" (umbel get lists all)"),
        get::Error::UnknownWeights { .. } => Some(" (umbel models lists all)"),
        get::Error::Address { .. } => Some(" (umbel get --help has examples)"),
        get::Error::NotOwn { .. } | get::Error::HoldsOther { .. } | get::Error::Busy { .. } => {
            Some(" (umbel get WHAT --out DIR)")
        }
        get::Error::Download { fault: Fault::NotBuilt, .. } => {
            Some(", or install umbel anew by cargo install, with its default features")
        }
        get::Error::Download { url, fault: Fault::Status { status: 401 | 403 | 404 }, .. }
            if url.contains("/datasets/") =>
        {
            Some(" (what the hub gives to some only: take its terms there, and set HF_TOKEN to a token of yours)")
        }
        _ => None,
    }
}

fn after_run(error: &run::Error) -> Option<String> {
    match error {
        run::Error::RunNotWritable { .. } => Some("; choose a place that can be written with --out".into()),
        run::Error::RunExists { path } => Some(format!(" (--out DIR, or --resume {})", word(path))),
        run::Error::NotARun { .. } => Some(" with umbel train".into()),
        _ => None,
    }
}

/// A path as a shell takes it.
pub fn word(path: &Path) -> String {
    quote(&path.display().to_string())
}

fn after_pretrained(error: &pretrained::Error) -> Option<String> {
    match error {
        pretrained::Error::NotInStore { name, .. } if store::CAN_FETCH => {
            store::origin(name).map(|_| " with --download".into())
        }
        pretrained::Error::Unusable { fault: PretrainedFault::Misfit { fits: Some(name), .. }, .. } => {
            Some(format!("; choose it with --model {name}"))
        }
        _ => None,
    }
}
