//! The last layer of a frozen network, fitted to convergence in seconds: what it reads is computed once for every photo
//! ([`Features`]), and the layer is then a convex problem with one solution (`logistic`), which L-BFGS finds.

mod features;
mod lbfgs;
mod logistic;

use std::sync::Arc;
use std::time::Instant;

pub use self::features::Features;
use self::lbfgs::{Stop, minimize};
use self::logistic::Objective;
use super::{CallbackState, Callbacks, FitOptions, FitOutcome, History, RunLock};
use crate::Result;
use crate::base::notice::Notice;
use crate::base::progress::{EpochRecord, Event, Interrupt, Observer};
use crate::data::Dataset;
use crate::model_file::{Metrics, ModelFile};
use crate::nn::{LossSum, Model, Precision};
use crate::run::names;

/// The strengths of L2 regularization that are tried, each starting from the layer of the one before it; the validation
/// part chooses. Factors of the mean cross-entropy, for features of deviation 1.
pub const STRENGTHS: [f64; 11] = [1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];

/// The weaker strengths are left out once so many in a row were no better.
const PATIENCE: usize = 4;

/// Converged: beyond this, no validation photo changes sides.
const STOP: Stop = Stop { gradient: 1e-5, progress: 1e-7, steps: 500 };

/// What a pass over the strengths found.
pub(super) struct Fitted {
    /// One a strength, numbered from 1. The learning rate is 0: there is none.
    pub records: Vec<EpochRecord>,
    /// Which of them the validation part chose.
    pub best: usize,
    /// With that layer.
    pub model: Model,
}

/// Fits the last layer of `model` at every strength, and tells `each` with the number of the best so far. `None` where the user asked to stop.
pub(super) fn fit(
    model: &Model,
    (train, val): (&Dataset, &Dataset),
    features: &Features,
    options: &FitOptions,
    interrupt: &Interrupt,
    mut each: impl FnMut(&EpochRecord, usize),
) -> Result<Option<Fitted>> {
    let mut objective = Objective::new(model, features, &train.samples, interrupt)?;
    let (val_rows, val_labels) = logistic::read(features, &val.samples)?;
    let callbacks = Callbacks { monitor: options.monitor, ..Callbacks::default() };
    let mut state = CallbackState::default();
    let mut fitted = Fitted { records: Vec::new(), best: 0, model: model.clone() };
    let mut point = vec![0.0; objective.variables()];
    for (index, strength) in STRENGTHS.into_iter().enumerate() {
        let start = Instant::now();
        let found = minimize(&mut point, STOP, |point, gradient| objective.evaluate(point, strength, gradient));
        let Ok(minimum) = found else { return Ok(None) };
        objective.put(&point);
        let sums = (objective.measure(), objective.measure_on((&val_rows, &val_labels)));
        let seconds = start.elapsed().as_secs_f64();
        let passes = minimum.evaluations as f64;
        let record = record(index + 1, &sums, seconds, passes * train.len() as f64 / seconds.max(1e-9));
        if state.epoch_end(&callbacks, 0.0, &record).improved {
            objective.give_to(&mut fitted.model);
        }
        fitted.best = state.best_epoch();
        fitted.records.push(record);
        each(&fitted.records[index], fitted.best);
        if index + 1 - fitted.best >= PATIENCE {
            break;
        }
    }
    Ok(Some(fitted))
}

/// Fits the last layer and nothing else. The history has a row for each strength that was tried. Nothing is written before
/// the end, and the same features give the same bits, so a run that is stopped begins again.
pub(super) fn fit_only(
    lock: Option<&RunLock>,
    model: &mut Model,
    parts: (&Dataset, &Dataset),
    options: &FitOptions,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<FitOutcome> {
    let (engine, computed) = (options.engine.clone(), options.engine.computes(Precision::F32));
    let stopped = |model: &Model| FitOutcome {
        history: History::default(),
        best_epoch: 0,
        best: model.clone(),
        interrupted: true,
        engine: engine.clone(),
        computed: computed.clone(),
        features: None,
    };
    let features = Features::of(&engine, model, parts.0, observer, interrupt)?;
    let Some(features) = features else { return Ok(stopped(model)) };
    let fitted = fit(model, parts, &features, options, interrupt, |record, best_epoch| {
        observer.event(&Event::Epoch { epochs: STRENGTHS.len(), record, best_epoch });
    })?;
    let Some(Fitted { records, best, model: fitted }) = fitted else { return Ok(stopped(model)) };
    let record = &records[best - 1];
    if let Some(lock) = lock {
        let metrics = Metrics { epoch: best, val_accuracy: record.val_accuracy, val_loss: record.val_loss };
        let started_from = options.started_from.clone();
        let file = ModelFile { started_from, ..ModelFile::new(fitted.clone(), parts.0, metrics) };
        file.save(&lock.folder().join(names::MODEL))?;
        History { epochs: records.clone() }.write(&lock.folder().join(names::HISTORY))?;
    }
    observer.event(&Event::Notice(&chosen(best)));
    model.clone_from(&fitted);
    let history = History { epochs: records };
    let features = Some(Arc::new(features));
    Ok(FitOutcome { history, best_epoch: best, best: fitted, interrupted: false, engine, computed, features })
}

/// Which strength it became.
pub(super) fn chosen(number: usize) -> Notice {
    Notice::HeadChosen { number, strength: STRENGTHS[number - 1] }
}

fn record(epoch: usize, (train, val): &(LossSum, LossSum), seconds: f64, images_per_second: f64) -> EpochRecord {
    let mean = |sum: &LossSum| (sum.loss / sum.samples.max(1) as f64, sum.correct as f64 / sum.samples.max(1) as f64);
    let ((loss, accuracy), (val_loss, val_accuracy)) = (mean(train), mean(val));
    EpochRecord { epoch, loss, accuracy, val_loss, val_accuracy, lr: 0.0, seconds, images_per_second }
}
