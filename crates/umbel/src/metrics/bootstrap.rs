//! How much the figures owe to which photos happened to be measured on: Wilson's interval of the accuracy, percentile intervals of
//! the bootstrap for all others.
//!
//! Drawn anew from photos without a mistake, every draw is without one, too: the bootstrap would say 100 to 100 % of ten photos.
//! Wilson's interval (1927) says 72 to 100 %, holds what it says from few photos and at both ends, and lies where the bootstrap's does
//! where photos are many.

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

/// Wilson's interval of the accuracy, and of the others percentile intervals (Efron, 1979) from 1,000 draws with replacement; the
/// same seed gives the same intervals. Where all draws agree on a mean over the classes, it is Wilson's too, of as many photos as
/// tell the mean of the recalls as surely.
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
    let [_, balanced_accuracy, macro_f1, loss] = draws.map(middle);
    let whole = Confusion::new(answers);
    let accuracy = wilson(whole.accuracy(), images as f64);
    let effective = effective_images(&whole);
    let [balanced_accuracy, macro_f1] =
        [balanced_accuracy, macro_f1].map(|[low, high]| if low < high { [low, high] } else { wilson(low, effective) });
    Intervals { accuracy, balanced_accuracy, macro_f1, loss }
}

/// The bound of a standard normal variable's middle [`SHARE`].
const NORMAL: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval of a share that was seen of so many.
pub fn wilson(share: f64, of: f64) -> [f64; 2] {
    let square = NORMAL * NORMAL;
    let middle = share + square / (2.0 * of);
    let half = NORMAL * (share * (1.0 - share) / of + square / (4.0 * of * of)).sqrt();
    [middle - half, middle + half].map(|bound| (bound / (1.0 + square / of)).clamp(0.0, 1.0))
}

/// Photos that would tell one share as surely as those of every class tell the mean of their recalls.
fn effective_images(confusion: &Confusion) -> f64 {
    let supports = confusion.rows().iter().map(|row| row.iter().sum::<u64>()).filter(|support| *support > 0);
    let (classes, inverse) = supports.fold((0.0, 0.0), |(classes, sum), own| (classes + 1.0, sum + 1.0 / own as f64));
    classes * classes / inverse
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
