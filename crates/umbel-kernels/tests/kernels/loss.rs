//! The loss: against the oracle, at the extremes, and its count of right answers.

use umbel_kernels::loss::{categorical_crossentropy, scalar, softmax, sparse_categorical_crossentropy};

use crate::support::{assert_close, assert_gradient, random, wide};

#[test]
fn matches_the_oracle() {
    for (samples, classes) in [(1, 1), (3, 5), (32, 5), (7, 1000)] {
        let logits: Vec<f32> = random(1, samples * classes).iter().map(|x| x * 5.0).collect();
        let labels: Vec<u32> = (0..samples).map(|i| (i * 7 % classes) as u32).collect();
        let mut wanted = vec![0.0; logits.len()];
        let wanted_loss = scalar::sparse_categorical_crossentropy(classes, &wide(&logits), &labels, &mut wanted);
        let mut got = vec![f32::NAN; logits.len()];
        let sum = sparse_categorical_crossentropy(classes, &logits, &labels, 1, Some(&mut got));
        assert!((sum.loss - wanted_loss).abs() < 1e-9 * wanted_loss.abs().max(1.0));
        assert_eq!(sum.samples, samples);
        assert_close("dlogits", &got, &wanted, 1e-7);
        scalar::softmax(classes, &wide(&logits), &mut wanted);
        softmax(classes, &logits, &mut got);
        assert_close("softmax", &got, &wanted, 1e-7);
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    let (logits, labels) = (wide(&random(1, 12)), [0, 3, 1]);
    let mut gradient = vec![0.0; 12];
    scalar::sparse_categorical_crossentropy(4, &logits, &labels, &mut gradient);
    assert_gradient("dlogits", &logits, &gradient, |logits| {
        scalar::sparse_categorical_crossentropy(4, logits, &labels, &mut [0.0; 12]) / 3.0
    });
}

#[test]
fn huge_logits_neither_overflow_nor_vanish() {
    let logits = [1e30, -1e30, 0.0, 3e38, 3e38, -3e38];
    let mut probabilities = [0.0; 6];
    softmax(3, &logits, &mut probabilities);
    assert_eq!(probabilities, [1.0, 0.0, 0.0, 0.5, 0.5, 0.0]);
    let sum = sparse_categorical_crossentropy(3, &[1000.0, 0.0, -1000.0], &[2], 1, None);
    assert_eq!(sum.loss, 2000.0);
}

#[test]
fn counts_right_answers_with_the_first_of_equals() {
    let logits = [1.0, 1.0, 0.0, /**/ 1.0, 1.0, 0.0, /**/ 0.0, 2.0, 1.0];
    let sum = sparse_categorical_crossentropy(3, &logits, &[0, 1, 2], 2, None);
    assert_eq!((sum.correct, sum.correct_top_k, sum.samples), (1, 3, 3));
}

#[test]
fn a_broken_network_is_never_right() {
    let sum = sparse_categorical_crossentropy(2, &[f32::NAN; 4], &[0, 1], 1, None);
    assert_eq!(sum.correct, 0);
    assert!(sum.loss.is_nan());
}

#[test]
fn no_samples_are_no_loss() {
    assert_eq!(sparse_categorical_crossentropy(5, &[], &[], 1, None).samples, 0);
}

/// Shares that sum to something, as mixed and weighted labels do.
fn shares(samples: usize, classes: usize) -> Vec<f32> {
    random(3, samples * classes).iter().enumerate().map(|(i, x)| if i % 3 == 0 { 0.0 } else { x.abs() }).collect()
}

#[test]
fn shares_match_the_oracle() {
    for (samples, classes) in [(1, 1), (3, 5), (32, 5), (7, 1000)] {
        let logits: Vec<f32> = random(1, samples * classes).iter().map(|x| x * 5.0).collect();
        let targets = shares(samples, classes);
        let mut wanted = vec![0.0; logits.len()];
        let wanted_loss = scalar::categorical_crossentropy(classes, &wide(&logits), &wide(&targets), &mut wanted);
        let mut got = vec![f32::NAN; logits.len()];
        let sum = categorical_crossentropy(classes, &logits, &targets, 1, Some(&mut got));
        assert!((sum.loss - wanted_loss).abs() < 1e-9 * wanted_loss.abs().max(1.0));
        assert_eq!(sum.samples, samples);
        assert_close("dlogits", &got, &wanted, 1e-7);
    }
}

#[test]
fn the_oracle_of_shares_agrees_with_central_differences() {
    let (logits, targets) = (wide(&random(1, 12)), wide(&shares(3, 4)));
    let mut gradient = vec![0.0; 12];
    scalar::categorical_crossentropy(4, &logits, &targets, &mut gradient);
    assert_gradient("dlogits", &logits, &gradient, |logits| {
        scalar::categorical_crossentropy(4, logits, &targets, &mut [0.0; 12]) / 3.0
    });
}

#[test]
fn one_hot_shares_are_labels() {
    let logits = random(5, 15);
    let (labels, mut targets) = ([4u32, 0, 2], vec![0.0; 15]);
    labels.iter().enumerate().for_each(|(row, &label)| targets[row * 5 + label as usize] = 1.0);
    let (mut hard, mut soft) = (vec![0.0; 15], vec![0.0; 15]);
    let labels = sparse_categorical_crossentropy(5, &logits, &labels, 2, Some(&mut hard));
    let shares = categorical_crossentropy(5, &logits, &targets, 2, Some(&mut soft));
    assert_eq!((labels, hard), (shares, soft));
}

#[test]
fn mixed_labels_count_by_their_larger_share() {
    // Rows: the larger share wins; half and half is the first; a class without a share never counts.
    let logits = [0.0, 2.0, 1.0, /**/ 0.0, 2.0, 1.0, /**/ 9.0, 0.0, 1.0];
    let targets = [0.0, 0.6, 0.4, /**/ 0.5, 0.5, 0.0, /**/ 0.0, 0.3, 0.7];
    let sum = categorical_crossentropy(3, &logits, &targets, 2, None);
    assert_eq!((sum.correct, sum.correct_top_k, sum.samples), (1, 2, 3));
}
