//! The loop: resumed runs, threads, files, and what it refuses.

use std::fs;
use std::path::Path;

use super::flowers::{StopWhen, model, options, parts, quiet_fit};
use umbel::base::augmentation::{Balance, Mixing};
use umbel::base::notice::Notice;
use umbel::base::progress::{EpochRecord, Event, Interrupt};
use umbel::data::Dataset;
use umbel::model_file::ModelFile;
use umbel::nn::layers::{Activation, BatchNorm, Dense, Flatten, Rescaling};
use umbel::nn::{Cpu, Model, OptimizerConfig, ScheduleKind, Sequential};
use umbel::train::{EarlyStopping, Fit, FitOptions, Monitor, ReduceOnPlateau, RunLock, evaluate, fit};
use umbel::{Error, PredictError, run, train};

/// Everything but the clock.
fn timeless(epochs: &[EpochRecord]) -> Vec<EpochRecord> {
    let strip = |r: &EpochRecord| EpochRecord { seconds: 0.0, images_per_second: 0.0, ..r.clone() };
    epochs.iter().map(strip).collect()
}

fn in_folder(folder: &Path) -> FitOptions {
    FitOptions { run_folder: Some(folder.to_owned()), ..options() }
}

/// Runs until `when`, then goes on to the end; gives the last weights and the history.
fn stopped_and_resumed(
    network: &Sequential,
    options: &FitOptions,
    when: impl FnMut(&Event<'_>) -> bool + Send,
) -> (Model, Vec<EpochRecord>, ModelFile) {
    let folder = tempfile::tempdir().unwrap();
    let options = FitOptions { run_folder: Some(folder.path().to_owned()), ..options.clone() };
    let (train, val) = parts();
    let mut observer = StopWhen::new(when);
    let interrupt = observer.interrupt.clone();
    let mut first = Model::new(network.clone(), 7).unwrap();
    let outcome = fit(&mut first, train, val, &options, &mut observer, &interrupt).unwrap();
    assert!(outcome.interrupted);
    // The second half begins with another model's weights: all that counts comes from the checkpoint.
    let mut second = Model::new(network.clone(), 8).unwrap();
    let outcome = quiet_fit(&mut second, &options).unwrap();
    assert!(!outcome.interrupted);
    let file = ModelFile::load(folder.path()).unwrap();
    assert_eq!(file.model, outcome.best);
    let on_disk = train::History::read(&folder.path().join("history.csv")).unwrap();
    assert_eq!(timeless(&on_disk.epochs), timeless(&outcome.history.epochs));
    (second, outcome.history.epochs, file)
}

#[test]
fn a_resumed_run_ends_in_the_same_bits() {
    let stack = Sequential::new((32, 32, 3))
        .add(umbel::nn::layers::RandomFlip::horizontal())
        .add(Rescaling::new(1.0 / 255.0))
        .add(Flatten)
        .add(umbel::nn::layers::Dropout::new(0.3))
        .add(Dense::new(8).activation(Activation::Relu))
        .add(Dense::new(5));
    let options = FitOptions {
        schedule: ScheduleKind::Cosine,
        warmup_epochs: 0.5,
        reduce_on_plateau: Some(ReduceOnPlateau { patience: 1, factor: 0.5, min_lr: 1e-5 }),
        ..options()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut whole = Model::new(stack.clone(), 7).unwrap();
    let outcome =
        quiet_fit(&mut whole, &FitOptions { run_folder: Some(folder.path().to_owned()), ..options.clone() }).unwrap();
    let file = ModelFile::load(folder.path()).unwrap();
    assert_eq!(outcome.history.epochs.len(), 4);
    assert!(!whole.weights().tensors.is_empty());

    let points: [(usize, usize); 5] = [(1, 1), (1, 3), (2, 2), (3, 4), (4, 1)];
    for (at_epoch, at_step) in points {
        let (last, history, best) = stopped_and_resumed(
            &stack,
            &options,
            |event| matches!(event, Event::Step { epoch, step, .. } if (*epoch, *step) == (at_epoch, at_step)),
        );
        let place = format!("stopped in epoch {at_epoch} after step {at_step}");
        assert_eq!(last, whole, "{place}");
        assert_eq!(timeless(&history), timeless(&outcome.history.epochs), "{place}");
        assert_eq!(best, file, "{place}");
    }
    let (last, ..) =
        stopped_and_resumed(&stack, &options, |event| matches!(event, Event::Validating { epoch } if *epoch == 2));
    assert_eq!(last, whole, "stopped in a validation");
    let (last, ..) = stopped_and_resumed(
        &stack,
        &options,
        |event| matches!(event, Event::Epoch { record, .. } if record.epoch == 3),
    );
    assert_eq!(last, whole, "stopped between epochs");
}

#[test]
fn the_model_file_of_a_resumed_run_is_the_same_byte_for_byte() {
    let (whole, halves) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    quiet_fit(&mut model(), &in_folder(whole.path())).unwrap();
    let (train, val) = parts();
    let mut observer = StopWhen::new(|event| matches!(event, Event::Step { epoch: 2, step: 1, .. }));
    let interrupt = observer.interrupt.clone();
    fit(&mut model(), train, val, &in_folder(halves.path()), &mut observer, &interrupt).unwrap();
    quiet_fit(&mut model(), &in_folder(halves.path())).unwrap();
    let best = |folder: &Path| fs::read(folder.join("model.safetensors")).unwrap();
    assert!(best(whole.path()) == best(halves.path()), "model.safetensors differs");
}

#[test]
fn more_epochs_after_the_end_are_as_if_planned() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = model();
    quiet_fit(&mut whole, &options()).unwrap();
    let mut extended = model();
    quiet_fit(&mut extended, &FitOptions { epochs: 2, ..in_folder(folder.path()) }).unwrap();
    let outcome = quiet_fit(&mut extended, &in_folder(folder.path())).unwrap();
    assert_eq!(outcome.history.epochs.len(), 4);
    assert_eq!(extended, whole);
}

#[test]
fn a_cosine_that_is_stretched_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let one = FitOptions { epochs: 1, schedule: ScheduleKind::Cosine, ..in_folder(folder.path()) };
    quiet_fit(&mut model(), &one).unwrap();
    let (train, val) = parts();
    let mut observer = StopWhen::new(|_| false);
    let two = FitOptions { epochs: 2, ..one };
    fit(&mut model(), train, val, &two, &mut observer, &Interrupt::default()).unwrap();
    let told = &observer.notices[..];
    assert!(matches!(told, [Notice::Memory { .. }, Notice::ScheduleStretched { from: 1, to: 2 }]), "{told:?}");
}

#[test]
fn a_finished_run_says_so_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let first = quiet_fit(&mut model(), &in_folder(folder.path())).unwrap();
    let before = fs::read(folder.path().join("last.ckpt")).unwrap();
    let (train, val) = parts();
    let mut observer = StopWhen::new(|_| false);
    let second =
        fit(&mut model(), train, val, &in_folder(folder.path()), &mut observer, &Interrupt::default()).unwrap();
    assert_eq!(first.history.epochs, second.history.epochs);
    assert_eq!(first.best, second.best);
    assert_eq!(before, fs::read(folder.path().join("last.ckpt")).unwrap());
    assert!(observer.notices.contains(&Notice::EpochsDone { epochs: 4 }), "{:?}", observer.notices);
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut model = model();
            let outcome = quiet_fit(&mut model, &FitOptions { epochs: 2, ..options() }).unwrap();
            (model, timeless(&outcome.history.epochs))
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
}

#[test]
fn a_lost_epoch_is_made_again_after_a_kill_between_two_files() {
    // Killed after the model and the history of epoch 3 were written, before the checkpoint: the checkpoint is of epoch 2.
    let (killed, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut expected = model();
    let expected_outcome = quiet_fit(&mut expected, &in_folder(whole.path())).unwrap();
    quiet_fit(&mut model(), &FitOptions { epochs: 2, ..in_folder(killed.path()) }).unwrap();
    let checkpoint = fs::read(killed.path().join("last.ckpt")).unwrap();
    quiet_fit(&mut model(), &FitOptions { epochs: 3, ..in_folder(killed.path()) }).unwrap();
    fs::write(killed.path().join("last.ckpt"), checkpoint).unwrap();
    let mut resumed = model();
    let outcome = quiet_fit(&mut resumed, &in_folder(killed.path())).unwrap();
    assert_eq!(resumed, expected);
    assert_eq!(timeless(&outcome.history.epochs), timeless(&expected_outcome.history.epochs));
    assert_eq!(ModelFile::load(killed.path()).unwrap(), ModelFile::load(whole.path()).unwrap());
}

#[test]
fn training_learns_and_reports_what_evaluate_finds() {
    let (train, val) = parts();
    let mut model = model();
    let outcome = quiet_fit(&mut model, &FitOptions { epochs: 3, ..options() }).unwrap();
    let last = outcome.history.epochs.last().unwrap();
    let (loss, accuracy) = model.evaluate(val).unwrap();
    assert!((loss - last.val_loss).abs() < 1e-6, "{loss} {last:?}");
    assert_eq!(accuracy, last.val_accuracy);
    let sums = evaluate(&Cpu::best(), &model, train, 7, 5).unwrap();
    assert_eq!(sums.samples, train.len());
    assert_eq!(sums.correct_top_k, train.len(), "one of five classes is among the first five");
    let best = outcome.history.epochs.iter().map(|r| r.val_accuracy).fold(0.0, f64::max);
    assert_eq!(outcome.history.epochs[outcome.best_epoch - 1].val_accuracy, best);
    let equals = outcome.history.epochs.iter().filter(|r| r.val_accuracy == best);
    let lowest = equals.min_by(|a, b| a.val_loss.total_cmp(&b.val_loss)).unwrap();
    assert_eq!(outcome.best_epoch, lowest.epoch, "of equals, the one with the lower loss is kept");
}

#[test]
fn every_step_and_epoch_is_told() {
    let (train, val) = parts();
    let mut told = Vec::new();
    let mut observer = StopWhen::new(|event| {
        told.push(match event {
            Event::Step { epoch, step, steps, .. } => format!("{epoch}:{step}/{steps}"),
            Event::Validating { epoch } => format!("{epoch}:val"),
            Event::Epoch { record, epochs, .. } => format!("{}:end/{epochs}", record.epoch),
            Event::Notice(Notice::Memory { .. }) => "memory".into(),
            _ => "?".into(),
        });
        false
    });
    let options = FitOptions { epochs: 1, ..options() };
    fit(&mut model(), train, val, &options, &mut observer, &Interrupt::default()).unwrap();
    assert_eq!(told, ["memory", "1:1/4", "1:2/4", "1:3/4", "1:4/4", "1:val", "1:end/1"]);
}

#[test]
fn a_resumed_run_tells_what_it_has_done() {
    let folder = tempfile::tempdir().unwrap();
    let (train, val) = parts();
    let two = FitOptions { epochs: 2, ..in_folder(folder.path()) };
    let before =
        fit(&mut model(), train, val, &two, &mut umbel::base::progress::Silent, &Interrupt::default()).unwrap();
    let (mut told, mut rates) = (Vec::new(), Vec::new());
    let mut observer = StopWhen::new(|event| {
        match event {
            Event::Resumed { history, best_epoch } => told.push((history.to_vec(), *best_epoch)),
            Event::Step { figures, .. } => rates.push(figures.lr),
            _ => {}
        }
        false
    });
    let three = FitOptions { epochs: 3, ..two };
    let after = fit(&mut model(), train, val, &three, &mut observer, &Interrupt::default()).unwrap();
    assert_eq!(told, [(before.history.epochs, before.best_epoch)]);
    assert_eq!(rates.last(), after.history.epochs.last().map(|record| &record.lr));
}

#[test]
fn early_stopping_ends_the_run_and_stays_ended() {
    let folder = tempfile::tempdir().unwrap();
    let options = FitOptions {
        epochs: 50,
        learning_rate: 1e-12,
        early_stopping: Some(EarlyStopping { patience: 2, min_delta: 0.01 }),
        monitor: Monitor::ValLoss,
        ..in_folder(folder.path())
    };
    let (train, val) = parts();
    let mut observer = StopWhen::new(|_| false);
    let outcome = fit(&mut model(), train, val, &options, &mut observer, &Interrupt::default()).unwrap();
    assert_eq!(outcome.history.epochs.len(), 3);
    assert!(!outcome.interrupted);
    let stopped = Notice::EarlyStopped { figure: "val_loss", waited: 2, epoch: 3 };
    assert!(
        matches!(&observer.notices[..], [Notice::Memory { .. }, last] if *last == stopped),
        "{:?}",
        observer.notices
    );
    let mut observer = StopWhen::new(|_| false);
    let again = fit(&mut model(), train, val, &options, &mut observer, &Interrupt::default()).unwrap();
    assert_eq!(again.history.epochs.len(), 3);
    assert!(observer.notices.contains(&Notice::EndedEarly { epochs: 3 }), "{:?}", observer.notices);
}

#[test]
fn schedules_and_plateau_show_in_the_history() {
    let rates = |options: FitOptions| -> Vec<f64> {
        let outcome = quiet_fit(&mut model(), &options).unwrap();
        outcome.history.epochs.iter().map(|r| r.lr).collect()
    };
    let step = ScheduleKind::Step { every: 2, factor: 0.1 };
    let stepped = rates(FitOptions { schedule: step, ..options() });
    assert_eq!(stepped[..2], [0.001, 0.001]);
    assert!((stepped[2] - 0.0001).abs() < 1e-12 && stepped[3] == stepped[2], "{stepped:?}");
    let cosine = rates(FitOptions { schedule: ScheduleKind::Cosine, ..options() });
    assert!(cosine.windows(2).all(|pair| pair[1] < pair[0]), "{cosine:?}");
    let warm = rates(FitOptions { warmup_epochs: 2.0, epochs: 3, ..options() });
    assert!(warm[0] < warm[1] && warm[1] <= warm[2] && warm[2] == 0.001, "{warm:?}");
    let plateau = ReduceOnPlateau { patience: 1, factor: 0.5, min_lr: 2e-13 };
    let reduced = rates(FitOptions {
        learning_rate: 1e-12,
        reduce_on_plateau: Some(plateau),
        monitor: Monitor::ValLoss,
        epochs: 5,
        ..options()
    });
    assert_eq!(reduced, [1e-12, 1e-12, 0.5e-12, 0.25e-12, 2e-13]);
}

#[test]
fn a_loss_that_explodes_is_an_error_and_the_checkpoint_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let stack = || {
        let dense = Dense::new(8).activation(Activation::Relu);
        Sequential::new((32, 32, 3)).add(Flatten).add(dense.clone()).add(dense).add(Dense::new(5))
    };
    let options = FitOptions { optimizer: OptimizerConfig::sgd(0.0), learning_rate: 1e30, ..in_folder(folder.path()) };
    let error = quiet_fit(&mut Model::new(stack(), 1).unwrap(), &options).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Train(train::Error::Diverged { epoch: 1, .. })), "{text}");
    assert!(text.contains("learning rate") && text.contains("epoch 1"), "{text}");
    assert!(!folder.path().join("model.safetensors").exists());
    assert!(!folder.path().join("last.ckpt").exists());
}

#[test]
fn a_checkpoint_of_other_settings_or_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    quiet_fit(&mut model(), &FitOptions { epochs: 1, ..in_folder(folder.path()) }).unwrap();
    let before = fs::read(folder.path().join("last.ckpt")).unwrap();
    let other = FitOptions { learning_rate: 0.5, ..in_folder(folder.path()) };
    let error = quiet_fit(&mut model(), &other).unwrap_err();
    assert!(matches!(error, Error::Train(train::Error::OtherRun { what: "settings", .. })), "{error}");
    let (train, val) = parts();
    let fewer = Dataset { samples: train.samples[1..].into(), paths: train.paths[1..].into(), ..train.clone() };
    let mut quiet = umbel::base::progress::Silent;
    let error = fit(&mut model(), &fewer, val, &in_folder(folder.path()), &mut quiet, &Interrupt::default());
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Train(train::Error::OtherRun { what: "photos or labels", .. })), "{error}");
    assert_eq!(before, fs::read(folder.path().join("last.ckpt")).unwrap());
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    quiet_fit(&mut model(), &FitOptions { epochs: 1, ..in_folder(folder.path()) }).unwrap();
    let path = folder.path().join("last.ckpt");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = quiet_fit(&mut model(), &in_folder(folder.path())).unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
    assert_eq!(bytes, fs::read(&path).unwrap(), "what cannot be read is left alone");
}

#[test]
fn two_runs_never_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let held = RunLock::acquire(folder.path()).unwrap();
    let error = quiet_fit(&mut model(), &in_folder(folder.path())).unwrap_err();
    assert!(matches!(error, Error::Run(run::Error::RunBusy { .. })), "{error}");
    drop(held);
    quiet_fit(&mut model(), &FitOptions { epochs: 1, ..in_folder(folder.path()) }).unwrap();
}

#[test]
fn an_interrupt_before_the_first_step_keeps_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (train, val) = parts();
    let interrupt = Interrupt::default();
    interrupt.request();
    let mut quiet = umbel::base::progress::Silent;
    let outcome = fit(&mut model(), train, val, &in_folder(folder.path()), &mut quiet, &interrupt).unwrap();
    assert!(outcome.interrupted);
    assert_eq!(outcome.best_epoch, 0);
    let error = ModelFile::load(folder.path()).unwrap_err();
    assert!(error.to_string().contains("resume it"), "{error}");
    let mut resumed = model();
    quiet_fit(&mut resumed, &in_folder(folder.path())).unwrap();
    let mut whole = model();
    quiet_fit(&mut whole, &options()).unwrap();
    assert_eq!(resumed, whole);
}

#[test]
fn settings_out_of_range_are_named() {
    let bad = [
        ("epochs", FitOptions { epochs: 0, ..options() }),
        ("batch", FitOptions { batch: 0, ..options() }),
        ("learning_rate", FitOptions { learning_rate: f64::NAN, ..options() }),
        ("learning_rate", FitOptions { learning_rate: -1.0, ..options() }),
        ("warmup_epochs", FitOptions { warmup_epochs: f64::INFINITY, ..options() }),
        ("schedule.every", FitOptions { schedule: ScheduleKind::Step { every: 0, factor: 0.1 }, ..options() }),
        (
            "reduce_on_plateau.factor",
            FitOptions {
                reduce_on_plateau: Some(ReduceOnPlateau { patience: 1, factor: 1.5, min_lr: 0.0 }),
                ..options()
            },
        ),
    ];
    for (setting, options) in bad {
        let error = quiet_fit(&mut model(), &options).unwrap_err();
        assert!(
            matches!(&error, Error::Predict(PredictError::Setting { setting: named, .. }) if named == setting),
            "{error}"
        );
    }
}

#[test]
fn a_model_of_another_shape_than_the_data_is_refused() {
    let classes = Sequential::new((32, 32, 3)).add(Flatten).add(Dense::new(4));
    let error = quiet_fit(&mut Model::new(classes, 1).unwrap(), &options()).unwrap_err();
    assert!(matches!(error, Error::Train(train::Error::ClassCount { outputs: 4, classes: 5 })), "{error}");
    let size = Sequential::new((16, 32, 3)).add(Flatten).add(Dense::new(5));
    let error = quiet_fit(&mut Model::new(size, 1).unwrap(), &options()).unwrap_err();
    assert!(error.to_string().contains("16x32x3") && error.to_string().contains("32x32x3"), "{error}");
}

#[test]
fn moving_statistics_survive_a_resume() {
    let stack = Sequential::new((32, 32, 3))
        .add(Rescaling::new(1.0 / 255.0))
        .add(BatchNorm::new())
        .add(Flatten)
        .add(Dense::new(5));
    let mut whole = Model::new(stack.clone(), 7).unwrap();
    quiet_fit(&mut whole, &FitOptions { epochs: 2, ..options() }).unwrap();
    let two = FitOptions { epochs: 2, ..options() };
    let (last, ..) = stopped_and_resumed(&stack, &two, |event| matches!(event, Event::Step { epoch: 1, step: 2, .. }));
    assert_eq!(last, whole);
}

#[test]
fn half_written_files_of_a_killed_run_are_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join(format!("{}abc", umbel::base::atomic::SCRATCH_PREFIX));
    let other = folder.path().join("notes.txt");
    fs::write(&scratch, "half").unwrap();
    fs::write(&other, "mine").unwrap();
    quiet_fit(&mut model(), &FitOptions { epochs: 1, ..in_folder(folder.path()) }).unwrap();
    assert!(!scratch.exists());
    assert!(other.exists());
}

#[test]
fn mixed_smoothed_and_weighted_runs_resume_to_the_same_bits() {
    let options = FitOptions {
        label_smoothing: 0.1,
        mixing: Mixing { mixup: 0.2, cutmix: 1.0, probability: 0.8 },
        balance: Balance::Loss,
        ..options()
    };
    let mut whole = Model::new(super::flowers::network(), 7).unwrap();
    let outcome = quiet_fit(&mut whole, &options).unwrap();
    let mut plain = Model::new(super::flowers::network(), 7).unwrap();
    quiet_fit(&mut plain, &FitOptions { label_smoothing: 0.0, ..options.clone() }).unwrap();
    assert_ne!(plain, whole, "the smoothing does something");
    let (last, history, _) = stopped_and_resumed(&super::flowers::network(), &options, |event| {
        matches!(event, Event::Step { epoch: 2, step: 3, .. })
    });
    assert_eq!(last, whole);
    assert_eq!(timeless(&history), timeless(&outcome.history.epochs));
}

#[test]
fn settings_of_older_versions_have_the_same_digest() {
    // What came later is left out at its default, so that a run of an older version goes on.
    let json = serde_json::to_string(&FitOptions::default()).unwrap();
    assert!(!json.contains("label_smoothing") && !json.contains("mixing") && !json.contains("balance"), "{json}");
    let later = ["ema_momentum", "global_clipnorm", "gradient_accumulation_steps", "train_sizes"];
    assert!(later.iter().all(|name| !json.contains(name)), "{json}");
    let read: FitOptions = serde_json::from_str(&json).unwrap();
    assert_eq!(read, FitOptions::default());
}

#[test]
fn the_average_is_validated_kept_and_resumed_to_the_same_bits() {
    let options = FitOptions { ema_momentum: 0.9, gradient_accumulation_steps: 3, global_clipnorm: 0.5, ..options() };
    let mut whole = Model::new(super::flowers::network(), 7).unwrap();
    let outcome = quiet_fit(&mut whole, &options).unwrap();
    let (_, val) = parts();
    let last = outcome.history.epochs.last().unwrap();
    assert_eq!(whole.evaluate(val).unwrap().1, last.val_accuracy, "the model is the average in the end");
    let mut raw = Model::new(super::flowers::network(), 7).unwrap();
    let plain = quiet_fit(&mut raw, &FitOptions { ema_momentum: 0.0, ..options.clone() }).unwrap();
    let losses =
        |outcome: &train::FitOutcome| -> Vec<f64> { outcome.history.epochs.iter().map(|record| record.loss).collect() };
    assert_eq!(losses(&plain), losses(&outcome), "the average has no say in the training");
    assert_ne!(raw, whole);
    // Asked to stop in the middle of an update of three batches, it stops behind it.
    let (end, history, file) = stopped_and_resumed(&super::flowers::network(), &options, |event| {
        matches!(event, Event::Step { epoch: 2, step: 1, .. })
    });
    assert_eq!(end, whole);
    assert_eq!(timeless(&history), timeless(&outcome.history.epochs));
    assert_eq!(file.model, outcome.best);
}

#[test]
fn accumulated_batches_are_one_large_batch() {
    let smooth = || {
        let stack = Sequential::new((32, 32, 3)).add(Rescaling::new(1.0 / 255.0)).add(Flatten).add(Dense::new(5));
        Model::new(stack, 3).unwrap()
    };
    let (mut large, mut small) = (smooth(), smooth());
    let sgd = FitOptions { optimizer: OptimizerConfig::sgd(0.0), epochs: 1, ..options() };
    quiet_fit(&mut large, &FitOptions { batch: 12, ..sgd.clone() }).unwrap();
    quiet_fit(&mut small, &FitOptions { batch: 4, gradient_accumulation_steps: 3, ..sgd }).unwrap();
    for (large, small) in large.weights().tensors.iter().zip(&small.weights().tensors) {
        for (a, b) in large.data.iter().zip(&small.data) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}

/// Ends in a global pooling, so that it takes pictures of any size.
fn any_size() -> Sequential {
    use umbel::nn::layers::{Conv2d, GlobalAvgPool2d};
    Sequential::new((48, 48, 3))
        .add(umbel::nn::layers::RandomFlip::horizontal())
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2d::new(6, 3).stride(2).activation(Activation::Relu))
        .add(BatchNorm::default().momentum(0.9))
        .add(GlobalAvgPool2d)
        .add(Dense::new(5))
}

/// The drawn flowers at 48 x 48.
fn larger_parts() -> (Dataset, Dataset) {
    let mut options = super::flowers::dataset_options(&super::flowers::cache());
    options.prep.image_size = 48;
    umbel::data::image_dataset_from_directory(super::flowers::folder(), &options).unwrap()
}

#[test]
fn photos_grow_and_a_resumed_run_ends_in_the_same_bits() {
    let (train, val) = larger_parts();
    let quiet = |model: &mut Model, options: &FitOptions| {
        fit(model, &train, &val, options, &mut umbel::base::progress::Silent, &Interrupt::default())
    };
    let grown = FitOptions { train_sizes: vec![32, 40], ..options() };
    let mut whole = Model::new(any_size(), 7).unwrap();
    let outcome = quiet(&mut whole, &grown).unwrap();
    let (_, accuracy) = whole.evaluate(&val).unwrap();
    assert_eq!(outcome.history.epochs[3].val_accuracy, accuracy, "validated on the photos' own size");
    let mut other = Model::new(any_size(), 7).unwrap();
    quiet(&mut other, &FitOptions { train_sizes: vec![40], ..options() }).unwrap();
    assert_ne!(other, whole);
    // Stopped in the second size, and between the two.
    for at in [(2, 4), (3, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let options = FitOptions { run_folder: Some(folder.path().to_owned()), ..grown.clone() };
        let mut observer =
            StopWhen::new(move |event| matches!(event, Event::Step { epoch, step, .. } if (*epoch, *step) == at));
        let interrupt = observer.interrupt.clone();
        let mut first = Model::new(any_size(), 7).unwrap();
        assert!(fit(&mut first, &train, &val, &options, &mut observer, &interrupt).unwrap().interrupted);
        let mut second = Model::new(any_size(), 8).unwrap();
        quiet(&mut second, &options).unwrap();
        assert_eq!(second, whole, "{at:?}");
    }
    // A flatten ties the weights to one size.
    let flat = Sequential::new((48, 48, 3)).add(Flatten).add(Dense::new(5));
    let error = quiet(&mut Model::new(flat, 1).unwrap(), &grown).unwrap_err().to_string();
    assert!(error.contains("train_sizes is 40") && error.contains("global pooling"), "{error}");
}

#[test]
fn the_range_test_is_one_function_of_its_settings_and_leaves_the_model_alone() {
    use umbel::train::{RangeOptions, range_test};
    let (train, _) = parts();
    let range = RangeOptions { steps: 60, low: 1e-6, high: 100.0 };
    let model = model();
    let options = FitOptions { label_smoothing: 0.1, ..options() };
    let mut told = 0;
    let run = |told: &mut usize| {
        range_test(&model, train, &options, &range, &mut |_| *told += 1, &Interrupt::default()).unwrap().unwrap()
    };
    let test = run(&mut told);
    assert_eq!((test.points.len(), &test), (told, &run(&mut told)));
    assert!(test.diverged && test.minimum > 1e-5 && test.minimum < 10.0, "{} {}", test.diverged, test.minimum);
    assert!(test.steepest <= test.minimum);
    let stop = Interrupt::default();
    stop.request();
    assert!(range_test(&model, train, &options, &range, &mut |_| {}, &stop).unwrap().is_none());
    let wrong = RangeOptions { high: 1e-7, ..range };
    assert!(range_test(&model, train, &options, &wrong, &mut |_| {}, &Interrupt::default()).is_err());
}
