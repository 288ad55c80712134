//! Two engines update by update: optimizers, clipping, the average, the rates.

use umbel::nn::layers::Activation;
use umbel::nn::{Cpu, Isa, Model, OptimizerConfig, Slice, Tensor, Train, TrainingEngine, Updates};

use super::compare::{close, images, labels, model};
use super::engines::drawn;
use super::oracle::Oracle;
use super::{graph, probe};

const UPDATES: u64 = 3;
const N: usize = 3;
const RATE: f64 = 0.01;

/// In parts of a tensor's largest value: rounding in a few operations on each.
const ROUNDING: f64 = 1e-6;
/// Outputs, gradients and updates, three times over.
const FAR: f64 = 2e-5;

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

fn hold(what: &str, came: &[Tensor], expected: &[Tensor], tolerance: f64) {
    assert_eq!(came.len(), expected.len(), "{what}");
    for (came, expected) in came.iter().zip(expected) {
        assert_eq!((&came.name, &came.shape), (&expected.name, &expected.shape), "{what}");
        let wide: Vec<f64> = expected.data.iter().copied().map(f64::from).collect();
        close(&format!("{what}: {}", came.name), &came.data, &wide, f64::MIN_POSITIVE, tolerance);
    }
}

/// Some updates on drawn pictures; `between` sees the gradients before each.
fn trained(
    engine: &dyn TrainingEngine,
    model: &Model,
    updates: &Updates,
    seed: u64,
    mut between: impl FnMut(usize, &mut [f32]),
) -> Box<dyn Train> {
    let mut train = engine.train(model.clone(), N, updates).unwrap();
    for update in 0..UPDATES {
        let (images, labels) = (images(model.architecture(), N, 100 * seed + update), labels(3, N));
        train.backward(Slice { images: &images, targets: (&labels).into(), key: update });
        between(update as usize, train.gradients());
        train.update(RATE);
    }
    train
}

/// Both engines on every instruction set, by every kind of updates, the CPU's from its own gradients or from the oracle's.
fn hold_all(epsilon: f32, from_the_same: bool, tolerance: f64) {
    for model in models() {
        let trained_tensors = model.weights().tensors.iter().filter(|tensor| tensor.trainable).count();
        for updates in all(epsilon, trained_tensors) {
            let what = format!("{:?}", updates.optimizer);
            let (seed, mut wide, gradients) = drawn(&what, |seed, oracle| {
                let mut gradients = Vec::new();
                let wide = trained(oracle, &model, &updates, seed, |_, own| gradients.push(own.to_vec()));
                (seed, wide, gradients)
            });
            assert_eq!(wide.average().is_some(), updates.ema_momentum > 0.0, "{what}");
            let judged = images(model.architecture(), N, 1);
            let logits: Vec<f64> = wide.judge(&judged).iter().copied().map(f64::from).collect();
            for isa in Isa::usable() {
                let what = format!("{what} ({})", isa.name());
                let mut cpu = trained(&Cpu::from(isa), &model, &updates, seed, |update, own| {
                    if from_the_same {
                        own.copy_from_slice(&gradients[update]);
                    }
                });
                assert_ne!(cpu.weights(), model.weights(), "{what}");
                hold(&what, &cpu.weights().tensors, &wide.weights().tensors, tolerance);
                hold(&what, &cpu.judged().tensors, &wide.judged().tensors, tolerance);
                if from_the_same {
                    hold(&what, cpu.moments().1, wide.moments().1, tolerance);
                }
                assert_eq!((cpu.moments().0, wide.moments().0), (UPDATES, UPDATES), "{what}");
                close(&what, cpu.judge(&judged), &logits, 0.0, FAR);
            }
        }
    }
}

#[test]
fn from_the_same_gradients_both_engines_make_the_same_weights() {
    hold_all(1e-7, true, ROUNDING);
}

#[test]
fn three_updates_of_its_own_bring_an_engine_to_the_oracles_weights() {
    // With Keras' epsilon, what rounding makes of a gradient that is 0 (of a bias before batch norm) would become a step of full
    // length.
    hold_all(1e-2, false, FAR);
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
