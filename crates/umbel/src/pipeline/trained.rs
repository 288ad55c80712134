//! What is written of a run once its model is fitted: curves, figures, the page.

use std::time::Instant;

use super::run_folder::RunFolder;
use super::tensorboard::Board;
use super::validated::{self, Validated};
use super::{TrainOutcome, report};
use crate::base::error::with_causes;
use crate::base::machine::Machine;
use crate::base::memory;
use crate::base::notice::Notice;
use crate::base::progress::{EndRecord, Event, Observer, TestRecord};
use crate::model_file::StartedFrom;
use crate::report::curves::{self, NamedCurves};
use crate::run::{Metrics, names};
use crate::train::FitOutcome;
use crate::{Result, Surroundings};

/// A fitted model, before its curves and figures are written.
pub(super) struct Trained<'a> {
    pub fit: FitOutcome,
    pub test: Option<TestRecord>,
    pub skipped: usize,
    pub settings: String,
    pub started_from: Option<StartedFrom>,
    pub machine: Machine,
    /// `None` where the run was stopped.
    pub validated: Option<Validated>,
    pub board: Board,
    pub surroundings: &'a Surroundings,
}

impl Trained<'_> {
    pub fn finish(mut self, run: &RunFolder, start: Instant, observer: &mut dyn Observer) -> Result<TrainOutcome> {
        let epochs = &self.fit.history.epochs;
        if !epochs.is_empty() {
            curves::write(&run.plots()?, names::CURVES, &[NamedCurves { name: &run.name(), epochs }])?;
            if let Some(validated) = &self.validated {
                let written = validated.write(run.path(), &run.plots()?, &self.surroundings.fonts)?;
                if let Some(png) = written.iter().find(|path| path.extension().is_some_and(|end| end == "png")) {
                    self.board.confusion(png, epochs.len(), self.fit.best_epoch, observer);
                }
            }
            if let Some(metrics) = validated::metrics(&self.fit, self.validated.as_ref()) {
                let (test, settings, machine) = (self.test, self.settings.clone(), Some(self.machine.clone()));
                let started_from = self.started_from.clone();
                run.write_metrics(&Metrics { test, settings, started_from, machine, ..metrics })?;
            }
            // The run itself is whole by now; a page can be made again.
            if !self.fit.interrupted
                && let Err(error) = report(run.path(), None, self.surroundings)
            {
                let (error, run) = (with_causes(&error), run.path().to_owned());
                observer.event(&Event::Notice(&Notice::ReportNotMade { error, run }));
            }
        }
        let best = epochs.iter().find(|record| record.epoch == self.fit.best_epoch);
        let end = EndRecord {
            best_epoch: self.fit.best_epoch,
            // No epoch, no figures: null in JSON.
            val_accuracy: best.map_or(f64::NAN, |best| best.val_accuracy),
            val_loss: best.map_or(f64::NAN, |best| best.val_loss),
            seconds: start.elapsed().as_secs_f64(),
            peak_rss_bytes: memory::peak_rss_bytes(),
            run: run.path().display().to_string(),
            test: self.test,
            judged: self.validated.as_ref().map(Validated::judged),
        };
        observer.event(&Event::End(&end));
        Ok(TrainOutcome { run: run.path().to_owned(), end, skipped: self.skipped, interrupted: self.fit.interrupted })
    }
}
