//! What a run leaves on the disk as it goes: history, checkpoint, and the best model.

use super::Run;
use crate::Result;
use crate::base::atomic::Scratch;
use crate::base::progress::EpochRecord;
use crate::model_file::{Metrics, ModelFile};
use crate::run::names;
use crate::train::{History, checkpoint};

impl Run<'_> {
    /// Writes history.csv, and then the checkpoint. The best model comes into its place before the checkpoint, which never
    /// promises a model that is not there. The next steps do not wait until the disk has both: a machine that dies in that
    /// second goes on from the epoch before, to the same bits.
    pub(super) fn save(&mut self, best: Option<Scratch>) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        History { epochs: self.progress.history.clone() }.write(&folder.join(names::HISTORY))?;
        let path = folder.join(names::CHECKPOINT);
        let step = self.step.as_ref().expect("a run that is not over has its step");
        let checkpoint = checkpoint::prepare(&path, &mut self.progress, step.state())?;
        self.saver.start(best.into_iter().chain([checkpoint]).collect())
    }

    /// A step can break the weights and still have had a finite loss; such weights are never saved.
    pub(super) fn check_weights(&self) -> Result<()> {
        let weights = self.step.as_ref().map_or(self.model.weights(), |step| step.weights());
        let bad = weights.tensors.iter().find(|tensor| tensor.data.iter().any(|value| !value.is_finite()));
        bad.map_or(Ok(()), |tensor| Err(self.diverged(format!("weight {}", tensor.name))))
    }

    /// Keeps the model, and gives its file, ready to be put in place.
    pub(super) fn keep_best(&mut self, record: &EpochRecord) -> Result<Option<Scratch>> {
        let metrics = Metrics { epoch: record.epoch, val_accuracy: record.val_accuracy, val_loss: record.val_loss };
        // The one before makes room first.
        self.best = None;
        let judged = self.step().judged().clone();
        let model = self.model.with(judged);
        let started_from = self.options.started_from.clone();
        let file = ModelFile { started_from, ..ModelFile::new(model, self.train, metrics) };
        let path = self.folder.as_ref().map(|folder| folder.join(names::MODEL));
        let scratch = path.map(|path| file.prepare(&path)).transpose()?;
        self.best = Some(file.model);
        Ok(scratch)
    }
}
