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
    }
}

#[test]
fn the_first_of_equal_epochs_is_best() {
    for (monitor, best) in [(Monitor::ValAccuracy, 2), (Monitor::ValLoss, 3)] {
        let callbacks = Callbacks { monitor, ..Callbacks::default() };
        let mut state = CallbackState::default();
        let figures = [(0.5, 1.0), (0.7, 0.9), (0.7, 0.8), (0.6, 0.8)];
        for (index, (accuracy, loss)) in figures.into_iter().enumerate() {
            state.epoch_end(&callbacks, 0.1, &record(index + 1, accuracy, loss));
        }
        assert_eq!(state.best.unwrap().epoch, best);
    }
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
    for (epoch, accuracy) in [(1, 1.0 / 3.0), (2, 0.1), (3, 0.30000000000000004)] {
        state.epoch_end(&callbacks, 0.001, &record(epoch, accuracy, 1.0));
        let read: CallbackState = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        assert_eq!(read, state);
    }
}
