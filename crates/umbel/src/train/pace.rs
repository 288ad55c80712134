//! How long training takes here, measured by its first steps: what a run that is to end in time is planned by. The steps are thrown away.

use std::time::Instant;

use super::sizes::Sizes;
use super::step::{Step, check_memory, memory_needed};
use super::{FitOptions, HeadFit};
use crate::Result;
use crate::base::memory;
use crate::base::progress::Interrupt;
use crate::data::{Dataset, Loader, LoaderOptions};
use crate::nn::{Model, Precision};

/// Steps that are timed, behind one that warms the caches.
const TIMED: usize = 2;
/// Photos that are looked at at a time where nothing is trained.
const INFERENCE_BATCH: usize = 16;

/// Seconds for each photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Of a training step: the mean over the sizes that are trained on.
    pub training: f64,
    /// Of an answer, in single precision.
    pub answering: f64,
}

/// Measures it with some of these photos, whatever they are. Where the last layer alone is fitted, no step is taken.
///
/// # Errors
/// Those of training: too little memory, sizes that the network cannot take.
pub fn pace(model: &Model, photos: &Dataset, options: &FitOptions, interrupt: &Interrupt) -> Result<Pace> {
    let answering = answering(model, photos, options)?;
    if options.head == HeadFit::Only {
        return Ok(Pace { training: 0.0, answering });
    }
    let own = photos.image_size();
    let sizes = Sizes::new(options, own);
    check_memory(memory_needed(model, options.batch.min(photos.len()), options)?, memory::available_bytes())?;
    let mut step = Step::new(model.clone(), photos, options, sizes.largest())?;
    let all = sizes.all();
    let mut training = 0.0;
    for size in all {
        step.resize(model, photos, options, *size)?;
        training += stepping(&mut step, photos, interrupt)? / all.len() as f64;
    }
    Ok(Pace { training, answering })
}

/// Seconds a photo, in steps of the size at hand.
fn stepping(step: &mut Step, photos: &Dataset, interrupt: &Interrupt) -> Result<f64> {
    let mut loader = Loader::new(photos, step.loader_options(0, 0));
    let (mut seen, mut start) = (0, Instant::now());
    for taken in 0..=TIMED {
        let Some(batch) = loader.next() else { break };
        let batch = batch?;
        step.begin(1);
        let loss = step.slice(&batch, taken as u64);
        step.update(0.0, loss);
        if taken == 0 && photos.len() > batch.labels.len() {
            start = Instant::now();
        } else {
            seen += batch.labels.len();
        }
        loader.recycle(batch);
        if interrupt.requested() {
            break;
        }
    }
    Ok(start.elapsed().as_secs_f64() / seen.max(1) as f64)
}

fn answering(model: &Model, photos: &Dataset, options: &FitOptions) -> Result<f64> {
    let batch = INFERENCE_BATCH.min(photos.len().max(1));
    let mut infer = options.engine.infer(model, batch, Precision::F32)?;
    let mut loader = Loader::new(photos, LoaderOptions { batch, ..LoaderOptions::default() });
    let Some(first) = loader.next().transpose()? else { return Ok(0.0) };
    let mut seconds = f64::INFINITY;
    for _ in 0..=TIMED {
        let start = Instant::now();
        infer.infer(model.weights(), &first.images);
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    Ok(seconds / first.labels.len().max(1) as f64)
}
