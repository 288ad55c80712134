//! What was asked of a run, and what that comes to on this machine.

use super::job::Job;
use super::run_folder::RunFolder;
use super::{TrainConfig, architecture};
use crate::Result;
use crate::nn::Precision;
use crate::run::names;
use crate::train::checkpoint::Checkpoint;
use crate::train::{FitOptions, HeadFit};

/// How one run is made: what was asked for, and what that comes to here.
pub(super) struct Settings<'a> {
    pub config: &'a TrainConfig,
    pub options: FitOptions,
    /// See [`Surroundings`].
    pub processor: Option<&'a str>,
}

impl<'a> Settings<'a> {
    /// Of a run of this job; where it goes on, in the precision that it began in.
    pub fn of(job: &Job<'a>, config: &'a TrainConfig, begun: Option<Precision>) -> Self {
        let (engine, head) = (job.surroundings.engine.clone(), architecture::head_fit(config));
        let precision = match head {
            // Nothing but the last layer is computed, and that in single precision.
            HeadFit::Only => Precision::F32,
            HeadFit::No | HeadFit::First => begun.unwrap_or_else(|| config.precision.resolve(engine.for_inference())),
        };
        let started_from = job.started_from.clone();
        let options = FitOptions { precision, engine, head, started_from, ..config.fit.clone() };
        Settings { config, options, processor: job.surroundings.processor.as_deref() }
    }
}

/// The precision that a run began in, if it has.
pub(super) fn begun_in(run: &RunFolder) -> Result<Option<Precision>> {
    let begun = Checkpoint::read(&run.path().join(names::CHECKPOINT))?;
    Ok(begun.and_then(|begun| begun.progress.precision()))
}
