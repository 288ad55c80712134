//! Runs on other engines than the CPU's: nothing outside of an engine knows who computes.

use umbel::nn::layers::{Activation, BatchNorm, Conv2d, Dense, Dropout, Flatten, MaxPool2d, RandomFlip, Rescaling};
use umbel::nn::{Cpu, Model, OptimizerConfig, Sequential, SharedEngine, Slice, Train, Weights};
use umbel::train::{FitOptions, FitOutcome, SliceSums};

use super::flowers::{SIZE, options, quiet_fit};
use super::recorder::{Asked, Recorder};
use crate::nn::compare::close;
use crate::nn::oracle::Oracle;

fn network() -> Sequential {
    Sequential::new((SIZE as usize, SIZE as usize, 3))
        .add(RandomFlip::horizontal())
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2d::new(4, 5).stride(3))
        .add(BatchNorm::default())
        .add(Activation::Relu)
        .add(MaxPool2d::default())
        .add(Flatten)
        .add(Dropout::new(0.2))
        .add(Dense::new(5))
}

fn run(options: &FitOptions) -> (Model, FitOutcome) {
    let mut model = Model::new(network(), 7).unwrap();
    let outcome = quiet_fit(&mut model, options).unwrap();
    (model, outcome)
}

#[test]
fn a_run_on_another_engine_ends_near_the_cpus_and_resumes_to_the_same_bits() {
    let by_cpu = FitOptions {
        epochs: 2,
        optimizer: OptimizerConfig::sgd(0.9),
        learning_rate: 0.01,
        label_smoothing: 0.1,
        ema_momentum: 0.5,
        global_clipnorm: 1.0,
        gradient_accumulation_steps: 2,
        ..options()
    };
    let folder = tempfile::tempdir().unwrap();
    let by_oracle = FitOptions { engine: SharedEngine::new(Oracle::default()), ..by_cpu.clone() };
    let ((cpu, cpu_outcome), (oracle, outcome)) = (run(&by_cpu), run(&by_oracle));
    let first = Model::new(network(), 7).unwrap();
    for ((came, expected), before) in
        cpu.weights().tensors.iter().zip(&oracle.weights().tensors).zip(&first.weights().tensors)
    {
        assert_ne!(expected.data, before.data, "{}", came.name);
        let wide: Vec<f64> = expected.data.iter().copied().map(f64::from).collect();
        // Some ten updates of f32 against f64; a clamp may have begun a little earlier in one.
        close(&came.name, &came.data, &wide, 0.01, 1e-3);
    }
    for (cpu, oracle) in cpu_outcome.history.epochs.iter().zip(&outcome.history.epochs) {
        assert!((cpu.loss - oracle.loss).abs() < 1e-4 && (cpu.val_loss - oracle.val_loss).abs() < 1e-4, "{oracle:?}");
    }
    let in_folder = FitOptions { run_folder: Some(folder.path().to_owned()), ..by_oracle };
    run(&FitOptions { epochs: 1, ..in_folder.clone() });
    assert_eq!(run(&in_folder).0, oracle);
}

/// The weights after everything that a run asked for, by hand.
fn played(recorder: &Recorder) -> Weights {
    let model = Model::new(network(), 7).unwrap();
    let mut train = Cpu::best().training(model, options().batch, &recorder.updates()).unwrap();
    let mut waiting = Vec::new();
    for asked in recorder.tape() {
        let Asked::Update(rate) = asked else {
            waiting.push(asked);
            continue;
        };
        let (slices, mut sums) = (waiting.len(), SliceSums::default());
        for (number, asked) in waiting.drain(..).enumerate() {
            let Asked::Slice { images, labels, key } = asked else { unreachable!("updates do not wait") };
            let loss = train.backward(Slice { images: &images, targets: (&labels).into(), key });
            if slices > 1 {
                sums.add(number, train.gradients(), loss);
            }
        }
        if slices > 1 {
            sums.finish(slices, train.gradients());
        }
        train.update(rate);
    }
    assert!(waiting.is_empty(), "an update is missing");
    train.weights().clone()
}

#[test]
fn an_update_of_one_slice_is_backward_and_update_to_the_bit() {
    let recorder = Recorder::default();
    let (model, _) = run(&FitOptions { epochs: 2, engine: SharedEngine::new(recorder.clone()), ..options() });
    let kinds: String =
        recorder.tape().iter().map(|asked| if matches!(asked, Asked::Update(_)) { 'u' } else { 's' }).collect();
    assert_eq!(kinds, "su".repeat(8));
    assert_eq!(&played(&recorder), model.weights());
}

#[test]
fn an_update_of_several_slices_is_their_tree_and_the_last_of_an_epoch_what_is_left() {
    let recorder = Recorder::default();
    let engine = SharedEngine::new(recorder.clone());
    let (model, _) = run(&FitOptions { epochs: 2, gradient_accumulation_steps: 3, engine, ..options() });
    let kinds: String =
        recorder.tape().iter().map(|asked| if matches!(asked, Asked::Update(_)) { 'u' } else { 's' }).collect();
    assert_eq!(kinds, "sssusu".repeat(2));
    assert_eq!(&played(&recorder), model.weights());
}
