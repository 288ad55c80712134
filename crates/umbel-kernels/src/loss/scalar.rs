//! The oracle: the formulas, in one float type throughout.

use num_traits::Float;

/// Softmax of each row.
pub fn softmax<T: Float>(classes: usize, logits: &[T], probabilities: &mut [T]) {
    crate::activation::scalar::forward(crate::Activation::Softmax, classes, logits, probabilities);
}

/// Sum of the samples' losses; `dlogits` gets the gradient of the mean.
pub fn sparse_categorical_crossentropy<T: Float>(classes: usize, logits: &[T], labels: &[u32], dlogits: &mut [T]) -> T {
    softmax(classes, logits, dlogits);
    let samples = T::from(labels.len()).expect("every float type holds small numbers");
    let mut loss = T::zero();
    for ((logits, &label), d) in logits.chunks(classes).zip(labels).zip(dlogits.chunks_mut(classes)) {
        let label = label as usize;
        let max = logits.iter().fold(T::neg_infinity(), |max, &x| max.max(x));
        let sum = logits.iter().fold(T::zero(), |sum, &x| sum + (x - max).exp());
        loss = loss + sum.ln() + max - logits[label];
        d[label] = d[label] - T::one();
        for d in d {
            *d = *d / samples;
        }
    }
    loss
}

/// Sum of the samples' losses against shares of the classes; `dlogits` gets the gradient of the mean.
pub fn categorical_crossentropy<T: Float>(classes: usize, logits: &[T], targets: &[T], dlogits: &mut [T]) -> T {
    softmax(classes, logits, dlogits);
    let samples = T::from(logits.len() / classes).expect("every float type holds small numbers");
    let mut loss = T::zero();
    for ((logits, targets), d) in logits.chunks(classes).zip(targets.chunks(classes)).zip(dlogits.chunks_mut(classes)) {
        let max = logits.iter().fold(T::neg_infinity(), |max, &x| max.max(x));
        let sum = logits.iter().fold(T::zero(), |sum, &x| sum + (x - max).exp());
        let weight = targets.iter().fold(T::zero(), |sum, &target| sum + target);
        for ((&logit, &target), d) in logits.iter().zip(targets).zip(d) {
            loss = loss + target * (sum.ln() + max - logit);
            *d = (weight * *d - target) / samples;
        }
    }
    loss
}
