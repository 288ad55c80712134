//! Labels that a network disputes which was trained without them: k folds of a run's network, each asked about the photos
//! that it never saw.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::job::{in_pool, open_cache};
use super::run_folder::RunFolder;
use super::{TrainConfig, architecture};
use crate::base::atomic;
use crate::base::cells::defused;
use crate::base::progress::{Event, Interrupt, Observer, Silent};
use crate::check::{Finding, FindingKind};
use crate::data::{Dataset, Index, Split, SplitMethod};
use crate::metrics::{Answers, softmax};
use crate::train::fit::fit_locked;
use crate::train::{FitOptions, logits};
use crate::{Error, Result, Surroundings};

/// How disputed labels are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisputeOptions {
    /// Networks to train; each photo is judged by the one that it was left out of.
    pub folds: usize,
    /// `None`: as many as the run was asked for.
    pub epochs: Option<usize>,
    /// Height and width of the pictures; `None`: the run's.
    pub image_size: Option<u32>,
}

impl Default for DisputeOptions {
    fn default() -> Self {
        DisputeOptions { folds: 5, epochs: None, image_size: None }
    }
}

/// A photo whose label is disputed.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DisputedLabel {
    /// In `index.photos`.
    pub photo: usize,
    /// Indices into `index.classes`, and the probability of each.
    pub given: u32,
    pub given_probability: f64,
    pub suggested: u32,
    pub suggested_probability: f64,
}

/// What came of it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Disputes {
    /// The surest dispute first.
    pub labels: Vec<DisputedLabel>,
    /// Photos that were judged. Those that train in every fold (a class's only one, copies in two classes) are not.
    pub judged: usize,
    /// Share of the judged photos whose label the networks agree with.
    pub accuracy: f64,
    pub seconds: f64,
}

impl Disputes {
    /// As findings of a check, the surest first.
    pub fn findings<'a>(&'a self, index: &'a Index) -> impl Iterator<Item = Finding> + 'a {
        self.labels.iter().map(|label| {
            let class = |class: u32| index.classes[class as usize].as_str();
            let (given, suggested) = (class(label.given), class(label.suggested));
            let [suggested_percent, given_percent] =
                [label.suggested_probability, label.given_probability].map(|probability| 100.0 * probability);
            Finding {
                path: index.photos[label.photo].path.clone(),
                kind: FindingKind::LabelDispute,
                detail: format!("rather {suggested} ({suggested_percent:.0} %) than {given} ({given_percent:.0} %)"),
                suggested: Some(suggested.to_string()),
            }
        })
    }

    /// Writes path,class,suggested,class_probability,suggested_probability (atomically), the surest first. Names that a spreadsheet
    /// would run as formulas are [`defused`].
    pub fn write_csv(&self, index: &Index, path: &Path) -> Result<()> {
        Ok(atomic::write_with(path, |file| {
            let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
            writer.write_record(["path", "class", "suggested", "class_probability", "suggested_probability"])?;
            for label in &self.labels {
                let class = |class: u32| &index.classes[class as usize];
                writer.serialize((
                    defused(&index.photos[label.photo].path),
                    defused(class(label.given)),
                    defused(class(label.suggested)),
                    label.given_probability,
                    label.suggested_probability,
                ))?;
            }
            writer.flush()
        })?)
    }
}

/// The settings of a run, and the text of its model.toml where it has one.
pub fn run_settings(run: &Path) -> Result<(TrainConfig, Option<String>)> {
    RunFolder::settings_in(run)
}

/// Judges every photo of `index` by a network of `config` that was trained without it. Each fold's network is the one
/// after its last epoch: to choose the best epoch on the photos that are to be judged would be to ask their labels.
///
/// The parts that the data come with are left aside, since all photos are judged. `config.data`, its split and its
/// callbacks are not used; with the settings comes the text of `config.model`, where that is a file (see [`run_settings`]).
pub fn disputed_labels(
    (config, model_toml): &(TrainConfig, Option<String>),
    index: &Index,
    options: &DisputeOptions,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Disputes> {
    let start = Instant::now();
    let config = judging(config, options);
    config.validate()?;
    in_pool(config.threads, || {
        let index = &Index { parts: None, ..index.clone() };
        let architecture = architecture::build(&config, model_toml.as_deref(), index.classes.len())?;
        let cache = open_cache(&config, surroundings, index, observer, interrupt)?;
        cache.look_alikes(interrupt)?;
        let splits = Split::folds(&config.split_options()?, options.folds, index, &cache)?;
        let (mut photos, mut labels, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
        for (i, split) in splits.iter().enumerate() {
            observer.event(&Event::Fold { fold: i + 1, folds: options.folds });
            let part = |positions: &[usize]| Dataset::new(index, Arc::clone(&cache), positions);
            let (train, left_out) = (part(&split.train), part(&split.val));
            let (mut model, _) = architecture::model(&config, architecture.clone(), &mut Silent)?;
            let engine = surroundings.engine.clone();
            let precision = config.precision.resolve(engine.for_inference());
            let head = architecture::head_fit(&config);
            let fit = FitOptions { precision, engine, head, ..config.fit.clone() };
            let outcome = fit_locked(None, &mut model, (&train, &left_out), &fit, observer, interrupt)?;
            if outcome.interrupted {
                return Err(Error::Interrupted);
            }
            let engine = surroundings.engine.for_inference();
            let own = logits(engine, &model, &left_out, config.fit.batch, interrupt)?;
            outputs.extend(own.ok_or(Error::Interrupted)?);
            photos.extend(left_out.samples.iter().map(|(photo, _)| *photo));
            labels.extend(left_out.labels());
        }
        let probabilities = softmax(index.classes.len(), &outputs, 1.0);
        let answers = Answers::new(&labels, &probabilities, index.classes.len())?;
        let disputed = answers.disputes().into_iter().map(|dispute| DisputedLabel {
            photo: photos[dispute.row],
            given: dispute.given as u32,
            given_probability: dispute.given_probability,
            suggested: dispute.suggested as u32,
            suggested_probability: dispute.suggested_probability,
        });
        Ok(Disputes {
            labels: disputed.collect(),
            judged: photos.len(),
            accuracy: answers.top_k_accuracy(1),
            seconds: start.elapsed().as_secs_f64(),
        })
    })
}

/// The run's settings without what would look at the labels of the photos that are judged.
fn judging(config: &TrainConfig, options: &DisputeOptions) -> TrainConfig {
    let mut config = config.clone();
    config.split = SplitMethod::Stratified;
    config.test_split = None;
    config.folds = Some(options.folds);
    config.strict = false;
    config.prep.image_size = options.image_size.unwrap_or(config.prep.image_size);
    let epochs = options.epochs.unwrap_or(config.fit.epochs);
    config.fit = FitOptions { epochs, early_stopping: None, reduce_on_plateau: None, run_folder: None, ..config.fit };
    config
}
