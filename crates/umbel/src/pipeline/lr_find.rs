//! The range test on a folder of photos, with the settings of a training run: scan, cache, split, test, picture.

use std::path::{Path, PathBuf};

use super::job::{Job, in_pool};
use super::{TrainConfig, architecture};
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::data::{Dataset, Split};
use crate::report::rates;
use crate::train::{FitOptions, RangeOptions, RangeTest, range_test};
use crate::{Result, Surroundings};

/// The pictures' name, without the ending.
const STEM: &str = "lr-find";

/// A range test, and where its pictures lie.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct FoundRate {
    pub test: RangeTest,
    pub pictures: Vec<PathBuf>,
}

/// Finds a learning rate for these settings on their training photos, and draws the curve into the folder `out`, which is
/// made where it isn't there. No run is begun. `None` where the user asked to stop.
pub fn lr_find(
    config: &TrainConfig,
    range: &RangeOptions,
    out: &Path,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Option<FoundRate>> {
    config.validate()?;
    // Something must be trained by steps.
    let config = &TrainConfig { undecided: None, ..config.clone() };
    let toml = architecture::read_toml(config)?;
    let tested = in_pool(config.threads, || {
        let (job, model) = Job::prepare(config, toml.as_deref(), surroundings, observer, interrupt)?;
        let split = Split::with(&config.split_options()?, &job.index, &job.cache)?;
        let train = Dataset::new(&job.index, job.cache.clone(), &split.train);
        observer.event(&Event::Notice(&Notice::RangeTest {
            low: range.low,
            high: range.high,
            steps: range.steps,
            batch: config.fit.batch.min(train.len()),
            photos: train.len(),
        }));
        let engine = surroundings.engine.clone();
        let precision = config.precision.resolve(engine.for_inference());
        let options = FitOptions { engine, precision, ..config.fit.clone() };
        range_test(&model, &train, &options, range, &mut |_| {}, interrupt)
    })?;
    let Some(test) = tested else { return Ok(None) };
    let io = |source| umbel_predict::Error::Io { action: "create the folder", path: out.to_owned(), source };
    std::fs::create_dir_all(out).map_err(io)?;
    let pictures = rates::write(out, STEM, &test)?;
    Ok(Some(FoundRate { test, pictures }))
}
