//! The run folder: where it lies, who may write to it, and its text files.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::TrainConfig;
use super::validated::Validated;
use crate::base::atomic;
use crate::base::progress::EpochRecord;
use crate::data::{Index, Problem, Split};
use crate::train::{FitOutcome, RunLock, run_lock};
use crate::{Error, Result};

const CONFIG: &str = "config.toml";
const SPLIT: &str = "split.csv";
const PROBLEMS: &str = "problems.csv";
const MODEL_TOML: &str = "model.toml";
const METRICS: &str = "metrics.json";

/// A run folder that is ours until dropped.
pub(super) struct RunFolder {
    lock: RunLock,
}

/// Fails where `path` is there and holds something.
pub(super) fn check_free(path: &Path) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(()) };
    let mut names = entries.flatten().map(|entry| entry.file_name());
    if names.any(|name| name != run_lock::FILE_NAME) {
        return Err(Error::RunExists { path: path.to_owned() });
    }
    Ok(())
}

impl RunFolder {
    /// A new one: `out`, or `runs/<data folder's name>` with the next free number.
    pub fn create(config: &TrainConfig, out: Option<&Path>) -> Result<Self> {
        let path = match out {
            Some(out) => out.to_owned(),
            None => next_free(Path::new("runs"), &data_name(&config.data))?,
        };
        let lock = RunLock::acquire(&path)?;
        // Another run may have come and gone since the first look.
        check_free(&path)?;
        Ok(RunFolder { lock })
    }

    /// One that is there, to go on with.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.join(CONFIG).is_file() {
            return Err(Error::NotARun { path: path.to_owned(), detail: format!("it has no {CONFIG}") });
        }
        Ok(RunFolder { lock: RunLock::acquire(path)? })
    }

    /// Writes what a run begins with. config.toml comes last: where it is, all the others are.
    pub fn begin(
        &self,
        config: &TrainConfig,
        model_toml: Option<&str>,
        split: &Split,
        index: &Index,
        problems: &[Problem],
    ) -> Result<()> {
        split.write(&self.split_file(), index)?;
        self.write_problems(problems)?;
        if let Some(text) = model_toml {
            atomic::write_bytes(&self.file(MODEL_TOML), text.as_bytes())?;
        }
        self.save_config(config)
    }

    /// Writes config.toml, with paths that hold from any working folder.
    pub fn save_config(&self, config: &TrainConfig) -> Result<()> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let config = TrainConfig {
            data: absolute(&config.data),
            cache: config.cache.as_deref().map(absolute),
            ..config.clone()
        };
        let text =
            format!("# The settings of this run; `umbel train --config` takes them again.\n{}", config.to_toml()?);
        atomic::write_bytes(&self.file(CONFIG), text.as_bytes())
    }

    pub fn config(&self) -> Result<TrainConfig> {
        let path = self.file(CONFIG);
        let text = std::fs::read_to_string(&path).map_err(|source| read_error(&path, source))?;
        toml::from_str(&text).map_err(|error| Error::Malformed { path, detail: error.to_string() })
    }

    /// The model's TOML as it was when the run began; `None` where the model goes by name.
    pub fn model_toml(&self) -> Result<Option<String>> {
        let path = self.file(MODEL_TOML);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(read_error(&path, source)),
        }
    }

    pub fn write_metrics(&self, fit: &FitOutcome, settings: &str, validated: Option<&Validated>) -> Result<()> {
        let (Some(last), Some(best)) =
            (fit.history.epochs.last(), fit.history.epochs.iter().find(|record| record.epoch == fit.best_epoch))
        else {
            return Ok(());
        };
        let metrics = RunMetrics {
            epochs: last.epoch,
            finished: !fit.interrupted,
            best: best.into(),
            last: last.into(),
            accuracy_gap: last.accuracy - last.val_accuracy,
            loss_gap: last.val_loss - last.loss,
            seconds: fit.history.epochs.iter().map(|record| record.seconds).sum(),
            settings,
            validated,
        };
        let path = self.file(METRICS);
        let json = serde_json::to_string_pretty(&metrics)
            .map_err(|error| Error::Malformed { path: path.clone(), detail: error.to_string() })?;
        atomic::write_bytes(&path, format!("{json}\n").as_bytes())
    }

    /// The folder of the plots, made where it isn't there.
    pub fn plots(&self) -> Result<PathBuf> {
        let path = self.file(run_lock::PLOTS);
        std::fs::create_dir_all(&path).map_err(|source| Error::Io {
            action: "create the folder",
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }

    pub fn split_file(&self) -> PathBuf {
        self.file(SPLIT)
    }

    pub fn lock(&self) -> &RunLock {
        &self.lock
    }

    pub fn path(&self) -> &Path {
        self.lock.folder()
    }

    /// The folder's own name, for legends.
    pub fn name(&self) -> String {
        self.path().file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn write_problems(&self, problems: &[Problem]) -> Result<()> {
        let path = self.file(PROBLEMS);
        atomic::write_with(&path, |file| {
            let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
            writer.write_record(["path", "kind", "detail"])?;
            for problem in problems {
                writer.serialize(problem)?;
            }
            writer.flush()
        })
    }
}

/// metrics.json.
#[derive(Serialize)]
struct RunMetrics<'a> {
    /// Whole epochs.
    epochs: usize,
    finished: bool,
    best: Figures,
    last: Figures,
    /// accuracy − val_accuracy after the last epoch.
    accuracy_gap: f64,
    /// val_loss − loss after the last epoch.
    loss_gap: f64,
    /// Sum over the epochs: training and validation.
    seconds: f64,
    /// Digest of config.toml's settings.
    settings: &'a str,
    /// How good the best epoch is on the validation part, once the run is over.
    #[serde(flatten)]
    validated: Option<&'a Validated>,
}

#[derive(Serialize)]
struct Figures {
    epoch: usize,
    loss: f64,
    accuracy: f64,
    val_loss: f64,
    val_accuracy: f64,
}

impl From<&EpochRecord> for Figures {
    fn from(record: &EpochRecord) -> Self {
        let EpochRecord { epoch, loss, accuracy, val_loss, val_accuracy, .. } = *record;
        Figures { epoch, loss, accuracy, val_loss, val_accuracy }
    }
}

/// The data folder's own name, also where it is given as `.` or with a closing slash.
fn data_name(data: &Path) -> String {
    let real = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    real.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned())
}

/// `parent/name`, `parent/name-2`, ...: the first that isn't there, created.
fn next_free(parent: &Path, name: &str) -> Result<PathBuf> {
    let io_error = |path: &Path, source| Error::Io { action: "create the folder", path: path.to_owned(), source };
    std::fs::create_dir_all(parent).map_err(|source| io_error(parent, source))?;
    let mut number = 1;
    loop {
        let path = if number == 1 { parent.join(name) } else { parent.join(format!("{name}-{number}")) };
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(source) => return Err(io_error(&path, source)),
        }
    }
}

fn read_error(path: &Path, source: std::io::Error) -> Error {
    Error::Io { action: "read", path: path.to_owned(), source }
}
