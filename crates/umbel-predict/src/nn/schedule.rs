//! The learning rate over time: a pure function of the step.

use serde::{Deserialize, Serialize};

/// The shape of the curve after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum ScheduleKind {
    #[default]
    Constant,
    /// Half a cosine from the base rate towards zero, which it would reach after the last step (Loshchilov & Hutter
    /// 2017; Keras' `CosineDecay`).
    Cosine,
    /// Multiplied by `factor` every `every` epochs.
    Step { every: usize, factor: f64 },
}

/// A schedule for a run of known length.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Schedule {
    pub kind: ScheduleKind,
    pub base: f64,
    /// Linear from near 0 to the base rate over so many steps.
    pub warmup_steps: u64,
    pub steps_per_epoch: u64,
    pub total_steps: u64,
}

impl Schedule {
    /// The rate of step `step` (from 0).
    pub fn rate(&self, step: u64) -> f64 {
        if step < self.warmup_steps {
            return self.base * (step + 1) as f64 / self.warmup_steps as f64;
        }
        match self.kind {
            ScheduleKind::Constant => self.base,
            ScheduleKind::Cosine => {
                let length = self.total_steps.saturating_sub(self.warmup_steps).max(1);
                let done = (step - self.warmup_steps) as f64 / length as f64;
                self.base * 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
            }
            ScheduleKind::Step { every, factor } => {
                let epoch = step / self.steps_per_epoch.max(1);
                let drops = epoch / (every as u64).max(1);
                self.base * factor.powf(drops as f64)
            }
        }
    }
}
