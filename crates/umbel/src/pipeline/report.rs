//! report.html of a run, from its records and settings.

use std::path::{Path, PathBuf};

use image::RgbImage;

use super::run_folder::RunFolder;
use super::{TrainConfig, architecture, command_line};
use crate::base::last_name::last_name;
use crate::base::progress::{Interrupt, Silent};
use crate::base::threads;
use crate::data::{Source, SplitMethod};
use crate::explain::Explainer;
use crate::html;
use crate::model_file::ModelFile;
use crate::report::page::{self, Facts};
use crate::run::{RunRecords, names, read_folds};
use crate::{Result, Surroundings, get};

/// The longer side of an overlay before the page makes it its own size: no photo is coloured pixel by pixel in full.
const OVERLAY: u32 = 288;

/// Makes the page of a run, at `out` or else as report.html in the run's folder, and gives its path. Needs no lock: the
/// records are only read, and the page is replaced whole. Where the run's model can be read and has a convolution, the
/// galleries show where it looked. It is told in the language of the
/// surroundings.
pub fn report(run: &Path, out: Option<&Path>, surroundings: &Surroundings) -> Result<PathBuf> {
    threads::ready()?;
    let records = RunRecords::read(run)?;
    let settings = (!records.settings.is_empty()).then(|| RunFolder::config_in(run)).transpose()?;
    let source = settings.as_ref().and_then(|config| source(&records, config, surroundings));
    let overlays = Overlays::open(run, source.clone());
    let overlay = |path: &str, class: &str| overlays.as_ref()?.draw(path, class);
    let mut facts = Facts { lang: surroundings.lang, source, ..Facts::default() };
    if overlays.is_some() {
        facts.overlay = Some(&overlay);
    }
    if let Some(config) = settings {
        let toml = RunFolder::model_toml_in(run)?;
        facts.augment = match config.own_start() {
            // The model that it began with may be gone; its own has the same layers.
            Some(_) => ModelFile::load(run).map_or(Vec::new(), |file| file.model.architecture().augmentation()),
            None => architecture::augmentation(&config, toml.as_deref())?,
        };
        facts.command = command_line(&again(&config, run, toml.is_some())).unwrap_or_default();
    }
    let path = out.map_or_else(|| run.join(names::REPORT), Path::to_owned);
    page::write(&records, &facts, &path)?;
    Ok(path)
}

/// Makes the page over all folds of a cross-validation that has ended, at `out` or else as report.html in its folder, with
/// predictions.csv beside it: what was said of every photo by the fold that had not seen it. Gives the page's path.
pub fn report_folds(run: &Path, out: Option<&Path>, surroundings: &Surroundings) -> Result<PathBuf> {
    let record = read_folds(run)?;
    let records = RunRecords::of_folds(run, record.folds.len())?;
    let mut facts = Facts { lang: surroundings.lang, ..Facts::default() };
    if !records.settings.is_empty() {
        let (config, toml) = (RunFolder::config_in(run)?, RunFolder::model_toml_in(run)?);
        facts.source = source(&records, &config, surroundings);
        facts.command = command_line(&again(&config, run, toml.is_some())).unwrap_or_default();
    }
    if let Some(predictions) = &records.predictions {
        predictions.write(&run.join(names::PREDICTIONS))?;
    }
    let path = out.map_or_else(|| run.join(names::REPORT), Path::to_owned);
    page::write_folds(&records, &record, &facts, &path)?;
    Ok(path)
}

/// Where the photos lie, if they still do.
fn source(records: &RunRecords, config: &TrainConfig, surroundings: &Surroundings) -> Option<Source> {
    let cache = config.cache_options(surroundings);
    let source = get::source(&records.data()?, &cache, surroundings, &mut Silent, &Interrupt::default());
    records.as_read(source.ok()?)
}

/// Draws where the run's best model looked.
struct Overlays {
    source: Source,
    explainer: Explainer,
}

impl Overlays {
    fn open(run: &Path, source: Option<Source>) -> Option<Self> {
        let explainer = Explainer::open(&ModelFile::load(run).ok()?).ok()?;
        Some(Overlays { source: source?, explainer })
    }

    fn draw(&self, path: &str, class: &str) -> Option<RgbImage> {
        let photo = html::photo(&self.source, path, self.explainer.prep().reading())?;
        let class = self.explainer.classes().iter().position(|name| name == class)?;
        let map = self.explainer.explain(&photo, class).ok()?;
        Some(map.overlay(&html::shrink(&photo, OVERLAY)?))
    }
}

/// The settings, without the folders that files lie in, and with files that may have changed since replaced by the run's own copies.
fn again(config: &TrainConfig, run: &Path, has_toml: bool) -> TrainConfig {
    let run = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
    let (run, mut config) = (PathBuf::from(last_name(&run)), config.without_folders());
    if has_toml {
        config.model = run.join(names::MODEL_TOML).to_string_lossy().into_owned();
    }
    if let SplitMethod::File(path) = &mut config.split {
        *path = run.join(names::SPLIT);
    }
    config
}
