//! How good a model is on a dataset. Always in `f32`.

use super::slices;
use super::suits::check_fit_for;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::base::settings::positive;
use crate::data::{Batch, Dataset, Loader, LoaderOptions};
use crate::metrics::{MOST_INPUTS, Reads};
use crate::nn::engine::Seen;
use crate::nn::{Engine, Infer, LossSum, Model, Precision, sparse_categorical_crossentropy};

/// Loss and accuracy sums of a model over a dataset, `batch` photos at a time.
pub fn evaluate(engine: &dyn Engine, model: &Model, dataset: &Dataset, batch: usize, top_k: usize) -> Result<LossSum> {
    let mut infer = ready(engine, model, dataset, batch)?;
    let (batch, interrupt) = (infer.batch(), Interrupt::default());
    let sums = sums(dataset, batch, top_k, &interrupt, |images| infer.infer(model.weights(), images).to_vec())?;
    Ok(sums.unwrap_or_default().all)
}

/// The model's outputs (logits), a row for each photo of the dataset, in its order. `None` where the user asked to stop.
pub fn logits(
    engine: &dyn Engine,
    model: &Model,
    dataset: &Dataset,
    batch: usize,
    interrupt: &Interrupt,
) -> Result<Option<Vec<f32>>> {
    let mut infer = ready(engine, model, dataset, batch)?;
    let mut all = Vec::with_capacity(dataset.len() * dataset.class_names().len());
    let size = infer.batch();
    let complete = each_batch(dataset, size, interrupt, |batch| {
        all.extend_from_slice(infer.infer(model.weights(), &batch.images));
    })?;
    Ok(complete.map(|()| all))
}

/// What a model says about each photo of a dataset, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// A row of logits for each photo.
    pub logits: Vec<f32>,
    /// A row for each photo of what was asked for; empty where the model has none, or more of it than is remembered
    /// ([`MOST_INPUTS`]).
    pub features: Vec<f32>,
}

/// [`logits`], with the features that a score `reads`.
pub fn outputs(
    engine: &dyn Engine,
    model: &Model,
    dataset: &Dataset,
    (batch, reads): (usize, Reads),
    interrupt: &Interrupt,
) -> Result<Option<Outputs>> {
    let mut infer = ready(engine, model, dataset, batch)?;
    let mut all = Outputs::default();
    let size = infer.batch();
    let last_input = model.last_input()?.filter(|(_, inputs)| reads == Reads::LastInput && *inputs <= MOST_INPUTS);
    let last_input = last_input.map(|(step, _)| step);
    let complete = each_batch(dataset, size, interrupt, |batch| {
        if reads == Reads::ChannelMeans {
            let (logits, features) = infer.infer_with_features(model.weights(), &batch.images);
            all.logits.extend_from_slice(logits);
            all.features.extend_from_slice(features);
            return;
        }
        let logits = infer.infer_watched(model.weights(), &batch.images, &mut |seen| match seen {
            Seen::Output(step, output) if Some(step) == last_input => all.features.extend_from_slice(output),
            Seen::Output(..) | Seen::Loss | Seen::Gradient(..) => {}
        });
        all.logits.extend_from_slice(logits);
    })?;
    Ok(complete.map(|()| all))
}

/// Sums over a dataset.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub all: LossSum,
    /// Hits and photos of each class.
    classes: Vec<(usize, usize)>,
}

impl Sums {
    /// Mean recall of the classes that have a photo.
    pub fn balanced_accuracy(&self) -> f64 {
        let recalls = || {
            self.classes.iter().filter(|(_, photos)| *photos > 0).map(|(hits, photos)| *hits as f64 / *photos as f64)
        };
        recalls().sum::<f64>() / recalls().count() as f64
    }

    fn add(&mut self, logits: &[f32], labels: &[u32]) {
        let n_classes = self.classes.len();
        for (row, &label) in logits.chunks_exact(n_classes.max(1)).zip(labels) {
            let own = label as usize;
            let (hits, photos) = &mut self.classes[own];
            let ahead = |(class, z): (usize, &f32)| *z > row[own] || *z == row[own] && class < own;
            *hits += usize::from(!row.iter().enumerate().any(ahead));
            *photos += 1;
        }
    }
}

/// The sums over a dataset of the `logits` of pictures; `None` where the user asked to stop before they were complete.
pub(super) fn sums(
    dataset: &Dataset,
    batch: usize,
    top_k: usize,
    interrupt: &Interrupt,
    mut logits: impl FnMut(&[f32]) -> Vec<f32>,
) -> Result<Option<Sums>> {
    let classes = dataset.class_names().len();
    let mut total = Sums { all: LossSum::default(), classes: vec![(0, 0); classes] };
    let complete = each_batch(dataset, batch, interrupt, |batch| {
        let logits = logits(&batch.images);
        total.add(&logits, &batch.labels);
        slices::add(&mut total.all, &sparse_categorical_crossentropy(classes, &logits, &batch.labels, top_k, None));
    })?;
    Ok(complete.map(|()| total))
}

/// For this dataset, `batch` photos at a time.
fn ready(engine: &dyn Engine, model: &Model, dataset: &Dataset, batch: usize) -> Result<Box<dyn Infer>> {
    positive("batch", batch)?;
    check_fit_for(model, dataset)?;
    Ok(engine.infer(model, batch.min(dataset.len().max(1)), Precision::F32)?)
}

/// Hands on each batch, in the dataset's order; `None` where the user asked to stop.
fn each_batch(
    dataset: &Dataset,
    batch: usize,
    interrupt: &Interrupt,
    mut take: impl FnMut(&Batch),
) -> Result<Option<()>> {
    let options = LoaderOptions { batch, ..LoaderOptions::default() };
    let mut loader = Loader::new(dataset, options);
    while let Some(batch) = loader.next().transpose()? {
        if interrupt.requested() {
            return Ok(None);
        }
        take(&batch);
        loader.recycle(batch);
    }
    Ok(Some(()))
}
