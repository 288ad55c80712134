//! The update rules against the oracle, and against one step worked out by hand.

use umbel_kernels::Isa;
use umbel_kernels::optimizer::{self, AdamStep, SgdStep, scalar};

use crate::support::{assert_close, random, wide};

#[test]
fn adam_matches_the_oracle_over_some_steps() {
    for n in [1, 7, 16, 33, 20_000] {
        for weight_decay in [0.0, 0.01] {
            for isa in Isa::usable() {
                let mut weights = random(1, n);
                let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
                let mut wanted = (wide(&weights), wide(&m), wide(&v));
                for step in 1..=5 {
                    let options =
                        AdamStep { learning_rate: 0.01, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, weight_decay, step };
                    let gradient = random(10 + step, n);
                    optimizer::adam(isa, &options, &mut weights, &gradient, &mut m, &mut v);
                    scalar::adam(&options, &mut wanted.0, &wide(&gradient), &mut wanted.1, &mut wanted.2);
                }
                assert_close(isa.name(), &weights, &wanted.0, 1e-5);
                assert_close(isa.name(), &m, &wanted.1, 1e-6);
                assert_close(isa.name(), &v, &wanted.2, 1e-6);
            }
        }
    }
}

#[test]
fn adams_first_step_is_the_learning_rate() {
    let options =
        AdamStep { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, weight_decay: 0.0, step: 1 };
    for isa in Isa::usable() {
        let (mut weights, mut m, mut v) = ([1.0, 1.0], [0.0; 2], [0.0; 2]);
        optimizer::adam(isa, &options, &mut weights, &[0.5, -200.0], &mut m, &mut v);
        assert_close(isa.name(), &weights, &[0.999, 1.001], 1e-6);
    }
}

#[test]
fn sgd_matches_the_oracle_over_some_steps() {
    for n in [1, 9, 40_000] {
        for (momentum, nesterov, weight_decay) in [(0.0, false, 0.0), (0.9, false, 0.0), (0.9, true, 0.01)] {
            let options = SgdStep { learning_rate: 0.1, momentum, nesterov, weight_decay };
            for isa in Isa::usable() {
                let mut weights = random(1, n);
                let mut velocity = if momentum == 0.0 { vec![] } else { vec![0.0; n] };
                let mut wanted = (wide(&weights), wide(&velocity));
                for step in 0..4 {
                    let gradient = random(10 + step, n);
                    optimizer::sgd(isa, &options, &mut weights, &gradient, &mut velocity);
                    scalar::sgd(&options, &mut wanted.0, &wide(&gradient), &mut wanted.1);
                }
                assert_close(isa.name(), &weights, &wanted.0, 1e-6);
                assert_close(isa.name(), &velocity, &wanted.1, 1e-6);
            }
        }
    }
}
