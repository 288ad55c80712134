//! What a run left in its folder, read back. Files that an older umbel, or a run that was stopped, did not write are not
//! there; nothing but a history and settings is needed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::{History, LeakRow, Metrics, Predictions, Problem, SplitRow, leaks, names, read_problems};
use crate::base::augmentation::Balance;
use crate::base::progress::{Interrupt, Silent};
use crate::base::regular;
use crate::base::toml_words::toml_words;
use crate::data::index::with_boxes;
use crate::data::{CacheOptions, Detections, PrepSpec, Source, split};
use crate::metrics::Scores;
use crate::{Result, run};

/// A run.
#[derive(Clone, Debug)]
pub struct RunRecords {
    /// Its folder.
    pub folder: PathBuf,
    /// The folder's own name.
    pub name: String,
    /// config.toml.
    pub settings: toml::Table,
    /// history.csv.
    pub history: History,
    /// metrics.json.
    pub metrics: Metrics,
    /// split.csv.
    pub split: Vec<SplitRow>,
    /// problems.csv.
    pub problems: Vec<Problem>,
    /// leaks.csv; `None` where nobody looked, as an older umbel did not.
    pub leaks: Option<Vec<LeakRow>>,
    /// predictions.csv, of the validation part.
    pub predictions: Option<Predictions>,
    /// test-predictions.csv, of the test part.
    pub tested: Option<Predictions>,
}

impl RunRecords {
    /// Reads a run folder. Fails where it has no history with an epoch in it, and where a file cannot be understood.
    pub fn read(run: &Path) -> Result<Self> {
        let file = |name: &str| Some(run.join(name)).filter(|path| path.is_file());
        let predictions = |name: &str| file(name).map(|path| Predictions::read(&path)).transpose();
        let history = file(names::HISTORY);
        let history = History::read(&history.ok_or_else(|| run::Error::NoHistory { run: run.to_owned() })?)?;
        if history.epochs.is_empty() {
            return Err(run::Error::NoEpochs { run: run.to_owned() }.into());
        }
        let whole = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
        Ok(RunRecords {
            name: whole.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned()),
            folder: whole,
            settings: settings(run)?.unwrap_or_default(),
            history,
            metrics: file(names::METRICS).map(|path| Metrics::read(&path)).transpose()?.unwrap_or_default(),
            split: file(names::SPLIT).map_or(Ok(Vec::new()), |path| split::rows(&path))?,
            problems: file(names::PROBLEMS).map_or(Ok(Vec::new()), |path| read_problems(&path))?,
            leaks: file(names::LEAKS).map(|path| leaks::read(&path)).transpose()?,
            predictions: predictions(names::PREDICTIONS)?,
            tested: predictions(names::TEST_PREDICTIONS)?,
        })
    }

    /// Of a cross-validation: its settings and problems, and what was said of every photo by the fold that had not seen it.
    pub fn of_folds(run: &Path, folds: usize) -> Result<Self> {
        let whole = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
        let problems = run.join(names::PROBLEMS);
        let mut predictions: Option<Predictions> = None;
        let mut leaks = Some(Vec::new());
        for fold in 1..=folds {
            let path = names::fold(run, fold).join(names::PREDICTIONS);
            let of_fold = Predictions::read(&path)?;
            let told = Some(names::fold(run, fold).join(names::LEAKS)).filter(|path| path.is_file());
            let told = told.map(|path| leaks::read(&path)).transpose()?;
            leaks = leaks.zip(told).map(|(all, told)| [all, told].concat());
            match &mut predictions {
                None => predictions = Some(of_fold),
                Some(all) => all.append(of_fold).map_err(|detail| run::Error::Malformed { path, detail })?,
            }
        }
        Ok(RunRecords {
            name: whole.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned()),
            folder: whole,
            settings: settings(run)?.unwrap_or_default(),
            history: History::default(),
            metrics: Metrics { finished: true, ..Metrics::default() },
            split: Vec::new(),
            problems: if problems.is_file() { read_problems(&problems)? } else { Vec::new() },
            leaks,
            predictions,
            tested: None,
        })
    }

    /// The folder or table that a run in this folder was trained on; `None` where there are no settings.
    pub fn data_of(run: &Path) -> Result<Option<PathBuf>> {
        let data = settings(run)?.and_then(|settings| settings.get("data")?.as_str().map(PathBuf::from));
        Ok(data)
    }

    /// A setting by its dotted name (`fit.seed`), as it is written in TOML without quotes.
    pub fn setting(&self, name: &str) -> Option<String> {
        let mut value: Option<&toml::Value> = None;
        for part in name.split('.') {
            let table = value.map_or(Some(&self.settings), |value| value.as_table())?;
            value = Some(table.get(part)?);
        }
        value.map(words)
    }

    /// All settings by their dotted names, in the order of the file.
    pub fn all_settings(&self) -> Vec<(String, String)> {
        fn flatten(table: &toml::Table, before: &str, all: &mut Vec<(String, String)>) {
            for (name, value) in table {
                match value {
                    toml::Value::Table(inner) => flatten(inner, &format!("{before}{name}."), all),
                    value => all.push((format!("{before}{name}"), words(value))),
                }
            }
        }
        let mut all = Vec::new();
        flatten(&self.settings, "", &mut all);
        all
    }

    /// Where the photos lie, if they still do; compressed archives are looked for in this cache.
    pub fn source(&self, cache: &CacheOptions) -> Option<Source> {
        self.as_read(Source::open(&self.data()?, cache, &mut Silent, &Interrupt::default()).ok()?)
    }

    /// Where the photos lay, as it was given.
    pub fn data(&self) -> Option<PathBuf> {
        self.setting("data").map(PathBuf::from)
    }

    /// Their place, read as the run has read it: with its boxes, and as they were cut.
    pub fn as_read(&self, source: Source) -> Option<Source> {
        let (prep, detections) = (self.table::<PrepSpec>("prep"), self.table::<Detections>("detections"));
        with_boxes(source.with_detections(&detections).cropped_as(&prep)).ok()
    }

    /// The settings in a table of them; where they say nothing, the default ones.
    fn table<T: DeserializeOwned + Default>(&self, name: &str) -> T {
        let table = self.settings.get(name).cloned();
        table.and_then(|table| table.try_into().ok()).unwrap_or_default()
    }

    /// The folds that judged the training photos; 0 where a part of their own validated.
    pub fn folds(&self) -> usize {
        self.split.iter().filter_map(|row| row.fold).collect::<BTreeSet<usize>>().len()
    }

    /// Whether something was done about classes of unequal size.
    pub fn is_balanced(&self) -> bool {
        self.setting("fit.balance").is_some_and(|balance| balance != Balance::None.name())
    }

    /// The run's seed; that of the settings' default where it says nothing.
    pub fn seed(&self) -> u64 {
        self.setting("fit.seed").and_then(|seed| seed.parse().ok()).unwrap_or(123)
    }

    /// All figures of the validation part; `None` where there are no predictions.
    pub fn scores(&self) -> Result<Option<Scores>> {
        self.scores_of(self.predictions.as_ref())
    }

    /// All figures of these predictions; `None` where there are none.
    pub fn scores_of(&self, predictions: Option<&Predictions>) -> Result<Option<Scores>> {
        let Some(predictions) = predictions.filter(|own| !own.labels.is_empty()) else { return Ok(None) };
        Ok(Some(Scores::new(&predictions.answers()?, &predictions.classes, self.seed())))
    }
}

/// config.toml, where it is there.
fn settings(run: &Path) -> Result<Option<toml::Table>> {
    let path = run.join(names::CONFIG);
    if !path.is_file() {
        return Ok(None);
    }
    let text = regular::read_text(&path);
    let text = text.map_err(|source| umbel_predict::Error::Io { action: "read", path: path.clone(), source })?;
    let read = text.parse::<toml::Table>();
    Ok(Some(read.map_err(|error| run::Error::Malformed { path, detail: toml_words(&error) })?))
}

fn words(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
