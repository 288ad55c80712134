//! From logits to what is said about them: probabilities, calibrated confidence, and whether a picture is like the known ones.
//! Pure functions; knows neither networks nor files.

mod calibration;
mod conformal;
mod drift;
mod feature_space;
mod prototypes;
mod trusted;
mod unfamiliar;

pub use calibration::{
    Calibration, LEAST_IMAGES, LEAST_MISTAKES, TEMPERATURES, balanced_calibrated_loss, calibrated_loss,
    fit_balanced_temperature, fit_temperature,
};
pub(crate) use conformal::set;
pub use conformal::{CERTAINTY, Doubts, ENOUGH_FOR_THE_MEAN, Promise, SetRule, TooFew};
pub use drift::Drift;
pub use feature_space::{FeatureSpace, MOST_FEATURES};
pub use prototypes::{MOST_INPUTS, MOST_PROTOTYPES, Prototypes};
pub use trusted::{TRUSTED, Trusted};
pub use unfamiliar::{
    Familiarity, KnownPictures, KnownScores, Memory, Moments, Reads, Standard, auroc, familiarity, max_probability,
    negative_energy,
};

/// Rows of logits, `n_classes` long and divided by `temperature` (above 0), as probabilities. In double precision, so that
/// no two logits that differ become equal, and the most likely class is the same at any temperature.
pub fn softmax(n_classes: usize, logits: &[f32], temperature: f64) -> Vec<f64> {
    let mut probabilities = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(n_classes.max(1)) {
        if row.iter().any(|z| !z.is_finite()) {
            probabilities.extend(std::iter::repeat_n(f64::NAN, row.len()));
            continue;
        }
        let highest = row.iter().fold(f64::NEG_INFINITY, |highest, z| highest.max(f64::from(*z)));
        let start = probabilities.len();
        probabilities.extend(row.iter().map(|z| ((f64::from(*z) - highest) / temperature).exp()));
        let sum: f64 = probabilities[start..].iter().sum();
        probabilities[start..].iter_mut().for_each(|p| *p /= sum);
    }
    probabilities
}

/// The place of the largest number; of equals, the first.
pub fn most_likely(row: &[f64]) -> usize {
    row.iter().enumerate().fold(0, |best, (class, p)| if *p > row[best] { class } else { best })
}
