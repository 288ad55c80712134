//! Photos that did not train what is said of them: what a run's figures and calibration come from, and against what is remembered of
//! known pictures is measured.

use std::collections::HashSet;

use super::validated::Parts;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::data::Dataset;
use crate::metrics::{KnownPictures, MOST_PROTOTYPES, Moments, Reads, max_probability, softmax};
use crate::train::{FitOptions, FitOutcome, HeadFit, Outputs};

/// By which features unknown pictures are told: a network that began with pretrained weights knows other things in what its last
/// layer reads; one that learned from these photos alone, or went on from such a one, knows a little of them in its convolutions
/// (benchmarks/RESULTS.md).
fn read_by(options: &FitOptions) -> Reads {
    let from_scratch = options.started_from.as_ref().is_some_and(|weights| weights.from_scratch);
    match options.head {
        HeadFit::First | HeadFit::Only if !from_scratch => Reads::LastInput,
        HeadFit::First | HeadFit::Only | HeadFit::No => Reads::ChannelMeans,
    }
}

/// So many training photos are remembered one by one, about a byte for each number that the last layer reads: with all
/// of them, unknown ones are hardly told better (benchmarks/RESULTS.md).
const REMEMBERED: usize = 500;
/// Of a class, however many there are.
const FEWEST_OF_A_CLASS: usize = 4;
/// So many at most give means and a covariance: more would cost time and memory that grow with the folder.
const MEASURED: usize = 5_000;

/// Training photos at even distances; where they are remembered one by one, of each class alike.
pub(super) fn remembered(train: &Dataset, reads: Reads) -> Dataset {
    let n_classes = train.class_names().len();
    let each = (REMEMBERED / n_classes.max(1)).max(FEWEST_OF_A_CLASS);
    let of_class = |class: usize| {
        let own = train.samples.iter().enumerate().filter(move |(_, (_, label))| *label as usize == class);
        let places: Vec<usize> = own.map(|(place, _)| place).collect();
        let count = each.min(places.len());
        (0..count).map(move |k| places[k * places.len() / count])
    };
    let places: Vec<usize> = match reads {
        Reads::LastInput => (0..n_classes).flat_map(of_class).take(MOST_PROTOTYPES).collect(),
        Reads::ChannelMeans | Reads::Logits => {
            (0..train.len()).step_by(train.len().div_ceil(MEASURED).max(1)).collect()
        }
    };
    pick(train, &places)
}

/// What is said of photos that did not train what says it.
pub(super) struct Unseen {
    pub photos: Dataset,
    pub outputs: Outputs,
    /// Where these photos train, too: those of them, by their places, that stand for unseen ones beside what is remembered.
    left_out: Option<HashSet<usize>>,
}

impl Unseen {
    /// Of the validation part; where there is none, of the training part as its folds were judged. `None` where the user asked to
    /// stop.
    pub fn of(
        fit: &FitOutcome,
        parts: &Parts<'_>,
        options: &FitOptions,
        interrupt: &Interrupt,
    ) -> Result<Option<Self>> {
        let reads = read_by(options);
        let Some(judged) = &fit.out_of_fold else {
            let outputs = fit.outputs(parts.val, (options.batch, reads), interrupt)?;
            return Ok(outputs.map(|outputs| Unseen { photos: parts.val.clone(), outputs, left_out: None }));
        };
        // In the order of the data, as every table is.
        let mut order: Vec<usize> = (0..judged.photos.len()).collect();
        order.sort_by_key(|&place| judged.photos.samples[place].0);
        let photos = pick(&judged.photos, &order);
        let Some(mut outputs) = fit.outputs(&photos, (options.batch, reads), interrupt)? else { return Ok(None) };
        let n_classes = photos.class_names().len();
        outputs.logits =
            order.iter().flat_map(|&place| &judged.logits[place * n_classes..][..n_classes]).copied().collect();
        let first = judged.folds.first().cloned().unwrap_or_default();
        let left_out = (0..order.len()).filter(|&place| first.contains(&order[place])).collect();
        Ok(Some(Unseen { photos, outputs, left_out: Some(left_out) }))
    }
}

/// The photos at these places.
fn pick(photos: &Dataset, places: &[usize]) -> Dataset {
    let samples = places.iter().map(|&place| photos.samples[place]).collect();
    let paths = places.iter().map(|&place| photos.paths[place].clone()).collect();
    Dataset { samples, paths, ..photos.clone() }
}

/// What known pictures are like: remembered of the training part, measured on photos that are not remembered (of photos that are
/// judged by folds, the first fold stands aside). The outer `None` where the user asked to stop.
pub(super) fn known(
    fit: &FitOutcome,
    parts: &Parts<'_>,
    (unseen, temperature, options): (&Unseen, f64, &FitOptions),
    interrupt: &Interrupt,
) -> Result<Option<Option<KnownPictures>>> {
    let n_classes = parts.train.class_names().len();
    let all = |left_out: &HashSet<usize>| -> (Dataset, Outputs) {
        let places: Vec<usize> = (0..unseen.photos.len()).filter(|place| left_out.contains(place)).collect();
        let n_features = unseen.outputs.features.len() / unseen.photos.len().max(1);
        let rows = |values: &[f32], width: usize| -> Vec<f32> {
            places.iter().flat_map(|&place| &values[place * width..][..width]).copied().collect()
        };
        let outputs = Outputs {
            logits: rows(&unseen.outputs.logits, n_classes),
            features: rows(&unseen.outputs.features, n_features),
        };
        (pick(&unseen.photos, &places), outputs)
    };
    let aside = unseen.left_out.as_ref().map(all);
    let train = aside.as_ref().map(|(aside, _)| {
        let held: HashSet<usize> = aside.samples.iter().map(|(position, _)| *position).collect();
        let places: Vec<usize> =
            (0..parts.train.len()).filter(|&at| !held.contains(&parts.train.samples[at].0)).collect();
        pick(parts.train, &places)
    });
    let reads = read_by(options);
    let remembered = remembered(train.as_ref().unwrap_or(parts.train), reads);
    let Some(seen) = fit.outputs(&remembered, (options.batch, reads), interrupt)? else { return Ok(None) };
    let val = aside.as_ref().map_or(&unseen.outputs, |(_, outputs)| outputs);
    let n_features = seen.features.len() / remembered.len().max(1);
    let asked = (val.logits.as_slice(), val.features.as_slice());
    let known = match reads {
        Reads::LastInput => KnownPictures::measure(n_classes, (n_features, &seen.features), asked),
        Reads::ChannelMeans | Reads::Logits => {
            let labels = remembered.labels();
            KnownPictures::measure_distances(n_classes, (n_features, &seen.features, &labels), asked)
        }
    };
    let probabilities = softmax(n_classes, &val.logits, temperature);
    let confidences: Vec<f64> = probabilities.chunks_exact(n_classes).map(max_probability).collect();
    let (confidence, from_scratch) = (Moments::of(&confidences), reads != Reads::LastInput);
    Ok(Some(known.map(|known| KnownPictures { confidence, from_scratch, ..known })))
}
