//! report.html of a run, from its records and settings.

use std::path::{Path, PathBuf};

use super::run_folder::RunFolder;
use super::{TrainConfig, architecture, command_line};
use crate::Result;
use crate::data::SplitMethod;
use crate::report::page::{self, Facts, Overlay};
use crate::report::records::RunRecords;

/// Makes the page of a run, at `out` or else as report.html in the run's folder, and gives its path. `overlay` draws what
/// the model looked at, for the galleries. Needs no lock: the records are only read, and the page is replaced whole.
pub fn report(run: &Path, out: Option<&Path>, overlay: Option<&Overlay<'_>>) -> Result<PathBuf> {
    let records = RunRecords::read(run)?;
    let mut facts = Facts { overlay, ..Facts::default() };
    if !records.settings.is_empty() {
        let config = RunFolder::config_in(run)?;
        let toml = RunFolder::model_toml_in(run)?;
        facts.augment = architecture::augmentation(&config, toml.as_deref())?;
        facts.command = command_line(&again(&config, run, toml.is_some())).unwrap_or_default();
    }
    let path = out.map_or_else(|| run.join(page::FILE_NAME), Path::to_owned);
    page::write(&records, &facts, &path)?;
    Ok(path)
}

/// The settings, with files that may have changed since replaced by the run's own copies.
fn again(config: &TrainConfig, run: &Path, has_toml: bool) -> TrainConfig {
    let run = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
    let mut config = config.clone();
    if has_toml {
        config.model = run.join("model.toml").to_string_lossy().into_owned();
    }
    if let SplitMethod::File(path) = &mut config.split {
        *path = run.join("split.csv");
    }
    config
}
