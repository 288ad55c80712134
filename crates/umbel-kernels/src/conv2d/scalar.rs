//! The oracle: one loop per axis, generic over the float type so that tests can run it in `f64`.

use num_traits::Float;

use super::Conv2dShape;
use crate::FusedActivation;

/// `y = activation(conv(x, w) + bias)`.
pub fn forward<T: Float>(
    shape: &Conv2dShape,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    activation: FusedActivation,
    y: &mut [T],
) {
    for (i, y) in y.iter_mut().enumerate() {
        *y = bias.map_or(T::zero(), |bias| bias[i % shape.channels_out]);
    }
    for_each_product(shape, |x_index, w_index, y_index| {
        y[y_index] = y[y_index] + x[x_index] * w[w_index];
    });
    for y in y {
        *y = activation.apply(*y);
    }
}

/// `pooled = max_pool_2x2(activation(conv(x, w) + bias))` and which of the four was taken, see
/// [`forward_pool`](super::forward_pool).
#[allow(clippy::too_many_arguments)]
pub fn forward_pool<T: Float>(
    shape: &Conv2dShape,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    activation: FusedActivation,
    pooled: &mut [T],
    choice: &mut [u8],
) {
    let mut full = vec![T::zero(); shape.y_len()];
    forward(shape, x, w, bias, FusedActivation::Linear, &mut full);
    for_each_pooled(shape, |pooled_index, window| {
        let mut best = 0;
        for k in 1..4 {
            if full[window[k]] > full[window[best]] {
                best = k;
            }
        }
        let max = full[window[best]];
        pooled[pooled_index] = activation.apply(max);
        choice[pooled_index] = if activation.passes(activation.apply(max)) { best as u8 } else { 4 };
    });
}

/// The gradient before the activation, from the one after it and the output.
pub fn masked_gradient<T: Float>(dy: &[T], y: &[T], activation: FusedActivation) -> Vec<T> {
    dy.iter().zip(y).map(|(&dy, &y)| if activation.passes(y) { dy } else { T::zero() }).collect()
}

/// The gradient of the whole convolution's output, from that of the pooled one.
pub fn unpooled_gradient<T: Float>(shape: &Conv2dShape, dy: &[T], choice: &[u8]) -> Vec<T> {
    let mut full = vec![T::zero(); shape.y_len()];
    for_each_pooled(shape, |pooled_index, window| {
        if let Some(&index) = window.get(usize::from(choice[pooled_index])) {
            full[index] = dy[pooled_index];
        }
    });
    full
}

/// Gradients of the bare convolution; `dy` is the gradient before the activation.
pub fn backward<T: Float>(shape: &Conv2dShape, x: &[T], w: &[T], dy: &[T], dx: &mut [T], dw: &mut [T], db: &mut [T]) {
    for d in dx.iter_mut().chain(dw.iter_mut()).chain(db.iter_mut()) {
        *d = T::zero();
    }
    for (i, &dy) in dy.iter().enumerate() {
        db[i % shape.channels_out] = db[i % shape.channels_out] + dy;
    }
    for_each_product(shape, |x_index, w_index, y_index| {
        dx[x_index] = dx[x_index] + dy[y_index] * w[w_index];
        dw[w_index] = dw[w_index] + dy[y_index] * x[x_index];
    });
}

/// Calls `f` with the indices into x, w and y of every product that the convolution sums.
fn for_each_product(shape: &Conv2dShape, mut f: impl FnMut(usize, usize, usize)) {
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
                        for ci in 0..s.channels_in {
                            for co in 0..s.channels_out {
                                f(
                                    ((n * s.height + row) * s.width + column) * s.channels_in + ci,
                                    ((ky * s.kernel.1 + kx) * s.channels_in + ci) * s.channels_out + co,
                                    ((n * s.out_height + i) * s.out_width + j) * s.channels_out + co,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Calls `f` with the index of every pooled element and the indices of the four that it is taken from.
fn for_each_pooled(shape: &Conv2dShape, mut f: impl FnMut(usize, [usize; 4])) {
    let s = *shape;
    let (rows, columns) = (s.out_height / 2, s.out_width / 2);
    for n in 0..s.batch {
        for i in 0..rows {
            for j in 0..columns {
                for c in 0..s.channels_out {
                    let window = [(0, 0), (0, 1), (1, 0), (1, 1)]
                        .map(|(a, b)| ((n * s.out_height + 2 * i + a) * s.out_width + 2 * j + b) * s.channels_out + c);
                    f(((n * rows + i) * columns + j) * s.channels_out + c, window);
                }
            }
        }
    }
}
