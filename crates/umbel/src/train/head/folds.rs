//! The last layer judged by folds: each fold's photos by a layer that was fitted without them, and the layer that is kept fitted on
//! all photos, at the strength that judged best. No photo is set aside, and none is judged by what it taught.

use std::ops::Range;
use std::time::Instant;

use rayon::prelude::*;

use super::judged::Judged;
use super::lbfgs::minimize;
use super::logistic::{Objective, Photos, Stopped};
use super::{Chosen, Features, Fitted, STOP, STRENGTHS, finish, record, stopped};
use crate::Result;
use crate::base::progress::{EpochRecord, Event, Interrupt, Observer};
use crate::data::Dataset;
use crate::nn::{LossSum, Model};
use crate::train::{FitOptions, FitOutcome, RunLock, slices};

/// What was said of photos by layers that had not seen them.
#[derive(Clone, Debug)]
pub struct OutOfFold {
    /// The photos that were judged, fold after fold.
    pub photos: Dataset,
    /// A row for each.
    pub logits: Vec<f32>,
    /// The folds' places among them.
    pub folds: Vec<Range<usize>>,
}

/// A layer that is fitted without a fold.
struct Fold<'a> {
    objective: Objective<'a>,
    point: Vec<f64>,
    /// What it judges.
    own: Range<usize>,
}

/// What a fold's layer gave at one strength.
struct Step {
    evaluations: usize,
    /// On what it was fitted on.
    own: LossSum,
    logits: Vec<f32>,
}

impl<'a> Fold<'a> {
    fn new(
        model: &Model,
        features: &Features,
        (photos, own): (&'a Photos, Range<usize>),
        (kept, interrupt): (&[bool], &'a Interrupt),
    ) -> Result<Self> {
        let objective = Objective::new(model, features, (photos, own.clone()), interrupt)?.toward(kept);
        Ok(Fold { point: objective.start(), objective, own })
    }

    fn step(
        &mut self,
        photos: &Photos,
        strength: f64,
        options: &FitOptions,
    ) -> Result<std::result::Result<Step, Stopped>> {
        let Fold { objective, point, own } = self;
        let found = minimize(point, STOP, |point, gradient| objective.evaluate(point, strength, gradient));
        let Ok(minimum) = found else { return Ok(Err(Stopped)) };
        objective.settle(point, options.balance)?;
        let logits = objective.judge(photos, own.clone());
        Ok(Ok(Step { evaluations: minimum.evaluations, own: objective.measure(), logits }))
    }
}

/// Fits the last layer on all of `pool` and nothing else, judged by these folds of it (positions in the index). As with
/// [`fit_only`](super::fit_only), nothing is written before the end.
pub fn fit_by_folds(
    lock: Option<&RunLock>,
    model: &mut Model,
    (pool, folds): (&Dataset, &[Vec<usize>]),
    options: &FitOptions,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<FitOutcome> {
    let features = Features::of(&options.engine, model, pool, observer, interrupt)?;
    let Some(features) = features else { return Ok(stopped(model, options)) };
    let (ordered, folds) = in_order(pool, folds);
    let photos = read(&features, &ordered, &folds)?;
    let judged = judge(model, (&photos, &folds), &features, options, (observer, interrupt))?;
    let Some(judged) = judged else { return Ok(stopped(model, options)) };
    let fitted = fit_all(model, &photos, &features, options, &judged, interrupt)?;
    let Some(fitted) = fitted else { return Ok(stopped(model, options)) };
    let out_of_fold = judged.told_of(ordered, folds);
    finish(lock, model, (pool, options), (fitted, features, Some(out_of_fold)), observer)
}

/// What layers that have not seen them say of the photos in these folds of `pool`, and by which features; nothing is kept. `None`
/// where the user asked to stop.
pub fn judge_by_folds(
    model: &Model,
    (pool, folds): (&Dataset, &[Vec<usize>]),
    options: &FitOptions,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Option<(OutOfFold, Features)>> {
    let features = Features::of(&options.engine, model, pool, observer, interrupt)?;
    let Some(features) = features else { return Ok(None) };
    let (ordered, folds) = in_order(pool, folds);
    let photos = read(&features, &ordered, &folds)?;
    let judged = judge(model, (&photos, &folds), &features, options, (observer, interrupt))?;
    Ok(judged.map(|judged| (judged.told_of(ordered, folds), features)))
}

/// The photos fold after fold, then those that are in none; and where each fold lies.
fn in_order(pool: &Dataset, folds: &[Vec<usize>]) -> (Dataset, Vec<Range<usize>>) {
    let fold_of = |position: usize| folds.iter().position(|fold| fold.binary_search(&position).is_ok());
    let mut order: Vec<(usize, usize)> = pool
        .samples
        .iter()
        .enumerate()
        .map(|(at, (position, _))| (fold_of(*position).unwrap_or(folds.len()), at))
        .collect();
    order.sort_unstable();
    let end = |fold: usize| order.partition_point(|(of, _)| *of <= fold);
    let ranges = (0..folds.len()).map(|fold| fold.checked_sub(1).map_or(0, end)..end(fold)).collect();
    let samples = order.iter().map(|(_, at)| pool.samples[*at]).collect();
    let paths = order.iter().map(|(_, at)| pool.paths[*at].clone()).collect();
    (Dataset { samples, paths, ..pool.clone() }, ranges)
}

/// What the last layer reads of all photos.
fn read(features: &Features, pool: &Dataset, folds: &[Range<usize>]) -> Result<Photos> {
    Photos::read(features, &pool.samples, (folds.len() + 1, pool.class_names().len()))
}

/// What a pass over the strengths gave.
struct Pass {
    records: Vec<EpochRecord>,
    /// The number of the chosen one.
    chosen: usize,
    /// What each fold's layer said of its photos at that one.
    logits: Vec<f32>,
}

impl Pass {
    fn told_of(&self, ordered: Dataset, folds: Vec<Range<usize>>) -> OutOfFold {
        let judged = folds.last().map_or(0, |last| last.end);
        let (samples, paths) = (ordered.samples[..judged].into(), ordered.paths[..judged].into());
        OutOfFold { photos: Dataset { samples, paths, ..ordered }, logits: self.logits.clone(), folds }
    }
}

/// The pass over the strengths. `None` where the user asked to stop.
fn judge(
    model: &Model,
    (photos, folds): (&Photos, &[Range<usize>]),
    features: &Features,
    options: &FitOptions,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Option<Pass>> {
    let labels = &photos.labels()[..folds.last().map_or(0, |last| last.end)];
    let mut fits = folds
        .iter()
        .map(|own| Fold::new(model, features, (photos, own.clone()), (&options.kept, interrupt)))
        .collect::<Result<Vec<_>>>()?;
    let classes = fits.first().map_or(0, |fit| fit.objective.classes());
    let (mut records, mut chosen, mut best) = (Vec::new(), Chosen::default(), Vec::new());
    for (number, strength) in (1..).zip(STRENGTHS) {
        let start = Instant::now();
        // Each fold's layer has the same bits whoever fits it, and they come together in their order.
        let steps: Vec<_> = fits.par_iter_mut().map(|fold| fold.step(photos, strength, options)).collect();
        let (mut images, mut own, mut logits) = (0, LossSum::default(), Vec::with_capacity(labels.len() * classes));
        for (step, fold) in steps.into_iter().zip(folds) {
            let Ok(step) = step? else { return Ok(None) };
            images += step.evaluations * (photos.labels().len() - fold.len());
            slices::add(&mut own, &step.own);
            logits.extend(step.logits);
        }
        let judged = Judged::new(classes, &logits, labels, options)?;
        records.push(record(number, &own, &judged, (start, images)));
        if chosen.take(number, judged.chooses) {
            best = logits;
        }
        let (epochs, record) = (STRENGTHS.len(), &records[number - 1]);
        observer.event(&Event::Epoch { epochs, record, best_epoch: chosen.number });
        if chosen.is_enough(number) {
            break;
        }
    }
    Ok(Some(Pass { records, chosen: chosen.number, logits: best }))
}

/// The layer of all photos, at the strength that was chosen. `None` where the user asked to stop.
fn fit_all(
    model: &Model,
    photos: &Photos,
    features: &Features,
    options: &FitOptions,
    judged: &Pass,
    interrupt: &Interrupt,
) -> Result<Option<Fitted>> {
    let Fold { mut objective, mut point, .. } = Fold::new(model, features, (photos, 0..0), (&options.kept, interrupt))?;
    let strength = STRENGTHS[judged.chosen - 1];
    if minimize(&mut point, STOP, |point, gradient| objective.evaluate(point, strength, gradient)).is_err() {
        return Ok(None);
    }
    objective.settle(&point, options.balance)?;
    let mut fitted = Fitted { records: judged.records.clone(), best: judged.chosen, model: model.clone() };
    objective.give_to(&mut fitted.model);
    Ok(Some(fitted))
}
