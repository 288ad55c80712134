//! Layer normalisation: outputs and gradients.

use umbel_kernels::Isa;
use umbel_kernels::layer_norm::{self, LayerNormShape, scalar};

use crate::support::{assert_close, assert_gradient, assert_same_bits, dirty, dot, random, wide};

const SHAPES: [(usize, usize); 14] = [
    (1, 1),
    (2, 3),
    (1, 5),
    (7, 8),
    (7, 16),
    (45, 17),
    (13, 31),
    (100, 33),
    (9, 64),
    (5000, 5),
    (20_000, 1),
    (700, 97),
    (33, 1000),
    (2, 20_001),
];

fn shape((rows, channels): (usize, usize)) -> LayerNormShape {
    LayerNormShape { rows, channels, epsilon: 1e-3 }
}

#[test]
fn matches_the_oracle() {
    for s in SHAPES.map(shape) {
        let (n, c) = (s.rows * s.channels, s.channels);
        // Far from zero, where a careless variance cancels.
        let x: Vec<f32> = random(1, n).iter().enumerate().map(|(i, x)| x + (i / c % 8) as f32 * 10.0).collect();
        let (gamma, beta, dy) = (random(2, c), random(3, c), random(4, n));
        let (wide_x, wide_gamma, wide_dy) = (wide(&x), wide(&gamma), wide(&dy));
        let (mut y, mut dx) = (vec![0.0; n], vec![0.0; n]);
        let (mut dgamma, mut dbeta) = (vec![0.0; c], vec![0.0; c]);
        scalar::forward(&s, &wide_x, &wide_gamma, &wide(&beta), &mut y);
        scalar::backward(&s, &wide_x, &wide_gamma, &wide_dy, &mut dx, &mut dgamma, &mut dbeta);
        for isa in Isa::usable() {
            let what = |part: &str| format!("{part} {} {s:?}", isa.name());
            let (mut got_y, mut got_dx) = (dirty(n), dirty(n));
            let (mut got_dgamma, mut got_dbeta) = (dirty(c), dirty(c));
            layer_norm::forward(isa, &s, &x, &gamma, &beta, &mut got_y);
            assert_close(&what("y"), &got_y, &y, 1e-4);
            let mut workspace = dirty(layer_norm::workspace_len(&s));
            layer_norm::backward(
                isa,
                &s,
                &x,
                &gamma,
                &dy,
                &mut got_dx,
                &mut got_dgamma,
                &mut got_dbeta,
                &mut workspace,
            );
            assert_close(&what("dx"), &got_dx, &dx, 4e-4);
            assert_close(&what("dgamma"), &got_dgamma, &dgamma, 4e-4);
            assert_close(&what("dbeta"), &got_dbeta, &dbeta, 1e-5);
        }
    }
}

#[test]
fn a_row_of_equal_values_becomes_beta() {
    let s = shape((3, 19));
    for isa in Isa::usable() {
        let (x, beta) = (vec![1e4; 3 * 19], random(1, 19));
        let mut y = dirty(x.len());
        layer_norm::forward(isa, &s, &x, &[2.0; 19], &beta, &mut y);
        assert!(y.chunks(19).all(|row| row == beta), "{}", isa.name());
    }
}

#[test]
fn not_a_number_stays_visible_and_stays_in_its_row() {
    let s = shape((3, 21));
    for isa in Isa::usable() {
        let mut x = random(1, 3 * 21);
        x[21 + 20] = f32::NAN;
        let mut y = dirty(x.len());
        layer_norm::forward(isa, &s, &x, &[1.0; 21], &[0.0; 21], &mut y);
        let is_nan = |row: usize| y[row * 21..][..21].iter().filter(|y| y.is_nan()).count();
        assert_eq!([0, 1, 2].map(is_nan), [0, 21, 0], "{}", isa.name());
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    let s = shape((4, 5));
    let (x, gamma, beta, dy) = (wide(&random(1, 20)), wide(&random(2, 5)), wide(&random(3, 5)), wide(&random(4, 20)));
    let run = |x: &[f64], gamma: &[f64], beta: &[f64]| {
        let mut y = vec![0.0; 20];
        scalar::forward(&s, x, gamma, beta, &mut y);
        y
    };
    let (mut dx, mut dgamma, mut dbeta) = (vec![0.0; 20], vec![0.0; 5], vec![0.0; 5]);
    scalar::backward(&s, &x, &gamma, &dy, &mut dx, &mut dgamma, &mut dbeta);
    assert_gradient("dx", &x, &dx, |x| dot(&run(x, &gamma, &beta), &dy));
    assert_gradient("dgamma", &gamma, &dgamma, |gamma| dot(&run(&x, gamma, &beta), &dy));
    assert_gradient("dbeta", &beta, &dbeta, |beta| dot(&run(&x, &gamma, beta), &dy));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for s in [shape((9000, 17)), shape((37, 2000))] {
        let x: Vec<f32> = random(1, s.rows * s.channels).iter().map(|x| x * 0.1237).collect();
        let dy: Vec<f32> = random(2, x.len()).iter().map(|x| x / 3.0).collect();
        let (gamma, beta) = (random(3, s.channels), random(4, s.channels));
        assert_same_bits(|isa| {
            let (mut y, mut dx) = (dirty(x.len()), dirty(x.len()));
            let (mut dgamma, mut dbeta) = (dirty(s.channels), dirty(s.channels));
            let mut workspace = dirty(layer_norm::workspace_len(&s));
            layer_norm::forward(isa, &s, &x, &gamma, &beta, &mut y);
            layer_norm::backward(isa, &s, &x, &gamma, &dy, &mut dx, &mut dgamma, &mut dbeta, &mut workspace);
            vec![y, dx, dgamma, dbeta]
        });
    }
}

#[test]
#[should_panic(expected = "sizes beyond all memory")]
fn soundness_a_shape_that_wraps_around_is_refused() {
    let s = LayerNormShape { rows: 1 << (usize::BITS - 2), channels: 4, epsilon: 1e-3 };
    layer_norm::forward(Isa::best(), &s, &[], &[0.0; 4], &[0.0; 4], &mut []);
}
