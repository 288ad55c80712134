//! What a training step is told to answer.

use crate::nn::{LossSum, categorical_crossentropy, sparse_categorical_crossentropy};

/// One class for each picture, or each picture's share of every class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Targets<'a> {
    /// `[n]`, each below the number of classes.
    Labels(&'a [u32]),
    /// `[n, classes]`: smoothed, mixed or weighted labels. A row's sum is the weight of its picture in the loss.
    Shares(&'a [f32]),
}

impl<'a, L: AsRef<[u32]> + ?Sized> From<&'a L> for Targets<'a> {
    fn from(labels: &'a L) -> Self {
        Targets::Labels(labels.as_ref())
    }
}

impl Targets<'_> {
    /// Holds them to `n` pictures of so many classes.
    ///
    /// # Panics
    /// Where they are not.
    pub fn check(&self, n: usize, classes: usize) {
        match self {
            Targets::Labels(labels) => {
                assert!(labels.len() == n, "{} labels came with {n} pictures", labels.len());
                if let Some(label) = labels.iter().find(|&&label| label as usize >= classes) {
                    panic!("label {label} came to a model with {classes} outputs");
                }
            }
            Targets::Shares(shares) => {
                let came = shares.len();
                assert!(came == n * classes, "{came} shares came with {n} pictures of {classes} classes");
                assert!(shares.iter().all(|share| *share >= 0.0), "a share is below 0");
            }
        }
    }

    /// Sums of loss and hits, and the gradient of the mean loss where it is asked for.
    ///
    /// # Panics
    /// Where [`Targets::check`] would.
    pub fn loss(&self, classes: usize, logits: &[f32], top_k: usize, gradient: Option<&mut [f32]>) -> LossSum {
        match self {
            Targets::Labels(labels) => sparse_categorical_crossentropy(classes, logits, labels, top_k, gradient),
            Targets::Shares(shares) => categorical_crossentropy(classes, logits, shares, top_k, gradient),
        }
    }
}
