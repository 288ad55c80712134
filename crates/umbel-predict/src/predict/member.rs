//! One of the models of a predictor: it looks at photos that were prepared its way, and answers in the predictor's order of classes.

use std::sync::Arc;

use rayon::prelude::*;

use super::answering::Prepared;
use super::buffers::Buffers;
use super::scoring;
use crate::base::pool::Pool;
use crate::metrics::{Doubts, KnownPictures, SetRule, softmax};
use crate::model_file::ModelFile;
use crate::nn::{Engine, Model};
use crate::prepare::PrepSpec;
use crate::views::{Tta, Views};
use crate::{Error, Result};

#[derive(Debug)]
pub(super) struct Member {
    engine: Arc<dyn Engine>,
    /// Photos that are computed at a time.
    batch: usize,
    model: Model,
    prep: PrepSpec,
    /// Which of the predictor's preparations that is.
    pub preparation: usize,
    temperature: f64,
    /// Where each of the predictor's classes is among its own.
    order: Vec<usize>,
    buffers: Pool<Buffers>,
    pub known: Option<KnownPictures>,
    pub doubts: Option<Doubts>,
    /// What is in its sets, where they were asked for.
    pub rule: Option<SetRule>,
    /// The step whose output the last layer reads, and how many numbers of one photo.
    last_input: Option<(usize, usize)>,
    /// `None`: every photo is looked at once.
    views: Option<Views>,
}

/// What a model makes of photos.
pub(super) struct Looked {
    /// Rows in the predictor's order of classes; NaN for photos that the model gives no finite number for.
    pub probabilities: Vec<f64>,
    /// How familiar each is, where that was asked for and can be told.
    pub scores: Vec<f64>,
}

impl Member {
    /// Of a file that was checked; `classes` are the predictor's, `number` (from 1) says which model it is.
    pub fn new(
        engine: &Arc<dyn Engine>,
        file: ModelFile,
        batch: usize,
        (number, classes): (usize, &[String]),
        preparations: &mut Vec<PrepSpec>,
    ) -> Result<Self> {
        let order = order(&file.classes, number, classes)?;
        let temperature = file.temperature();
        let ModelFile { model, prep, known, doubts, views, .. } = file;
        let preparation = preparations.iter().position(|own| *own == prep).unwrap_or_else(|| {
            preparations.push(prep.clone());
            preparations.len() - 1
        });
        let (engine, last_input) = (engine.clone(), model.last_input()?);
        let buffers = Pool::new(Buffers::new(&*engine, &model, batch)?);
        let rule = None;
        let views = views.map(|tta| Views::new(tta, &model.architecture().augmentation()));
        Ok(Member {
            engine,
            batch,
            model,
            prep,
            preparation,
            temperature,
            order,
            buffers,
            known,
            doubts,
            rule,
            last_input,
            views,
        })
    }

    pub fn look_from(&mut self, tta: Tta) {
        self.views = Some(Views::new(tta, &self.model.architecture().augmentation()));
    }

    /// Takes a rule for its own order of classes.
    pub fn take_rule(&mut self, rule: SetRule) {
        self.rule = Some(rule.in_order(&self.order));
    }

    /// At most a batch of photos, each as it was prepared in all ways; `is_scored`: how familiar they are is told, too.
    pub fn look(&self, photos: &[&Prepared], is_scored: bool) -> Result<Looked> {
        if photos.is_empty() {
            return Ok(Looked { probabilities: Vec::new(), scores: Vec::new() });
        }
        let photos: Vec<&Vec<u8>> = photos.iter().map(|prepared| &prepared[self.preparation]).collect();
        let looked = self.buffers.lend(
            || Buffers::new(&*self.engine, &self.model, self.batch),
            |buffers| {
                let known = self.known.as_ref().filter(|_| is_scored);
                let (mut probabilities, scores) = self.once(buffers, &photos, known);
                if let Some(views) = self.views {
                    self.more(buffers, views, &photos, &mut probabilities);
                }
                Looked { probabilities, scores }
            },
        )?;
        let in_order = |row: &[f64]| self.order.iter().map(|place| row[*place]).collect::<Vec<f64>>();
        let probabilities = looked.probabilities.chunks_exact(self.order.len()).flat_map(in_order).collect();
        Ok(Looked { probabilities, ..looked })
    }

    /// Averages over the other looks at these photos.
    fn more(&self, buffers: &mut Buffers, views: Views, photos: &[&Vec<u8>], probabilities: &mut [f64]) {
        let looks: Vec<Vec<Vec<u8>>> = photos.par_iter().map(|photo| views.of(&self.prep, photo)).collect();
        // The first look is the photo itself, which is done.
        for view in 1..views.count() {
            let photos: Vec<&Vec<u8>> = looks.iter().map(|looks| &looks[view]).collect();
            let (more, _) = self.once(buffers, &photos, None);
            probabilities.iter_mut().zip(more).for_each(|(sum, p)| *sum += p);
        }
        to_means(probabilities, views.count());
    }

    /// Probabilities of prepared photos in the model's own order, and how familiar each is where that was asked for.
    fn once(&self, buffers: &mut Buffers, photos: &[&Vec<u8>], known: Option<&KnownPictures>) -> (Vec<f64>, Vec<f64>) {
        buffers.load(photos);
        let (classes, weights, Buffers { infer, images }) = (self.order.len(), self.model.weights(), buffers);
        let (logits, scores) = scoring::look(&mut **infer, weights, images, classes, known.zip(Some(self.last_input)));
        (softmax(classes, logits, self.temperature), scores)
    }

    /// Features of prepared photos; `None` where one is no finite number.
    pub fn seen(&self, photos: &[&Prepared]) -> Result<Vec<Option<Vec<f32>>>> {
        if photos.is_empty() {
            return Ok(Vec::new());
        }
        let photos: Vec<&Vec<u8>> = photos.iter().map(|prepared| &prepared[self.preparation]).collect();
        self.buffers.lend(
            || Buffers::new(&*self.engine, &self.model, self.batch),
            |buffers| {
                buffers.load(&photos);
                let (_, features) = buffers.infer.infer_with_features(self.model.weights(), &buffers.images);
                let width = features.len() / photos.len();
                let row = |k: usize| features[k * width..][..width].to_vec();
                let finite = |row: &Vec<f32>| row.iter().all(|value| value.is_finite());
                (0..photos.len()).map(|k| Some(row(k)).filter(finite)).collect()
            },
        )
    }
}

/// Makes sums of so many probabilities their means: rounding must not lift one above 1, and `min` would make 1 of what is no number.
pub(super) fn to_means(sums: &mut [f64], count: usize) {
    let mean = |sum: f64| if sum.is_nan() { sum } else { (sum / count as f64).min(1.0) };
    sums.iter_mut().for_each(|sum| *sum = mean(*sum));
}

/// Where each of these classes is among a model's own.
fn order(own: &[String], number: usize, classes: &[String]) -> Result<Vec<usize>> {
    let lacking = |some: &[String], all: &[String]| -> Vec<String> {
        some.iter().filter(|class| !all.contains(class)).cloned().collect()
    };
    let (missing, added) = (lacking(classes, own), lacking(own, classes));
    let places: Option<Vec<usize>> = classes.iter().map(|class| own.iter().position(|name| name == class)).collect();
    places.filter(|_| added.is_empty()).ok_or(Error::OtherClasses { model: number, missing, added })
}
