//! The flags and commands that lead out of an error. The library tells what is wrong and what can be done, in words for
//! whoever uses it; these end such a text for who sits at the command line.

use std::error::Error as StdError;
use std::path::Path;

use umbel::base::error::FileFault;
use umbel::base::shell::quote;
use umbel::data::AnnotationFault;
use umbel::pretrained::{self, DownloadFault, PretrainedFault, store};
use umbel::{Error, PredictError, data, run};

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
        Error::Data(error) => after_data(error).map(String::from),
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

fn after_data(error: &data::Error) -> Option<&'static str> {
    match error {
        data::Error::Annotations { source: AnnotationFault::UnknownCategory { .. }, .. } => {
            Some(" (--detection-category NAME)")
        }
        data::Error::BadPicture { .. } => Some(", without --strict"),
        data::Error::Cache { .. } => Some("; choose another with --cache DIR or the variable UMBEL_CACHE"),
        data::Error::Pack { .. } => Some(" (a training run goes on with --resume)"),
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
        pretrained::Error::Download { fault: DownloadFault::NotBuilt, .. } => {
            Some(", or install umbel anew by cargo install with --features download".into())
        }
        _ => None,
    }
}
