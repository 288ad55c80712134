//! How a run's progress is shown on standard error, and the line that stays of each epoch.

use umbel::base::progress::{EpochRecord, StepFigures};

/// How a run's progress is shown. Does nothing where it isn't told how.
pub trait Display: Send {
    /// Entries of the folder seen so far.
    fn listing(&mut self, _entries: usize) {}
    /// Photos decoded so far.
    fn preparing(&mut self, done: usize, total: usize);
    /// Bytes fetched so far, of how many (where that was told).
    fn downloading(&mut self, done: u64, bytes: Option<u64>);
    /// Bytes of an archive unpacked so far.
    fn unpacking(&mut self, done: u64, bytes: u64);
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
    epoch_line_within(usize::MAX, epochs, record)
}

/// The same, narrower than `columns`: what does not fit is left out, the losses first and the validation accuracy never.
pub fn epoch_line_within(columns: usize, epochs: usize, record: &EpochRecord) -> String {
    // Each part with its turn to go.
    let mut parts = vec![
        (usize::MAX, record.row(epochs)),
        (3, format!("{:.1}s", record.seconds)),
        (4, format!("accuracy: {:.4}", record.accuracy)),
        (1, format!("loss: {:.4}", record.loss)),
        (usize::MAX, format!("val_accuracy: {:.4}", record.val_accuracy)),
        (2, format!("val_loss: {:.4}", record.val_loss)),
    ];
    let line = |parts: &[(usize, String)]| parts.iter().map(|part| part.1.as_str()).collect::<Vec<_>>().join(" - ");
    for turn in 1..=4 {
        if line(&parts).len() < columns {
            break;
        }
        parts.retain(|part| part.0 != turn);
    }
    line(&parts)
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
        // A terminal of 80 columns had another spelling than one of 200.
        for (columns, line) in [
            (94, "Epoch 3/15 - 7.2s - accuracy: 0.6874 - loss: 0.8046 - val_accuracy: 0.6286 - val_loss: 0.9329"),
            (93, "Epoch 3/15 - 7.2s - accuracy: 0.6874 - val_accuracy: 0.6286 - val_loss: 0.9329"),
            (78, "Epoch 3/15 - 7.2s - accuracy: 0.6874 - val_accuracy: 0.6286"),
            (59, "Epoch 3/15 - accuracy: 0.6874 - val_accuracy: 0.6286"),
            (40, "Epoch 3/15 - val_accuracy: 0.6286"),
            (10, "Epoch 3/15 - val_accuracy: 0.6286"),
        ] {
            assert_eq!(epoch_line_within(columns, 15, &record), line, "{columns}");
        }
    }
}
