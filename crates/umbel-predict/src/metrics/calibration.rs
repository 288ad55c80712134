//! Temperature scaling (Guo et al., 2017): one number that divides the logits, so that confidence agrees with accuracy.

use serde::{Deserialize, Serialize};

/// What made a model's confidence honest; kept in the model file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Divides the logits; within [`TEMPERATURES`]. Above 1, the model was too sure of itself.
    pub temperature: f64,
    /// How many photos it was fitted on.
    pub images: usize,
}

/// The lowest and the highest temperature that are used.
pub const TEMPERATURES: (f64, f64) = (0.05, 20.0);

/// Newton's method needs about six; halving the range as often as this reaches the last digits on its own.
const MOST_STEPS: usize = 60;
const ENOUGH: f64 = 1e-10;

/// The temperature with the smallest loss on `labels` and their rows of `n_classes` logits. `None` where there is none:
/// no photo, or not one mistake among them (then the loss falls for ever as the temperature goes to 0, and such photos
/// say nothing about how sure to be). The loss is convex in 1/temperature; sums are taken in order, so that the same
/// logits always give the same bits.
pub fn fit_temperature(n_classes: usize, logits: &[f32], labels: &[u32]) -> Option<Calibration> {
    if labels.len().checked_mul(n_classes) != Some(logits.len()) || logits.iter().any(|z| !z.is_finite()) {
        return None;
    }
    let rows = || labels.iter().zip(logits.chunks_exact(n_classes.max(1)));
    let mistaken = |label: u32, row: &[f32]| row.get(label as usize).is_some_and(|own| row.iter().any(|z| z > own));
    if !rows().any(|(label, row)| mistaken(*label, row)) || labels.iter().any(|label| *label as usize >= n_classes) {
        return None;
    }
    let (mut low, mut high) = (1.0 / TEMPERATURES.1, 1.0 / TEMPERATURES.0);
    let mut sharpness = 1.0;
    for _ in 0..MOST_STEPS {
        let (mut slope, mut curvature) = (0.0, 0.0);
        for (label, row) in rows() {
            let (mean, variance) = moments(row, sharpness);
            slope += mean - f64::from(row[*label as usize]);
            curvature += variance;
        }
        if slope > 0.0 {
            high = sharpness;
        } else {
            low = sharpness;
        }
        let newton = sharpness - slope / curvature;
        // A step that leaves the range in which the minimum is known to lie is replaced by halving that range.
        let next = if newton > low && newton < high { newton } else { (low + high) / 2.0 };
        let moved = (next - sharpness).abs();
        sharpness = next;
        if moved <= ENOUGH * sharpness {
            break;
        }
    }
    Some(Calibration { temperature: 1.0 / sharpness, images: labels.len() })
}

/// Mean and variance of a row's logits under their own softmax at this sharpness (1/temperature).
fn moments(row: &[f32], sharpness: f64) -> (f64, f64) {
    let highest = row.iter().fold(f64::NEG_INFINITY, |highest, z| highest.max(f64::from(*z)));
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for z in row.iter().map(|z| f64::from(*z)) {
        let weight = ((z - highest) * sharpness).exp();
        let below = z - highest;
        total += weight;
        first += weight * below;
        second += weight * below * below;
    }
    let mean = first / total;
    (highest + mean, (second / total - mean * mean).max(0.0))
}
