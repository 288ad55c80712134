//! `last.ckpt`: everything that a run needs to go on as if it had never stopped.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::CallbackState;
use crate::Result;
use crate::base::atomic::Scratch;
use crate::base::error::FileFault;
use crate::base::progress::EpochRecord;
use crate::model_file::container::{self, Contents, Origin, StoredTensor, TensorRef, Values};
use crate::nn::{LossSum, NUMERICS, Precision, Tensor, Train, TrainState, Weights};

/// A field of [`Progress`] that comes later has a default and raises the format: older programs must not go on without it.
const ORIGIN: Origin = Origin { kind: "checkpoint", format: 1, numerics: NUMERICS };
const PROGRESS: &str = "umbel.progress";
const WEIGHT: &str = "weights/";
const OPTIMIZER: &str = "optimizer/";
const AVERAGE: &str = "average/";

/// How far a run has come. Written as JSON, whose numbers read back to the same bits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Digest of the settings that decide what the weights become.
    pub settings: String,
    /// Digest of the photos, labels and their parts.
    pub data: String,
    /// Name of the instruction set that computed so far.
    pub isa: String,
    /// Name of the precision that it computes in; older versions knew but one.
    #[serde(default = "single")]
    pub precision: String,
    /// Epochs that were planned.
    pub epochs: usize,
    /// The epoch that is running, from 0.
    pub epoch: usize,
    /// Its steps that are done.
    pub step: usize,
    /// Sums over these steps.
    pub running: Running,
    /// What the callbacks remember.
    pub callbacks: CallbackState,
    /// All whole epochs.
    pub history: Vec<EpochRecord>,
    /// Steps of the optimizer.
    pub optimizer_steps: u64,
}

fn single() -> String {
    Precision::F32.name().to_string()
}

impl Progress {
    /// The precision by its name, if it is known here.
    pub fn precision(&self) -> Option<Precision> {
        Precision::named(&self.precision)
    }
}

/// The sums of an epoch that is not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// Sum of the samples' losses.
    pub loss: f64,
    /// How many were right.
    pub correct: usize,
    /// How many there were.
    pub samples: usize,
    /// Wall seconds of the training steps.
    pub train_seconds: f64,
    /// Wall seconds of all work on the epoch.
    pub seconds: f64,
}

impl Running {
    /// Adds a batch.
    pub fn add(&mut self, batch: &LossSum) {
        self.loss += batch.loss;
        self.correct += batch.correct;
        self.samples += batch.samples;
    }
    /// Mean loss so far.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.samples.max(1) as f64
    }
    /// Share of the samples that were right so far.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.samples.max(1) as f64
    }
}

/// Writes the checkpoint beside its place; what comes back puts it there, atomically.
pub fn prepare(path: &Path, progress: &mut Progress, train: &dyn Train) -> Result<Scratch> {
    let (updates, moments) = train.moments();
    progress.optimizer_steps = updates;
    let json = serde_json::to_string(&progress).map_err(|error| umbel_predict::Error::ModelFile {
        path: path.to_owned(),
        fault: FileFault::Field { field: PROGRESS, detail: error.to_string() },
    })?;
    fn refer<'a>(prefix: &str, tensor: &'a Tensor) -> TensorRef<'a> {
        TensorRef { name: format!("{prefix}{}", tensor.name), shape: &tensor.shape, data: Values::F32(&tensor.data) }
    }
    let weights = train.weights().tensors.iter().map(|tensor| refer(WEIGHT, tensor));
    let average = train.average().into_iter().flat_map(|average| &average.tensors).map(|tensor| refer(AVERAGE, tensor));
    let state = moments.iter().map(|tensor| refer(OPTIMIZER, tensor));
    let tensors: Vec<TensorRef<'_>> = weights.chain(state).chain(average).collect();
    Ok(container::prepare(path, ORIGIN, BTreeMap::from([(PROGRESS.to_string(), json)]), &tensors)?)
}

/// A checkpoint that was read, not yet given to a model.
#[derive(Debug)]
pub struct Checkpoint {
    /// How far the run had come.
    pub progress: Progress,
    tensors: BTreeMap<String, StoredTensor>,
}

impl Checkpoint {
    /// Reads a checkpoint; `None` where there is none.
    ///
    /// # Errors
    /// [`FileFault::Numerics`] where other arithmetic came so far: what it went on to would be the weights of neither.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let wrap = |fault| umbel_predict::Error::ModelFile { path: path.to_owned(), fault };
        let contents = match container::read(path, ORIGIN.kind) {
            Err(umbel_predict::Error::ModelFile { fault: FileFault::NotFound, .. }) => return Ok(None),
            other => other?,
        };
        if contents.numerics != NUMERICS {
            return Err(wrap(FileFault::Numerics { found: contents.numerics, here: NUMERICS }).into());
        }
        contents.no_rough().map_err(wrap)?;
        let progress = contents.field(PROGRESS).map_err(wrap)?;
        let Contents { tensors, .. } = contents;
        Ok(Some(Checkpoint { progress, tensors }))
    }

    /// Puts the weights, the optimizer's state and, where the run keeps one, the average in place.
    pub fn restore(self, path: &Path, train: &mut dyn Train) -> Result<Progress> {
        Ok(self.place(train).map_err(|fault| umbel_predict::Error::ModelFile { path: path.to_owned(), fault })?)
    }

    fn place(self, train: &mut dyn Train) -> std::result::Result<Progress, FileFault> {
        let (mut weights, mut moments, mut average) = (Vec::new(), Vec::new(), Vec::new());
        for (name, StoredTensor { shape, data }) in self.tensors {
            let places = [(WEIGHT, &mut weights), (OPTIMIZER, &mut moments), (AVERAGE, &mut average)];
            let place = places.into_iter().find_map(|(prefix, to)| name.strip_prefix(prefix).map(|name| (to, name)));
            let Some((to, name)) = place else {
                return Err(FileFault::Weights(format!("{name} belongs to nothing")));
            };
            to.push(Tensor { name: name.to_string(), shape, data, trainable: true });
        }
        let named = |tensors: Vec<Tensor>| Weights { tensors: tensors.into() };
        let average = match (train.average().is_some(), average.is_empty()) {
            (true, _) => Some(named(average)),
            (false, true) => None,
            (false, false) => {
                return Err(FileFault::Weights("it holds an average of weights that this run does not keep".into()));
            }
        };
        let state = TrainState { weights: named(weights), updates: self.progress.optimizer_steps, moments, average };
        train.restore(state).map_err(|error| FileFault::Weights(error.to_string()))?;
        Ok(self.progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_of_other_arithmetic_is_refused_by_both_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.ckpt");
        let fields = || BTreeMap::from([(PROGRESS.to_string(), serde_json::to_string(&Progress::default()).unwrap())]);
        let write =
            |numerics| container::prepare(&path, Origin { numerics, ..ORIGIN }, fields(), &[]).unwrap().commit();
        write(NUMERICS).unwrap();
        assert_eq!(Checkpoint::read(&path).unwrap().unwrap().progress, Progress::default());
        for found in [NUMERICS - 1, NUMERICS + 1] {
            write(found).unwrap();
            let error = Checkpoint::read(&path).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains(&format!("number {found},")) && text.contains(&format!("number {NUMERICS},")),
                "{text}"
            );
        }
    }
}
