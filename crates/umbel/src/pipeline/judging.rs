//! Who judges a run: the validation part, or, where the last layer alone is fitted and nobody chose such a part, folds of all photos
//! that may train.

use super::TrainConfig;
use super::architecture;
use super::job::Job;
use super::run_folder::RunFolder;
use super::validated::Parts;
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::data::{Split, SplitOptions};
use crate::nn::Model;
use crate::train::fit::{fit_by_folds_locked, fit_locked};
use crate::train::{FitOptions, FitOutcome, HeadFit};

/// How the photos of a new run are divided. Those that taught a network more than its last layer judge nothing that it becomes, so
/// such a network is judged by a part, and never by folds.
pub(super) fn split(config: &TrainConfig, options: &SplitOptions, job: &Job<'_>) -> Result<Split> {
    if let Some(heritage) = job.heritage.as_ref().filter(|heritage| heritage.holds()) {
        return Split::with_held(options, &job.index, &job.cache, &heritage.parts);
    }
    match architecture::head_fit(config) {
        HeadFit::Only => Split::judged_by_folds(options, &job.index, &job.cache),
        HeadFit::No | HeadFit::First => Split::with(options, &job.index, &job.cache),
    }
}

/// Fits the model in the run folder; the training part is judged by `folds`, where there are any.
pub(super) fn fit(
    run: &RunFolder,
    model: &mut Model,
    (parts, folds): (&Parts<'_>, &[Vec<usize>]),
    options: &FitOptions,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<FitOutcome> {
    let lock = Some(run.lock());
    match options.head {
        HeadFit::Only if !folds.is_empty() => {
            fit_by_folds_locked(lock, model, (parts.train, folds), options, observer, interrupt)
        }
        HeadFit::Only | HeadFit::First | HeadFit::No => {
            fit_locked(lock, model, (parts.train, parts.val), options, observer, interrupt)
        }
    }
}
