//! Two engines update by update: optimizers, clipping, the average, the rates.

use umbel::nn::layers::Activation;
use umbel::nn::{Cpu, Isa, Model, OptimizerConfig, Slice, Tensor, Train, TrainingEngine, Updates, Weights};

use super::compare::{close, images, labels, model};
use super::oracle::Oracle;
use super::{graph, probe};

const UPDATES: u64 = 3;
const N: usize = 3;
const RATE: f64 = 0.01;

/// One optimizer of each kind, with this epsilon, and everything else that an update can do.
fn all(epsilon: f32, tensors: usize) -> Vec<Updates> {
    let (beta_1, beta_2) = (0.9, 0.99);
    let optimizers = [
        OptimizerConfig::Adam { beta_1, beta_2, epsilon },
        OptimizerConfig::AdamW { beta_1, beta_2, epsilon, weight_decay: 0.1 },
        OptimizerConfig::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.1 },
        OptimizerConfig::sgd(0.0),
    ];
    let rates: Vec<f64> = (0..tensors).map(|tensor| 0.9f64.powi(tensor as i32)).collect();
    let with = |optimizer| {
        let plain = Updates::by(optimizer);
        // The gradients are far longer.
        let full = Updates { global_clipnorm: 0.05, ema_momentum: 0.9, rates: rates.clone(), ..plain.clone() };
        [plain, full]
    };
    optimizers.into_iter().flat_map(with).collect()
}

fn models() -> [Model; 2] {
    [model(graph::everything(), 1), model(probe::residual(), 9)]
}

fn hold(what: &str, came: &Weights, expected: &Weights, tolerance: f64) {
    hold_tensors(what, &came.tensors, &expected.tensors, tolerance);
}

fn hold_tensors(what: &str, came: &[Tensor], expected: &[Tensor], tolerance: f64) {
    assert_eq!(came.len(), expected.len(), "{what}");
    for (came, expected) in came.iter().zip(expected) {
        assert_eq!((&came.name, &came.shape), (&expected.name, &expected.shape), "{what}");
        let wide: Vec<f64> = expected.data.iter().copied().map(f64::from).collect();
        close(&format!("{what}: {}", came.name), &came.data, &wide, f64::MIN_POSITIVE, tolerance);
    }
}

/// Some updates by both; `between` sees their gradients before each.
fn both(
    model: &Model,
    updates: &Updates,
    isa: Isa,
    oracle: &Oracle,
    mut between: impl FnMut(&mut [f32], &mut [f32]),
) -> [Box<dyn Train>; 2] {
    let mut cpu = Cpu::from(isa).train(model.clone(), N, updates).unwrap();
    let mut wide = oracle.train(model.clone(), N, updates).unwrap();
    let labels = labels(3, N);
    for key in 0..UPDATES {
        let images = images(model.architecture(), N, 7 + key);
        for train in [&mut cpu, &mut wide] {
            train.backward(Slice { images: &images, targets: (&labels).into(), key });
        }
        between(cpu.gradients(), wide.gradients());
        cpu.update(RATE);
        wide.update(RATE);
    }
    [cpu, wide]
}

#[test]
fn from_the_same_gradients_both_engines_make_the_same_weights() {
    // Rounding in a few operations on each value.
    const ROUNDING: f64 = 1e-6;
    for model in models() {
        for updates in all(1e-7, model.weights().tensors.iter().filter(|tensor| tensor.trainable).count()) {
            for isa in Isa::usable() {
                let what = format!("{:?} ({})", updates.optimizer, isa.name());
                let copy = |own: &mut [f32], others: &mut [f32]| own.copy_from_slice(others);
                let [cpu, wide] = both(&model, &updates, isa, &Oracle::default(), copy);
                assert_ne!(cpu.weights(), model.weights(), "{what}");
                hold(&what, cpu.weights(), wide.weights(), ROUNDING);
                hold_tensors(&what, cpu.moments().1, wide.moments().1, ROUNDING);
                assert_eq!((cpu.moments().0, wide.moments().0), (UPDATES, UPDATES));
                assert_eq!(cpu.average().is_some(), updates.ema_momentum > 0.0, "{what}");
                hold(&what, cpu.judged(), wide.judged(), ROUNDING);
            }
        }
    }
}

#[test]
fn three_updates_of_its_own_bring_an_engine_to_the_oracles_weights() {
    // Outputs, gradients and updates three times over.
    const FAR: f64 = 2e-5;
    for model in models() {
        // With Keras' epsilon, what rounding makes of a gradient that is 0 (of a bias before batch norm) would become a step of
        // full length.
        for updates in all(1e-2, model.weights().tensors.iter().filter(|tensor| tensor.trainable).count()) {
            for isa in Isa::usable() {
                let what = format!("{:?} ({})", updates.optimizer, isa.name());
                let oracle = Oracle::default();
                let [mut cpu, mut wide] = both(&model, &updates, isa, &oracle, |_, _| {});
                assert!(oracle.kinks.nearest() > 1e-6, "{what}: {:.1e} from a kink", oracle.kinks.nearest());
                hold(&what, cpu.weights(), wide.weights(), FAR);
                hold(&what, cpu.judged(), wide.judged(), FAR);
                let images = images(model.architecture(), N, 1);
                let expected: Vec<f64> = wide.judge(&images).iter().copied().map(f64::from).collect();
                close(&what, cpu.judge(&images), &expected, 0.0, FAR);
            }
        }
    }
}

#[test]
fn the_oracle_knows_where_gradients_have_no_one_answer() {
    let oracle = Oracle::default();
    oracle.kinks.see_activation(Activation::Silu, &[0.0, 1e-9]);
    assert_eq!(oracle.kinks.nearest(), f64::INFINITY);
    oracle.kinks.see_activation(Activation::Relu6, &[0.0, 4.0, 10.0]);
    assert_eq!(oracle.kinks.nearest(), 0.2, "4 is 2 from 6, of 10");
    oracle.kinks.see_activation(Activation::Relu, &[1.0, -0.125]);
    assert_eq!(oracle.kinks.nearest(), 0.125);
}
