//! The whole job, stage after stage: folder → index → cache → split → model → fit → curves. Open this file first.

mod architecture;
mod config;
mod run_folder;
mod validated;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

pub use config::{AugmentChoice, Precision, TrainConfig};
use run_folder::RunFolder;
use validated::Validated;

use crate::base::progress::{EndRecord, Event, Interrupt, Observer, StartRecord};
use crate::data::{Cache, Dataset, Index, Split, SplitMethod};
use crate::nn::{Model, isa_from_env};
use crate::report::confusion;
use crate::report::curves::{self, NamedCurves};
use crate::train::fit::fit_locked;
use crate::train::{FitOutcome, memory};
use crate::{Error, Result};

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

/// Trains on a folder. `out` is the run folder (must not exist, or be empty); `None`: `runs/<data folder's name>` with
/// the next free number.
pub fn train_folder(
    config: &TrainConfig,
    out: Option<&Path>,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<TrainOutcome> {
    let start = Instant::now();
    config.validate()?;
    if let Some(out) = out {
        run_folder::check_free(out)?;
    }
    let toml = architecture::read_toml(&config.model)?;
    in_pool(config.threads, || {
        let index = scan(config, observer)?;
        let architecture = architecture::build(config, toml.as_deref(), index.classes.len())?;
        let data = Data::prepare(config, index, &config.split, observer, interrupt)?;
        let model = Model::new(architecture, config.fit.seed)?;
        let run = RunFolder::create(config, out)?;
        run.begin(config, toml.as_deref(), &data.split, &data.index, data.cache.problems())?;
        train(&run, config, &data, model, observer, interrupt)?.finish(&run, start, observer)
    })
}

/// Goes on with a run that was stopped, to the same weights, bit for bit, as if it never had been. `epochs` may raise
/// the number of epochs. A run that has nothing left to do says so and is left as it is.
pub fn resume(
    run: &Path,
    epochs: Option<usize>,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<TrainOutcome> {
    let start = Instant::now();
    let run = RunFolder::open(run)?;
    let mut config = run.config()?;
    config.fit.epochs = epochs.unwrap_or(config.fit.epochs);
    config.validate()?;
    let toml = run.model_toml()?;
    in_pool(config.threads, || {
        let index = scan(&config, observer)?;
        let architecture = architecture::build(&config, toml.as_deref(), index.classes.len())?;
        let split = SplitMethod::File(run.split_file());
        let data = Data::prepare(&config, index, &split, observer, interrupt)?;
        let model = Model::new(architecture, config.fit.seed)?;
        run.save_config(&config)?;
        train(&run, &config, &data, model, observer, interrupt)?.finish(&run, start, observer)
    })
}

/// Runs `work` with so many threads (0: one per core). Results are the same for any number.
fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if threads == 0 {
        return work();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Threads { threads, detail: error.to_string() })?.install(work)
}

fn scan(config: &TrainConfig, observer: &mut dyn Observer) -> Result<Index> {
    let index = Index::scan(&config.data)?;
    observer.event(&Event::Found { files: index.photos.len(), classes: &index.classes });
    Ok(index)
}

/// The folder's photos, decoded and divided.
struct Data {
    index: Index,
    cache: Arc<Cache>,
    split: Split,
}

impl Data {
    fn prepare(
        config: &TrainConfig,
        index: Index,
        method: &SplitMethod,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let cache = Cache::open(&index, &config.prep, &config.cache_options(), observer, interrupt)?;
        if let Some(problem) = cache.problems().first().filter(|_| config.strict) {
            return Err(Error::BadPicture { path: problem.path.clone(), detail: problem.detail.clone() });
        }
        let split = Split::make(method, &index, &cache, config.val_split, config.fit.seed)?;
        observer.event(&Event::Using { train: split.train.len(), val: split.val.len() });
        Ok(Data { index, cache: Arc::new(cache), split })
    }
}

/// Fits the model in the run folder.
fn train(
    run: &RunFolder,
    config: &TrainConfig,
    data: &Data,
    mut model: Model,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Trained> {
    let parts = [&data.split.train, &data.split.val].map(|part| Dataset::new(&data.index, data.cache.clone(), part));
    let skipped = data.cache.problems().len();
    observer.event(&Event::Start(&StartRecord {
        classes: data.index.classes.clone(),
        train_images: parts[0].len(),
        val_images: parts[1].len(),
        skipped,
        parameters: model.weights().count(),
        isa: isa_from_env()?.name().to_string(),
        precision: "f32".to_string(),
    }));
    let parts = (&parts[0], &parts[1]);
    let fit = fit_locked(Some(run.lock()), &mut model, parts, &config.fit, observer, interrupt)?;
    let validated = if fit.interrupted || fit.best_epoch == 0 {
        None
    } else {
        Validated::measure(run, &fit, parts.1, &config.fit, interrupt)?
    };
    Ok(Trained { fit, skipped, settings: config.digest()?, validated })
}

/// A fitted model, before its curves and figures are written.
struct Trained {
    fit: FitOutcome,
    skipped: usize,
    settings: String,
    /// `None` where the run was stopped.
    validated: Option<Validated>,
}

impl Trained {
    fn finish(self, run: &RunFolder, start: Instant, observer: &mut dyn Observer) -> Result<TrainOutcome> {
        let epochs = &self.fit.history.epochs;
        if !epochs.is_empty() {
            curves::write(&run.plots()?, "curves", &[NamedCurves { name: &run.name(), epochs }])?;
            if let Some(Validated { scores, .. }) = &self.validated {
                let names: Vec<String> = scores.classes.iter().map(|class| class.class.clone()).collect();
                confusion::write(&run.plots()?, "confusion", &names, &scores.confusion)?;
            }
            run.write_metrics(&self.fit, &self.settings, self.validated.as_ref())?;
        }
        let best = epochs.iter().find(|record| record.epoch == self.fit.best_epoch);
        let end = EndRecord {
            best_epoch: self.fit.best_epoch,
            // No epoch, no figures: null in JSON.
            val_accuracy: best.map_or(f64::NAN, |best| best.val_accuracy),
            val_loss: best.map_or(f64::NAN, |best| best.val_loss),
            seconds: start.elapsed().as_secs_f64(),
            peak_rss_bytes: memory::peak_rss_bytes(),
            run: run.path().display().to_string(),
        };
        observer.event(&Event::End(&end));
        Ok(TrainOutcome { run: run.path().to_owned(), end, skipped: self.skipped, interrupted: self.fit.interrupted })
    }
}
