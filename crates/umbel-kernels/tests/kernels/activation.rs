//! Activations over their whole range, and their slopes.

use umbel_kernels::activation::{self, scalar};
use umbel_kernels::{Activation, Isa};

use crate::support::{assert_close, assert_gradient, dirty, dot, random, wide};

const ALL: [Activation; 10] = [
    Activation::Linear,
    Activation::Relu,
    Activation::Relu6,
    Activation::Silu,
    Activation::HardSigmoid,
    Activation::HardSwish,
    Activation::Gelu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Softmax,
];

#[test]
fn matches_the_oracle() {
    for activation in ALL {
        for (row, n) in [(1, 1), (7, 21), (16, 16), (33, 99), (5, 20_005), (1000, 20_000)] {
            for scale in [0.01, 1.0, 10.0] {
                let x: Vec<f32> = random(1, n).iter().map(|x| x * scale).collect();
                let dy = random(2, n);
                let (mut y, mut dx) = (vec![0.0; n], vec![0.0; n]);
                scalar::forward(activation, row, &wide(&x), &mut y);
                scalar::backward(activation, row, &wide(&x), &y, &wide(&dy), &mut dx);
                for isa in Isa::usable() {
                    let what = format!("{} {activation:?} row {row} times {scale}", isa.name());
                    let (mut got, mut got_dx) = (dirty(n), dirty(n));
                    activation::forward(isa, activation, row, &x, &mut got);
                    assert_close(&what, &got, &y, 2e-6);
                    activation::backward(isa, activation, row, &x, &got, &dy, &mut got_dx);
                    assert_close(&what, &got_dx, &dx, 4e-6);
                }
            }
        }
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    for activation in ALL {
        // Clear of the kinks at 0, 3 and 6.
        let x: Vec<f64> = (0..24).map(|i| f64::from(i) * 0.71 - 8.03).collect();
        let dy = wide(&random(2, 24));
        let run = |x: &[f64]| {
            let mut y = vec![0.0; 24];
            scalar::forward(activation, 6, x, &mut y);
            y
        };
        let mut dx = vec![0.0; 24];
        scalar::backward(activation, 6, &x, &run(&x), &dy, &mut dx);
        assert_gradient(&format!("{activation:?}"), &x, &dx, |x| dot(&run(x), &dy));
    }
}

#[test]
fn huge_arguments_saturate() {
    let x = [-1e30, -1e3, -100.0, 0.0, 100.0, 1e3, 1e30];
    for isa in Isa::usable() {
        for activation in ALL {
            let (mut y, mut dx) = ([0.0; 7], [0.0; 7]);
            activation::forward(isa, activation, 7, &x, &mut y);
            assert!(y.iter().all(|y| y.is_finite()), "{} {activation:?}: {y:?}", isa.name());
            activation::backward(isa, activation, 7, &x, &y, &[1.0; 7], &mut dx);
            if activation != Activation::Gelu && activation != Activation::Silu {
                assert!(dx.iter().all(|dx| dx.is_finite()), "{} {activation:?}: {dx:?}", isa.name());
            }
        }
        let mut y = [0.0; 7];
        activation::forward(isa, Activation::Sigmoid, 7, &x, &mut y);
        assert_close(isa.name(), &y, &[0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 1.0], 1e-30);
        activation::forward(isa, Activation::Tanh, 7, &x, &mut y);
        assert_close(isa.name(), &y, &[-1.0, -1.0, -1.0, 0.0, 1.0, 1.0, 1.0], 0.0);
    }
}

#[test]
fn not_a_number_stays_visible() {
    for isa in Isa::usable() {
        for activation in ALL {
            let mut y = [0.0; 3];
            activation::forward(isa, activation, 3, &[f32::NAN; 3], &mut y);
            assert!(y.iter().all(|y| y.is_nan()), "{} {activation:?}: {y:?}", isa.name());
        }
    }
}
