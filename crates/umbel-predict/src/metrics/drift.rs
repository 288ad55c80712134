//! Whether many pictures, as a whole, are like those that a model was measured on.

use std::fmt;

use serde::Serialize;

use super::{KnownScores, Moments};

/// The share of known pictures whose scores are taken for the lowest.
const LOWEST: f64 = 0.05;
/// Beyond so many standard errors it is no chance: of a thousand folders of known pictures, two or three.
const ERRORS: f64 = 3.0;

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
        // Both sides are samples: the threshold comes from the known ones.
        let shares = 1.0 / images as f64 + 1.0 / known.images as f64;
        let by_share = (unfamiliar - LOWEST) / (LOWEST * (1.0 - LOWEST) * shares).sqrt();
        let error = (certain.deviation.powi(2) / known.images as f64 + own.deviation.powi(2) / images as f64).sqrt();
        let fall = certain.mean - own.mean;
        Some(Drift {
            images,
            unfamiliar,
            expected: LOWEST,
            confidence: own.mean,
            expected_confidence: certain.mean,
            unlike: by_share > ERRORS || fall > ERRORS * error.max(f64::EPSILON),
        })
    }
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
