//! The oracle: one loop per axis, generic over the float type so that tests can run it in `f64`.

use num_traits::Float;

use super::DepthwiseShape;
use crate::FusedActivation;

/// `y = activation(conv(x, w) + bias)`, each channel by itself.
pub fn forward<T: Float>(
    shape: &DepthwiseShape,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    activation: FusedActivation,
    y: &mut [T],
) {
    for (i, y) in y.iter_mut().enumerate() {
        *y = bias.map_or(T::zero(), |bias| bias[i % shape.channels]);
    }
    for_each_product(shape, |x_index, w_index, y_index| {
        y[y_index] = y[y_index] + x[x_index] * w[w_index];
    });
    for y in y {
        *y = activation.apply(*y);
    }
}

/// Gradients of the bare convolution; `dy` is the gradient before the activation.
pub fn backward<T: Float>(
    shape: &DepthwiseShape,
    x: &[T],
    w: &[T],
    dy: &[T],
    dx: &mut [T],
    dw: &mut [T],
    db: &mut [T],
) {
    for d in dx.iter_mut().chain(dw.iter_mut()).chain(db.iter_mut()) {
        *d = T::zero();
    }
    for (i, &dy) in dy.iter().enumerate() {
        db[i % shape.channels] = db[i % shape.channels] + dy;
    }
    for_each_product(shape, |x_index, w_index, y_index| {
        dx[x_index] = dx[x_index] + dy[y_index] * w[w_index];
        dw[w_index] = dw[w_index] + dy[y_index] * x[x_index];
    });
}

/// Calls `f` with the indices into x, w and y of every product that the convolution sums.
fn for_each_product(shape: &DepthwiseShape, mut f: impl FnMut(usize, usize, usize)) {
    let s = *shape;
    for n in 0..s.batch {
        for i in 0..s.out_height {
            for j in 0..s.out_width {
                for ky in 0..s.kernel.0 {
                    for kx in 0..s.kernel.1 {
                        let row = (i * s.stride.0 + ky).wrapping_sub(s.pad.0);
                        let column = (j * s.stride.1 + kx).wrapping_sub(s.pad.1);
                        if row >= s.height || column >= s.width {
                            continue;
                        }
                        for c in 0..s.channels {
                            f(
                                ((n * s.height + row) * s.width + column) * s.channels + c,
                                (ky * s.kernel.1 + kx) * s.channels + c,
                                ((n * s.out_height + i) * s.out_width + j) * s.channels + c,
                            );
                        }
                    }
                }
            }
        }
    }
}
