//! How good a model is on a dataset.

use super::fit::check_fit_for;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::base::settings::positive;
use crate::data::augment::Policy;
use crate::data::{Dataset, Loader, LoaderOptions};
use crate::nn::{LossSum, Model, Plan, isa_from_env, sparse_categorical_crossentropy};

/// Loss and accuracy sums of a model over a dataset, `batch` photos at a time.
pub fn evaluate(model: &Model, dataset: &Dataset, batch: usize, top_k: usize) -> Result<LossSum> {
    Ok(evaluate_until(model, dataset, (batch, top_k), &Interrupt::default())?.unwrap_or_default())
}

/// The same; `None` where the user asked to stop before it was complete.
pub(crate) fn evaluate_until(
    model: &Model,
    dataset: &Dataset,
    (batch, top_k): (usize, usize),
    interrupt: &Interrupt,
) -> Result<Option<LossSum>> {
    positive("batch", batch)?;
    check_fit_for(model, dataset)?;
    let mut plan = Plan::inference(model, batch.min(dataset.len().max(1)), isa_from_env()?)?;
    Ok(sums(&mut plan, model, dataset, top_k, interrupt))
}

/// The model's outputs (logits), a row for each photo of the dataset, in its order. `None` where the user asked to stop.
pub fn logits(model: &Model, dataset: &Dataset, batch: usize, interrupt: &Interrupt) -> Result<Option<Vec<f32>>> {
    positive("batch", batch)?;
    check_fit_for(model, dataset)?;
    let mut plan = Plan::inference(model, batch.min(dataset.len().max(1)), isa_from_env()?)?;
    let mut loader = Loader::new(dataset, in_order(plan.batch()));
    let mut all = Vec::with_capacity(dataset.len() * dataset.class_names().len());
    while let Some(batch) = loader.next() {
        if interrupt.requested() {
            return Ok(None);
        }
        all.extend_from_slice(plan.infer(model.weights(), &batch.images));
        loader.recycle(batch);
    }
    Ok(Some(all))
}

fn in_order(batch: usize) -> LoaderOptions {
    LoaderOptions { batch, seed: 0, epoch: 0, shuffle: false, augment: Policy::default(), skip_batches: 0 }
}

/// The sums; `None` where the user asked to stop before they were complete.
pub(super) fn sums(
    plan: &mut Plan,
    model: &Model,
    dataset: &Dataset,
    top_k: usize,
    interrupt: &Interrupt,
) -> Option<LossSum> {
    let classes = dataset.class_names().len();
    let mut loader = Loader::new(dataset, in_order(plan.batch()));
    let mut total = LossSum::default();
    while let Some(batch) = loader.next() {
        if interrupt.requested() {
            return None;
        }
        let outputs = plan.infer(model.weights(), &batch.images);
        let sum = sparse_categorical_crossentropy(classes, outputs, &batch.labels, top_k, None);
        total.loss += sum.loss;
        total.correct += sum.correct;
        total.correct_top_k += sum.correct_top_k;
        total.samples += sum.samples;
        loader.recycle(batch);
    }
    Some(total)
}
