//! Whether two models that answered about the same photos differ by more than chance.

use serde::Serialize;

use super::Answers;
use super::bootstrap::{DRAWS, middle};
use crate::Result;
use crate::base::random::{Purpose, Stream};

/// How the second model differs from the first, on the same photos.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct PairedDifference {
    pub images: usize,
    /// Photos that only the first, or only the second, is right about.
    pub only_first: u64,
    pub only_second: u64,
    /// Accuracy of the second − that of the first, −1 to 1, and its 95 % interval by the paired bootstrap.
    pub accuracy: f64,
    pub accuracy_interval: [f64; 2],
    /// The same of the loss (mean negative log-likelihood); below 0, the second is better.
    pub loss: f64,
    pub loss_interval: [f64; 2],
    /// Two-sided exact McNemar test of equal accuracy: see [`mcnemar`].
    pub p: f64,
}

/// Compares two models' answers about the same photos, in the same order. Fails where the labels differ; the same seed
/// gives the same intervals.
pub fn paired_difference(first: &Answers<'_>, second: &Answers<'_>, seed: u64) -> Result<PairedDifference> {
    if first.labels != second.labels {
        return Err(umbel_predict::Error::Setting {
            setting: "the labels of two models' answers".into(),
            value: format!("{} and {} photos", first.images(), second.images()),
            expected: "the same photos of the same classes, in the same order".into(),
        }
        .into());
    }
    let of = |answers: &Answers<'_>| -> Vec<(f64, f64)> {
        let rows = answers.rows().zip(answers.predicted());
        rows.map(|((label, row), predicted)| {
            (f64::from(u8::from(label == predicted)), -row[label].max(f64::MIN_POSITIVE).ln())
        })
        .collect()
    };
    let (one, two) = (of(first), of(second));
    let differences: Vec<(f64, f64)> = one.iter().zip(&two).map(|(a, b)| (b.0 - a.0, b.1 - a.1)).collect();
    let images = differences.len();
    let mean = |sum: (f64, f64)| (sum.0 / images as f64, sum.1 / images as f64);
    let add = |sum: (f64, f64), own: &(f64, f64)| (sum.0 + own.0, sum.1 + own.1);
    let (accuracy, loss) = mean(differences.iter().fold((0.0, 0.0), add));
    let draws = (0..DRAWS).map(|draw| {
        // Streams of their own: sample 0 is that of one model's intervals.
        let mut random = Stream::new(seed, Purpose::Bootstrap, draw as u64, 1);
        mean((0..images).fold((0.0, 0.0), |sum, _| add(sum, &differences[random.below(images)])))
    });
    let (accuracies, losses): (Vec<f64>, Vec<f64>) = draws.unzip();
    let only = |sign: f64| differences.iter().filter(|difference| difference.0 == sign).count() as u64;
    let (only_first, only_second) = (only(-1.0), only(1.0));
    Ok(PairedDifference {
        images,
        only_first,
        only_second,
        accuracy,
        accuracy_interval: middle(accuracies),
        loss,
        loss_interval: middle(losses),
        p: mcnemar(only_first, only_second),
    })
}

/// The exact McNemar test (1947): how likely photos that only one of two equally good models is right about are divided
/// as unevenly as this, or more so; two-sided, 0 to 1.
pub fn mcnemar(only_first: u64, only_second: u64) -> f64 {
    let (fewer, n) = (only_first.min(only_second), only_first + only_second);
    if only_first == only_second {
        return 1.0;
    }
    // ln of n over `fewer`, halved n times: the largest term; the others follow from it, each smaller than the last.
    let ln: f64 = (0..fewer).map(|k| ((n - k) as f64).ln() - ((k + 1) as f64).ln()).sum();
    let largest = (ln - n as f64 * std::f64::consts::LN_2).exp();
    let (mut term, mut sum) = (1.0, 1.0);
    for k in (1..=fewer).rev() {
        term *= k as f64 / (n - k + 1) as f64;
        sum += term;
    }
    (2.0 * largest * sum).min(1.0)
}

/// Holm's correction (1979): the p values of several comparisons, each raised so that all may be held to one limit.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let (mut corrected, mut least) = (vec![1.0; p.len()], 0.0f64);
    for (place, index) in order.into_iter().enumerate() {
        least = least.max(p[index] * (p.len() - place) as f64).min(1.0);
        corrected[index] = least;
    }
    corrected
}
