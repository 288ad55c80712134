//! fit: epochs of steps, validation after each, the best model kept.

use std::sync::Arc;

use super::run::{Flow, Run};
use super::suits::{check_fit_for, not_empty};
use super::{Features, FitOptions, HeadFit, History, OutOfFold, Outputs, RunLock, evaluate, head, outputs};
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::data::Dataset;
use crate::metrics::Reads;
use crate::nn::{Computed, Cpu, Model, SharedEngine};

/// What came of it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct FitOutcome {
    pub history: History,
    /// From 1; 0 where no epoch was completed.
    pub best_epoch: usize,
    /// The model of the best epoch.
    pub best: Model,
    /// Whether the user's interrupt ended it (everything is saved; the run can be resumed).
    pub interrupted: bool,
    /// Who computed.
    pub engine: SharedEngine,
    /// And how.
    pub computed: Computed,
    /// What all layers but the last make of the photos, where only the last was fitted.
    pub features: Option<Arc<Features>>,
    /// Where no part validates: what was said of the training photos by layers that had not seen them.
    pub out_of_fold: Option<Arc<OutOfFold>>,
}

impl FitOutcome {
    /// [`outputs`](outputs()) of the best model. Where only its last layer was fitted, what that reads is at hand, and comes with
    /// them also where nothing but logits is asked for.
    pub fn outputs(
        &self,
        dataset: &Dataset,
        (batch, reads): (usize, Reads),
        interrupt: &Interrupt,
    ) -> Result<Option<Outputs>> {
        match (&self.features, reads) {
            (Some(features), Reads::LastInput | Reads::Logits) => {
                features.outputs(&self.best, dataset, batch).map(Some)
            }
            (None, _) | (_, Reads::ChannelMeans) => {
                outputs(self.engine.for_inference(), &self.best, dataset, (batch, reads), interrupt)
            }
        }
    }
}

/// Trains `model` on `train`, validating on `val` after every epoch. Afterwards `model` holds the last weights
/// (with `ema_momentum`, once all epochs are done, their average).
/// Where `options.run_folder` has a checkpoint of the same settings and data, goes on from there.
pub fn fit(
    model: &mut Model,
    train: &Dataset,
    val: &Dataset,
    options: &FitOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<FitOutcome> {
    let lock = options.run_folder.as_deref().map(RunLock::acquire).transpose()?;
    fit_locked(lock.as_ref(), model, (train, val), options, observer, interrupt)
}

/// [`fit`] for a caller that holds the run folder already; `options.run_folder` is not looked at.
pub(crate) fn fit_locked(
    lock: Option<&RunLock>,
    model: &mut Model,
    (train, val): (&Dataset, &Dataset),
    options: &FitOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<FitOutcome> {
    options.validate()?;
    not_empty("training part", train)?;
    not_empty("validation part", val)?;
    check_fit_for(model, train)?;
    check_fit_for(model, val)?;
    if options.head == HeadFit::Only {
        return head::fit_only(lock, model, (train, val), options, (observer, interrupt));
    }
    let mut run = Run::begin(lock, model, (train, val), options, observer)?;
    while !run.is_over() {
        let flow = if run.begins_with_head() {
            run.fit_head(observer, interrupt)?
        } else {
            match run.train_epoch(observer, interrupt)? {
                Flow::Go => run.validate(observer, interrupt)?,
                Flow::Interrupted => Flow::Interrupted,
            }
        };
        if matches!(flow, Flow::Interrupted) {
            run.pause()?;
            return run.outcome(true);
        }
    }
    run.outcome(false)
}

/// Fits the last layer of `model` on all of `pool` and nothing else, judged by these folds of it (positions in the index, rising):
/// their photos train the layer that is kept, and are judged by layers that are fitted without them.
pub(crate) fn fit_by_folds_locked(
    lock: Option<&RunLock>,
    model: &mut Model,
    (pool, folds): (&Dataset, &[Vec<usize>]),
    options: &FitOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<FitOutcome> {
    options.validate()?;
    not_empty("training part", pool)?;
    check_fit_for(model, pool)?;
    head::fit_by_folds(lock, model, (pool, folds), options, (observer, interrupt))
}

/// What last layers of `model` say of the photos in these folds of `pool`, each fitted without them, and by which features. `None`
/// where the user asked to stop.
pub(crate) fn judge_by_folds(
    model: &Model,
    (pool, folds): (&Dataset, &[Vec<usize>]),
    options: &FitOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Option<(OutOfFold, Features)>> {
    options.validate()?;
    not_empty("training part", pool)?;
    check_fit_for(model, pool)?;
    head::judge_by_folds(model, (pool, folds), options, (observer, interrupt))
}

/// Training and judging a model in one line each, as Keras' `fit` and `evaluate`.
pub trait Fit {
    /// [`fit`] with the epochs told on standard error, one line each, as Keras does with `verbose=2`.
    fn fit(&mut self, train: &Dataset, val: &Dataset, options: &FitOptions) -> Result<FitOutcome>;

    /// Mean loss and accuracy on a dataset, as Keras' `evaluate`.
    fn evaluate(&self, dataset: &Dataset) -> Result<(f64, f64)>;
}

impl Fit for Model {
    fn fit(&mut self, train: &Dataset, val: &Dataset, options: &FitOptions) -> Result<FitOutcome> {
        fit(self, train, val, options, &mut crate::base::progress::Lines, &Interrupt::default())
    }

    fn evaluate(&self, dataset: &Dataset) -> Result<(f64, f64)> {
        let sums = evaluate(&Cpu::best(), self, dataset, FitOptions::default().batch, 1)?;
        let samples = sums.samples.max(1) as f64;
        Ok((sums.loss / samples, sums.correct as f64 / samples))
    }
}
