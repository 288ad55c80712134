//! The model that a command is given, and what is said where something else was given in its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use umbel::PredictError;
use umbel::base::error::FileFault;
use umbel::base::listed::first;
use umbel::data::PrepSpec;
use umbel::data::decode::{SNIFF_BYTES, sniff};
use umbel::model_file::ModelFile;
use umbel::nn::Engine;
use umbel::pipeline;
use umbel::predict::Predictor;
use umbel::run::names;

use crate::console;
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

/// How many of these arguments are models before the first one that is none, and the rest: a run folder or a file that is named as a
/// model is one, and photos never are.
pub fn leading(given: &[PathBuf]) -> (&[PathBuf], &[PathBuf]) {
    given.split_at(given.iter().take_while(|path| can_answer(path)).count())
}

/// Whether a path is taken for a model or a run of folds, by the names in it.
pub fn can_answer(path: &Path) -> bool {
    is_model(path) || pipeline::has_folds(path)
}

/// One model, or several that answer as one.
pub struct Models {
    paths: Vec<PathBuf>,
    files: Vec<ModelFile>,
}

impl Models {
    /// Loads those at `path` and `more`; of a run of folds, those of all folds. The rest is as with [`load`].
    pub fn load(path: &Path, more: &[PathBuf], form: &str, others: &[PathBuf]) -> anyhow::Result<Self> {
        let mut models = Models { paths: Vec::new(), files: Vec::new() };
        for given in std::iter::once(path).chain(more.iter().map(PathBuf::as_path)) {
            for path in pipeline::models_of(given) {
                let file = if path == given { load(&path, form, others) } else { load_fold(given, &path) };
                models.files.push(file?);
                models.paths.push(path);
            }
        }
        Ok(models)
    }

    /// In the first one's order.
    pub fn classes(&self) -> &[String] {
        self.files.first().map_or(&[], |file| &file.classes)
    }

    /// How the first one has photos prepared; `None` where another one would see boxes with another margin.
    pub fn preparation(&self) -> Option<&PrepSpec> {
        let (first, others) = self.files.split_first()?;
        others.iter().all(|other| other.prep.crop_margin == first.prep.crop_margin).then_some(&first.prep)
    }

    /// Where they lie.
    pub fn names(&self) -> String {
        first(&self.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(), NAMED)
    }

    /// Says that several answer.
    pub fn tell(&self) {
        if self.files.len() > 1 {
            console::note(format!("The mean of {} models answers: {}.", self.files.len(), self.names()));
        }
    }

    /// All of them, ready for photos.
    pub fn predictor(self, engine: Arc<dyn Engine>, batch: usize, top_k: usize) -> anyhow::Result<Predictor> {
        let Models { paths, files } = self;
        Predictor::together_on(engine, files, batch, top_k).map_err(|error| match &error {
            PredictError::OtherClasses { model, .. } => {
                let (one, other) = (paths[0].display().to_string(), paths[model - 1].display().to_string());
                anyhow::Error::new(error).context(format!("{one} and {other} cannot answer together"))
            }
            _ => error.into(),
        })
    }
}

/// Of more models, the first are named.
const NAMED: usize = 5;

/// Loads a fold's model of a cross-validation, which may not have come so far.
fn load_fold(run: &Path, fold: &Path) -> anyhow::Result<ModelFile> {
    ModelFile::load(fold).map_err(|error| match error {
        PredictError::ModelFile { fault: FileFault::NoModel | FileFault::NotFound, .. } => {
            let trained = trained_folds(run);
            let or_one = if trained.is_empty() {
                String::new()
            } else {
                format!(", or name one that has: {}", trained.join(" or "))
            };
            anyhow!(
                "{} has no model yet, and all folds of a cross-validation answer together: go on with umbel train --resume {}{or_one}",
                fold.display(),
                word(run)
            )
        }
        error => error.into(),
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
