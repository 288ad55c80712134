//! The oracle: mean, variance and gradients row by row.

use num_traits::Float;

use super::LayerNormShape;

fn number<T: Float>(x: f64) -> T {
    T::from(x).expect("every float type holds small numbers")
}

/// A row's mean, and the inverse of its deviation.
fn statistics<T: Float>(shape: &LayerNormShape, x: &[T]) -> (T, T) {
    let channels: T = number(shape.channels as f64);
    let mean = x.iter().fold(T::zero(), |sum, &x| sum + x) / channels;
    let variance = x.iter().fold(T::zero(), |sum, &x| sum + (x - mean) * (x - mean)) / channels;
    (mean, T::one() / (variance + number(f64::from(shape.epsilon))).sqrt())
}

/// See [`forward`](super::forward).
pub fn forward<T: Float>(shape: &LayerNormShape, x: &[T], gamma: &[T], beta: &[T], y: &mut [T]) {
    for (x, y) in x.chunks(shape.channels).zip(y.chunks_mut(shape.channels)) {
        let (mean, inverse_deviation) = statistics(shape, x);
        for (c, y) in y.iter_mut().enumerate() {
            *y = (x[c] - mean) * inverse_deviation * gamma[c] + beta[c];
        }
    }
}

/// See [`backward`](super::backward).
pub fn backward<T: Float>(
    shape: &LayerNormShape,
    x: &[T],
    gamma: &[T],
    dy: &[T],
    dx: &mut [T],
    dgamma: &mut [T],
    dbeta: &mut [T],
) {
    let channels: T = number(shape.channels as f64);
    dgamma.fill(T::zero());
    dbeta.fill(T::zero());
    let rows = x.chunks(shape.channels).zip(dy.chunks(shape.channels)).zip(dx.chunks_mut(shape.channels));
    for ((x, dy), dx) in rows {
        let (mean, inverse_deviation) = statistics(shape, x);
        let normal = |c: usize| (x[c] - mean) * inverse_deviation;
        let (mut sum, mut weighted) = (T::zero(), T::zero());
        for (c, &dy) in dy.iter().enumerate() {
            dgamma[c] = dgamma[c] + dy * normal(c);
            dbeta[c] = dbeta[c] + dy;
            sum = sum + dy * gamma[c];
            weighted = weighted + dy * gamma[c] * normal(c);
        }
        for (c, dx) in dx.iter_mut().enumerate() {
            *dx = inverse_deviation * (dy[c] * gamma[c] - sum / channels - normal(c) * weighted / channels);
        }
    }
}
