//! "None of these": how unlike everything that a model was trained on a picture is. Each score is higher for familiar
//! pictures; which of them tells best is measured in benchmarks/RESULTS.md.

use serde::{Deserialize, Serialize};

use super::{FeatureSpace, softmax};

/// How familiarity is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Familiarity {
    /// The highest probability (Hendrycks & Gimpel, 2017).
    MaxProbability,
    /// The logarithm of the sum of the exponentials of the logits (Liu et al., 2020: the negative energy).
    Energy,
    /// The negative squared Mahalanobis distance to the nearest class, in the space of the means of every channel of the
    /// convolutions' outputs (Lee et al., 2018).
    Mahalanobis,
}

/// What a model remembers of the pictures that it knows, to tell when another is unlike them.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct KnownPictures {
    pub familiarity: Familiarity,
    /// Of the validation pictures.
    pub scores: KnownScores,
    /// Of the training pictures; there where `familiarity` needs it.
    pub space: Option<FeatureSpace>,
}

impl KnownPictures {
    /// Remembers the training pictures' features (so many of each) and labels, and scores the validation pictures. Where
    /// there are no features, or they cannot be used, the energy stands in for the distance. `None` where no validation
    /// picture can be scored.
    pub fn measure(
        n_classes: usize,
        (n_features, features, labels): (usize, &[f32], &[u32]),
        (val_logits, val_features): (&[f32], &[f32]),
    ) -> Option<Self> {
        let space = FeatureSpace::fit(n_features, features, labels, n_classes);
        let familiarity = if space.is_some() { Familiarity::Mahalanobis } else { Familiarity::Energy };
        let rows = val_logits.chunks_exact(n_classes.max(1)).enumerate();
        let features = |row: usize| val_features.get(row * n_features..(row + 1) * n_features).unwrap_or_default();
        let scores: Vec<f64> =
            rows.map(|(row, logits)| score(familiarity, space.as_ref(), logits, features(row))).collect();
        Some(KnownPictures { familiarity, scores: KnownScores::new(&scores)?, space })
    }

    /// How familiar a picture is, from its logits and its features.
    pub fn score(&self, logits: &[f32], features: &[f32]) -> f64 {
        score(self.familiarity, self.space.as_ref(), logits, features)
    }
}

fn score(familiarity: Familiarity, space: Option<&FeatureSpace>, logits: &[f32], features: &[f32]) -> f64 {
    match (familiarity, space) {
        (Familiarity::MaxProbability, _) => max_probability(&softmax(logits.len(), logits, 1.0)),
        (Familiarity::Mahalanobis, Some(space)) if features.len() == space.features() => -space.distance(features),
        (Familiarity::Energy | Familiarity::Mahalanobis, _) => negative_energy(logits),
    }
}

/// The highest of a row of probabilities, 0 to 1.
pub fn max_probability(probabilities: &[f64]) -> f64 {
    probabilities.iter().copied().fold(0.0, f64::max)
}

/// log Σ exp over a row of logits, without a temperature.
pub fn negative_energy(logits: &[f32]) -> f64 {
    let highest = logits.iter().fold(f64::NEG_INFINITY, |highest, z| highest.max(f64::from(*z)));
    highest + logits.iter().map(|z| (f64::from(*z) - highest).exp()).sum::<f64>().ln()
}

/// Share of pairs (a familiar picture, an unfamiliar one) in which the familiar one has the higher score; equals count
/// one half. This is the area under the ROC curve: 0.5 is chance, 1 a clean cut. NaN where a side is empty.
pub fn auroc(familiar: &[f64], unfamiliar: &[f64]) -> f64 {
    let mut others = unfamiliar.to_vec();
    others.sort_by(f64::total_cmp);
    let wins = familiar.iter().map(|score| {
        let below = others.partition_point(|other| other < score);
        let equal = others.partition_point(|other| other <= score) - below;
        below as f64 + equal as f64 / 2.0
    });
    wins.sum::<f64>() / (familiar.len() as f64 * others.len() as f64)
}

/// The scores of known good pictures, from which the threshold for any share to be kept is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownScores {
    /// At evenly spaced shares from 0 to 1, in ascending order; two or more.
    quantiles: Vec<f64>,
    /// How many pictures they are of.
    pub images: usize,
}

/// Most quantiles that are kept: finer shares than a thousandth are not asked for.
const MOST_QUANTILES: usize = 1001;

impl KnownScores {
    /// From the scores of the validation part; `None` where there is none, or one is no finite number.
    pub fn new(scores: &[f64]) -> Option<Self> {
        if scores.is_empty() || scores.iter().any(|score| !score.is_finite()) {
            return None;
        }
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len().clamp(2, MOST_QUANTILES);
        let quantiles = (0..count).map(|k| interpolate(&sorted, k as f64 / (count - 1) as f64)).collect();
        Some(KnownScores { quantiles, images: scores.len() })
    }

    /// The threshold that keeps this share (0 to 1) of the good pictures: what scores below it is unfamiliar.
    pub fn threshold(&self, keep: f64) -> f64 {
        interpolate(&self.quantiles, 1.0 - keep.clamp(0.0, 1.0))
    }

    /// Whether the numbers are such as [`KnownScores::new`] makes.
    pub(crate) fn is_sound(&self) -> bool {
        let ascending = self.quantiles.windows(2).all(|pair| pair[0] <= pair[1]);
        let finite = self.quantiles.iter().all(|score| score.is_finite());
        (2..=MOST_QUANTILES).contains(&self.quantiles.len()) && ascending && finite && self.images > 0
    }
}

/// The value at a share of the way through sorted numbers, interpolated linearly.
fn interpolate(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}
