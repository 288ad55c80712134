//! "None of these": how unlike everything that a model was trained on a picture is. Each score is higher for familiar
//! pictures; which of them tells best is measured in benchmarks/RESULTS.md.

use serde::{Deserialize, Serialize};

use super::{Drift, FeatureSpace, Prototypes, softmax};

/// How familiarity is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Familiarity {
    /// The highest probability (Hendrycks & Gimpel, 2017).
    MaxProbability,
    /// The logarithm of the sum of the exponentials of the logits (Liu et al., 2020: the negative energy).
    Energy,
    /// The negative squared Mahalanobis distance to the nearest class, in the space of the means of every channel of the
    /// convolutions' outputs (Lee et al., 2018). For networks that learned from these pictures alone, whose last layers know nothing
    /// else; files of before have it for all.
    Mahalanobis,
    /// The lower of the negative energy and the [`Prototypes::likeness`] to training pictures, softly, each as the validation pictures
    /// have it ([`Standard`]): one looks at the answer and one at what it was made of, and either alone misses what the other sees.
    EnergyAndLikeness,
}

/// What a model remembers of the pictures that it knows, to tell when another is unlike them.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct KnownPictures {
    pub familiarity: Familiarity,
    /// Of the validation pictures.
    pub scores: KnownScores,
    /// There where `familiarity` needs it.
    pub memory: Memory,
    /// Of the validation pictures; `None` in files of before. What [`KnownPictures::drift`] compares with.
    pub confidence: Option<Moments>,
    /// Whether the network has seen nothing but these pictures' kind: then it knows little about any other.
    pub from_scratch: bool,
}

/// What is remembered of the training pictures.
#[derive(Clone, Debug, PartialEq)]
pub enum Memory {
    /// Nothing: the logits say all.
    Nothing,
    /// Means and a covariance ([`Familiarity::Mahalanobis`]).
    Space(FeatureSpace),
    /// Some of them, and how high energies and likenesses of the validation pictures are ([`Familiarity::EnergyAndLikeness`]).
    Prototypes(Prototypes, [Standard; 2]),
}

/// Which features of a picture a score is made from, beside the logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// None.
    Logits,
    /// The means of the convolutions' channels.
    ChannelMeans,
    /// What the last layer reads.
    LastInput,
}

/// Mean and deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Moments {
    pub mean: f64,
    pub deviation: f64,
}

impl Moments {
    /// Of these numbers, summed in order; `None` where there is none, or one is not finite.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Some(Moments { mean, deviation: variance.sqrt() })
    }

    pub(crate) fn is_sound(self) -> bool {
        self.mean.is_finite() && self.deviation.is_finite() && self.deviation >= 0.0
    }
}

/// What numbers of the validation pictures are like, so that unlike kinds of numbers can be compared: 0 is the median, and at -1
/// one picture of twenty is below.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Standard {
    pub median: f64,
    /// The median less the value that one picture of twenty is below; above 0.
    pub spread: f64,
}

impl Standard {
    /// Of these numbers; `None` where there is none, or one is not finite. Where nothing varies, the numbers count as they are.
    pub fn of(values: &[f64]) -> Option<Self> {
        let known = KnownScores::new(values)?;
        let median = known.threshold(0.5);
        let spread = median - known.threshold(0.95);
        Some(Standard { median, spread: if spread > 0.0 { spread } else { 1.0 } })
    }

    /// The number by this standard.
    pub fn apply(self, value: f64) -> f64 {
        (value - self.median) / self.spread
    }

    pub(crate) fn is_sound(self) -> bool {
        self.median.is_finite() && self.spread.is_finite() && self.spread > 0.0
    }
}

/// How sharply the lower of two standard scores is taken: where both are equal, the outcome is ln 2 / 3 below them.
const SHARPNESS: f64 = 3.0;

impl KnownPictures {
    /// Remembers training pictures by what the last layer reads of each (so many inputs, one row a picture), and scores the validation
    /// pictures by their logits and inputs. Where the inputs cannot be used, the energy alone tells. `None` where no
    /// validation picture can be scored.
    pub fn measure(
        n_classes: usize,
        (n_inputs, remembered): (usize, &[f32]),
        (val_logits, val_inputs): (&[f32], &[f32]),
    ) -> Option<Self> {
        let energies = energies(n_classes, val_logits);
        let Some(prototypes) = Prototypes::new(n_inputs, remembered) else { return Self::by_energy(&energies) };
        if energies.len().checked_mul(n_inputs) != Some(val_inputs.len()) {
            return Self::by_energy(&energies);
        }
        let likenesses: Vec<f64> = val_inputs.chunks_exact(n_inputs).map(|row| prototypes.likeness(row)).collect();
        let Some((standards, scores)) = standardized(&energies, &likenesses) else { return Self::by_energy(&energies) };
        Self::of(Familiarity::EnergyAndLikeness, &scores, Memory::Prototypes(prototypes, standards))
    }

    /// Remembers the means and the covariance of the training pictures' features (so many of each) by their labels, and scores the
    /// validation pictures by the distance. Where the features cannot be used, the energy stands in for it. `None` where no
    /// validation picture can be scored.
    pub fn measure_distances(
        n_classes: usize,
        (n_features, features, labels): (usize, &[f32], &[u32]),
        (val_logits, val_features): (&[f32], &[f32]),
    ) -> Option<Self> {
        let energies = energies(n_classes, val_logits);
        let fits = energies.len().checked_mul(n_features) == Some(val_features.len());
        let space = FeatureSpace::fit(n_features, features, labels, n_classes).filter(|_| fits);
        let Some(space) = space else { return Self::by_energy(&energies) };
        let scores: Vec<f64> = val_features.chunks_exact(n_features).map(|row| -space.distance(row)).collect();
        Self::of(Familiarity::Mahalanobis, &scores, Memory::Space(space))
    }

    fn by_energy(energies: &[f64]) -> Option<Self> {
        Self::of(Familiarity::Energy, energies, Memory::Nothing)
    }

    fn of(familiarity: Familiarity, scores: &[f64], memory: Memory) -> Option<Self> {
        let scores = KnownScores::new(scores)?;
        Some(KnownPictures { familiarity, scores, memory, confidence: None, from_scratch: false })
    }

    /// What [`KnownPictures::score`] is to be given.
    pub fn reads(&self) -> Reads {
        match self.memory {
            Memory::Nothing => Reads::Logits,
            Memory::Space(_) => Reads::ChannelMeans,
            Memory::Prototypes(..) => Reads::LastInput,
        }
    }

    /// How familiar a picture is, from its logits and what the score [reads](KnownPictures::reads) beside them.
    pub fn score(&self, logits: &[f32], features: &[f32]) -> f64 {
        match (&self.memory, self.familiarity) {
            (Memory::Space(space), _) => -space.distance(features),
            (Memory::Prototypes(prototypes, standards), _) => {
                lower(*standards, [negative_energy(logits), prototypes.likeness(features)])
            }
            (Memory::Nothing, Familiarity::MaxProbability) => max_probability(&softmax(logits.len(), logits, 1.0)),
            (Memory::Nothing, _) => negative_energy(logits),
        }
    }

    /// Whether it tells little about pictures of other things: of a network that learned from these photos alone, or a score of before.
    pub fn is_short_sighted(&self) -> bool {
        self.from_scratch || self.familiarity == Familiarity::Mahalanobis
    }

    /// Whether pictures with these scores and these confidences are, as a whole, like the validation pictures. `None` where they
    /// are too few to tell, or the file does not say what those were like.
    pub fn drift(&self, scores: &[f64], confidences: &[f64]) -> Option<Drift> {
        Drift::between(&self.scores, self.confidence?, scores, confidences)
    }
}

fn energies(n_classes: usize, logits: &[f32]) -> Vec<f64> {
    logits.chunks_exact(n_classes.max(1)).map(negative_energy).collect()
}

/// How familiar pictures are among each other, by their negative energies and their likenesses to others (see
/// [`Familiarity::EnergyAndLikeness`]). `None` where there is no picture, or a number is not finite.
pub fn familiarity(energies: &[f64], likenesses: &[f64]) -> Option<Vec<f64>> {
    standardized(energies, likenesses).map(|(_, scores)| scores)
}

fn standardized(energies: &[f64], likenesses: &[f64]) -> Option<([Standard; 2], Vec<f64>)> {
    let standards = [Standard::of(energies)?, Standard::of(likenesses)?];
    let scores = energies.iter().zip(likenesses).map(|(energy, likeness)| lower(standards, [*energy, *likeness]));
    Some((standards, scores.collect()))
}

/// The lower of two numbers, each by its standard; where both are low, lower still. -1/3 ln(exp(-3 a) + exp(-3 b)), without
/// exponentials that overflow.
fn lower(standards: [Standard; 2], parts: [f64; 2]) -> f64 {
    let [a, b] = [standards[0].apply(parts[0]), standards[1].apply(parts[1])];
    a.min(b) - (-SHARPNESS * (a - b).abs()).exp().ln_1p() / SHARPNESS
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

    /// The share (0 to 1) of the good pictures that are less familiar than this score: below `1 - keep` just where the score is below
    /// the threshold that keeps so many. 0 of what is no number.
    pub fn share_below(&self, score: f64) -> f64 {
        let above = self.quantiles.partition_point(|own| *own <= score);
        let Some(below) = above.checked_sub(1) else { return 0.0 };
        let Some(next) = self.quantiles.get(above) else { return 1.0 };
        let own = self.quantiles[below];
        (below as f64 + (score - own) / (next - own)) / (self.quantiles.len() - 1) as f64
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
