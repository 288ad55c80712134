//! What was asked of a run, and what that comes to on this machine.

use super::job::Job;
use super::{TrainConfig, architecture};
use crate::Surroundings;
use crate::nn::Precision;
use crate::train::{FitOptions, HeadFit};

/// How the network of these settings is fitted here; where a run goes on, in the precision that it began in.
pub(super) fn options(config: &TrainConfig, surroundings: &Surroundings, begun: Option<Precision>) -> FitOptions {
    let (engine, head) = (surroundings.engine.clone(), architecture::head_fit(config));
    let precision = match head {
        // Nothing but the last layer is computed, and that in single precision.
        HeadFit::Only => Precision::F32,
        HeadFit::No | HeadFit::First => begun.unwrap_or_else(|| config.precision.resolve(engine.for_inference())),
    };
    FitOptions { precision, engine, head, ..config.fit.clone() }
}

/// How one run is made: what was asked for, and what that comes to here.
pub(super) struct Settings<'a> {
    pub config: &'a TrainConfig,
    pub options: FitOptions,
    pub surroundings: &'a Surroundings,
}

impl<'a> Settings<'a> {
    /// Of a run of this job; where it goes on, in the precision that it began in.
    pub fn of(job: &Job<'a>, config: &'a TrainConfig, begun: Option<Precision>) -> Self {
        let (started_from, kept) = (job.started_from.clone(), job.kept.clone());
        let options = FitOptions { kept, started_from, ..options(config, job.surroundings, begun) };
        Settings { config, options, surroundings: job.surroundings }
    }
}
