//! Softmax and sparse categorical cross-entropy from logits.

/// What one batch gave: sums, not means, so that batches of different sizes add up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct LossSum {
    pub loss: f64,
    pub correct: usize,
    pub correct_top_k: usize,
    pub samples: usize,
}

/// Softmax of each row of `classes` logits.
pub fn softmax(classes: usize, logits: &[f32], probabilities: &mut [f32]) {
    todo!()
}

/// Sum of the samples' losses, how many were right (first of equals wins) and right within the first `top_k`;
/// `dlogits`, where asked for, is the gradient of the *mean* loss over the batch.
pub fn sparse_categorical_crossentropy(
    classes: usize,
    logits: &[f32],
    labels: &[u32],
    top_k: usize,
    dlogits: Option<&mut [f32]>,
) -> LossSum {
    todo!()
}
