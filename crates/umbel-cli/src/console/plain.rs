//! A run's progress in a pipe: a line now and then.

use umbel::base::progress::EpochRecord;

use super::display::{Display, epoch_line};

/// A line after so many entries of a folder.
const LISTED: usize = 100_000;

/// One line an epoch, and one at every quarter of the preparation.
#[derive(Default)]
pub struct Plain {
    quarters: usize,
    features: usize,
    fetched: usize,
}

impl Display for Plain {
    fn listing(&mut self, entries: usize) {
        if entries.is_multiple_of(LISTED) {
            super::note(format!("Looking through the folder: {entries} entries so far"));
        }
    }

    fn preparing(&mut self, done: usize, total: usize) {
        let quarters = (done * 4).checked_div(total).unwrap_or(4);
        if quarters > self.quarters {
            self.quarters = quarters;
            super::note(format!("Preparing photos: {done}/{total}"));
        }
    }

    fn downloading(&mut self, done: u64, bytes: u64) {
        let quarters = (done * 4).checked_div(bytes).unwrap_or(4) as usize;
        if quarters > self.fetched {
            self.fetched = quarters;
            super::note(format!("Fetching: {} of {}", super::bytes(done), super::bytes(bytes)));
        }
    }

    fn features(&mut self, done: usize, total: usize) {
        let quarters = |done: usize| (done * 4).checked_div(total).unwrap_or(4);
        if quarters(done) > self.features {
            self.features = quarters(done);
            super::note(format!("Computing features: {done}/{total}"));
        }
    }

    fn epoch(&mut self, epochs: usize, record: &EpochRecord, _best_epoch: usize) {
        super::note(epoch_line(epochs, record));
    }
}
