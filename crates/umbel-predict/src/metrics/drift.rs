//! Whether many pictures, as a whole, are like those that a model was measured on.

use std::fmt;

use serde::Serialize;

use super::{KnownScores, Moments};

/// The share of known pictures whose scores are taken for the lowest.
const LOWEST: f64 = 0.05;
/// What happens in one of a thousand folders of known pictures is no chance.
const CHANCE: f64 = 0.001;
/// As many standard errors are.
const ERRORS: f64 = 3.1;

/// How pictures compare with the validation pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// How many pictures.
    pub images: usize,
    /// The share of them that is less familiar than 95 % of the validation pictures are.
    pub unfamiliar: f64,
    /// What that share would be of pictures like those.
    pub expected: f64,
    /// The mean confidence, 0 to 1.
    pub confidence: f64,
    /// That of the validation pictures.
    pub expected_confidence: f64,
    /// Whether more of them are unfamiliar, or the confidence is lower, than chance would have it.
    pub unlike: bool,
}

impl Drift {
    /// Fewer pictures than this do not tell.
    pub const FEWEST: usize = 30;

    pub(super) fn between(known: &KnownScores, certain: Moments, scores: &[f64], confidences: &[f64]) -> Option<Self> {
        if scores.len() < Self::FEWEST || known.images < Self::FEWEST || confidences.len() != scores.len() {
            return None;
        }
        let own = Moments::of(confidences)?;
        let images = scores.len();
        let threshold = known.threshold(1.0 - LOWEST);
        // A score that is no number is not familiar.
        let below = scores.iter().filter(|score| score.is_nan() || **score < threshold).count();
        let unfamiliar = below as f64 / images as f64;
        let error = (certain.deviation.powi(2) / known.images as f64 + own.deviation.powi(2) / images as f64).sqrt();
        let fall = certain.mean - own.mean;
        Some(Drift {
            images,
            unfamiliar,
            expected: LOWEST,
            confidence: own.mean,
            expected_confidence: certain.mean,
            unlike: chance(below, images, known.images) < CHANCE || fall > ERRORS * error.max(f64::EPSILON),
        })
    }
}

/// How likely so many or more of `images` pictures lie below the threshold that comes from `known` ones, where all are alike: both are
/// samples, so that the share below it is itself drawn, from a beta distribution (Wilks 1941, "Determination of sample sizes
/// for setting tolerance limits").
fn chance(below: usize, images: usize, known: usize) -> f64 {
    // The threshold lies at or below the known picture of this rank.
    let rank = (LOWEST * (known - 1) as f64).ceil() + 1.0;
    let (a, b, n) = (rank, known as f64 + 1.0 - rank, images as f64);
    // That none lies below it; then one more each time. In logarithms, since it may be next to nothing.
    let mut logarithm: f64 = (0..images).map(|i| ((b + i as f64) / (a + b + i as f64)).ln()).sum();
    let mut sum = 0.0;
    for count in 0..=images {
        if count >= below {
            sum += logarithm.exp();
        }
        let k = count as f64;
        logarithm += ((n - k) / (k + 1.0) * (k + a) / (n - k - 1.0 + b)).ln();
    }
    sum
}

impl fmt::Display for Drift {
    /// What to make of it, in a sentence or two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| 100.0 * share;
        write!(
            f,
            "As a whole, these {} photos look {} those that the model was measured on: {:.1} % of them are less familiar than all but \
             the least familiar {:.0} % of those were, and the mean confidence is {:.1} % (there {:.1} %).",
            self.images,
            if self.unlike { "unlike" } else { "like" },
            percent(self.unfamiliar),
            percent(self.expected),
            percent(self.confidence),
            percent(self.expected_confidence),
        )?;
        if self.unlike {
            write!(f, " What it got right there says little about them.")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_is_that_of_two_samples() {
        assert!((chance(0, 60, 54) - 1.0).abs() < 1e-9);
        // One of two known ones is the threshold: as likely above it as below.
        assert!((chance(1, 1, 1) - 0.5).abs() < 1e-9);
        // Of many known ones, the threshold is sure: R's pbinom(19, 100, 0.05, lower.tail = FALSE) is 1.05e-7.
        assert!((chance(20, 100, 10_000_000) / 1.052e-7 - 1.0).abs() < 0.1, "{}", chance(20, 100, 10_000_000));
        assert!(chance(11, 60, 54) > CHANCE && chance(25, 60, 54) < CHANCE);
    }
}
