//! How a run's progress is shown on standard error, and the line that stays of each epoch.

use umbel::base::progress::{EpochRecord, StepFigures};

/// How a run's progress is shown. Does nothing where it isn't told how.
pub trait Display: Send {
    /// Entries of the folder seen so far.
    fn listing(&mut self, _entries: usize) {}
    /// Photos decoded so far.
    fn preparing(&mut self, done: usize, total: usize);
    /// Bytes fetched so far.
    fn downloading(&mut self, done: u64, bytes: u64);
    /// Photos whose features are computed so far.
    fn features(&mut self, _done: usize, _total: usize) {}
    /// A fold begins (which, of how many).
    fn fold(&mut self, _fold: (usize, usize)) {}
    /// Training begins, on so many photos.
    fn start(&mut self, _train_images: usize) {}
    /// Training goes on after these epochs.
    fn resumed(&mut self, _history: &[EpochRecord], _best_epoch: usize) {}
    /// A step is done.
    fn step(&mut self, _epoch: (usize, usize), _step: (usize, usize), _figures: StepFigures) {}
    /// The epoch's steps are done and validation begins.
    fn validating(&mut self) {}
    /// All epochs are done; the model is measured and the report made.
    fn reporting(&mut self) {}
    /// An epoch is done, validation included.
    fn epoch(&mut self, epochs: usize, record: &EpochRecord, best_epoch: usize);
    /// Takes whatever is not meant to stay off the screen, because other lines will follow on standard output.
    fn clear(&mut self) {}
}

/// The line that stays when an epoch is done.
pub fn epoch_line(epochs: usize, record: &EpochRecord) -> String {
    format!(
        "{} - {:.1}s - accuracy: {:.4} - loss: {:.4} - val_accuracy: {:.4} - val_loss: {:.4}",
        record.row(epochs),
        record.seconds,
        record.accuracy,
        record.loss,
        record.val_accuracy,
        record.val_loss
    )
}

/// The same for terminals that are too narrow for it.
pub fn short_epoch_line(epochs: usize, record: &EpochRecord) -> String {
    format!(
        "{} - {:.1}s - accuracy {:.4}, val {:.4} - loss {:.4}, val {:.4}",
        record.row(epochs),
        record.seconds,
        record.accuracy,
        record.val_accuracy,
        record.loss,
        record.val_loss
    )
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
            ..EpochRecord::default()
        };
        assert_eq!(
            epoch_line(15, &record),
            "Epoch 3/15 - 7.2s - accuracy: 0.6874 - loss: 0.8046 - val_accuracy: 0.6286 - val_loss: 0.9329"
        );
        assert_eq!(
            short_epoch_line(15, &record),
            "Epoch 3/15 - 7.2s - accuracy 0.6874, val 0.6286 - loss 0.8046, val 0.9329"
        );
    }
}
