//! The callbacks' decisions on made-up figures.

use umbel::base::notice::Notice;
use umbel::base::progress::EpochRecord;
use umbel::train::{CallbackState, Callbacks, EarlyStopping, Monitor, ReduceOnPlateau};

fn record(epoch: usize, val_accuracy: f64, val_loss: f64) -> EpochRecord {
    EpochRecord {
        epoch,
        loss: 1.0,
        accuracy: 0.5,
        val_loss,
        val_accuracy,
        lr: 0.1,
        seconds: 1.0,
        images_per_second: 1.0,
        ..EpochRecord::default()
    }
}

/// Small validation parts tie often: the first of equals was kept, though a later one was surer of what is right. The same after a
/// stop in between.
#[test]
fn of_equal_epochs_the_one_with_the_lower_loss_is_best_and_then_the_first() {
    for (monitor, best) in [(Monitor::ValAccuracy, 3), (Monitor::ValLoss, 3)] {
        let callbacks = Callbacks { monitor, ..Callbacks::default() };
        let figures = [(0.5, 1.0), (0.7, 0.9), (0.7, 0.8), (0.7, 0.8), (0.7, 0.85), (0.6, 0.8)];
        for stop in 0..figures.len() {
            let (mut state, mut history) = (CallbackState::default(), Vec::new());
            for (index, (accuracy, loss)) in figures.into_iter().enumerate() {
                history.push(record(index + 1, accuracy, loss));
                state.epoch_end(&callbacks, 0.1, &history[index]);
                if index == stop {
                    state = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
                    state.remember(&history);
                }
            }
            assert_eq!(state.best.unwrap().epoch, best, "{monitor:?}, stopped after {}", stop + 1);
        }
    }
}

/// With classes balanced, an epoch that always answered with the largest class was the best by its plain accuracy.
#[test]
fn where_classes_are_balanced_their_mean_decides_which_epoch_is_best() {
    let balanced = |epoch, plain, mean| EpochRecord { val_balanced_accuracy: Some(mean), ..record(epoch, plain, 1.0) };
    let mut state = CallbackState::default();
    for record in [balanced(1, 0.98, 0.5), balanced(2, 0.9, 0.85), balanced(3, 0.95, 0.8)] {
        state.epoch_end(&Callbacks::default(), 0.1, &record);
    }
    assert_eq!(state.best.unwrap().epoch, 2);
}

/// Of 250 photos, an epoch in the middle of the schedule was the best on 50 of them by chance, and six points worse than the last layer
/// alone on others.
#[test]
fn while_the_rate_is_high_only_the_first_epoch_can_be_best() {
    let callbacks = Callbacks { best_after: 3, ..Callbacks::default() };
    let best = |figures: &[f64]| {
        let mut state = CallbackState::default();
        for (index, accuracy) in figures.iter().enumerate() {
            state.epoch_end(&callbacks, 0.1, &record(index + 1, *accuracy, 1.0));
        }
        state.best_epoch()
    };
    assert_eq!(best(&[0.84, 0.92, 0.90, 0.86, 0.85]), 4);
    assert_eq!(best(&[0.84, 0.92]), 1);
    assert_eq!(best(&[0.88, 0.92, 0.90, 0.86, 0.85]), 1);
}

#[test]
fn timid_answers_are_not_worse_where_the_loss_is_taken_once_calibrated() {
    let of = |loss, calibrated| EpochRecord { val_calibrated_loss: Some(calibrated), ..record(1, 0.9, loss) };
    let (plain, calibrated) = (Monitor::ValLoss, Monitor::ValCalibratedLoss);
    assert!(plain.score(&of(0.3, 0.3)) > plain.score(&of(0.4, 0.2)));
    assert!(calibrated.score(&of(0.3, 0.3)) < calibrated.score(&of(0.4, 0.2)));
}

#[test]
fn early_stopping_waits_for_its_patience_as_keras_does() {
    let stopping = EarlyStopping { patience: 2, min_delta: 0.05 };
    let callbacks = Callbacks { early_stopping: Some(stopping), ..Callbacks::default() };
    let mut state = CallbackState::default();
    // 0.54 is no improvement of more than 0.05 over 0.5; 0.56 is, and the wait begins anew.
    for (epoch, accuracy) in [(1, 0.5), (2, 0.54), (3, 0.56), (4, 0.56)] {
        state.epoch_end(&callbacks, 0.1, &record(epoch, accuracy, 1.0));
        assert!(!state.stopped, "epoch {epoch}");
    }
    let verdict = state.epoch_end(&callbacks, 0.1, &record(5, 0.6, 1.0));
    assert!(state.stopped);
    assert!(verdict.improved, "best is by the figure alone, without min_delta");
    assert_eq!(verdict.notices, [Notice::EarlyStopped { figure: "val_accuracy", waited: 2, epoch: 5 }]);
}

#[test]
fn a_plateau_lowers_the_rate_down_to_its_minimum() {
    let plateau = ReduceOnPlateau { patience: 2, factor: 0.1, min_lr: 0.002 };
    let callbacks = Callbacks { reduce_on_plateau: Some(plateau), ..Callbacks::default() };
    let mut state = CallbackState::default();
    let mut rates = Vec::new();
    let mut notices = Vec::new();
    for epoch in 1..=9 {
        notices.extend(state.epoch_end(&callbacks, 0.1, &record(epoch, 0.5, 1.0)).notices);
        rates.push(0.1 * state.rate_factor);
    }
    let expected = [0.1, 0.1, 0.01, 0.01, 0.002, 0.002, 0.002, 0.002, 0.002];
    for (rate, expected) in rates.iter().zip(expected) {
        assert!((rate - expected).abs() < 1e-12, "{rates:?}");
    }
    let [first, second] = &notices[..] else { panic!("{notices:?}") };
    let lowered = |notice: &Notice, expected: [f64; 2]| match notice {
        Notice::ReducedRate { figure: "val_accuracy", waited: 2, from, to } => {
            (from - expected[0]).abs() < 1e-12 && (to - expected[1]).abs() < 1e-12
        }
        _ => false,
    };
    assert!(lowered(first, [0.1, 0.01]) && lowered(second, [0.01, 0.002]), "{notices:?}");
}

#[test]
fn the_state_survives_json() {
    let mut state = CallbackState::default();
    let callbacks = Callbacks {
        early_stopping: Some(EarlyStopping { patience: 2, min_delta: 0.0 }),
        reduce_on_plateau: Some(ReduceOnPlateau { patience: 1, factor: 1.0 / 3.0, min_lr: 0.0 }),
        ..Callbacks::default()
    };
    let mut history = Vec::new();
    for (epoch, accuracy) in [(1, 1.0 / 3.0), (2, 0.1), (3, 0.30000000000000004)] {
        history.push(record(epoch, accuracy, 1.0));
        state.epoch_end(&callbacks, 0.001, &history[epoch - 1]);
        let mut read: CallbackState = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        read.remember(&history);
        assert_eq!(read, state);
    }
}
