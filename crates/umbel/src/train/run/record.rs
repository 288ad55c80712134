//! What a run writes down and tells: an epoch's record, a step's figures, and by what it is known again.

use super::{Error, HeadFit, Result, Run, Running};
use crate::base::augmentation::Balance;
use crate::base::progress::{EpochRecord, Event, StepFigures};
use crate::data::Dataset;
use crate::nn::Model;
use crate::train::evaluate::Sums;
use crate::train::{self, FitOptions};

impl Run<'_> {
    pub(super) fn record(&self, val: &Sums) -> EpochRecord {
        let running = &self.progress.running;
        let samples = val.all.samples.max(1) as f64;
        let is_balanced = self.options.balance != Balance::None;
        EpochRecord {
            epoch: self.progress.epoch + 1,
            loss: running.mean_loss(),
            accuracy: running.accuracy(),
            val_loss: val.all.loss / samples,
            val_accuracy: val.all.correct as f64 / samples,
            lr: self.learning_rate(self.steps - 1),
            seconds: running.seconds,
            images_per_second: running.samples as f64 / running.train_seconds.max(1e-9),
            val_balanced_accuracy: is_balanced.then(|| val.balanced_accuracy()),
            l2: None,
            val_calibrated_loss: None,
        }
    }

    pub(super) fn step_event(&self, running: &Running, lr: f64) -> Event<'static> {
        Event::Step {
            epoch: self.progress.epoch + 1,
            epochs: self.options.epochs,
            step: self.progress.step,
            steps: self.steps,
            figures: StepFigures {
                loss: running.mean_loss(),
                accuracy: running.accuracy(),
                lr,
                seconds_per_step: running.train_seconds / self.progress.step.max(1) as f64,
            },
        }
    }

    pub(super) fn diverged(&self, what: String) -> Error {
        let epochs = self.progress.history.len();
        let kept = match &self.folder {
            Some(folder) if epochs > 0 => {
                format!("what was saved after epoch {epochs} is whole, in {}", folder.display())
            }
            _ => "nothing was saved yet".to_string(),
        };
        let learning_rate = self.learning_rate(self.progress.step.saturating_sub(1));
        train::Error::Diverged { what, epoch: self.progress.epoch + 1, step: self.progress.step, learning_rate, kept }
            .into()
    }
}

/// Everything that decides what the weights become, but for the data and the number of epochs.
pub(super) fn settings_digest(model: &Model, options: &FitOptions) -> Result<String> {
    let settings = (model.architecture(), FitOptions { epochs: 0, least_steps: 0, ..options.clone() });
    // What came later than the first versions, which must not go on with such a run to other bits.
    let head = (options.head != HeadFit::No).then_some("head first");
    let slices = (options.gradient_accumulation_steps > 1).then_some("tree of slices");
    match (head, slices) {
        (None, None) => digest(&settings),
        (Some(word), None) | (None, Some(word)) => digest(&(settings, word)),
        (Some(head), Some(slices)) => digest(&(settings, head, slices)),
    }
}

/// The photos by path, label and content, in their order, and how they are prepared.
pub(super) fn data_digest(train: &Dataset, val: &Dataset) -> Result<String> {
    let photos = |dataset: &Dataset| -> Vec<(String, u32, Option<[u8; 32]>)> {
        let samples = dataset.samples.iter().zip(dataset.paths.iter());
        samples.map(|(&(position, label), path)| (path.clone(), label, dataset.cache.digest(position))).collect()
    };
    digest(&(train.class_names(), train.prep(), photos(train), photos(val)))
}

fn digest(of: &impl serde::Serialize) -> Result<String> {
    let json = serde_json::to_vec(of).map_err(|error| umbel_predict::Error::Setting {
        setting: "the run's settings".into(),
        value: error.to_string(),
        expected: "numbers and names that can be written down".into(),
    })?;
    Ok(blake3::hash(&json).to_hex().to_string())
}
