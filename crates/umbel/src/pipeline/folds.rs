//! Cross-validation: the same job once for each fold, in ordinary run folders within one. Each photo validates once, so the
//! mean says more than one run, and the deviation says how much to believe it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::heritage::Heritage;
use super::job::{Job, in_pool};
use super::run_folder::{self, RunFolder};
use super::{Changes, Settings, TrainConfig, architecture, explain_copies, from_nothing, report_folds, train};
use crate::base::error::with_causes;
use crate::base::notice::Notice;
use crate::base::progress::{Event, FoldRecord, FoldsRecord, Interrupt, Observer};
use crate::data::{Index, Split, SplitMethod, SplitOptions, Together};
use crate::nn::Model;
use crate::run::{names, write_folds};
use crate::{Result, Surroundings};

/// What a cross-validation left.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct FoldsOutcome {
    pub run: PathBuf,
    /// `None` where it was stopped before its end.
    pub record: Option<FoldsRecord>,
    /// Pictures that could not be used; they are listed in problems.csv.
    pub skipped: usize,
}

/// Trains once for each of `config.folds` folds; `out` as in [`train_folder`](super::train_folder). The run folder holds
/// `fold-1`, `fold-2`, ..., which are run folders themselves, and at the end folds.json and folds.csv, and report.html and predictions.csv over all of them.
pub fn train_folds(
    config: &TrainConfig,
    out: Option<&Path>,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<FoldsOutcome> {
    config.validate()?;
    let folds = number(config)?;
    if let Some(out) = out {
        run_folder::check_free(out)?;
    }
    let toml = architecture::read_toml(config)?;
    in_pool(config.threads, || {
        let (job, model) = Job::prepare(config, toml.as_deref(), surroundings, observer, interrupt)?;
        let config = &job.config;
        let together = Together::of(&job.index, &job.cache, interrupt)?;
        if let Some(heritage) = &job.heritage {
            refuse_taught(heritage, folds)?;
            heritage.tell(config, &job.index, &Split::default(), observer);
        }
        let splits = Split::folds(&config.split_options()?, folds, &job.index, &job.cache)?;
        explain(&splits, &job.index, observer);
        explain_copies(config, &together, &job.index, &splits[0], observer);
        from_nothing::tell(config, splits[0].train.len(), observer);
        let run = RunFolder::create(config, out, observer)?;
        for (i, split) in splits.iter().enumerate() {
            let folder = RunFolder::enter(&fold_path(&run, i + 1))?;
            split.write(&folder.split_file(), &job.index)?;
        }
        run.begin_undivided(config, toml.as_deref(), job.cache.problems())?;
        Work { job, model }.go_on(&run, observer, interrupt)
    })
}

/// Goes on with a cross-validation that was stopped: finished folds stay as they are. What changes does so for all folds.
pub fn resume_folds(
    run: &Path,
    changes: &Changes,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<FoldsOutcome> {
    let run = RunFolder::open(run)?;
    let mut config = run.config()?;
    changes.apply(&mut config);
    config.validate()?;
    number(&config)?;
    let toml = run.model_toml()?;
    in_pool(config.threads, || {
        let (job, model) = Job::prepare(&config, toml.as_deref(), surroundings, observer, interrupt)?;
        run.save_config(&config)?;
        Work { job, model }.go_on(&run, observer, interrupt)
    })
}

/// Whether a run folder is that of a cross-validation.
pub fn has_folds(run: &Path) -> bool {
    RunFolder::config_in(run).is_ok_and(|config| config.folds.is_some())
}

/// The models that answer as one for what lies at a path: of a cross-validation, those of its folds; of anything else, itself. Whether
/// they are there is seen when they are read.
pub fn models_of(path: &Path) -> Vec<PathBuf> {
    let folds = RunFolder::config_in(path).ok().and_then(|config| config.folds);
    folds.map_or_else(|| vec![path.to_owned()], |folds| (1..=folds).map(|fold| names::fold(path, fold)).collect())
}

fn number(config: &TrainConfig) -> Result<usize> {
    let none = || umbel_predict::Error::Setting {
        setting: "folds".into(),
        value: "none".into(),
        expected: "a number from 2".into(),
    };
    Ok(config.folds.ok_or_else(none)?)
}

/// Each photo judges in one of the folds, so none may have taught the network that they start from.
fn refuse_taught(heritage: &Heritage, folds: usize) -> Result<()> {
    let known = heritage.known();
    if !heritage.holds() || known == 0 {
        return Ok(());
    }
    let expected = format!(
        "left out: {known} of these photos are known to the model that training starts from, and would judge what they have taught"
    );
    Err(umbel_predict::Error::Setting { setting: "folds".into(), value: folds.to_string(), expected }.into())
}

fn fold_path(run: &RunFolder, fold: usize) -> PathBuf {
    names::fold(run.path(), fold)
}

/// What all folds share.
struct Work<'a> {
    job: Job<'a>,
    /// That each fold starts from.
    model: Model,
}

impl Work<'_> {
    /// Trains the folds that are not finished, and sums all up.
    fn go_on(&self, run: &RunFolder, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<FoldsOutcome> {
        let folds = number(&self.job.config)?;
        let mut outcome =
            FoldsOutcome { run: run.path().to_owned(), record: None, skipped: self.job.cache.problems().len() };
        let mut records = Vec::new();
        for fold in 1..=folds {
            observer.event(&Event::Fold { fold, folds });
            match self.fold(run, fold, observer, interrupt)? {
                Some(record) => records.push(record),
                None => return Ok(outcome),
            }
        }
        let record = summary(records);
        write_folds(run.path(), &record)?;
        // The folds are whole by now; a page can be made again.
        if let Err(error) = report_folds(run.path(), None, self.job.surroundings) {
            let (error, run) = (with_causes(&error), run.path().to_owned());
            observer.event(&Event::Notice(&Notice::ReportNotMade { error, run }));
        }
        observer.event(&Event::Folds(&record));
        outcome.record = Some(record);
        Ok(outcome)
    }

    /// `None` where the user stopped it.
    fn fold(
        &self,
        run: &RunFolder,
        fold: usize,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Option<FoldRecord>> {
        let start = Instant::now();
        let path = fold_path(run, fold);
        let name = path.display().to_string();
        let folder = RunFolder::enter(&path)?;
        let config = self.fold_config(&folder);
        if let Some(best) = RunFolder::finished(&path, &config.digest()?) {
            observer.event(&Event::Notice(&Notice::FoldFinished { fold }));
            let (best_epoch, val_accuracy, val_loss) = (best.epoch, best.val_accuracy, best.val_loss);
            return Ok(Some(FoldRecord { fold, best_epoch, val_accuracy, val_loss, run: name }));
        }
        let job = &self.job;
        let split = Split::with(&SplitOptions::from_file(folder.split_file()), &job.index, &job.cache)?;
        let data = job.data(split);
        if folder.has_begun() {
            folder.save_config(&config)?;
            folder.complete_leaks(&data)?;
        } else {
            let together = Together::of(&job.index, &job.cache, interrupt)?;
            folder.begin(&config, job.toml, &data, &data.leaks(&together))?;
        }
        let settings = Settings::of(job, &config, folder.begun_in()?);
        let trained = train(&folder, &settings, &data, self.model.clone(), observer, interrupt)?;
        let trained = trained.finish(&folder, start, observer)?;
        let end = trained.end;
        Ok((!trained.interrupted).then_some(FoldRecord {
            fold,
            best_epoch: end.best_epoch,
            val_accuracy: end.val_accuracy,
            val_loss: end.val_loss,
            run: name,
        }))
    }

    /// The settings of an ordinary run that has this fold's split.
    fn fold_config(&self, folder: &RunFolder) -> TrainConfig {
        TrainConfig {
            split: SplitMethod::File(std::path::absolute(folder.split_file()).unwrap_or_else(|_| folder.split_file())),
            test_split: None,
            group_by: None,
            folds: None,
            ..self.job.config.absolute()
        }
    }
}

/// Says which classes are too small to be measured in every fold.
fn explain(splits: &[Split], index: &Index, observer: &mut dyn Observer) {
    for (class, name) in index.classes.iter().enumerate() {
        let has = |split: &&Split| split.val.iter().any(|&position| index.photos[position].class as usize == class);
        let (measured, folds) = (splits.iter().filter(has).count(), splits.len());
        if measured < folds {
            observer.event(&Event::Notice(&Notice::ClassInFewFolds { class: name.clone(), measured, folds }));
        }
    }
}

fn summary(folds: Vec<FoldRecord>) -> FoldsRecord {
    let n = folds.len() as f64;
    let mean = folds.iter().map(|fold| fold.val_accuracy).sum::<f64>() / n;
    let squares: f64 = folds.iter().map(|fold| (fold.val_accuracy - mean).powi(2)).sum();
    FoldsRecord { mean, deviation: (squares / (n - 1.0)).sqrt(), folds }
}
