//! The first epoch of a run that begins with the head: the last layer is fitted, and nothing else is touched.

use std::time::Instant;

use super::{Flow, Run};
use crate::Result;
use crate::base::progress::{EpochRecord, Event, Interrupt, Observer};
use crate::train::HeadFit;
use crate::train::head::{self, Features};

impl Run<'_> {
    /// Whether the epoch at hand is the head's.
    pub fn begins_with_head(&self) -> bool {
        self.options.head == HeadFit::First && self.progress.epoch == 0
    }

    /// Fits the head, and ends the epoch. Stopped within, it begins again: from the features, if they were complete.
    pub fn fit_head(&mut self, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Flow> {
        let start = Instant::now();
        let weights = self.step().weights().clone();
        let model = self.model.with(weights);
        let Some(features) = Features::of(&self.options.engine, &model, self.train, observer, interrupt)? else {
            return Ok(Flow::Interrupted);
        };
        let parts = (self.train, self.val);
        let fitted = head::fit(&model, parts, &features, &self.options, interrupt, |_, _| {})?;
        let Some(fitted) = fitted else { return Ok(Flow::Interrupted) };
        observer.event(&Event::Notice(&head::chosen(fitted.best, fitted.records.len(), None)));
        self.step().train().load(fitted.model.weights());
        let seconds = start.elapsed().as_secs_f64();
        let images_per_second = self.train.len() as f64 / seconds.max(1e-9);
        let chosen = fitted.records[fitted.best - 1].clone();
        let record = EpochRecord { epoch: 1, seconds, images_per_second, l2: None, ..chosen };
        self.end_epoch(record, observer)?;
        Ok(Flow::Go)
    }
}
