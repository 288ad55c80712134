//! How good answers are: pure functions over labels and probabilities, held to scikit-learn by a golden file. Knows
//! neither networks nor files.

mod bootstrap;
mod confusion;
mod curve;
mod disputes;
mod gallery;
mod one_vs_rest;
mod paired;
mod probability;
mod ranking;
mod scores;
mod sets;
mod tally;

pub use bootstrap::{Intervals, intervals, wilson};
pub use confusion::{ClassScore, Confusion, Means, Mistake};
pub use curve::{Operating, Outlines, Point, macro_precision_recall, macro_roc};
pub use disputes::Dispute;
pub use paired::{PairedDifference, holm, mcnemar, paired_difference};
pub use probability::{BINS, Bin};
pub use scores::{Certainty, NamedScore, Scores};
pub use sets::{LEVELS, SetScore, trusted_on};
pub use umbel_predict::metrics::{
    CERTAINTY, Calibration, Doubts, Drift, ENOUGH_FOR_THE_MEAN, Familiarity, FeatureSpace, KnownPictures, KnownScores,
    LEAST_IMAGES, LEAST_MISTAKES, MOST_FEATURES, MOST_INPUTS, MOST_PROTOTYPES, Memory, Moments, Promise, Prototypes,
    Reads, SetRule, Standard, TEMPERATURES, TRUSTED, TooFew, Trusted, auroc, balanced_calibrated_loss, calibrated_loss,
    familiarity, fit_balanced_temperature, fit_temperature, max_probability, most_likely, negative_energy, softmax,
};

use serde::{Deserialize, Deserializer};

use crate::Result;
use crate::base::augmentation::Balance;

/// A figure that may not be defined: JSON has no NaN and holds null in its place.
fn defined_or_nan<'de, D: Deserializer<'de>>(json: D) -> std::result::Result<f64, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or(f64::NAN))
}

/// The temperature of a model's confidence from photos that it was not trained on: where classes are balanced, for photos among
/// which all are equally common, as its answers then are.
pub fn calibrated(n_classes: usize, logits: &[f32], labels: &[u32], balance: Balance) -> Option<Calibration> {
    match balance {
        Balance::None => fit_temperature(n_classes, logits, labels),
        Balance::Loss | Balance::Sample => fit_balanced_temperature(n_classes, logits, labels),
    }
}

/// The loss of answers at their own most likely temperature; where classes are balanced, its mean over them.
pub fn loss_once_calibrated(n_classes: usize, logits: &[f32], labels: &[u32], balance: Balance) -> Option<f64> {
    match balance {
        Balance::None => calibrated_loss(n_classes, logits, labels),
        Balance::Loss | Balance::Sample => balanced_calibrated_loss(n_classes, logits, labels),
    }
}

/// True classes and the probabilities that were given to every class, one row a photo.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    labels: &'a [u32],
    probabilities: &'a [f64],
    n_classes: usize,
}

impl<'a> Answers<'a> {
    /// `labels`: n of them, each below `n_classes`; `probabilities`: n rows of `n_classes` numbers from 0 to 1. Fails
    /// where there is no photo, where the lengths do not agree, and where a number is out of its range.
    pub fn new(labels: &'a [u32], probabilities: &'a [f64], n_classes: usize) -> Result<Self> {
        let wrong = |setting: &str, value: String, expected: String| {
            Err(umbel_predict::Error::Setting { setting: setting.into(), value, expected }.into())
        };
        if labels.is_empty() || n_classes == 0 {
            let came = format!("{} photos of {n_classes} classes", labels.len());
            return wrong("what is to be scored", came, "one of each or more".into());
        }
        if labels.len().checked_mul(n_classes) != Some(probabilities.len()) {
            let expected = format!("{} rows of {n_classes}", labels.len());
            return wrong("the number of probabilities", probabilities.len().to_string(), expected);
        }
        if let Some(label) = labels.iter().find(|&&label| label as usize >= n_classes) {
            return wrong("a label", label.to_string(), format!("below {n_classes}, the number of classes"));
        }
        if let Some(p) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return wrong("a probability", p.to_string(), "from 0 to 1".into());
        }
        Ok(Answers { labels, probabilities, n_classes })
    }

    /// How many photos.
    pub fn images(&self) -> usize {
        self.labels.len()
    }

    /// How many classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Each photo's label and its row of probabilities.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &'a [f64])> + use<'a> {
        self.labels.iter().map(|&label| label as usize).zip(self.probabilities.chunks_exact(self.n_classes))
    }

    /// The class with the highest probability, for each photo; of equals, the first.
    pub fn predicted(&self) -> impl Iterator<Item = usize> + use<'a> {
        self.rows().map(|(_, row)| most_likely(row))
    }
}
