//! The oracle: the update rules as Keras writes them.

use num_traits::Float;

use super::{AdamStep, SgdStep};

fn number<T: Float>(x: f32) -> T {
    T::from(x).expect("every float type holds a float")
}

/// One step of Adam.
pub fn adam<T: Float>(options: &AdamStep, weights: &mut [T], gradient: &[T], m: &mut [T], v: &mut [T]) {
    let (lr, beta_1, beta_2): (T, T, T) =
        (number(options.learning_rate), number(options.beta_1), number(options.beta_2));
    let one = T::one();
    let step = options.step as i32;
    let alpha = lr * (one - beta_2.powi(step)).sqrt() / (one - beta_1.powi(step));
    for i in 0..weights.len() {
        let g = gradient[i];
        weights[i] = weights[i] - weights[i] * number(options.weight_decay) * lr;
        m[i] = m[i] + (g - m[i]) * (one - beta_1);
        v[i] = v[i] + (g * g - v[i]) * (one - beta_2);
        weights[i] = weights[i] - m[i] * alpha / (v[i].sqrt() + number(options.epsilon));
    }
}

/// One step of stochastic gradient descent; `velocity` may be empty where momentum is 0.
pub fn sgd<T: Float>(options: &SgdStep, weights: &mut [T], gradient: &[T], velocity: &mut [T]) {
    let (lr, momentum): (T, T) = (number(options.learning_rate), number(options.momentum));
    for i in 0..weights.len() {
        let g = gradient[i];
        let w = weights[i] - weights[i] * number(options.weight_decay) * lr;
        weights[i] = if velocity.is_empty() {
            w - lr * g
        } else {
            velocity[i] = momentum * velocity[i] - lr * g;
            if options.nesterov { w + momentum * velocity[i] - lr * g } else { w + velocity[i] }
        };
    }
}
