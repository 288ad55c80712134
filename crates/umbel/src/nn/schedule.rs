//! The learning rate over time: a pure function of the step.

use serde::{Deserialize, Serialize};

/// The shape of the curve after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum ScheduleKind {
    #[default]
    Constant,
    /// Half a cosine from the base rate to zero at the last step (Loshchilov & Hutter 2017).
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
        todo!()
    }
}
