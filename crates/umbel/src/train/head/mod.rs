//! The last layer of a frozen network, fitted to convergence in seconds: what it reads is computed once for every photo
//! ([`Features`]), and the layer is then a convex problem with one solution (`logistic`), which L-BFGS finds.

mod features;
mod folds;
mod judged;
mod lbfgs;
mod logistic;

use std::sync::Arc;
use std::time::Instant;

pub use self::features::Features;
pub use self::folds::OutOfFold;
pub(super) use self::folds::{fit_by_folds, judge_by_folds};
use self::judged::Judged;
use self::lbfgs::{Stop, minimize};
use self::logistic::{Objective, Photos};
use super::{FitOptions, FitOutcome, History, RunLock};
use crate::Result;
use crate::base::notice::Notice;
use crate::base::progress::{EpochRecord, Event, Interrupt, Observer};
use crate::data::Dataset;
use crate::model_file::{Metrics, ModelFile};
use crate::nn::{LossSum, Model, Precision};
use crate::run::names;

/// The strengths of L2 regularization that are tried, each starting from the layer of the one before it; the loss
/// chooses, on photos that were not trained on. Factors of the mean cross-entropy, for features that have deviation 1
/// all together: from a layer that says little more than how common each class is to one that knows its photos by heart.
pub const STRENGTHS: [f64; 16] =
    [10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];

/// The weaker strengths are left out once so many in a row were no better.
const PATIENCE: usize = 4;

/// Converged: beyond this, no validation photo changes sides.
const STOP: Stop = Stop { gradient: 1e-5, progress: 1e-7, steps: 500 };

/// What a pass over the strengths found.
pub(super) struct Fitted {
    /// One a strength, numbered from 1. The learning rate is 0: there is none.
    pub records: Vec<EpochRecord>,
    /// Which of them was chosen.
    pub best: usize,
    /// With that layer.
    pub model: Model,
}

/// The strength with the lowest loss so far.
#[derive(Default)]
struct Chosen {
    /// From 1; 0: none yet.
    number: usize,
    loss: f64,
}

impl Chosen {
    /// Takes the next strength's loss; gives whether it is the lowest, the first of equals.
    fn take(&mut self, number: usize, loss: f64) -> bool {
        let lower = self.number == 0 || loss < self.loss;
        if lower {
            *self = Chosen { number, loss };
        }
        lower
    }

    /// Whether the weaker ones are to be left out.
    fn is_enough(&self, number: usize) -> bool {
        number - self.number >= PATIENCE
    }
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
    let classes = train.class_names().len();
    let photos = Photos::read(features, &train.samples, (1, classes))?;
    let val = Photos::read(features, &val.samples, (0, classes))?;
    let mut objective = Objective::new(model, features, (&photos, 0..0), interrupt)?.toward(&options.kept);
    let mut fitted = Fitted { records: Vec::new(), best: 0, model: model.clone() };
    let (mut chosen, mut point) = (Chosen::default(), objective.start());
    for (number, strength) in (1..).zip(STRENGTHS) {
        let start = Instant::now();
        let found = minimize(&mut point, STOP, |point, gradient| objective.evaluate(point, strength, gradient));
        let Ok(minimum) = found else { return Ok(None) };
        objective.settle(&point, options.balance)?;
        let own = objective.measure();
        let judged = Judged::new(classes, &objective.judge(&val, 0..val.labels().len()), val.labels(), options)?;
        let images = minimum.evaluations * train.len();
        fitted.records.push(record(number, &own, &judged, (start, images)));
        if chosen.take(number, judged.chooses) {
            objective.give_to(&mut fitted.model);
        }
        fitted.best = chosen.number;
        each(&fitted.records[number - 1], fitted.best);
        if chosen.is_enough(number) {
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
    let features = Features::of(&options.engine, model, parts.0, observer, interrupt)?;
    let Some(features) = features else { return Ok(stopped(model, options)) };
    let fitted = fit(model, parts, &features, options, interrupt, |record, best_epoch| {
        observer.event(&Event::Epoch { epochs: STRENGTHS.len(), record, best_epoch });
    })?;
    let Some(fitted) = fitted else { return Ok(stopped(model, options)) };
    finish(lock, model, (parts.0, options), (fitted, features, None), observer)
}

/// Saves what was fitted, and tells it.
fn finish(
    lock: Option<&RunLock>,
    model: &mut Model,
    (train, options): (&Dataset, &FitOptions),
    (fitted, features, out_of_fold): (Fitted, Features, Option<OutOfFold>),
    observer: &mut dyn Observer,
) -> Result<FitOutcome> {
    let Fitted { records, best, model: fitted } = fitted;
    let record = &records[best - 1];
    if let Some(lock) = lock {
        let metrics = Metrics { epoch: best, val_accuracy: record.val_accuracy, val_loss: record.val_loss };
        let started_from = options.started_from.clone();
        let file = ModelFile { started_from, ..ModelFile::new(fitted.clone(), train, metrics) };
        file.save(&lock.folder().join(names::MODEL))?;
        History { epochs: records.clone() }.write(&lock.folder().join(names::HISTORY))?;
    }
    observer.event(&Event::Notice(&chosen(best, records.len(), out_of_fold.as_ref().map(|judged| judged.folds.len()))));
    model.clone_from(&fitted);
    Ok(FitOutcome {
        history: History { epochs: records },
        best_epoch: best,
        best: fitted,
        interrupted: false,
        features: Some(Arc::new(features)),
        out_of_fold: out_of_fold.map(Arc::new),
        ..stopped(model, options)
    })
}

/// What there is of a run that was stopped.
fn stopped(model: &Model, options: &FitOptions) -> FitOutcome {
    FitOutcome {
        history: History::default(),
        best_epoch: 0,
        best: model.clone(),
        interrupted: true,
        engine: options.engine.clone(),
        computed: options.engine.computes(Precision::F32),
        features: None,
        out_of_fold: None,
    }
}

/// Which strength it became, of so many that were tried.
pub(super) fn chosen(number: usize, tried: usize, folds: Option<usize>) -> Notice {
    Notice::HeadChosen { number, tried, strength: STRENGTHS[number - 1], folds }
}

/// `images` were seen since `start`.
fn record(number: usize, own: &LossSum, judged: &Judged, (start, images): (Instant, usize)) -> EpochRecord {
    let (seconds, samples) = (start.elapsed().as_secs_f64(), own.samples.max(1) as f64);
    EpochRecord {
        epoch: number,
        loss: own.loss / samples,
        accuracy: own.correct as f64 / samples,
        val_loss: judged.loss,
        val_accuracy: judged.accuracy,
        seconds,
        images_per_second: images as f64 / seconds.max(1e-9),
        val_balanced_accuracy: judged.balanced_accuracy,
        l2: Some(STRENGTHS[number - 1]),
        val_calibrated_loss: judged.calibrated_loss,
        ..EpochRecord::default()
    }
}
