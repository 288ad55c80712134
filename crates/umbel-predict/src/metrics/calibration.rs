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

/// Of fewer mistakes, no temperature is made: how sure to be is learned from mistakes, and a handful of them may as well have
/// been twice as many or none.
pub const LEAST_MISTAKES: usize = 10;

/// Nor of fewer photos: where ten of twenty are mistakes, hardly anything is known of when it is right.
pub const LEAST_IMAGES: usize = 50;

/// Deviation of the logarithm of the temperature, about 0, that is expected before any photo is seen: so the photos have to speak
/// for every step away from 1. Measured in benchmarks/RESULTS.md ("Few photos").
const EXPECTED_DEVIATION: f64 = 0.3;

/// Newton's method needs about six; halving the range as often as this reaches the last digits on its own.
const MOST_STEPS: usize = 60;
const ENOUGH: f64 = 1e-10;

/// The most likely temperature after `labels` and their rows of `n_classes` logits were seen: it has the smallest sum of their
/// losses and of what its own distance from 1 costs. `None` where they are fewer than [`LEAST_IMAGES`], or fewer than
/// [`LEAST_MISTAKES`] of them mistakes. Sums are taken in order, so that the same logits always give the same bits.
pub fn fit_temperature(n_classes: usize, logits: &[f32], labels: &[u32]) -> Option<Calibration> {
    fit(n_classes, logits, labels, &vec![1.0; n_classes])
}

/// The same for photos among which every class is as common as any other: each photo counts as many times as that takes.
pub fn fit_balanced_temperature(n_classes: usize, logits: &[f32], labels: &[u32]) -> Option<Calibration> {
    fit(n_classes, logits, labels, &even_weights(n_classes, labels))
}

/// By class: with them, every class that has a photo counts alike, and all photos together as many as they are.
fn even_weights(n_classes: usize, labels: &[u32]) -> Vec<f64> {
    let mut counts = vec![0usize; n_classes];
    labels.iter().for_each(|&label| counts.get_mut(label as usize).into_iter().for_each(|count| *count += 1));
    let present = counts.iter().filter(|count| **count > 0).count();
    let even = labels.len() as f64 / present.max(1) as f64;
    counts.iter().map(|&count| even / count.max(1) as f64).collect()
}

/// The mean cross-entropy of answers at their own most likely temperature, however few they are: what is left of their loss once their
/// confidence is right. By it, answers that are too timid or too bold can be compared. `None` where there are none, or not as many
/// rows as labels.
pub fn calibrated_loss(n_classes: usize, logits: &[f32], labels: &[u32]) -> Option<f64> {
    loss_at_best(n_classes, logits, labels, &vec![1.0; n_classes])
}

/// The same for photos among which every class is as common as any other.
pub fn balanced_calibrated_loss(n_classes: usize, logits: &[f32], labels: &[u32]) -> Option<f64> {
    loss_at_best(n_classes, logits, labels, &even_weights(n_classes, labels))
}

fn loss_at_best(n_classes: usize, logits: &[f32], labels: &[u32], weights: &[f64]) -> Option<f64> {
    if labels.is_empty() || !fits(n_classes, logits, labels) {
        return None;
    }
    let sharpness = 1.0 / most_likely(n_classes, logits, labels, weights);
    let loss = |(label, row): (&u32, &[f32])| {
        let scaled = |z: &f32| f64::from(*z) * sharpness;
        let highest = row.iter().map(scaled).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = row.iter().map(|z| (scaled(z) - highest).exp()).sum();
        weights[*label as usize] * (highest + total.ln() - scaled(&row[*label as usize]))
    };
    Some(labels.iter().zip(logits.chunks_exact(n_classes)).map(loss).sum::<f64>() / labels.len() as f64)
}

/// Whether there is a row of finite numbers for each label.
fn fits(n_classes: usize, logits: &[f32], labels: &[u32]) -> bool {
    labels.len().checked_mul(n_classes) == Some(logits.len())
        && logits.iter().all(|z| z.is_finite())
        && labels.iter().all(|label| (*label as usize) < n_classes)
}

/// `weights` by class.
fn fit(n_classes: usize, logits: &[f32], labels: &[u32], weights: &[f64]) -> Option<Calibration> {
    if !fits(n_classes, logits, labels) {
        return None;
    }
    let rows = || labels.iter().zip(logits.chunks_exact(n_classes.max(1)));
    let mistaken = |label: u32, row: &[f32]| row.get(label as usize).is_some_and(|own| row.iter().any(|z| z > own));
    let mistakes = rows().filter(|(label, row)| mistaken(**label, row)).count();
    let enough = mistakes >= LEAST_MISTAKES && labels.len() >= LEAST_IMAGES;
    let temperature = || most_likely(n_classes, logits, labels, weights);
    enough.then(|| Calibration { temperature: temperature(), images: labels.len() })
}

fn most_likely(n_classes: usize, logits: &[f32], labels: &[u32], weights: &[f64]) -> f64 {
    let rows = || labels.iter().zip(logits.chunks_exact(n_classes));
    let precision = EXPECTED_DEVIATION.powi(-2);
    let (mut low, mut high) = (1.0 / TEMPERATURES.1, 1.0 / TEMPERATURES.0);
    let mut sharpness: f64 = 1.0;
    for _ in 0..MOST_STEPS {
        // Half the squared logarithm times the precision: what the distance from 1 costs.
        let mut slope = precision * sharpness.ln() / sharpness;
        let mut curvature = precision * (1.0 - sharpness.ln()) / sharpness.powi(2);
        for (label, row) in rows() {
            let weight = weights[*label as usize];
            let (mean, variance) = moments(row, sharpness);
            slope += weight * (mean - f64::from(row[*label as usize]));
            curvature += weight * variance;
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
    1.0 / sharpness
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
