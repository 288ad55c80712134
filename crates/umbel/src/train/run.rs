//! A run at work: what [`super::fit`] drives. Everything that decides the next step is in [`Progress`], the weights and the
//! optimizer; all three go into the checkpoint, so a resumed run takes the very steps that it would have taken.

mod first;

use std::path::PathBuf;
use std::time::Instant;

use super::average::Average;
use super::checkpoint::{self, Checkpoint, Progress, Running};
use super::evaluate::sums;
use super::plans::{Plans, Sizes};
use super::saver::Saver;
use super::targets::TargetMaker;
use super::{Callbacks, FitOptions, FitOutcome, HeadFit, History, RunLock, history};
use crate::base::atomic::Scratch;
use crate::base::memory;
use crate::base::progress::{EpochRecord, Event, Interrupt, Observer, StepFigures};
use crate::base::random::{Purpose, Stream};
use crate::data::augment::Policy;
use crate::data::{Dataset, Loader, LoaderOptions};
use crate::model_file::{self, Metrics, ModelFile};
use crate::nn::{Arithmetic, GradientSum, LossSum, Model, Optimizer, Schedule, ScheduleKind, clip_global_norm};
use crate::{Error, Result};

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Go,
    Interrupted,
}

/// Batches that the loader may hold at one time, for the estimate of memory: one of pictures, and four of photos as bytes,
/// which take as much as one.
const BATCHES_IN_FLIGHT: usize = 2;

pub(super) struct Run<'a> {
    folder: Option<PathBuf>,
    model: &'a mut Model,
    train: &'a Dataset,
    val: &'a Dataset,
    options: &'a FitOptions,
    callbacks: Callbacks,
    augment: Policy,
    targets: TargetMaker,
    schedule: Schedule,
    steps: usize,
    optimizer: Optimizer,
    /// What has come since the last update, where several batches make one.
    gradients: GradientSum,
    average: Option<Average>,
    sizes: Sizes,
    plans: Plans,
    progress: Progress,
    best: Option<Model>,
    saver: Saver,
}

impl<'a> Run<'a> {
    /// Compiles the plan and takes up the checkpoint in the run folder, if there is one.
    pub fn begin(
        lock: Option<&RunLock>,
        model: &'a mut Model,
        (train, val): (&'a Dataset, &'a Dataset),
        options: &'a FitOptions,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let found = Found::read(lock)?;
        let precision = found.as_ref().and_then(|found| found.checkpoint.progress.precision());
        let arithmetic = Arithmetic::from_env(precision.unwrap_or(options.precision))?;
        let available = memory::available_bytes();
        let batch = options.batch.min(train.len());
        let needed = memory_needed(model, batch, options)?;
        check_memory(needed, available)?;
        let sizes = Sizes::new(options, train.image_size());
        let plans = Plans::new(model, train, options, sizes.largest(), arithmetic)?;
        observer.event(&Event::Note(&memory_line(needed, available, train.cache.bytes_on_disk())));
        let steps = train.len().div_ceil(options.batch);
        let mut run = Run {
            folder: lock.map(|lock| lock.folder().to_owned()),
            augment: Policy::new(&model.architecture().augmentation()),
            targets: TargetMaker::new(options, train),
            optimizer: Optimizer::new(options.optimizer, model.weights()).with_rates(rates(model, options)?),
            gradients: GradientSum::default(),
            average: Average::begin(options.ema_momentum, model),
            schedule: schedule(options, steps),
            callbacks: Callbacks {
                monitor: options.monitor,
                early_stopping: options.early_stopping,
                reduce_on_plateau: options.reduce_on_plateau,
            },
            progress: Progress {
                settings: settings_digest(model, options)?,
                data: data_digest(train, val)?,
                isa: arithmetic.isa.name().to_string(),
                precision: arithmetic.precision.name().to_string(),
                epochs: options.epochs,
                ..Progress::default()
            },
            best: None,
            saver: Saver::default(),
            model,
            train,
            val,
            options,
            steps,
            sizes,
            plans,
        };
        if let Some(found) = found {
            run.resume(found, observer)?;
        }
        Ok(run)
    }

    /// All epochs are done, or early stopping has spoken.
    pub fn is_over(&self) -> bool {
        self.progress.epoch >= self.options.epochs || self.progress.callbacks.stopped
    }

    /// Takes the steps of the current epoch that are still to be done.
    pub fn train_epoch(&mut self, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Flow> {
        self.resize()?;
        let mut loader = Loader::new(self.train, self.loader_options());
        let mut mark = Instant::now();
        while self.progress.step < self.steps {
            // Between two batches of one update there is nothing that could be saved.
            if self.is_updated() && interrupt.requested() {
                return Ok(Flow::Interrupted);
            }
            let Some(batch) = loader.next().transpose()? else { break };
            let (epoch, step) = (self.progress.epoch as u64, self.progress.step as u64);
            let learning_rate = self.learning_rate(self.progress.step);
            let key = Stream::new(self.options.seed, Purpose::Dropout, epoch, step).key();
            let weights = self.model.weights_mut();
            let sum = self.plans.train().backpropagate(weights, &batch.images, self.targets.make(&batch), key);
            loader.recycle(batch);
            self.progress.step += 1;
            self.update(learning_rate, sum.samples);
            if !sum.loss.is_finite() {
                return Err(self.diverged("loss".into()));
            }
            self.progress.running.add(&sum);
            let seconds = mark.elapsed().as_secs_f64();
            mark = Instant::now();
            self.progress.running.train_seconds += seconds;
            self.progress.running.seconds += seconds;
            observer.event(&self.step_event(learning_rate));
        }
        Ok(Flow::Go)
    }

    /// Compiles the plans of the current epoch's size, where the last were of another.
    fn resize(&mut self) -> Result<()> {
        let (size, arithmetic) = (self.sizes.of(self.progress.epoch), self.plans.train().arithmetic());
        if size != self.plans.size() {
            self.plans = Plans::new(self.model, self.train, self.options, size, arithmetic)?;
        }
        Ok(())
    }

    /// Whether the last batch ended in an update.
    fn is_updated(&self) -> bool {
        let step = self.progress.step;
        step.is_multiple_of(self.options.gradient_accumulation_steps) || step == self.steps
    }

    /// Takes the latest batch's gradients, and changes the weights where it is time.
    fn update(&mut self, learning_rate: f64, samples: usize) {
        let is_updated = self.is_updated();
        let plan = self.plans.train();
        let isa = plan.isa();
        let gradients = plan.last_gradients();
        if self.options.gradient_accumulation_steps > 1 {
            self.gradients.add(isa, gradients, samples);
            if !is_updated {
                return;
            }
            self.gradients.take(isa, gradients);
        }
        if self.options.global_clipnorm > 0.0 {
            clip_global_norm(isa, gradients, self.options.global_clipnorm);
        }
        self.optimizer.update(isa, learning_rate, self.model.weights_mut(), gradients);
        if let Some(average) = &mut self.average {
            average.take(isa, self.optimizer.steps(), self.model.weights());
        }
    }

    /// The model that is validated and kept.
    fn judged(&self) -> &Model {
        self.average.as_ref().map_or(self.model, |average| &average.model)
    }

    /// Validates, and ends the epoch: record, callbacks, best model, files.
    pub fn validate(&mut self, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Flow> {
        observer.event(&Event::Validating { epoch: self.progress.epoch + 1 });
        let start = Instant::now();
        let judged = self.average.as_ref().map_or(&*self.model, |average| &average.model);
        let Some(sum) = sums(self.plans.val(), judged, self.val, 1, interrupt)? else {
            return Ok(Flow::Interrupted);
        };
        self.progress.running.seconds += start.elapsed().as_secs_f64();
        if !sum.loss.is_finite() {
            return Err(self.diverged("validation loss".into()));
        }
        self.check_weights()?;
        self.end_epoch(self.record(&sum), observer)?;
        Ok(Flow::Go)
    }

    /// Takes note of an epoch's record: callbacks, best model, files.
    fn end_epoch(&mut self, record: EpochRecord, observer: &mut dyn Observer) -> Result<()> {
        let verdict = self.progress.callbacks.epoch_end(&self.callbacks, self.schedule.base, &record);
        self.progress.history.push(record.clone());
        self.progress.epoch += 1;
        self.progress.step = 0;
        self.progress.running = Running::default();
        let best = if verdict.improved { self.keep_best(&record)? } else { None };
        self.save(best)?;
        observer.event(&Event::Epoch {
            epochs: self.options.epochs,
            record: &record,
            best_epoch: self.progress.callbacks.best_epoch(),
        });
        for note in &verdict.notes {
            observer.event(&Event::Note(note));
        }
        Ok(())
    }

    /// Saves a run in the middle of an epoch.
    pub fn pause(&mut self) -> Result<()> {
        self.check_weights()?;
        self.save(None)
    }

    /// Writes history.csv, and then the checkpoint. The best model comes into its place before the checkpoint, which never
    /// promises a model that is not there. The next steps do not wait until the disk has both: a machine that dies in that
    /// second goes on from the epoch before, to the same bits.
    fn save(&mut self, best: Option<Scratch>) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        History { epochs: self.progress.history.clone() }.write(&folder.join(history::FILE_NAME))?;
        let average = self.average.as_ref().map(|average| average.model.weights());
        let path = folder.join(checkpoint::FILE_NAME);
        let checkpoint = checkpoint::prepare(&path, &mut self.progress, self.model, &self.optimizer, average)?;
        self.saver.start(best.into_iter().chain([checkpoint]).collect())
    }

    /// What came of it, once all files are in place.
    pub fn outcome(mut self, interrupted: bool) -> Result<FitOutcome> {
        self.saver.wait()?;
        if let (false, Some(average)) = (interrupted, self.average) {
            *self.model = average.model;
        }
        Ok(FitOutcome {
            history: History { epochs: self.progress.history },
            best_epoch: self.progress.callbacks.best_epoch(),
            best: self.best.unwrap_or_else(|| self.model.clone()),
            interrupted,
            features: None,
        })
    }

    /// A step can break the weights and still have had a finite loss; such weights are never saved.
    fn check_weights(&self) -> Result<()> {
        let bad = self.model.weights().tensors.iter().find(|tensor| tensor.data.iter().any(|value| !value.is_finite()));
        bad.map_or(Ok(()), |tensor| Err(self.diverged(format!("weight {}", tensor.name))))
    }

    fn resume(&mut self, found: Found, observer: &mut dyn Observer) -> Result<()> {
        let Found { folder, path, checkpoint: found } = found;
        for (what, came, expected) in [
            ("settings", &found.progress.settings, &self.progress.settings),
            ("photos or labels", &found.progress.data, &self.progress.data),
        ] {
            if came != expected {
                return Err(Error::OtherRun { path, what });
            }
        }
        let mut progress = {
            let average = self.average.as_mut().map(|average| &mut average.model);
            found.restore(&path, self.model, &mut self.optimizer, average)?
        };
        if progress.isa != self.progress.isa {
            observer.event(&Event::Note(&format!(
                "The run was begun with {} and goes on with {}: the weights will differ in their last digits.",
                progress.isa, self.progress.isa
            )));
        }
        if progress.epochs != self.options.epochs && self.options.schedule == ScheduleKind::Cosine {
            observer.event(&Event::Note(&format!(
                "The cosine schedule was planned for {} epochs and is now stretched to {}.",
                progress.epochs, self.options.epochs
            )));
        }
        if progress.epochs != self.options.epochs && self.sizes.change() {
            observer.event(&Event::Note(&format!(
                "The photos' sizes were planned for {} epochs and are now spread over {}.",
                progress.epochs, self.options.epochs
            )));
        }
        progress.isa.clone_from(&self.progress.isa);
        progress.epochs = self.options.epochs;
        if progress.callbacks.best.is_some() {
            self.best = Some(ModelFile::load(&folder.join(model_file::FILE_NAME))?.model);
        }
        self.progress = progress;
        observer.event(&Event::Resumed {
            history: &self.progress.history,
            best_epoch: self.progress.callbacks.best_epoch(),
        });
        if self.is_over() {
            let epochs = self.progress.history.len();
            observer.event(&Event::Note(&match self.progress.callbacks.stopped {
                true => {
                    format!("The run was ended by early stopping after {epochs} epochs: there is nothing left to do.")
                }
                false => format!("The run has done its {epochs} epochs already: ask for more to train on."),
            }));
        }
        // A run that died between the history and the checkpoint left a row too many.
        History { epochs: self.progress.history.clone() }.write(&folder.join(history::FILE_NAME))
    }

    /// Keeps the model, and gives its file, ready to be put in place.
    fn keep_best(&mut self, record: &EpochRecord) -> Result<Option<Scratch>> {
        let metrics = Metrics { epoch: record.epoch, val_accuracy: record.val_accuracy, val_loss: record.val_loss };
        // The one before makes room first.
        self.best = None;
        let file = ModelFile::new(self.judged().clone(), self.train, metrics);
        let path = self.folder.as_ref().map(|folder| folder.join(model_file::FILE_NAME));
        let scratch = path.map(|path| file.prepare(&path)).transpose()?;
        self.best = Some(file.model);
        Ok(scratch)
    }

    fn loader_options(&self) -> LoaderOptions {
        LoaderOptions {
            batch: self.options.batch,
            seed: self.options.seed,
            epoch: self.progress.epoch as u64,
            shuffle: true,
            augment: self.augment.clone(),
            mixing: self.options.mixing,
            balance: self.options.balance,
            image_size: Some(self.plans.size()),
            skip_batches: self.progress.step,
        }
    }

    /// The rate of a step of the current epoch.
    fn learning_rate(&self, step: usize) -> f64 {
        let epoch = self.progress.epoch.saturating_sub(before_steps(self.options));
        let global = (epoch * self.steps + step) as u64;
        self.schedule.rate(global) * self.progress.callbacks.rate_factor
    }

    fn record(&self, val: &LossSum) -> EpochRecord {
        let running = &self.progress.running;
        let samples = val.samples.max(1) as f64;
        EpochRecord {
            epoch: self.progress.epoch + 1,
            loss: running.mean_loss(),
            accuracy: running.accuracy(),
            val_loss: val.loss / samples,
            val_accuracy: val.correct as f64 / samples,
            lr: self.learning_rate(self.steps - 1),
            seconds: running.seconds,
            images_per_second: running.samples as f64 / running.train_seconds.max(1e-9),
        }
    }

    fn step_event(&self, lr: f64) -> Event<'static> {
        let running = &self.progress.running;
        Event::Step {
            epoch: self.progress.epoch + 1,
            epochs: self.options.epochs,
            step: self.progress.step,
            steps: self.steps,
            figures: StepFigures {
                loss: running.mean_loss(),
                accuracy: running.accuracy(),
                lr,
                seconds_per_step: running.train_seconds / self.progress.step.max(1) as f64,
            },
        }
    }

    fn diverged(&self, what: String) -> Error {
        let epochs = self.progress.history.len();
        let kept = match &self.folder {
            Some(folder) if epochs > 0 => {
                format!("what was saved after epoch {epochs} is whole, in {}", folder.display())
            }
            _ => "nothing was saved yet".to_string(),
        };
        let learning_rate = self.learning_rate(self.progress.step.saturating_sub(1));
        Error::Diverged { what, epoch: self.progress.epoch + 1, step: self.progress.step, learning_rate, kept }
    }
}

/// A checkpoint in a run folder.
struct Found {
    folder: PathBuf,
    path: PathBuf,
    checkpoint: Checkpoint,
}

impl Found {
    /// `None` where there is no folder, or no checkpoint in it.
    fn read(lock: Option<&RunLock>) -> Result<Option<Self>> {
        let Some(folder) = lock.map(|lock| lock.folder().to_owned()) else { return Ok(None) };
        let path = folder.join(checkpoint::FILE_NAME);
        Ok(Checkpoint::read(&path)?.map(|checkpoint| Found { folder, path, checkpoint }))
    }
}

fn schedule(options: &FitOptions, steps: usize) -> Schedule {
    Schedule {
        kind: options.schedule,
        base: options.learning_rate,
        warmup_steps: (options.warmup_epochs * steps as f64).round() as u64,
        steps_per_epoch: steps as u64,
        total_steps: (options.epochs.saturating_sub(before_steps(options)) * steps) as u64,
    }
}

/// What multiplies the learning rate of each trained tensor.
pub(super) fn rates(model: &Model, options: &FitOptions) -> Result<Vec<f64>> {
    let depths = model.architecture().depths()?;
    Ok(depths.into_iter().map(|depth| options.layer_decay.powi(depth as i32)).collect())
}

/// Epochs without steps, at the start: the head's.
fn before_steps(options: &FitOptions) -> usize {
    usize::from(options.head == HeadFit::First)
}

/// Everything that decides what the weights become, but for the data and the number of epochs.
fn settings_digest(model: &Model, options: &FitOptions) -> Result<String> {
    let settings = (model.architecture(), FitOptions { epochs: 0, ..options.clone() });
    match options.head {
        HeadFit::No => digest(&settings),
        HeadFit::First | HeadFit::Only => digest(&(settings, "head first")),
    }
}

/// The photos by path, label and content, in their order, and how they are prepared.
fn data_digest(train: &Dataset, val: &Dataset) -> Result<String> {
    let photos = |dataset: &Dataset| -> Vec<(String, u32, Option<[u8; 32]>)> {
        let samples = dataset.samples.iter().zip(dataset.paths.iter());
        samples.map(|(&(position, label), path)| (path.clone(), label, dataset.cache.digest(position))).collect()
    };
    digest(&(train.class_names(), train.prep(), photos(train), photos(val)))
}

fn digest(of: &impl serde::Serialize) -> Result<String> {
    let json = serde_json::to_vec(of).map_err(|error| Error::Setting {
        setting: "the run's settings".into(),
        value: error.to_string(),
        expected: "numbers and names that can be written down".into(),
    })?;
    Ok(blake3::hash(&json).to_hex().to_string())
}

/// Bytes that training will take with batches of so many photos, beside what the program takes by itself (some tens of
/// megabytes): buffers (of the largest size that is trained on), weights, the optimizer's state, the best epoch's copy, the
/// average and the sum of gradients where there are such, and the batches under way. Known without taking any of it.
///
/// # Errors
/// [`Error::Setting`] for a batch of 0, and for sizes to train on that cannot be.
pub fn memory_needed(model: &Model, batch: usize, options: &FitOptions) -> Result<u64> {
    let (height, width, channels) = model.architecture().input();
    let copies = 2 + usize::from(options.ema_momentum > 0.0) + usize::from(options.gradient_accumulation_steps > 1);
    let weights = copies * size_of::<f32>() * model.weights().count() + options.optimizer.state_bytes(model.weights());
    let batches = (BATCHES_IN_FLIGHT * size_of::<f32>() * height * width * channels) as u128 * batch as u128;
    let plans = Plans::foreseen_bytes(model, batch, Sizes::new(options, height).largest())?;
    Ok(u64::try_from(plans + weights as u128 + batches).unwrap_or(u64::MAX))
}

/// What the run needs, said before it starts.
fn memory_line(needed: u64, available: Option<u64>, on_disk: u64) -> String {
    let size = |bytes: u64| match bytes as f64 / 1e6 {
        megabytes if megabytes < 999.5 => format!("{:.0} MB", megabytes.ceil()),
        megabytes => format!("{:.1} GB", megabytes / 1000.0),
    };
    let free = available.map(|bytes| format!(" (of {} free)", size(bytes))).unwrap_or_default();
    format!("Training needs {} of memory{free}; the prepared photos take {} of the cache.", size(needed), size(on_disk))
}

fn check_memory(needed_bytes: u64, available: Option<u64>) -> Result<()> {
    match available {
        Some(available_bytes) if needed_bytes > available_bytes => Err(Error::Memory { needed_bytes, available_bytes }),
        _ => Ok(()),
    }
}
