//! The oracle: one line each.

use num_traits::Float;

use super::GateShape;
use crate::FusedActivation;

/// `y = activation(a + b)`.
pub fn add<T: Float>(a: &[T], b: &[T], activation: FusedActivation, y: &mut [T]) {
    for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
        *y = activation.apply(a + b);
    }
}

/// The gradient of either summand.
pub fn add_backward<T: Float>(y: &[T], activation: FusedActivation, dy: &[T], d: &mut [T]) {
    for ((d, &y), &dy) in d.iter_mut().zip(y).zip(dy) {
        *d = if activation.passes(y) { dy } else { T::zero() };
    }
}

/// `y[n, ..] = x[n, ..] · factors[n]`.
pub fn scale_samples<T: Float>(factors: &[T], x: &[T], y: &mut [T]) {
    let sample_len = y.len() / factors.len().max(1);
    for (i, (y, &x)) in y.iter_mut().zip(x).enumerate() {
        *y = x * factors[i / sample_len];
    }
}

/// `y[n, p, c] = x[n, p, c] · gates[n, c]`.
pub fn gate<T: Float>(shape: &GateShape, x: &[T], gates: &[T], y: &mut [T]) {
    for (i, (y, &x)) in y.iter_mut().zip(x).enumerate() {
        *y = x * gates[gate_of(shape, i)];
    }
}

/// Gradients of [`gate`].
pub fn gate_backward<T: Float>(shape: &GateShape, x: &[T], gates: &[T], dy: &[T], dx: &mut [T], d_gates: &mut [T]) {
    d_gates.fill(T::zero());
    for i in 0..x.len() {
        let gate = gate_of(shape, i);
        dx[i] = dy[i] * gates[gate];
        d_gates[gate] = d_gates[gate] + dy[i] * x[i];
    }
}

fn gate_of(shape: &GateShape, i: usize) -> usize {
    i / (shape.pixels * shape.channels) * shape.channels + i % shape.channels
}
