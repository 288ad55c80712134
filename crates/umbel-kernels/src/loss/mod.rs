//! Softmax and categorical cross-entropy from logits, against labels or against shares of the classes.
//!
//! A batch has few logits, so this is plain code in `f64`, one sample after the other: sums that are printed as figures
//! should not depend on anything else.

pub mod scalar;

use crate::extent::volume;

/// What one batch gave: sums, not means, so that batches of different sizes add up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct LossSum {
    pub loss: f64,
    pub correct: usize,
    pub correct_top_k: usize,
    pub samples: usize,
}

/// Softmax of each row of `classes` logits; any finite logits are fine, however large.
///
/// # Panics
/// Where the slices' lengths differ or are no whole rows.
pub fn softmax(classes: usize, logits: &[f32], probabilities: &mut [f32]) {
    assert_eq!(logits.len(), probabilities.len(), "one probability per logit");
    check_rows(classes, logits);
    for (logits, probabilities) in logits.chunks(classes).zip(probabilities.chunks_mut(classes)) {
        let (max, sum) = max_and_sum(logits);
        for (&logit, probability) in logits.iter().zip(probabilities) {
            *probability = ((f64::from(logit) - max).exp() / sum) as f32;
        }
    }
}

/// Sum of the samples' losses, how many were right (first of equals wins) and right within the first `top_k`;
/// `dlogits`, where asked for, is the gradient of the *mean* loss over the batch.
///
/// # Panics
/// Where a slice has the wrong length or a label is not below `classes`.
pub fn sparse_categorical_crossentropy(
    classes: usize,
    logits: &[f32],
    labels: &[u32],
    top_k: usize,
    dlogits: Option<&mut [f32]>,
) -> LossSum {
    check_rows(classes, logits);
    assert_eq!(logits.len(), volume(&[labels.len(), classes]), "one row of logits per label");
    let mut total = LossSum { samples: labels.len(), ..LossSum::default() };
    for (logits, &label) in logits.chunks(classes).zip(labels) {
        let label = label as usize;
        assert!(label < classes, "label {label}, but there are {classes} classes");
        let (max, sum) = max_and_sum(logits);
        total.loss += sum.ln() + max - f64::from(logits[label]);
        let rank = rank(logits, label);
        total.correct += usize::from(rank == 0);
        total.correct_top_k += usize::from(rank < top_k);
    }
    if let Some(dlogits) = dlogits {
        assert_eq!(dlogits.len(), logits.len(), "one gradient per logit");
        let samples = labels.len() as f64;
        let rows = logits.chunks(classes).zip(labels).zip(dlogits.chunks_mut(classes));
        for ((logits, &label), gradients) in rows {
            let (max, sum) = max_and_sum(logits);
            for (class, (&logit, gradient)) in logits.iter().zip(gradients).enumerate() {
                let wanted = f64::from(u8::from(class == label as usize));
                *gradient = (((f64::from(logit) - max).exp() / sum - wanted) / samples) as f32;
            }
        }
    }
    total
}

/// The same against `targets`, each sample's share of every class, `[samples, classes]`, none below 0: mixed labels, smoothed
/// labels, one-hot ones. A row that sums to something else than 1 weighs its sample by that sum, while the mean is taken
/// over the samples, as Keras does with `class_weight`. A sample counts as right where the highest logit is that of its
/// largest share (of equals, the first).
///
/// # Panics
/// Where a slice has the wrong length.
pub fn categorical_crossentropy(
    classes: usize,
    logits: &[f32],
    targets: &[f32],
    top_k: usize,
    dlogits: Option<&mut [f32]>,
) -> LossSum {
    check_rows(classes, logits);
    assert_eq!(logits.len(), targets.len(), "one target per logit");
    let samples = logits.len() / classes;
    let mut total = LossSum { samples, ..LossSum::default() };
    for (logits, targets) in logits.chunks(classes).zip(targets.chunks(classes)) {
        let (max, sum) = max_and_sum(logits);
        for (&logit, &target) in logits.iter().zip(targets).filter(|(_, target)| **target != 0.0) {
            total.loss += f64::from(target) * (sum.ln() + max - f64::from(logit));
        }
        let rank = rank(logits, largest(targets));
        total.correct += usize::from(rank == 0);
        total.correct_top_k += usize::from(rank < top_k);
    }
    if let Some(dlogits) = dlogits {
        assert_eq!(dlogits.len(), logits.len(), "one gradient per logit");
        let rows = logits.chunks(classes).zip(targets.chunks(classes)).zip(dlogits.chunks_mut(classes));
        for ((logits, targets), gradients) in rows {
            let (max, sum) = max_and_sum(logits);
            let weight: f64 = targets.iter().copied().map(f64::from).sum();
            for ((&logit, &target), gradient) in logits.iter().zip(targets).zip(gradients) {
                let probability = (f64::from(logit) - max).exp() / sum;
                *gradient = ((weight * probability - f64::from(target)) / samples as f64) as f32;
            }
        }
    }
    total
}

/// Where the largest value stands, the first of equals.
fn largest(values: &[f32]) -> usize {
    (1..values.len()).fold(0, |best, index| if values[index] > values[best] { index } else { best })
}

fn check_rows(classes: usize, logits: &[f32]) {
    assert!(classes > 0 && logits.len().is_multiple_of(classes), "logits must be whole rows of {classes} classes");
}

/// The largest logit, and the sum of the exponentials of all logits less that one.
fn max_and_sum(logits: &[f32]) -> (f64, f64) {
    let max = logits.iter().fold(f32::NEG_INFINITY, |max, &x| if max > x { max } else { x });
    let max = f64::from(max);
    (max, logits.iter().map(|&x| (f64::from(x) - max).exp()).sum())
}

/// How many classes come before `label` when they are sorted by logit, equals in order. What is not a number comes first,
/// so that a network that broke down is never right.
fn rank(logits: &[f32], label: usize) -> usize {
    let own = logits[label];
    let before = logits[..label].iter().filter(|&&x| x >= own || x.is_nan() || own.is_nan()).count();
    let after = logits[label + 1..].iter().filter(|&&x| x > own || x.is_nan() || own.is_nan()).count();
    before + after
}
