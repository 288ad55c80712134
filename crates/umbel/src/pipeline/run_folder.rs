//! The run folder: where it lies, who may write to it, and its text files.

use std::path::{Path, PathBuf};

use super::config::TrainConfig;
use super::job::Data;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::base::run_folder::lies_inside;
use crate::base::toml_words::toml_words;
use crate::base::{atomic, regular};
use crate::data::{Plan, Problem, Together};
use crate::nn::Precision;
use crate::run::free_name::make_next_free;
use crate::run::names::{
    CHECKPOINT, CONFIG, LEAKS, LOCK, METRICS, MODEL_TOML, PLAN, PLOTS, PREPARING, PROBLEMS, SPLIT,
};
use crate::run::{Figures, LeakRow, Metrics, RunLock, leaks, write_problems};
use crate::train::checkpoint::Checkpoint;
use crate::{Error, Result, run};

/// A run folder that is ours until dropped.
pub(super) struct RunFolder {
    lock: RunLock,
}

/// Fails where `path` is there and holds something. What a run left that was killed before it had begun is nothing.
pub(super) fn check_free(path: &Path) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(()) };
    let never_begun = was_never_begun(path);
    let is_nothing = |name: &std::ffi::OsStr| {
        let scratch = name.as_encoded_bytes().starts_with(atomic::SCRATCH_PREFIX.as_bytes());
        // A kill while PREPARING itself was written leaves a scratch file alone.
        name == LOCK
            || scratch
            || never_begun && (name == PREPARING || BEFORE_CONFIG.iter().any(|known| name == *known))
    };
    if entries.flatten().all(|entry| is_nothing(&entry.file_name())) {
        return Ok(());
    }
    Err(run::Error::RunExists { path: path.to_owned() }.into())
}

/// What [`RunFolder::begin`] writes before config.toml.
const BEFORE_CONFIG: [&str; 5] = [SPLIT, LEAKS, PROBLEMS, MODEL_TOML, PLAN];

/// Whether a run was killed here while it wrote what it begins with: there is nothing to resume.
fn was_never_begun(path: &Path) -> bool {
    path.join(PREPARING).exists() && !path.join(CONFIG).exists()
}

impl RunFolder {
    /// A new one: `out`, or `runs/<data folder's name>` with the next free number.
    pub fn create(config: &TrainConfig, out: Option<&Path>, observer: &mut dyn Observer) -> Result<Self> {
        let path = match out {
            Some(out) => out.to_owned(),
            None => make_next_free(Path::new("runs"), &data_name(&config.data))?,
        };
        let lock = RunLock::acquire(&path)?;
        // Another run may have come and gone since the first look.
        check_free(&path)?;
        if was_never_begun(&path) {
            for file in BEFORE_CONFIG.map(|name| path.join(name)).iter().filter(|file| file.exists()) {
                std::fs::remove_file(file).map_err(|source| umbel_predict::Error::Io {
                    action: "delete",
                    path: file.clone(),
                    source,
                })?;
            }
        }
        if lies_inside(&path, &config.data) {
            observer.event(&Event::Notice(&Notice::RunInData { run: path }));
        }
        Ok(RunFolder { lock })
    }

    /// One that is there, to go on with.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.join(CONFIG).is_file() {
            return Err(run::Error::NotARun { path: path.to_owned(), detail: format!("it has no {CONFIG}") }.into());
        }
        let run = Self::enter(path)?;
        run.take_mark_away();
        Ok(run)
    }

    /// One that may have begun or not.
    pub fn enter(path: &Path) -> Result<Self> {
        Ok(RunFolder { lock: RunLock::acquire(path)? })
    }

    /// Writes what a run begins with. config.toml comes last: where it is, all the others are. A run that is killed
    /// before has not begun, and its folder can be used again.
    pub fn begin(
        &self,
        config: &TrainConfig,
        model_toml: Option<&str>,
        data: &Data<'_>,
        leaks: &[LeakRow],
    ) -> Result<()> {
        atomic::write_bytes(&self.file(PREPARING), b"")?;
        data.split.write(&self.split_file(), data.index)?;
        leaks::write(&self.file(LEAKS), leaks)?;
        self.begin_undivided(config, model_toml, data.cache.problems())
    }

    /// The same for a folder that holds the folds of a cross-validation, each with a split of its own.
    pub fn begin_undivided(&self, config: &TrainConfig, model_toml: Option<&str>, problems: &[Problem]) -> Result<()> {
        atomic::write_bytes(&self.file(PREPARING), b"")?;
        write_problems(&self.file(PROBLEMS), problems)?;
        if let Some(text) = model_toml {
            atomic::write_bytes(&self.file(MODEL_TOML), text.as_bytes())?;
        }
        if let Some(plan) = &config.plan {
            Plan::read(plan)?.write(&self.file(PLAN))?;
        }
        self.save_config(config)?;
        self.take_mark_away();
        Ok(())
    }

    /// Writes which photos leak where an older umbel did not.
    pub fn complete_leaks(&self, data: &Data<'_>) -> Result<()> {
        let path = self.file(LEAKS);
        if path.is_file() {
            return Ok(());
        }
        // A run that was stopped is to be left whole all the same.
        let together = Together::of(data.index, &data.cache, &Interrupt::default())?;
        leaks::write(&path, &data.leaks(&together))
    }

    /// The run has begun. Where that fails it does no harm: config.toml is there.
    fn take_mark_away(&self) {
        let _ = std::fs::remove_file(self.file(PREPARING));
    }

    /// Writes config.toml, with paths that hold from any working folder.
    pub fn save_config(&self, config: &TrainConfig) -> Result<()> {
        let config = config.absolute();
        let text =
            format!("# The settings of this run; `umbel train --config` takes them again.\n{}", config.to_toml()?);
        Ok(atomic::write_bytes(&self.file(CONFIG), text.as_bytes())?)
    }

    /// The settings, with the plan as the run began with it.
    pub fn config(&self) -> Result<TrainConfig> {
        let mut config = Self::config_in(self.path())?;
        let begun_with = self.file(PLAN);
        if config.plan.is_some() && begun_with.is_file() {
            config.plan = Some(begun_with);
        }
        Ok(config)
    }

    /// The settings of a run that may be anybody's.
    pub fn config_in(folder: &Path) -> Result<TrainConfig> {
        let path = folder.join(CONFIG);
        let text = regular::read_text(&path).map_err(|source| read_error(&path, source))?;
        Ok(toml::from_str(&text).map_err(|error| run::Error::Malformed { path, detail: toml_words(&error) })?)
    }

    /// The settings of a run that may be anybody's, and the text of its model.toml where it has one. Nothing is locked.
    pub fn settings_in(folder: &Path) -> Result<(TrainConfig, Option<String>)> {
        if !folder.join(CONFIG).is_file() {
            return Err(run::Error::NotARun { path: folder.to_owned(), detail: format!("it has no {CONFIG}") }.into());
        }
        Ok((Self::config_in(folder)?, Self::model_toml_in(folder)?))
    }

    /// The model's TOML as it was when the run began; `None` where the model goes by name.
    pub fn model_toml(&self) -> Result<Option<String>> {
        Self::model_toml_in(self.path())
    }

    /// The same of a run that may be anybody's.
    pub fn model_toml_in(folder: &Path) -> Result<Option<String>> {
        let path = folder.join(MODEL_TOML);
        match regular::read_text(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(read_error(&path, source)),
        }
    }

    pub fn write_metrics(&self, metrics: &Metrics) -> Result<()> {
        metrics.write(&self.file(METRICS))
    }

    /// The figures of the best epoch, if the run has ended and was asked for just these settings.
    pub fn finished(folder: &Path, settings: &str) -> Option<Figures> {
        let metrics = Metrics::read(&folder.join(METRICS)).ok()?;
        (metrics.finished && metrics.settings == settings).then_some(metrics.best)
    }

    /// Whether config.toml, the last file that a run begins with, is there.
    pub fn has_begun(&self) -> bool {
        self.file(CONFIG).is_file()
    }

    /// The precision that the run began in, if it has.
    pub fn begun_in(&self) -> Result<Option<Precision>> {
        let begun = Checkpoint::read(&self.file(CHECKPOINT))?;
        Ok(begun.and_then(|begun| begun.progress.precision()))
    }

    /// The folder of the plots, made where it isn't there.
    pub fn plots(&self) -> Result<PathBuf> {
        let path = self.file(PLOTS);
        let made = match path.symlink_metadata() {
            // Pictures would be written, and swept away, wherever it leads.
            Ok(about) if about.is_symlink() => Err(std::io::Error::other("it is a link, but must be a folder")),
            _ => std::fs::create_dir_all(&path),
        };
        made.map_err(|source| umbel_predict::Error::Io { action: "create the folder", path: path.clone(), source })?;
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
}

/// The data folder's own name, also where it is given as `.` or with a closing slash; a table's without its ending.
fn data_name(data: &Path) -> String {
    let real = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let name = if real.is_file() { real.file_stem() } else { real.file_name() };
    name.map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned())
}

fn read_error(path: &Path, source: std::io::Error) -> Error {
    umbel_predict::Error::Io { action: "read", path: path.to_owned(), source }.into()
}
