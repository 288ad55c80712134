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

impl Fold<'_> {
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
    let fitted = fit(model, (&ordered, &folds), &features, options, interrupt, |record, best_epoch| {
        observer.event(&Event::Epoch { epochs: STRENGTHS.len(), record, best_epoch });
    })?;
    let Some((fitted, logits)) = fitted else { return Ok(stopped(model, options)) };
    let judged = folds.last().map_or(0, |last| last.end);
    let photos =
        Dataset { samples: ordered.samples[..judged].into(), paths: ordered.paths[..judged].into(), ..ordered };
    let out_of_fold = OutOfFold { photos, logits, folds };
    finish(lock, model, (pool, options), (fitted, features, Some(out_of_fold)), observer)
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

/// The pass over the strengths, and what each fold's layer said of its photos at the chosen one.
fn fit(
    model: &Model,
    (pool, folds): (&Dataset, &[Range<usize>]),
    features: &Features,
    options: &FitOptions,
    interrupt: &Interrupt,
    mut each: impl FnMut(&EpochRecord, usize),
) -> Result<Option<(Fitted, Vec<f32>)>> {
    let classes = pool.class_names().len();
    let photos = Photos::read(features, &pool.samples, (folds.len() + 1, classes))?;
    let labels = &photos.labels()[..folds.last().map_or(0, |last| last.end)];
    let fold = |own: &Range<usize>| -> Result<Fold<'_>> {
        let objective = Objective::new(model, features, (&photos, own.clone()), interrupt)?;
        Ok(Fold { point: vec![0.0; objective.variables()], objective, own: own.clone() })
    };
    let mut fits = folds.iter().map(fold).collect::<Result<Vec<_>>>()?;
    let (mut records, mut chosen, mut best) = (Vec::new(), Chosen::default(), Vec::new());
    for (number, strength) in (1..).zip(STRENGTHS) {
        let start = Instant::now();
        // Each fold's layer has the same bits whoever fits it, and they come together in their order.
        let steps: Vec<_> = fits.par_iter_mut().map(|fold| fold.step(&photos, strength, options)).collect();
        let (mut images, mut own, mut logits) = (0, LossSum::default(), Vec::with_capacity(labels.len() * classes));
        for (step, fold) in steps.into_iter().zip(folds) {
            let Ok(step) = step? else { return Ok(None) };
            images += step.evaluations * (pool.len() - fold.len());
            slices::add(&mut own, &step.own);
            logits.extend(step.logits);
        }
        let judged = Judged::new(classes, &logits, labels, options.balance)?;
        records.push(record(number, &own, &judged, (start, images)));
        if chosen.take(number, judged.chooses) {
            best = logits;
        }
        each(&records[number - 1], chosen.number);
        if chosen.is_enough(number) {
            break;
        }
    }
    drop(fits);
    let mut all = fold(&(0..0))?;
    let strength = STRENGTHS[chosen.number - 1];
    let Fold { objective, point, .. } = &mut all;
    if minimize(point, STOP, |point, gradient| objective.evaluate(point, strength, gradient)).is_err() {
        return Ok(None);
    }
    objective.settle(point, options.balance)?;
    let mut fitted = Fitted { records, best: chosen.number, model: model.clone() };
    objective.give_to(&mut fitted.model);
    Ok(Some((fitted, best)))
}
