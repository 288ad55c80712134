//! What the live view knows of a run, and what it can tell from that.

use umbel::base::progress::{EpochRecord, StepFigures};

/// A run at a moment.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Which fold of how many, in a cross-validation.
    pub fold: Option<(usize, usize)>,
    pub train_images: usize,
    /// The epochs that are over, also those before a stop.
    pub history: Vec<EpochRecord>,
    /// From 1; 0 where no epoch is over.
    pub best_epoch: usize,
    pub current: Current,
    /// Bytes that the process holds; 0 where the system doesn't say.
    pub memory: u64,
}

/// The epoch that is running.
#[derive(Clone, Copy, Debug)]
pub struct Current {
    pub epoch: usize,
    pub epochs: usize,
    pub step: usize,
    pub steps: usize,
    pub figures: StepFigures,
    pub phase: Phase,
}

/// What is being done at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Training,
    Validating,
    /// All epochs are done.
    Reporting,
}

impl Default for Current {
    fn default() -> Self {
        let figures = StepFigures { loss: f64::NAN, accuracy: f64::NAN, lr: f64::NAN, seconds_per_step: f64::NAN };
        Current { epoch: 1, epochs: 1, step: 0, steps: 1, figures, phase: Phase::Training }
    }
}

impl State {
    /// The record of the best epoch so far.
    pub fn best(&self) -> Option<&EpochRecord> {
        self.history.iter().find(|record| record.epoch == self.best_epoch)
    }

    /// Training speed in the epoch that is running; not a number before its first step.
    pub fn images_per_second(&self) -> f64 {
        let Current { steps, figures, .. } = self.current;
        self.train_images as f64 / (steps as f64 * figures.seconds_per_step)
    }

    /// The time until the last epoch of the last fold is over, if none is stopped early and all are as fast as the
    /// current one; validation takes what it took last time.
    pub fn seconds_left(&self) -> f64 {
        let Current { epoch, epochs, step, steps, figures, .. } = self.current;
        let validation = self.history.last().map_or(0.0, |record| {
            let training = self.train_images as f64 / record.images_per_second;
            (record.seconds - training).max(0.0)
        });
        let whole_epoch = steps as f64 * figures.seconds_per_step + validation;
        let this_epoch = steps.saturating_sub(step) as f64 * figures.seconds_per_step + validation;
        let folds_to_come = self.fold.map_or(0, |(fold, folds)| folds.saturating_sub(fold));
        let epochs_to_come = epochs.saturating_sub(epoch) + folds_to_come * epochs;
        this_epoch + epochs_to_come as f64 * whole_epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let figures = StepFigures { loss: 1.0, accuracy: 0.5, lr: 0.001, seconds_per_step: 0.1 };
        let record = EpochRecord {
            epoch: 1,
            loss: 1.0,
            accuracy: 0.5,
            val_loss: 1.0,
            val_accuracy: 0.5,
            lr: 0.001,
            seconds: 12.0,
            images_per_second: 32.0,
            ..EpochRecord::default()
        };
        State {
            train_images: 320,
            history: vec![record],
            best_epoch: 1,
            current: Current { epoch: 2, epochs: 4, step: 5, steps: 10, figures, phase: Phase::Training },
            ..State::default()
        }
    }

    #[test]
    fn time_left_counts_steps_validation_and_folds() {
        let mut state = state();
        assert!((state.images_per_second() - 320.0).abs() < 1e-9);
        // Validation took 12 s - 10 s. Half an epoch is left, and two whole ones.
        assert!((state.seconds_left() - (2.5 + 2.0 * 3.0)).abs() < 1e-9, "{}", state.seconds_left());
        state.fold = Some((2, 3));
        assert!((state.seconds_left() - (2.5 + 6.0 * 3.0)).abs() < 1e-9, "{}", state.seconds_left());
        state.history.clear();
        state.fold = None;
        assert!((state.seconds_left() - (0.5 + 2.0)).abs() < 1e-9, "{}", state.seconds_left());
    }

    #[test]
    fn before_the_first_step_nothing_is_claimed() {
        let state = State::default();
        assert!(state.images_per_second().is_nan() && state.seconds_left().is_nan());
        assert!(state.best().is_none());
    }
}
