//! Progress on standard error: bars on a terminal, a line now and then in a pipe.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use umbel::base::progress::EpochRecord;

/// How a run's progress is shown.
pub trait Display: Send {
    /// Photos decoded so far.
    fn preparing(&mut self, done: usize, total: usize);
    /// A step is done; `figures` are the epoch's so far.
    fn step(&mut self, epoch: (usize, usize), step: (usize, usize), figures: StepFigures);
    /// The epoch's steps are done and validation begins.
    fn validating(&mut self);
    /// An epoch is done, validation included.
    fn epoch(&mut self, epochs: usize, record: &EpochRecord);
    /// Takes any bar off the screen, because other lines will follow.
    fn clear(&mut self);
}

/// Means over the epoch so far.
#[derive(Clone, Copy, Debug)]
pub struct StepFigures {
    pub loss: f64,
    pub accuracy: f64,
    pub seconds_per_step: f64,
}

/// Bars where standard error is a terminal, plain lines elsewhere.
pub fn for_stderr() -> Box<dyn Display> {
    if std::io::stderr().is_terminal() { Box::new(Bars::default()) } else { Box::new(Plain::default()) }
}

/// The line that stays when an epoch is done.
pub fn epoch_line(epochs: usize, record: &EpochRecord) -> String {
    format!(
        "Epoch {}/{epochs} - {:.1}s - accuracy: {:.4} - loss: {:.4} - val_accuracy: {:.4} - val_loss: {:.4}",
        record.epoch, record.seconds, record.accuracy, record.loss, record.val_accuracy, record.val_loss
    )
}

/// One bar at a time: preparing, then one per epoch.
#[derive(Default)]
struct Bars {
    bar: Option<ProgressBar>,
    epoch: usize,
}

impl Bars {
    fn start(&mut self, total: usize, template: &str) -> &ProgressBar {
        self.clear();
        let style =
            ProgressStyle::with_template(template).expect("the templates below are sound").progress_chars("━╸─");
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        self.bar.insert(bar.with_style(style))
    }
}

impl Display for Bars {
    fn preparing(&mut self, done: usize, total: usize) {
        let bar = match &self.bar {
            Some(bar) => bar,
            None => self.start(total, "Preparing photos {bar:30.cyan/dim} {pos}/{len} - {eta} left"),
        };
        bar.set_position(done as u64);
    }

    fn step(&mut self, epoch: (usize, usize), step: (usize, usize), figures: StepFigures) {
        if self.epoch != epoch.0 || self.bar.is_none() {
            self.epoch = epoch.0;
            self.start(step.1, "{prefix} {bar:30.cyan/dim} {pos}/{len} - {msg}")
                .set_prefix(format!("Epoch {}/{}", epoch.0, epoch.1));
        }
        let bar = self.bar.as_ref().expect("just started");
        bar.set_message(format!(
            "{:.0} ms/step - accuracy: {:.4} - loss: {:.4}",
            figures.seconds_per_step * 1000.0,
            figures.accuracy,
            figures.loss
        ));
        bar.set_position(step.0 as u64);
    }

    fn validating(&mut self) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} - validating", bar.message()));
        }
    }

    fn epoch(&mut self, epochs: usize, record: &EpochRecord) {
        self.clear();
        super::note(epoch_line(epochs, record));
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// One line an epoch, and one at every quarter of the preparation.
#[derive(Default)]
struct Plain {
    quarters: usize,
}

impl Display for Plain {
    fn preparing(&mut self, done: usize, total: usize) {
        let quarters = (done * 4).checked_div(total).unwrap_or(4);
        if quarters > self.quarters {
            self.quarters = quarters;
            super::note(format!("Preparing photos: {done}/{total}"));
        }
    }

    fn step(&mut self, _epoch: (usize, usize), _step: (usize, usize), _figures: StepFigures) {}

    fn validating(&mut self) {}

    fn epoch(&mut self, epochs: usize, record: &EpochRecord) {
        super::note(epoch_line(epochs, record));
    }

    fn clear(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_epoch() {
        let record = EpochRecord {
            epoch: 3,
            loss: 0.80461,
            accuracy: 0.68741,
            val_loss: 0.93291,
            val_accuracy: 0.62857,
            lr: 0.001,
            seconds: 7.21,
            images_per_second: 400.0,
        };
        assert_eq!(
            epoch_line(15, &record),
            "Epoch 3/15 - 7.2s - accuracy: 0.6874 - loss: 0.8046 - val_accuracy: 0.6286 - val_loss: 0.9329"
        );
    }
}
