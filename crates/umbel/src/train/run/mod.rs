//! A run at work: what [`super::fit`] drives. Everything that decides the next step is in [`Progress`] and in what trains
//! ([`Step`]); both go into the checkpoint, so a resumed run takes the very steps that it would have taken.

mod files;
mod first;
mod record;
mod resume;

use std::path::PathBuf;
use std::time::Instant;

use self::resume::Found;
use super::checkpoint::{Progress, Running};
use super::saver::Saver;
use super::sizes::Sizes;
use super::step::{Step, check_memory, memory_needed};
use super::{Callbacks, FitOptions, FitOutcome, HeadFit, History, Monitor, RunLock};
use crate::base::memory;
use crate::base::notice::Notice;
use crate::base::progress::{EpochRecord, Event, Interrupt, Observer};
use crate::base::random::{Purpose, Stream};
use crate::data::{Dataset, Loader};
use crate::metrics::loss_once_calibrated;
use crate::nn::{Computed, Model, Schedule};
use crate::{Error, Result};

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Go,
    Interrupted,
}

pub(super) struct Run<'a> {
    folder: Option<PathBuf>,
    /// The caller's. Its weights are lent to `step`, and come back whatever happens.
    model: &'a mut Model,
    train: &'a Dataset,
    val: &'a Dataset,
    options: FitOptions,
    callbacks: Callbacks,
    schedule: Schedule,
    steps: usize,
    sizes: Sizes,
    /// `None` at the very end.
    step: Option<Step>,
    progress: Progress,
    best: Option<Model>,
    saver: Saver,
}

impl<'a> Run<'a> {
    /// Makes the engine ready and takes up the checkpoint in the run folder, if there is one.
    pub fn begin(
        lock: Option<&RunLock>,
        model: &'a mut Model,
        (train, val): (&'a Dataset, &'a Dataset),
        options: &FitOptions,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let found = Found::read(lock)?;
        let precision = found.as_ref().and_then(|found| found.checkpoint.progress.precision());
        let steps = train.len().div_ceil(options.batch);
        let epochs = options.epochs.max(before_steps(options) + options.least_steps.div_ceil(steps));
        let options = FitOptions { epochs, precision: precision.unwrap_or(options.precision), ..options.clone() };
        let computed = options.engine.computes(options.precision);
        let available = memory::available_bytes();
        let batch = options.batch.min(train.len());
        let needed = memory_needed(model, batch, &options)?;
        check_memory(needed, available)?;
        let sizes = Sizes::new(&options, train.image_size());
        let progress = Progress {
            settings: record::settings_digest(model, &options)?,
            data: record::data_digest(train, val)?,
            isa: computed.device,
            precision: computed.precision.name().to_string(),
            epochs: options.epochs,
            ..Progress::default()
        };
        let schedule = schedule(&options, steps);
        let callbacks = Callbacks {
            monitor: options.monitor,
            best_after: best_after(&options),
            early_stopping: options.early_stopping,
            reduce_on_plateau: options.reduce_on_plateau,
        };
        let folder = lock.map(|lock| lock.folder().to_owned());
        let (best, saver) = (None, Saver::default());
        let mut run = Run {
            folder,
            model,
            train,
            val,
            options,
            callbacks,
            schedule,
            steps,
            sizes,
            step: None,
            progress,
            best,
            saver,
        };
        run.step = Some(Step::new(run.model.clone(), train, &run.options, run.sizes.largest())?);
        // From here on they lie there.
        run.model.take();
        observer.event(&Event::Notice(&Notice::Memory {
            needed_bytes: needed,
            available_bytes: available,
            cache_bytes: train.cache.bytes_on_disk(),
        }));
        if let Some(found) = found {
            run.resume(found, observer)?;
        }
        Ok(run)
    }

    /// What trains.
    fn step(&mut self) -> &mut Step {
        self.step.as_mut().expect("a run that is not over has its step")
    }

    /// All epochs are done, or early stopping has spoken.
    pub fn is_over(&self) -> bool {
        self.progress.epoch >= self.options.epochs || self.progress.callbacks.stopped
    }

    /// Takes the steps of the current epoch that are still to be done.
    pub fn train_epoch(&mut self, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Flow> {
        self.resize()?;
        let (epoch, done) = (self.progress.epoch as u64, self.progress.step);
        let mut loader = Loader::new(self.train, self.step().loader_options(epoch, done));
        while self.progress.step < self.steps {
            if interrupt.requested() {
                return Ok(Flow::Interrupted);
            }
            self.update(&mut loader, observer)?;
        }
        Ok(Flow::Go)
    }

    /// One update. Between its slices there is nothing that could be saved.
    fn update(&mut self, loader: &mut Loader, observer: &mut dyn Observer) -> Result<()> {
        let slices = self.options.gradient_accumulation_steps.min(self.steps - self.progress.step);
        self.step().begin(slices);
        // Of the slices so far, to be shown.
        let mut shown = self.progress.running;
        for slice in 0..slices {
            let mark = Instant::now();
            let batch = loader.next().expect("an epoch has as many batches as steps")?;
            let (epoch, step) = (self.progress.epoch as u64, self.progress.step as u64);
            let learning_rate = self.learning_rate(self.progress.step);
            let key = Stream::new(self.options.seed, Purpose::Dropout, epoch, step).key();
            let mut sum = self.step().slice(&batch, key);
            loader.recycle(batch);
            self.progress.step += 1;
            let is_last = slice + 1 == slices;
            if is_last {
                sum = self.step().update(learning_rate, sum);
            }
            if !sum.loss.is_finite() {
                return Err(self.diverged("loss".into()));
            }
            let running = &mut self.progress.running;
            let seconds = mark.elapsed().as_secs_f64();
            running.train_seconds += seconds;
            running.seconds += seconds;
            if is_last {
                running.add(&sum);
                shown = *running;
            } else {
                shown.add(&sum);
                (shown.train_seconds, shown.seconds) = (running.train_seconds, running.seconds);
            }
            observer.event(&self.step_event(&shown, learning_rate));
        }
        Ok(())
    }

    /// Goes on with the current epoch's size, where the last was another.
    fn resize(&mut self) -> Result<()> {
        let size = self.sizes.of(self.progress.epoch);
        let Run { model, train, options, step, .. } = self;
        step.as_mut().map_or(Ok(()), |step| step.resize(model, train, options, size))
    }

    /// Validates, and ends the epoch: record, callbacks, best model, files.
    pub fn validate(&mut self, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Flow> {
        observer.event(&Event::Validating { epoch: self.progress.epoch + 1 });
        let start = Instant::now();
        let (val, calibrates) = (self.val, self.options.monitor == Monitor::ValCalibratedLoss);
        let mut logits = Vec::new();
        let keep = |batch: &[f32]| {
            if calibrates {
                logits.extend_from_slice(batch)
            }
        };
        let Some(sum) = self.step().judge(val, interrupt, keep)? else {
            return Ok(Flow::Interrupted);
        };
        self.progress.running.seconds += start.elapsed().as_secs_f64();
        if !sum.all.loss.is_finite() {
            return Err(self.diverged("validation loss".into()));
        }
        self.check_weights()?;
        let classes = val.class_names().len();
        let balance = self.options.balance;
        let calibrated = calibrates.then(|| loss_once_calibrated(classes, &logits, &val.labels(), balance)).flatten();
        self.end_epoch(EpochRecord { val_calibrated_loss: calibrated, ..self.record(&sum) }, observer)?;
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
        for notice in &verdict.notices {
            observer.event(&Event::Notice(notice));
        }
        Ok(())
    }

    /// Saves a run in the middle of an epoch.
    pub fn pause(&mut self) -> Result<()> {
        self.check_weights()?;
        self.save(None)
    }

    /// What came of it, once all files are in place.
    pub fn outcome(mut self, interrupted: bool) -> Result<FitOutcome> {
        self.saver.wait()?;
        if let (false, Some(average)) = (interrupted, self.step().state().average().cloned()) {
            self.step().train().load(&average);
        }
        self.give_back();
        let computed = Computed { device: self.progress.isa.clone(), precision: self.options.precision };
        Ok(FitOutcome {
            history: History { epochs: std::mem::take(&mut self.progress.history) },
            best_epoch: self.progress.callbacks.best_epoch(),
            best: self.best.take().unwrap_or_else(|| self.model.clone()),
            interrupted,
            engine: self.options.engine.clone(),
            computed,
            features: None,
            out_of_fold: None,
        })
    }

    /// The weights go back to the caller's model.
    fn give_back(&mut self) {
        if let Some(step) = self.step.take() {
            *self.model.weights_mut() = step.into_weights();
        }
    }

    /// The rate of a step of the current epoch.
    fn learning_rate(&self, step: usize) -> f64 {
        let epoch = self.progress.epoch.saturating_sub(before_steps(&self.options));
        let global = (epoch * self.steps + step) as u64;
        self.schedule.rate(global) * self.progress.callbacks.rate_factor
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.give_back();
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

/// The last epoch that cannot be the best.
fn best_after(options: &FitOptions) -> usize {
    let before = before_steps(options);
    before + (options.best_from * options.epochs.saturating_sub(before) as f64).floor() as usize
}

/// Epochs without steps, at the start: the head's.
fn before_steps(options: &FitOptions) -> usize {
    usize::from(options.head == HeadFit::First)
}
