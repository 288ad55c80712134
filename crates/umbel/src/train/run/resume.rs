//! Taking up the checkpoint of a run that was stopped.

use std::path::PathBuf;

use super::Run;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Observer};
use crate::model_file::ModelFile;
use crate::nn::ScheduleKind;
use crate::run::{History, RunLock, names};
use crate::train::checkpoint::Checkpoint;
use crate::{Result, train};

/// A checkpoint in a run folder.
pub(super) struct Found {
    folder: PathBuf,
    path: PathBuf,
    pub checkpoint: Checkpoint,
}

impl Found {
    /// `None` where there is no folder, or no checkpoint in it.
    pub fn read(lock: Option<&RunLock>) -> Result<Option<Self>> {
        let Some(folder) = lock.map(|lock| lock.folder().to_owned()) else { return Ok(None) };
        let path = folder.join(names::CHECKPOINT);
        Ok(Checkpoint::read(&path)?.map(|checkpoint| Found { folder, path, checkpoint }))
    }
}

impl Run<'_> {
    pub(super) fn resume(&mut self, found: Found, observer: &mut dyn Observer) -> Result<()> {
        let Found { folder, path, checkpoint: found } = found;
        let (other_settings, other_data) =
            (found.progress.settings != self.progress.settings, found.progress.data != self.progress.data);
        let what = match (other_settings, other_data) {
            (false, false) => None,
            (true, false) => Some("settings"),
            (false, true) => Some("photos or labels"),
            // The settings hold the network, and this the number of classes.
            (true, true) => Some("classes or settings"),
        };
        if let Some(what) = what {
            return Err(train::Error::OtherRun { path, what }.into());
        }
        let mut progress = found.restore(&path, self.step().train())?;
        progress.callbacks.remember(&progress.history);
        if progress.isa != self.progress.isa {
            let (from, to) = (progress.isa.clone(), self.progress.isa.clone());
            observer.event(&Event::Notice(&Notice::ContinuedElsewhere { from, to }));
        }
        let (from, to) = (progress.epochs, self.options.epochs);
        if from != to && self.options.schedule == ScheduleKind::Cosine {
            observer.event(&Event::Notice(&Notice::ScheduleStretched { from, to }));
        }
        if from != to && self.sizes.change() {
            observer.event(&Event::Notice(&Notice::SizesSpread { from, to }));
        }
        progress.isa.clone_from(&self.progress.isa);
        progress.epochs = self.options.epochs;
        if progress.callbacks.best.is_some() {
            self.best = Some(ModelFile::load(&folder.join(names::MODEL))?.model);
        }
        self.progress = progress;
        observer.event(&Event::Resumed {
            history: &self.progress.history,
            best_epoch: self.progress.callbacks.best_epoch(),
        });
        if self.is_over() {
            let epochs = self.progress.history.len();
            observer.event(&Event::Notice(&match self.progress.callbacks.stopped {
                true => Notice::EndedEarly { epochs },
                false => Notice::EpochsDone { epochs },
            }));
        }
        // A run that died between the history and the checkpoint left a row too many.
        History { epochs: self.progress.history.clone() }.write(&folder.join(names::HISTORY))
    }
}
