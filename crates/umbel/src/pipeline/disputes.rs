//! Labels that a network disputes which was trained without them: k folds of a run's network, each asked about the photos
//! that it never saw; where no run is given, of the last layer on the network inside this program. And what is unlike all other photos.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::job::{in_pool, open_cache};
use super::run_folder::RunFolder;
use super::unlike::{UnlikePhoto, unlike_others};
use super::{Recipe, TrainConfig, architecture, resolved};
use crate::base::atomic;
use crate::base::cells::defused;
use crate::base::progress::{Event, Interrupt, Observer, Silent};
use crate::check::{Finding, FindingKind};
use crate::data::{Dataset, Index, Split, SplitMethod};
use crate::metrics::{Answers, softmax};
use crate::nn::Model;
use crate::pretrained::{Tune, inside};
use crate::train::fit::{fit_locked, judge_by_folds};
use crate::train::{FitOptions, HeadFit, logits};
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
    /// Photos that look like none of the classes, the least alike first. Looked for where the last layer alone is trained.
    pub unlike: Vec<UnlikePhoto>,
    /// Photos that were judged (places in `index.photos`), with the probability of the class that they are said to be of. Those that train
    /// in every fold (a class's only one, copies in two classes) are not.
    pub judged: Vec<(usize, f64)>,
    /// Share of the judged photos whose label the networks agree with.
    pub accuracy: f64,
    pub seconds: f64,
}

impl Disputes {
    /// As findings of a check, of each kind the surest first.
    pub fn findings<'a>(&'a self, index: &'a Index) -> impl Iterator<Item = Finding> + 'a {
        let unlike = self.unlike.iter().map(|found| {
            let photo = &index.photos[found.photo];
            let class = &index.classes[photo.class as usize];
            Finding::new(&photo.path, FindingKind::Unlike, format!("said to be {class}, and like no other photo"))
        });
        let labels = self.labels.iter().map(|label| {
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
        });
        labels.chain(unlike)
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

/// The settings by which labels are judged where no run is given: the last layer on the network inside this program. `None` where it
/// was built without one.
pub fn inside_settings() -> Option<TrainConfig> {
    inside::model()?;
    Some(TrainConfig { undecided: None, tune: Some(Tune::Head), ..Recipe::Auto.config() })
}

/// Judges every photo of `index` by a network of `config` that was trained without it. Each fold's network is the one
/// after its last epoch: to choose the best epoch on the photos that are to be judged would be to ask their labels. (Where the last
/// layer alone is trained, one strength of L2 is chosen for all folds, which tells it nothing of any one label.)
///
/// The parts that the data come with are left aside, since all photos are judged. `config.data`, its split and its
/// callbacks are not used; with the settings comes the text of `config.model`, where that is a file (see [`run_settings`]).
///
/// # Errors
/// [`umbel_predict::Error::Setting`] where the photos are too few for so many folds; those of training.
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
        let part = |positions: &[usize]| Dataset::new(index, Arc::clone(&cache), positions);
        let model = || Ok(architecture::model(&config, architecture.clone(), &index.classes, &mut Silent)?.model);
        let fit = resolved::options(&config, surroundings, None);
        let judged = match fit.head {
            HeadFit::Only => last_layers(&model()?, &splits, &part, &fit, (observer, interrupt))?,
            HeadFit::First | HeadFit::No => networks(model, &splits, &part, &fit, (observer, interrupt))?,
        };
        let labels: Vec<u32> = judged.samples.iter().map(|(_, label)| *label).collect();
        let probabilities = softmax(index.classes.len(), &judged.logits, 1.0);
        let answers = Answers::new(&labels, &probabilities, index.classes.len())?;
        let own = |((photo, label), row): (&(usize, u32), &[f64])| (*photo, row[*label as usize]);
        let rows = judged.samples.iter().zip(probabilities.chunks_exact(index.classes.len()));
        let disputed = answers.disputes().into_iter().map(|dispute| DisputedLabel {
            photo: judged.samples[dispute.row].0,
            given: dispute.given as u32,
            given_probability: dispute.given_probability,
            suggested: dispute.suggested as u32,
            suggested_probability: dispute.suggested_probability,
        });
        Ok(Disputes {
            labels: disputed.collect(),
            unlike: judged.unlike,
            judged: rows.map(own).collect(),
            accuracy: answers.top_k_accuracy(1),
            seconds: start.elapsed().as_secs_f64(),
        })
    })
}

/// What was said of photos by who had not seen them.
struct Judged {
    /// Positions in the index and labels.
    samples: Vec<(usize, u32)>,
    /// A row for each.
    logits: Vec<f32>,
    unlike: Vec<UnlikePhoto>,
}

/// One network, and a last layer for each fold.
fn last_layers(
    model: &Model,
    splits: &[Split],
    part: &dyn Fn(&[usize]) -> Dataset,
    fit: &FitOptions,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Judged> {
    let mut pool = splits.first().map_or(Vec::new(), |first| [first.train.as_slice(), &first.val].concat());
    pool.sort_unstable();
    let folds: Vec<Vec<usize>> = splits.iter().map(|split| split.val.clone()).collect();
    let judged = judge_by_folds(model, (&part(&pool), &folds), fit, observer, interrupt)?;
    let (told, features) = judged.ok_or(Error::Interrupted)?;
    let unlike = unlike_others(&told, &features)?;
    Ok(Judged { samples: told.photos.samples.to_vec(), logits: told.logits, unlike })
}

/// A network for each fold.
fn networks(
    model: impl Fn() -> Result<Model>,
    splits: &[Split],
    part: &dyn Fn(&[usize]) -> Dataset,
    fit: &FitOptions,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Judged> {
    let mut judged = Judged { samples: Vec::new(), logits: Vec::new(), unlike: Vec::new() };
    for (fold, split) in (1..).zip(splits) {
        observer.event(&Event::Fold { fold, folds: splits.len() });
        let (train, left_out) = (part(&split.train), part(&split.val));
        let mut model = model()?;
        let outcome = fit_locked(None, &mut model, (&train, &left_out), fit, observer, interrupt)?;
        if outcome.interrupted {
            return Err(Error::Interrupted);
        }
        let own = logits(fit.engine.for_inference(), &model, &left_out, fit.batch, interrupt)?;
        judged.logits.extend(own.ok_or(Error::Interrupted)?);
        judged.samples.extend(left_out.samples.iter());
    }
    Ok(judged)
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
