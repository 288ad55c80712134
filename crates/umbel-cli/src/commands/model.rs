//! The model that a command is given, and what is said where something else was given in its place.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use umbel::PredictError;
use umbel::base::error::FileFault;
use umbel::data::decode::{SNIFF_BYTES, sniff};
use umbel::model_file::ModelFile;
use umbel::pipeline;
use umbel::run::names;

use crate::hints::word;

/// Loads the model at `path`. `form` is the command's, as its help has it; `others` are its other arguments.
pub fn load(path: &Path, form: &str, others: &[PathBuf]) -> anyhow::Result<ModelFile> {
    let error = match ModelFile::load(path) {
        Ok(file) => return Ok(file),
        Err(error) => error,
    };
    let swapped = |what: &str| anyhow!("{} is {what}, and no model; the model comes first: {form}", path.display());
    Err(match &error {
        PredictError::ModelFile { fault: FileFault::NotSafetensors(_), .. } if is_picture(path) => swapped("a picture"),
        PredictError::ModelFile { fault: FileFault::NoModel, .. } => {
            let folds = trained_folds(path);
            if !folds.is_empty() {
                anyhow!(
                    "{} holds the folds of a cross-validation, each with a model of its own: name one of them, {}",
                    path.display(),
                    folds.join(" or ")
                )
            } else if pipeline::has_folds(path) {
                error.into()
            } else if others.iter().any(|other| is_model(other)) {
                swapped("a folder without a model")
            } else {
                error.into()
            }
        }
        _ => error.into(),
    })
}

/// The folds that have a model, as words of a command line; of many, the first and the last.
fn trained_folds(run: &Path) -> Vec<String> {
    let folds = (1..).map(|fold| names::fold(run, fold)).take_while(|fold| fold.is_dir());
    let trained: Vec<String> = folds.filter(|fold| is_model(fold)).map(|fold| word(&fold)).collect();
    match trained.as_slice() {
        [first, _, .., last] => vec![first.clone(), "...".to_string(), last.clone()],
        _ => trained,
    }
}

/// By the name alone: nothing is read.
fn is_model(path: &Path) -> bool {
    path.join(names::MODEL).is_file() || path.extension().is_some_and(|end| end == "safetensors") && path.is_file()
}

fn is_picture(path: &Path) -> bool {
    use std::io::Read;
    let mut start = Vec::new();
    let file = umbel::base::regular::open(path);
    file.and_then(|file| file.take(SNIFF_BYTES as u64).read_to_end(&mut start)).is_ok() && sniff(&start).is_some()
}
