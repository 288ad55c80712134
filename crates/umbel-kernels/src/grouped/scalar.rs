//! The oracle: one loop per axis, generic over the float type so that tests can run it in `f64`.

use num_traits::Float;

use super::GroupedShape;
use crate::FusedActivation;

/// `y = activation(conv(x, w) + bias)`, each group by itself.
pub fn forward<T: Float>(
    shape: &GroupedShape,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    activation: FusedActivation,
    y: &mut [T],
) {
    for (i, y) in y.iter_mut().enumerate() {
        *y = bias.map_or(T::zero(), |bias| bias[i % shape.conv.channels_out]);
    }
    for_each_product(shape, |x_index, w_index, y_index| {
        y[y_index] = y[y_index] + x[x_index] * w[w_index];
    });
    for y in y {
        *y = activation.apply(*y);
    }
}

/// Gradients of the bare convolution; `dy` is the gradient before the activation.
pub fn backward<T: Float>(shape: &GroupedShape, x: &[T], w: &[T], dy: &[T], dx: &mut [T], dw: &mut [T], db: &mut [T]) {
    for d in dx.iter_mut().chain(dw.iter_mut()).chain(db.iter_mut()) {
        *d = T::zero();
    }
    for (i, &dy) in dy.iter().enumerate() {
        db[i % shape.conv.channels_out] = db[i % shape.conv.channels_out] + dy;
    }
    for_each_product(shape, |x_index, w_index, y_index| {
        dx[x_index] = dx[x_index] + dy[y_index] * w[w_index];
        dw[w_index] = dw[w_index] + dy[y_index] * x[x_index];
    });
}

/// Calls `f` with the indices into x, w and y of every product that the convolution sums.
fn for_each_product(shape: &GroupedShape, mut f: impl FnMut(usize, usize, usize)) {
    let s = shape.conv;
    let (inputs, outputs) = (s.channels_in / shape.groups, s.channels_out / shape.groups);
    for pixel in 0..s.batch * s.out_height * s.out_width {
        let (n, i, j) = (pixel / (s.out_height * s.out_width), pixel / s.out_width % s.out_height, pixel % s.out_width);
        for tap in 0..s.kernel.0 * s.kernel.1 {
            let row = (i * s.stride.0 + tap / s.kernel.1).wrapping_sub(s.pad.0);
            let column = (j * s.stride.1 + tap % s.kernel.1).wrapping_sub(s.pad.1);
            if row >= s.height || column >= s.width {
                continue;
            }
            for co in 0..s.channels_out {
                for input in 0..inputs {
                    let ci = co / outputs * inputs + input;
                    f(
                        ((n * s.height + row) * s.width + column) * s.channels_in + ci,
                        (tap * inputs + input) * s.channels_out + co,
                        pixel * s.channels_out + co,
                    );
                }
            }
        }
    }
}
