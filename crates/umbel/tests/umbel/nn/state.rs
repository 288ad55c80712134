//! Schedules and the optimizers' state.

use umbel::nn::layers::*;
use umbel::nn::{Model, Optimizer, OptimizerConfig, Schedule, ScheduleKind, Sequential, Tensor};

use crate::trial::Trial;

fn model() -> Model {
    let stack = Sequential::new((2, 2, 1)).add(BatchNorm::default()).add(Flatten).add(Dense::new(3));
    Model::new(stack, 3).unwrap()
}

#[test]
fn schedules_follow_their_curves() {
    let schedule =
        |kind, warmup_steps| Schedule { kind, base: 0.1, warmup_steps, steps_per_epoch: 10, total_steps: 100 };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    let constant = schedule(ScheduleKind::Constant, 4);
    near(constant.rate(0), 0.025);
    near(constant.rate(3), 0.1);
    near(constant.rate(99), 0.1);
    let cosine = schedule(ScheduleKind::Cosine, 0);
    near(cosine.rate(0), 0.1);
    near(cosine.rate(50), 0.05);
    near(cosine.rate(100), 0.0);
    near(cosine.rate(1000), 0.0);
    let warm = schedule(ScheduleKind::Cosine, 20);
    near(warm.rate(19), 0.1);
    near(warm.rate(20), 0.1);
    near(warm.rate(60), 0.05);
    let step = schedule(ScheduleKind::Step { every: 2, factor: 0.5 }, 0);
    near(step.rate(19), 0.1);
    near(step.rate(20), 0.05);
    near(step.rate(45), 0.025);
    // Nothing divides by zero.
    let odd = Schedule { steps_per_epoch: 0, total_steps: 0, ..step };
    assert!(odd.rate(5).is_finite());
    let never = schedule(ScheduleKind::Step { every: 0, factor: 0.5 }, 0);
    assert!(never.rate(5).is_finite());
}

#[test]
fn state_names_every_trained_weight() {
    let names = |config| -> Vec<String> {
        let state = Optimizer::new(config, model().weights()).state();
        state.into_iter().map(|tensor| tensor.name).collect()
    };
    let weights = ["batch_normalization/gamma", "batch_normalization/beta", "dense/kernel", "dense/bias"];
    let both: Vec<String> = weights.iter().flat_map(|name| [format!("{name}/m"), format!("{name}/v")]).collect();
    assert_eq!(names(OptimizerConfig::adam()), both);
    assert_eq!(names(OptimizerConfig::adam_w()), both);
    assert_eq!(names(OptimizerConfig::sgd(0.9)), weights.map(|name| format!("{name}/velocity")));
    assert!(names(OptimizerConfig::sgd(0.0)).is_empty());
}

#[test]
fn state_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut optimizer = Optimizer::new(OptimizerConfig::sgd(0.9), model().weights());
    let mut state = optimizer.state();
    state[2].data[5] = 0.25;
    optimizer.restore(12, state.clone()).unwrap();
    assert_eq!((optimizer.steps(), optimizer.state()), (12, state.clone()));

    state[0].name = "elsewhere/velocity".into();
    let bias = Tensor { shape: vec![2], data: vec![0.0; 2], ..state[3].clone() };
    state[3] = bias;
    let before = optimizer.clone();
    let error = optimizer.restore(13, state).unwrap_err().to_string();
    assert_eq!(
        error,
        "the optimizer's tensors do not fit the model: missing: batch_normalization/gamma/velocity; not in the model: elsewhere/velocity; wrong shape: dense/bias/velocity is [2] instead of [3]"
    );
    assert_eq!(optimizer, before);
}

#[test]
fn settings_left_out_are_keras_defaults() {
    let read = |text: &str| toml::from_str::<OptimizerConfig>(text);
    assert_eq!(read("kind = \"adam\"").unwrap(), OptimizerConfig::adam());
    assert_eq!(read("kind = \"adam_w\"").unwrap(), OptimizerConfig::adam_w());
    assert_eq!(read("kind = \"sgd\"\nmomentum = 0.9").unwrap(), OptimizerConfig::sgd(0.9));
    assert!(read("kind = \"sgd\"\nmomentun = 0.9").unwrap_err().to_string().contains("momentun"));
}

#[test]
fn weight_decay_is_for_kernels_alone() {
    use umbel::nn::layers::{BatchNorm, Conv2d, Dense, Flatten};
    use umbel::nn::{Isa, Model, Sequential, Train, clip_global_norm};
    let stack =
        Sequential::new((4, 4, 3)).add(Conv2d::new(2, 3)).add(BatchNorm::default()).add(Flatten).add(Dense::new(2));
    let trained = |optimizer: OptimizerConfig| {
        let mut model = Model::new(stack.clone(), 1).unwrap();
        for tensor in &mut model.weights_mut().tensors {
            tensor.data.iter_mut().for_each(|value| *value += 0.5);
        }
        let mut plan = Trial::by(&model, 2, Isa::best(), optimizer).unwrap();
        let images: Vec<f32> = (0..96).map(|i| (i * 37 % 50) as f32 / 50.0).collect();
        plan.train_step(model.weights_mut(), 0.01, &images, &[0, 1], 1);
        // Clipping shortens to the limit and keeps the direction.
        let places = plan.training.layout().gradients().to_vec();
        let before = plan.training.gradient_of_each();
        let norm = clip_global_norm(Isa::best(), &places, plan.training.gradients(), 1e-3);
        let after = plan.training.gradient_of_each();
        assert!(norm > 1e-3);
        for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
            assert!((f64::from(*before) * 1e-3 / norm - f64::from(*after)).abs() < 1e-8);
        }
        assert!((clip_global_norm(Isa::best(), &places, plan.training.gradients(), 1.0) - 1e-3).abs() < 1e-8);
        assert_eq!(plan.training.gradient_of_each(), after, "what is short enough is left as it is");
        model
    };
    let sgd = |weight_decay| OptimizerConfig::Sgd { momentum: 0.9, nesterov: true, weight_decay };
    let (plain, decayed) = (trained(sgd(0.0)), trained(sgd(0.5)));
    for (plain, decayed) in plain.weights().tensors.iter().zip(&decayed.weights().tensors) {
        assert_eq!(plain.data == decayed.data, !plain.name.ends_with("/kernel"), "{}", plain.name);
    }
}
