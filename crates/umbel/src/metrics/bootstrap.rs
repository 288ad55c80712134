//! How much the figures owe to which photos happened to be measured on: Wilson's interval of the accuracy, percentile intervals of
//! the bootstrap for all others.
//!
//! Drawn anew from photos without a mistake, every draw is without one, too: the bootstrap would say 100 to 100 % of ten photos.
//! Wilson's interval (1927) says 72 to 100 %, holds what it says from few photos and at both ends, and lies where the bootstrap's does
//! where photos are many.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answers;
use super::tally::Tally;
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
    // A draw costs as much as there are photos and classes, and depends on no other: in whatever order they come, they are the same.
    let draw_anew = |counts: &mut Tally, draw: usize| {
        let mut random = Stream::new(seed, Purpose::Bootstrap, draw as u64, 0);
        let mut loss = 0.0;
        counts.clear();
        for _ in 0..images {
            let (label, predicted, own) = photos[random.below(images)];
            counts.add(label, predicted, 1);
            loss += own;
        }
        [counts.balanced_accuracy(), counts.macro_f1(), loss / images as f64]
    };
    let draws = (0..DRAWS).into_par_iter();
    let draws: Vec<[f64; 3]> = draws.map_init(|| Tally::empty(answers.n_classes()), draw_anew).collect();
    let figures = [0, 1, 2].map(|figure: usize| draws.iter().map(|draw| draw[figure]).collect());
    let [balanced_accuracy, macro_f1, loss] = figures.map(middle);
    let mut whole = Tally::empty(answers.n_classes());
    photos.iter().for_each(|(label, predicted, _)| whole.add(*label, *predicted, 1));
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
fn effective_images(whole: &Tally) -> f64 {
    let supports = whole.supports().filter(|support| *support > 0);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Confusion;

    /// By a matrix for each draw, as it was once computed: classes squared for each of a thousand draws.
    fn slowly(answers: &Answers<'_>, seed: u64) -> [[f64; 2]; 3] {
        let (images, n) = (answers.images(), answers.n_classes());
        let photos: Vec<(usize, usize, f64)> = answers
            .rows()
            .zip(answers.predicted())
            .map(|((label, row), predicted)| (label, predicted, -row[label].max(f64::MIN_POSITIVE).ln()))
            .collect();
        let ratio = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let mut draws: [Vec<f64>; 3] = Default::default();
        for draw in 0..DRAWS {
            let mut random = Stream::new(seed, Purpose::Bootstrap, draw as u64, 0);
            let (mut counts, mut loss) = (vec![vec![0u64; n]; n], 0.0);
            for _ in 0..images {
                let (label, predicted, own) = photos[random.below(images)];
                counts[label][predicted] += 1;
                loss += own;
            }
            let support = |class: usize| counts[class].iter().sum::<u64>();
            let said = |class: usize| counts.iter().map(|row| row[class]).sum::<u64>();
            let mean = |weight: &dyn Fn(usize) -> u64, value: &dyn Fn(usize) -> f64| {
                let total = (0..n).map(weight).sum::<u64>() as f64;
                (0..n).fold(0.0, |mean, class| mean + weight(class) as f64 / total * value(class))
            };
            let recall = |class: usize| ratio(counts[class][class], support(class));
            let f1 = |class: usize| ratio(2 * counts[class][class], said(class) + support(class));
            draws[0].push(mean(&|class| u64::from(support(class) > 0), &recall));
            draws[1].push(mean(&|class| u64::from(said(class) + support(class) > 0), &f1));
            draws[2].push(loss / images as f64);
        }
        draws.map(middle)
    }

    #[test]
    fn intervals_are_to_the_last_bit_what_a_matrix_for_each_draw_gives() {
        let mut random = Stream::new(9, Purpose::Demo, 0, 0);
        for (classes, photos) in [(3, 40), (12, 90)] {
            let labels: Vec<u32> = (0..photos).map(|_| random.below(classes) as u32).collect();
            let rows: Vec<f64> = (0..photos * classes).map(|_| f64::from(random.uniform())).collect();
            let answers = Answers::new(&labels, &rows, classes).unwrap();
            let Intervals { balanced_accuracy, macro_f1, loss, .. } = intervals(&answers, 5);
            assert_eq!([balanced_accuracy, macro_f1, loss], slowly(&answers, 5), "{classes} classes");
            assert_eq!(Confusion::new(&answers).macro_means().f1, Confusion::new(&answers).tally().macro_f1());
        }
    }
}
