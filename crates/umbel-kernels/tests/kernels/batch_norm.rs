//! Batch normalisation: statistics, moving averages, gradients.

use umbel_kernels::batch_norm::{self, BatchNormShape, scalar};
use umbel_kernels::conv2d::scalar::masked_gradient;
use umbel_kernels::{FusedActivation, Isa};

use crate::support::{assert_close, assert_gradient, assert_same_bits, dirty, dot, random, wide};

const SHAPES: [(usize, usize); 10] =
    [(1, 1), (2, 3), (7, 16), (45, 17), (100, 33), (1, 5), (5000, 5), (20_000, 1), (700, 64), (33, 1000)];

fn shape((rows, channels): (usize, usize)) -> BatchNormShape {
    BatchNormShape { rows, channels, epsilon: 1e-3, activation: FusedActivation::Linear }
}

#[test]
fn matches_the_oracle() {
    let activations = [FusedActivation::Linear, FusedActivation::Relu, FusedActivation::Relu6];
    let shapes = SHAPES.map(shape).into_iter();
    for s in shapes.flat_map(|s| activations.map(|activation| BatchNormShape { activation, ..s })) {
        let c = s.channels;
        // Far from zero, where a careless variance cancels.
        let x: Vec<f32> =
            random(1, s.rows * c).iter().enumerate().map(|(i, x)| x + (i % c % 8) as f32 * 10.0).collect();
        let (gamma, beta, dy) = (random(2, c), random(3, c), random(4, s.rows * c));
        let (start_mean, start_variance) = (random(5, c), random(6, c).iter().map(|x| x.abs()).collect::<Vec<_>>());
        let (mut y, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let (mut mean, mut inverse) = (vec![0.0; c], vec![0.0; c]);
        let (mut moving_mean, mut moving_variance) = (wide(&start_mean), wide(&start_variance));
        let (mut dgamma, mut dbeta) = (vec![0.0; c], vec![0.0; c]);
        let (wide_x, wide_gamma, wide_beta) = (wide(&x), wide(&gamma), wide(&beta));
        scalar::forward_training(
            &s,
            0.99,
            &wide_x,
            &wide_gamma,
            &wide_beta,
            &mut y,
            &mut mean,
            &mut inverse,
            &mut moving_mean,
            &mut moving_variance,
        );
        let mut inferred = vec![0.0; x.len()];
        let variance = wide(&start_variance);
        scalar::forward_inference(&s, &wide_x, &wide_gamma, &wide_beta, &wide(&start_mean), &variance, &mut inferred);
        for isa in Isa::usable() {
            let what = |part: &str| format!("{part} {} {s:?}", isa.name());
            let mut workspace = dirty(batch_norm::workspace_len(&s));
            let (mut got_y, mut got_dx) = (dirty(x.len()), dirty(x.len()));
            let (mut got_mean, mut got_inverse) = (dirty(c), dirty(c));
            let (mut got_moving_mean, mut got_moving_variance) = (start_mean.clone(), start_variance.clone());
            let (mut got_dgamma, mut got_dbeta) = (dirty(c), dirty(c));
            batch_norm::forward_training(
                isa,
                &s,
                0.99,
                &x,
                &gamma,
                &beta,
                &mut got_y,
                &mut got_mean,
                &mut got_inverse,
                &mut got_moving_mean,
                &mut got_moving_variance,
                &mut workspace,
            );
            let tolerance = 2e-4;
            assert_close(&what("y"), &got_y, &y, tolerance);
            assert_close(&what("mean"), &got_mean, &mean, 1e-6);
            assert_close(&what("deviation"), &got_inverse, &inverse, tolerance);
            assert_close(&what("moving mean"), &got_moving_mean, &moving_mean, 1e-6);
            assert_close(&what("moving variance"), &got_moving_variance, &moving_variance, 1e-6);
            let masked = masked_gradient(&wide(&dy), &wide(&got_y), s.activation);
            scalar::backward(&s, &wide_x, &wide_gamma, &mean, &inverse, &masked, &mut dx, &mut dgamma, &mut dbeta);
            batch_norm::backward(
                isa,
                &s,
                &x,
                &gamma,
                &beta,
                &got_mean,
                &got_inverse,
                &dy,
                &mut got_dx,
                &mut got_dgamma,
                &mut got_dbeta,
                &mut workspace,
            );
            assert_close(&what("dgamma"), &got_dgamma, &dgamma, tolerance * 4.0);
            assert_close(&what("dbeta"), &got_dbeta, &dbeta, 1e-5);
            assert_close(&what("dx"), &got_dx, &dx, tolerance * 4.0);
            batch_norm::forward_inference(isa, &s, &x, &gamma, &beta, &start_mean, &start_variance, &mut got_y);
            assert_close(&what("inference"), &got_y, &inferred, 1e-5);
        }
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    let s = shape((6, 3));
    let (x, gamma, beta, dy) = (wide(&random(1, 18)), wide(&random(2, 3)), wide(&random(3, 3)), wide(&random(4, 18)));
    let run = |x: &[f64], gamma: &[f64], beta: &[f64]| {
        let (mut y, mut mean, mut inverse) = (vec![0.0; 18], vec![0.0; 3], vec![0.0; 3]);
        scalar::forward_training(
            &s,
            0.9,
            x,
            gamma,
            beta,
            &mut y,
            &mut mean,
            &mut inverse,
            &mut [0.0; 3],
            &mut [0.0; 3],
        );
        (y, mean, inverse)
    };
    let (_, mean, inverse) = run(&x, &gamma, &beta);
    let (mut dx, mut dgamma, mut dbeta) = (vec![0.0; 18], vec![0.0; 3], vec![0.0; 3]);
    scalar::backward(&s, &x, &gamma, &mean, &inverse, &dy, &mut dx, &mut dgamma, &mut dbeta);
    assert_gradient("dx", &x, &dx, |x| dot(&run(x, &gamma, &beta).0, &dy));
    assert_gradient("dgamma", &gamma, &dgamma, |gamma| dot(&run(&x, gamma, &beta).0, &dy));
    assert_gradient("dbeta", &beta, &dbeta, |beta| dot(&run(&x, &gamma, beta).0, &dy));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let s = BatchNormShape { activation: FusedActivation::Relu, ..shape((9000, 17)) };
    let x: Vec<f32> = random(1, s.rows * s.channels).iter().map(|x| x * 0.1237).collect();
    let dy: Vec<f32> = random(2, x.len()).iter().map(|x| x / 3.0).collect();
    let (gamma, beta) = (random(3, 17), random(4, 17));
    assert_same_bits(|isa| {
        let mut workspace = dirty(batch_norm::workspace_len(&s));
        let (mut y, mut mean, mut inverse) = (dirty(x.len()), dirty(17), dirty(17));
        let (mut moving_mean, mut moving_variance) = (vec![0.0; 17], vec![1.0; 17]);
        batch_norm::forward_training(
            isa,
            &s,
            0.99,
            &x,
            &gamma,
            &beta,
            &mut y,
            &mut mean,
            &mut inverse,
            &mut moving_mean,
            &mut moving_variance,
            &mut workspace,
        );
        let (mut dx, mut dgamma, mut dbeta) = (dirty(x.len()), dirty(17), dirty(17));
        batch_norm::backward(
            isa,
            &s,
            &x,
            &gamma,
            &beta,
            &mean,
            &inverse,
            &dy,
            &mut dx,
            &mut dgamma,
            &mut dbeta,
            &mut workspace,
        );
        vec![y, mean, inverse, moving_mean, moving_variance, dx, dgamma, dbeta]
    });
}
