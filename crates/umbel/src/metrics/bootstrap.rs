//! How much the figures owe to which photos happened to be measured on: percentile intervals of the bootstrap.

use serde::{Deserialize, Serialize};

use super::{Answers, Confusion};
use crate::base::random::{Purpose, Stream};

/// How often the photos are drawn anew.
pub(super) const DRAWS: usize = 1000;
/// The share of the draws that an interval holds.
const SHARE: f64 = 0.95;

/// 95 % intervals, each `[low, high]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Intervals {
    pub accuracy: [f64; 2],
    pub balanced_accuracy: [f64; 2],
    pub macro_f1: [f64; 2],
    pub loss: [f64; 2],
}

/// Percentile intervals (Efron, 1979) from 1,000 draws with replacement; the same seed gives the same intervals.
pub fn intervals(answers: &Answers<'_>, seed: u64) -> Intervals {
    let images = answers.images();
    let photos: Vec<(usize, usize, f64)> = answers
        .rows()
        .zip(answers.predicted())
        .map(|((label, row), predicted)| (label, predicted, -row[label].max(f64::MIN_POSITIVE).ln()))
        .collect();
    let mut counts = Confusion::empty(answers.n_classes());
    let mut draws: [Vec<f64>; 4] = Default::default();
    for draw in 0..DRAWS {
        let mut random = Stream::new(seed, Purpose::Bootstrap, draw as u64, 0);
        let mut loss = 0.0;
        counts.clear();
        for _ in 0..images {
            let (label, predicted, own) = photos[random.below(images)];
            counts.add(label, predicted);
            loss += own;
        }
        let figures = [counts.accuracy(), counts.balanced_accuracy(), counts.macro_means().f1, loss / images as f64];
        draws.iter_mut().zip(figures).for_each(|(draws, figure)| draws.push(figure));
    }
    let [accuracy, balanced_accuracy, macro_f1, loss] = draws.map(middle);
    Intervals { accuracy, balanced_accuracy, macro_f1, loss }
}

/// The bounds of the middle [`SHARE`], interpolated linearly between draws.
pub(super) fn middle(mut draws: Vec<f64>) -> [f64; 2] {
    draws.sort_by(f64::total_cmp);
    [(1.0 - SHARE) / 2.0, (1.0 + SHARE) / 2.0].map(|share| {
        let place = share * (draws.len() - 1) as f64;
        let (below, above) = (draws[place.floor() as usize], draws[place.ceil() as usize]);
        below + (above - below) * place.fract()
    })
}
