//! The whole job, stage after stage: folder → index → cache → split → model → fit → curves. Open this file first.

mod architecture;
mod auto;
mod balance;
mod changes;
mod command;
mod config;
mod disputes;
mod folds;
mod from_nothing;
mod heritage;
mod job;
mod judging;
mod look;
mod lr_find;
mod merge;
mod recipe;
mod report;
mod resolved;
mod run_folder;
mod tensorboard;
mod trained;
mod unlike;
mod unseen;
mod validated;
mod which;
mod within;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use crate::settings::{AugmentChoice, PrecisionChoice};
pub use changes::Changes;
pub use command::{arguments, command_line};
pub use config::{TrainConfig, Undecided};
pub use disputes::{DisputeOptions, DisputedLabel, Disputes, disputed_labels, inside_settings, run_settings};
pub use folds::{FoldsOutcome, has_folds, models_of, resume_folds, train_folds};
use job::{Data, Job, in_pool};
pub use look::{Look, look};
pub use lr_find::{FoundRate, lr_find};
pub use merge::merged;
pub use recipe::{RECIPES, Recipe};
pub use report::{report, report_folds};
use resolved::Settings;
use run_folder::RunFolder;
use tensorboard::Board;
use trained::Trained;
pub use unlike::UnlikePhoto;
use validated::{Parts, Validated};

use crate::base::machine::Machine;
use crate::base::notice::{Divider, Notice};
use crate::base::progress::{EndRecord, Event, Interrupt, Observer, StartRecord};
use crate::data::{Index, Part, Split, SplitMethod, SplitOptions, Together};
use crate::nn::Model;
use crate::{Result, Surroundings, run, train};

/// What a finished (or interrupted) run left.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct TrainOutcome {
    pub run: PathBuf,
    pub end: EndRecord,
    /// Pictures that could not be used; they are listed in problems.csv.
    pub skipped: usize,
    pub interrupted: bool,
}

/// Trains on a folder or a table of photos. `out` is the run folder (must not exist, or be empty); `None`: `runs/<data
/// folder's name>` with the next free number.
pub fn train_folder(
    config: &TrainConfig,
    out: Option<&Path>,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<TrainOutcome> {
    let start = Instant::now();
    config.validate()?;
    if let Some(folds) = config.folds {
        let expected = "left out for a single run; train_folds trains in folds".to_string();
        return Err(
            umbel_predict::Error::Setting { setting: "folds".into(), value: folds.to_string(), expected }.into()
        );
    }
    if let Some(out) = out {
        run_folder::check_free(out)?;
    }
    let toml = architecture::read_toml(config)?;
    in_pool(config.threads, || {
        let (job, model) = Job::prepare(config, toml.as_deref(), surroundings, observer, interrupt)?;
        let config = &job.config;
        let options = config.split_options()?;
        let together = Together::of(&job.index, &job.cache, interrupt)?;
        let split = judging::split(config, &options, &job)?;
        explain(&options, &job.index, &split, observer);
        explain_copies(config, &together, &job.index, &split, observer);
        if let Some(heritage) = &job.heritage {
            heritage.tell(config, &job.index, &split, observer);
        }
        from_nothing::tell(config, split.train.len(), observer);
        let run = RunFolder::create(config, out, observer)?;
        let data = job.data(split);
        run.begin(config, job.toml, &data, &data.leaks(&together))?;
        let settings = Settings::of(&job, config, None);
        train(&run, &settings, &data, model, observer, interrupt)?.finish(&run, start, observer)
    })
}

/// Goes on with a run that was stopped, to the same weights, bit for bit, as if it never had been. A run that has nothing left to do says so; only its figures, its calibration and what its model
/// file remembers of known pictures are made anew, which brings runs of older versions up to date.
pub fn resume(
    run: &Path,
    changes: &Changes,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<TrainOutcome> {
    let start = Instant::now();
    let run = RunFolder::open(run)?;
    let mut config = run.config()?;
    if config.folds.is_some() {
        let detail = "it holds the folds of a cross-validation, which go on together".to_string();
        return Err(run::Error::NotARun { path: run.path().to_owned(), detail }.into());
    }
    let before = config.clone();
    changes.apply(&mut config);
    config.validate()?;
    let toml = run.model_toml()?;
    in_pool(config.threads, || {
        let (job, model) = Job::prepare(&config, toml.as_deref(), surroundings, observer, interrupt)?;
        let split = Split::with(&SplitOptions::from_file(run.split_file()), &job.index, &job.cache)?;
        run.save_config(&config)?;
        let settings = Settings::of(&job, &config, run.begun_in()?);
        let data = job.data(split);
        let trained = train(&run, &settings, &data, model, observer, interrupt);
        if let Err(crate::Error::Train(train::Error::OtherRun { .. })) = &trained {
            // What was given is not this run's.
            run.save_config(&before)?;
        }
        let trained = trained?;
        run.complete_leaks(&data)?;
        trained.finish(&run, start, observer)
    })
}

/// Says what is worth knowing about a split that umbel did not choose freely.
fn explain(options: &SplitOptions, index: &Index, split: &Split, observer: &mut dyn Observer) {
    let from_file = matches!(options.method, SplitMethod::File(_));
    if index.comes_with(Part::Val) && !from_file {
        observer.event(&Event::Notice(&Notice::PartsTaken));
    }
    if let Some(group_by) = &options.group_by {
        let paths = split.train.iter().chain(&split.val).chain(&split.test).map(|&i| &index.photos[i].path);
        let groups: BTreeSet<&str> = paths.filter_map(|path| group_by.key(path)).collect();
        observer.event(&Event::Notice(&Notice::Groups { groups: groups.len() }));
    }
    if from_file || index.parts.is_some() || options.group_by.is_some() {
        for notice in split.missing_classes(index) {
            observer.event(&Event::Notice(&notice));
        }
    }
}

/// Says what was kept together, and what lies on both sides of a split that umbel did not choose freely.
fn explain_copies(
    config: &TrainConfig,
    together: &Together,
    index: &Index,
    split: &Split,
    observer: &mut dyn Observer,
) {
    let given = index.comes_with(Part::Val);
    if !given && config.split == SplitMethod::Stratified {
        for notice in together.notices(index) {
            observer.event(&Event::Notice(&notice));
        }
    }
    let photos = together.leaks(index, split).len();
    if photos > 0 {
        let divided_by = if given { Divider::Data } else { Divider::Split };
        observer.event(&Event::Notice(&Notice::Leaks { photos, data: config.data.clone(), divided_by }));
    }
}

/// Fits the model in the run folder, and measures the best one on the test part, if there is one.
fn train<'a>(
    run: &RunFolder,
    settings: &Settings<'a>,
    data: &Data<'_>,
    mut model: Model,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Trained<'a>> {
    let Settings { config, options, surroundings } = settings;
    let Split { train, val, test, folds } = &data.split;
    observer.event(&Event::Using {
        train: train.len(),
        val: val.len(),
        test: test.len(),
        folds: folds.len(),
        classes: &data.index.classes,
    });
    let parts = [data.dataset(train), data.dataset(val)];
    let skipped = data.cache.problems().len();
    let computed = options.engine.computes(options.precision);
    observer.event(&Event::Start(&StartRecord {
        classes: data.index.classes.clone(),
        train_images: parts[0].len(),
        val_images: if folds.is_empty() { parts[1].len() } else { folds.iter().map(Vec::len).sum() },
        folds: Some(folds.len()).filter(|folds| *folds > 0),
        test_images: Some(test.len()).filter(|images| *images > 0),
        skipped,
        parameters: model.weights().count(),
        isa: computed.device,
        precision: computed.precision.name().to_string(),
        recipe: config.recipe.name().to_string(),
        pretrained: options.started_from.as_ref().map(|weights| weights.name.clone()),
        tune: config.pretrained.as_ref().map(|_| config.tune.unwrap_or_default().name().to_string()),
    }));
    let test = Some(data.dataset(test)).filter(|test| !test.is_empty());
    let parts = Parts { train: &parts[0], val: &parts[1], test: test.as_ref() };
    let mut board = Board::open(run, config, observer);
    board.samples(run, parts.train, (config.fit.seed, &surroundings.fonts), observer);
    let mut watch = board.watch(observer);
    let mut fit = judging::fit(run, &mut model, (&parts, folds), options, (&mut watch, interrupt))?;
    let mut measured = None;
    if !fit.interrupted && fit.best_epoch > 0 {
        watch.event(&Event::Reporting);
        measured = Validated::measure(run, &mut fit, &parts, options, (&mut watch, interrupt))?;
        // A run that was stopped here is not finished: going on with it calibrates the model.
        fit.interrupted = measured.is_none();
    }
    let (validated, tested) = measured.unzip();
    let tested = tested.flatten();
    let machine = Machine::here(&fit.computed.device, fit.computed.precision.name(), surroundings.processor.as_deref());
    let started_from = options.started_from.clone();
    let settings = config.digest()?;
    Ok(Trained { fit, test: tested, skipped, settings, started_from, machine, validated, board, surroundings })
}
