//! Pooling: windows, strides and paddings, ties, and gradients.

use umbel_kernels::Isa;
use umbel_kernels::pool::{self, PoolShape, scalar};

use crate::support::{assert_close, assert_gradient, dirty, dot, pick, random, wide};

fn shape(batch: usize, size: (usize, usize), channels: usize, window: usize, stride: usize, same: bool) -> PoolShape {
    let axis = |size: usize| {
        if same {
            let out = size.div_ceil(stride);
            (out, ((out - 1) * stride + window).saturating_sub(size) / 2)
        } else {
            ((size + 1).saturating_sub(window).div_ceil(stride), 0)
        }
    };
    let ((out_height, top), (out_width, left)) = (axis(size.0), axis(size.1));
    PoolShape {
        batch,
        height: size.0,
        width: size.1,
        channels,
        window: (window, window),
        stride: (stride, stride),
        pad: (top, left),
        out_height,
        out_width,
    }
}

fn shapes() -> Vec<PoolShape> {
    let mut shapes =
        vec![shape(2, (8, 8), 16, 2, 2, false), shape(1, (1, 1), 1, 2, 2, true), shape(1, (15, 15), 3, 15, 15, false)];
    for seed in 0..60 {
        let at = |what: u64, low, high| pick(seed * 100 + what, low, high);
        let window = at(0, 1, 4);
        let size = (at(1, window, 12), at(2, window, 12));
        let channels = [1, 3, 5, 16, 17, 33, 64][at(3, 0, 6)];
        shapes.push(shape(at(4, 1, 3), size, channels, window, at(5, 1, 3), at(6, 0, 1) == 0));
    }
    shapes
}

fn lens(s: &PoolShape) -> (usize, usize) {
    (s.batch * s.height * s.width * s.channels, s.batch * s.out_height * s.out_width * s.channels)
}

#[test]
fn max_matches_the_oracle() {
    for s in shapes() {
        let (x_len, y_len) = lens(&s);
        // Coarse values, so that there are ties.
        let x: Vec<f32> = random(1, x_len).iter().map(|x| (x * 4.0).round()).collect();
        let dy = random(2, y_len);
        let (mut y, mut choice, mut dx) = (vec![0.0; y_len], vec![0; y_len], vec![0.0; x_len]);
        scalar::max_forward(&s, &wide(&x), &mut y, &mut choice);
        scalar::max_backward(&s, &wide(&dy), &choice, &mut dx);
        for isa in Isa::usable() {
            let what = format!("{} {s:?}", isa.name());
            let (mut got, mut got_choice, mut got_dx) = (dirty(y_len), vec![99; y_len], dirty(x_len));
            pool::max_forward(isa, &s, &x, &mut got, Some(&mut got_choice));
            assert_close(&what, &got, &y, 0.0);
            assert_eq!(got_choice, choice, "{what}");
            pool::max_forward(isa, &s, &x, &mut got, None);
            assert_close(&what, &got, &y, 0.0);
            pool::max_backward(isa, &s, &dy, &got_choice, &mut got_dx);
            assert_close(&what, &got_dx, &dx, 1e-6);
        }
    }
}

#[test]
fn average_matches_the_oracle() {
    for s in shapes() {
        let (x_len, y_len) = lens(&s);
        let (x, dy) = (random(1, x_len), random(2, y_len));
        let (mut y, mut dx) = (vec![0.0; y_len], vec![0.0; x_len]);
        scalar::average_forward(&s, &wide(&x), &mut y);
        scalar::average_backward(&s, &wide(&dy), &mut dx);
        for isa in Isa::usable() {
            let what = format!("{} {s:?}", isa.name());
            let (mut got, mut got_dx) = (dirty(y_len), dirty(x_len));
            pool::average_forward(isa, &s, &x, &mut got);
            assert_close(&what, &got, &y, 1e-6);
            pool::average_backward(isa, &s, &dy, &mut got_dx);
            assert_close(&what, &got_dx, &dx, 1e-6);
        }
    }
}

#[test]
fn global_average_matches_the_oracle() {
    for (batch, pixels, channels) in [(1, 1, 1), (2, 49, 33), (3, 10, 16), (5, 7, 3), (0, 4, 4)] {
        let (x, dy) = (random(1, batch * pixels * channels), random(2, batch * channels));
        let (mut y, mut dx) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
        scalar::global_average_forward(batch, pixels, channels, &wide(&x), &mut y);
        scalar::global_average_backward(batch, pixels, channels, &wide(&dy), &mut dx);
        for isa in Isa::usable() {
            let (mut got, mut got_dx) = (dirty(y.len()), dirty(x.len()));
            pool::global_average_forward(isa, batch, pixels, channels, &x, &mut got);
            assert_close(isa.name(), &got, &y, 1e-6);
            pool::global_average_backward(isa, batch, pixels, channels, &dy, &mut got_dx);
            assert_close(isa.name(), &got_dx, &dx, 1e-6);
        }
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    for s in [shape(1, (5, 6), 2, 3, 2, true), shape(2, (4, 5), 1, 2, 1, false)] {
        let (x_len, y_len) = lens(&s);
        // All different, so that no maximum changes within the step.
        let x: Vec<f64> = (0..x_len).map(|i| ((i * 37) % x_len) as f64 * 0.1).collect();
        let dy = wide(&random(2, y_len));
        let (mut y, mut choice, mut dx) = (vec![0.0; y_len], vec![0; y_len], vec![0.0; x_len]);
        scalar::max_forward(&s, &x, &mut y, &mut choice);
        scalar::max_backward(&s, &dy, &choice, &mut dx);
        assert_gradient("max", &x, &dx, |x| {
            let mut y = vec![0.0; y_len];
            scalar::max_forward(&s, x, &mut y, &mut vec![0; y_len]);
            dot(&y, &dy)
        });
        scalar::average_backward(&s, &dy, &mut dx);
        assert_gradient("average", &x, &dx, |x| {
            let mut y = vec![0.0; y_len];
            scalar::average_forward(&s, x, &mut y);
            dot(&y, &dy)
        });
        let dy = wide(&random(3, s.batch * s.channels));
        let pixels = s.height * s.width;
        scalar::global_average_backward(s.batch, pixels, s.channels, &dy, &mut dx);
        assert_gradient("global average", &x, &dx, |x| {
            let mut y = vec![0.0; dy.len()];
            scalar::global_average_forward(s.batch, pixels, s.channels, x, &mut y);
            dot(&y, &dy)
        });
    }
}

#[test]
fn padding_is_not_counted_in_an_average() {
    let s = shape(1, (3, 3), 1, 2, 2, true);
    for isa in Isa::usable() {
        let mut y = [0.0; 4];
        pool::average_forward(isa, &s, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &mut y);
        assert_eq!(y, [3.0, 4.5, 7.5, 9.0]);
    }
}
