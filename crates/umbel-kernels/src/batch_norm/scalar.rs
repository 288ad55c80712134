//! The oracle: mean, variance and gradients channel by channel.

use num_traits::Float;

use super::BatchNormShape;

fn number<T: Float>(x: f64) -> T {
    T::from(x).expect("every float type holds small numbers")
}

/// See [`forward_training`](super::forward_training).
#[allow(clippy::too_many_arguments)]
pub fn forward_training<T: Float>(
    shape: &BatchNormShape,
    momentum: f32,
    x: &[T],
    gamma: &[T],
    beta: &[T],
    y: &mut [T],
    mean: &mut [T],
    inverse_deviation: &mut [T],
    moving_mean: &mut [T],
    moving_variance: &mut [T],
) {
    let channels = shape.channels;
    let rows: T = number(shape.rows as f64);
    let keep: T = number(f64::from(momentum));
    for c in 0..channels {
        let column = || x.iter().skip(c).step_by(channels);
        mean[c] = column().fold(T::zero(), |sum, &x| sum + x) / rows;
        let variance = column().fold(T::zero(), |sum, &x| sum + (x - mean[c]) * (x - mean[c])) / rows;
        inverse_deviation[c] = T::one() / (variance + number(f64::from(shape.epsilon))).sqrt();
        moving_mean[c] = moving_mean[c] * keep + mean[c] * (T::one() - keep);
        moving_variance[c] = moving_variance[c] * keep + variance * (T::one() - keep);
    }
    for (i, (&x, y)) in x.iter().zip(y).enumerate() {
        let c = i % channels;
        *y = shape.activation.apply((x - mean[c]) * inverse_deviation[c] * gamma[c] + beta[c]);
    }
}

/// See [`forward_inference`](super::forward_inference).
pub fn forward_inference<T: Float>(
    shape: &BatchNormShape,
    x: &[T],
    gamma: &[T],
    beta: &[T],
    moving_mean: &[T],
    moving_variance: &[T],
    y: &mut [T],
) {
    for (i, (&x, y)) in x.iter().zip(y).enumerate() {
        let c = i % shape.channels;
        let deviation = (moving_variance[c] + number(f64::from(shape.epsilon))).sqrt();
        *y = shape.activation.apply((x - moving_mean[c]) / deviation * gamma[c] + beta[c]);
    }
}

/// See [`backward`](super::backward); `dy` is the gradient before the activation.
#[allow(clippy::too_many_arguments)]
pub fn backward<T: Float>(
    shape: &BatchNormShape,
    x: &[T],
    gamma: &[T],
    mean: &[T],
    inverse_deviation: &[T],
    dy: &[T],
    dx: &mut [T],
    dgamma: &mut [T],
    dbeta: &mut [T],
) {
    let channels = shape.channels;
    let rows: T = number(shape.rows as f64);
    dgamma.fill(T::zero());
    dbeta.fill(T::zero());
    for (i, (&x, &dy)) in x.iter().zip(dy).enumerate() {
        let c = i % channels;
        dgamma[c] = dgamma[c] + dy * (x - mean[c]) * inverse_deviation[c];
        dbeta[c] = dbeta[c] + dy;
    }
    for (i, dx) in dx.iter_mut().enumerate() {
        let c = i % channels;
        let normal = (x[i] - mean[c]) * inverse_deviation[c];
        let centred = dy[i] - dbeta[c] / rows - normal * dgamma[c] / rows;
        *dx = gamma[c] * inverse_deviation[c] * centred;
    }
}
