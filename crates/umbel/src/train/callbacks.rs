//! What may change the course of a run after an epoch. Their state is plain data, so that a checkpoint can hold it.

use serde::{Deserialize, Serialize};

use crate::base::notice::Notice;
use crate::base::progress::EpochRecord;
pub use crate::settings::Monitor;

impl Monitor {
    /// The monitored figure of an epoch, turned so that more is better.
    pub fn score(self, record: &EpochRecord) -> f64 {
        match self {
            // Where classes are balanced, what always answers with the largest must not win.
            Monitor::ValAccuracy => record.val_balanced_accuracy.unwrap_or(record.val_accuracy),
            Monitor::ValLoss => -record.val_loss,
            Monitor::ValCalibratedLoss => -record.val_calibrated_loss.unwrap_or(record.val_loss),
        }
    }
}

/// Ends the run when the monitored figure has not improved by more than `min_delta` for `patience` epochs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct EarlyStopping {
    pub patience: usize,
    pub min_delta: f64,
}

/// Multiplies the rate by `factor` when the monitored figure has not improved for `patience` epochs, down to `min_lr`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ReduceOnPlateau {
    pub patience: usize,
    pub factor: f64,
    pub min_lr: f64,
}

/// What [`ReduceOnPlateau`] takes for an improvement: Keras' default `min_delta`.
pub const PLATEAU_MIN_DELTA: f64 = 1e-4;

/// The callbacks of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Callbacks {
    pub monitor: Monitor,
    /// Of the epochs up to this one, only the first can be the best.
    pub best_after: usize,
    pub early_stopping: Option<EarlyStopping>,
    pub reduce_on_plateau: Option<ReduceOnPlateau>,
}

/// What the callbacks remember between epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct CallbackState {
    pub best: Option<Best>,
    pub stopping: Patience,
    pub plateau: Patience,
    /// Multiplies the schedule's rate.
    pub rate_factor: f64,
    /// Early stopping has ended the run.
    pub stopped: bool,
}

/// The best epoch so far; of equals the one with the lower validation loss, and of those the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Best {
    /// From 1.
    pub epoch: usize,
    pub score: f64,
    /// Its `val_loss`. (Not saved: the history has it, see [`CallbackState::remember`].)
    #[serde(skip)]
    pub loss: Option<f64>,
}

/// How long a figure has not improved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Patience {
    pub best: Option<f64>,
    pub wait: usize,
}

impl Patience {
    /// Takes an epoch's score; gives whether it has now waited for `patience` epochs (at least one).
    fn exhausted(&mut self, score: f64, min_delta: f64, patience: usize) -> bool {
        if self.best.is_none_or(|best| score - min_delta > best) {
            *self = Patience { best: Some(score), wait: 0 };
            return false;
        }
        self.wait += 1;
        self.wait >= patience
    }
}

/// What an epoch's end brought.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Verdict {
    /// The epoch is the best so far: its model is to be kept.
    pub improved: bool,
    /// What the callbacks did.
    pub notices: Vec<Notice>,
}

impl Default for CallbackState {
    fn default() -> Self {
        CallbackState {
            best: None,
            stopping: Patience::default(),
            plateau: Patience::default(),
            rate_factor: 1.0,
            stopped: false,
        }
    }
}

impl CallbackState {
    /// The best epoch so far, from 1; 0 where none is over.
    pub fn best_epoch(&self) -> usize {
        self.best.map_or(0, |best| best.epoch)
    }

    /// Takes up again what the saved state leaves to the history.
    pub fn remember(&mut self, history: &[EpochRecord]) {
        if let Some(best) = &mut self.best {
            best.loss = history.iter().find(|record| record.epoch == best.epoch).map(|record| record.val_loss);
        }
    }

    /// Takes note of an epoch, in Keras' order of decisions. `base_rate` is the schedule's base learning rate.
    pub fn epoch_end(&mut self, callbacks: &Callbacks, base_rate: f64, record: &EpochRecord) -> Verdict {
        let score = callbacks.monitor.score(record);
        let is_better = |best: Best| {
            score > best.score || score == best.score && best.loss.is_some_and(|loss| record.val_loss < loss)
        };
        let may_be_best = record.epoch == 1 || record.epoch > callbacks.best_after;
        let improved = may_be_best && self.best.is_none_or(is_better);
        let mut verdict = Verdict { improved, notices: Vec::new() };
        if verdict.improved {
            self.best = Some(Best { epoch: record.epoch, score, loss: Some(record.val_loss) });
        }
        if let Some(plateau) = &callbacks.reduce_on_plateau {
            verdict.notices.extend(self.reduce(plateau, callbacks.monitor, base_rate, score));
        }
        if let Some(stopping) = &callbacks.early_stopping
            && self.stopping.exhausted(score, stopping.min_delta.abs(), stopping.patience)
        {
            self.stopped = true;
            verdict.notices.push(Notice::EarlyStopped {
                figure: callbacks.monitor.name(),
                waited: self.stopping.wait,
                epoch: record.epoch,
            });
        }
        verdict
    }

    fn reduce(&mut self, plateau: &ReduceOnPlateau, monitor: Monitor, base_rate: f64, score: f64) -> Option<Notice> {
        if !self.plateau.exhausted(score, PLATEAU_MIN_DELTA, plateau.patience) {
            return None;
        }
        let before = base_rate * self.rate_factor;
        let after = (before * plateau.factor).max(plateau.min_lr);
        if after >= before {
            return None;
        }
        let waited = std::mem::take(&mut self.plateau.wait);
        self.rate_factor = after / base_rate;
        Some(Notice::ReducedRate { figure: monitor.name(), waited, from: before, to: after })
    }
}
