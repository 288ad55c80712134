//! The oracle: one loop per axis.

use num_traits::Float;

use super::DenseShape;
use crate::FusedActivation;

/// `y = activation(x · w + bias)`.
pub fn forward<T: Float>(
    shape: &DenseShape,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    activation: FusedActivation,
    y: &mut [T],
) {
    for n in 0..shape.batch {
        for o in 0..shape.outputs {
            let start = bias.map_or(T::zero(), |bias| bias[o]);
            let sum = (0..shape.inputs).fold(start, |sum, i| sum + x[n * shape.inputs + i] * w[i * shape.outputs + o]);
            y[n * shape.outputs + o] = activation.apply(sum);
        }
    }
}

/// Gradients of [`forward`]; `dy` is masked in place, as in [`backward`](super::backward).
#[allow(clippy::too_many_arguments)]
pub fn backward<T: Float>(
    shape: &DenseShape,
    x: &[T],
    w: &[T],
    y: &[T],
    activation: FusedActivation,
    dy: &mut [T],
    dx: &mut [T],
    dw: &mut [T],
    db: &mut [T],
) {
    for d in dx.iter_mut().chain(dw.iter_mut()).chain(db.iter_mut()) {
        *d = T::zero();
    }
    for (dy, &y) in dy.iter_mut().zip(y) {
        if !activation.passes(y) {
            *dy = T::zero();
        }
    }
    for n in 0..shape.batch {
        for o in 0..shape.outputs {
            let d = dy[n * shape.outputs + o];
            db[o] = db[o] + d;
            for i in 0..shape.inputs {
                let (at_x, at_w) = (n * shape.inputs + i, i * shape.outputs + o);
                dw[at_w] = dw[at_w] + x[at_x] * d;
                dx[at_x] = dx[at_x] + w[at_w] * d;
            }
        }
    }
}
