//! How good a model is on a dataset.

use super::fit::check_fit_for;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::base::settings::positive;
use crate::data::{Batch, Dataset, Loader, LoaderOptions};
use crate::nn::{LossSum, Model, Plan, isa_from_env, sparse_categorical_crossentropy};

/// Loss and accuracy sums of a model over a dataset, `batch` photos at a time.
pub fn evaluate(model: &Model, dataset: &Dataset, batch: usize, top_k: usize) -> Result<LossSum> {
    let mut plan = inference_plan(model, dataset, batch)?;
    Ok(sums(&mut plan, model, dataset, top_k, &Interrupt::default())?.unwrap_or_default())
}

/// The model's outputs (logits), a row for each photo of the dataset, in its order. `None` where the user asked to stop.
pub fn logits(model: &Model, dataset: &Dataset, batch: usize, interrupt: &Interrupt) -> Result<Option<Vec<f32>>> {
    let mut plan = inference_plan(model, dataset, batch)?;
    let mut all = Vec::with_capacity(dataset.len() * dataset.class_names().len());
    let complete = each_batch(&mut plan, dataset, interrupt, |plan, batch| {
        all.extend_from_slice(plan.infer(model.weights(), &batch.images));
    })?;
    Ok(complete.map(|()| all))
}

/// What a model says about each photo of a dataset, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// A row of logits for each photo.
    pub logits: Vec<f32>,
    /// A row of [`Plan::infer_with_features`]; empty rows where the model has no convolution.
    pub features: Vec<f32>,
}

/// [`logits`], with the features by which pictures are told to be alike.
pub fn outputs(model: &Model, dataset: &Dataset, batch: usize, interrupt: &Interrupt) -> Result<Option<Outputs>> {
    let mut plan = inference_plan(model, dataset, batch)?;
    let mut all = Outputs::default();
    let complete = each_batch(&mut plan, dataset, interrupt, |plan, batch| {
        let (logits, features) = plan.infer_with_features(model.weights(), &batch.images);
        all.logits.extend_from_slice(logits);
        all.features.extend_from_slice(features);
    })?;
    Ok(complete.map(|()| all))
}

/// The sums; `None` where the user asked to stop before they were complete.
pub(super) fn sums(
    plan: &mut Plan,
    model: &Model,
    dataset: &Dataset,
    top_k: usize,
    interrupt: &Interrupt,
) -> Result<Option<LossSum>> {
    let classes = dataset.class_names().len();
    let mut total = LossSum::default();
    let complete = each_batch(plan, dataset, interrupt, |plan, batch| {
        let outputs = plan.infer(model.weights(), &batch.images);
        let sum = sparse_categorical_crossentropy(classes, outputs, &batch.labels, top_k, None);
        total.loss += sum.loss;
        total.correct += sum.correct;
        total.correct_top_k += sum.correct_top_k;
        total.samples += sum.samples;
    })?;
    Ok(complete.map(|()| total))
}

/// A plan for this dataset, `batch` photos at a time.
fn inference_plan(model: &Model, dataset: &Dataset, batch: usize) -> Result<Plan> {
    positive("batch", batch)?;
    check_fit_for(model, dataset)?;
    Plan::inference(model, batch.min(dataset.len().max(1)), isa_from_env()?)
}

/// Hands on each batch, in the dataset's order; `None` where the user asked to stop.
fn each_batch(
    plan: &mut Plan,
    dataset: &Dataset,
    interrupt: &Interrupt,
    mut take: impl FnMut(&mut Plan, &Batch),
) -> Result<Option<()>> {
    let options = LoaderOptions { batch: plan.batch(), ..LoaderOptions::default() };
    let mut loader = Loader::new(dataset, options);
    while let Some(batch) = loader.next().transpose()? {
        if interrupt.requested() {
            return Ok(None);
        }
        take(plan, &batch);
        loader.recycle(batch);
    }
    Ok(Some(()))
}
