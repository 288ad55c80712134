//! A run's progress in a pipe: a line now and then.

use std::time::Instant;

use umbel::base::duration::duration;
use umbel::base::progress::EpochRecord;

use super::display::{Display, epoch_line};

/// A line after so many entries of a folder.
const LISTED: usize = 100_000;

/// One line an epoch, and one at every quarter of the preparation.
#[derive(Default)]
pub struct Plain {
    quarters: usize,
    features: usize,
    fetched: Option<Line>,
}

/// A file on its way.
struct Line {
    since: Instant,
    /// What of it was here before.
    before: u64,
    done: u64,
    told: u64,
}

/// Where nobody knows how many bytes will come, a line after so many.
const UNKNOWN: u64 = 100_000_000;

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

    fn downloading(&mut self, done: u64, bytes: Option<u64>) {
        let line = match self.fetched.take() {
            Some(line) if line.done <= done => line,
            // Another file.
            _ => Line { since: Instant::now(), before: done, done, told: 0 },
        };
        let steps = match bytes {
            Some(bytes) => done.saturating_mul(4).checked_div(bytes).unwrap_or(4),
            None => done / UNKNOWN,
        };
        if steps > line.told {
            let left = bytes.filter(|bytes| *bytes > done && done > line.before).map(|bytes| {
                let pace = line.since.elapsed().as_secs_f64() / (done - line.before) as f64;
                format!(", {} left", duration(pace * (bytes - done) as f64))
            });
            let of = bytes.map_or(String::new(), |bytes| format!(" of {}", super::bytes(bytes)));
            super::note(format!("Fetching: {}{of}{}", super::bytes(done), left.unwrap_or_default()));
        }
        self.fetched = Some(Line { done, told: line.told.max(steps), ..line });
    }

    fn unpacking(&mut self, done: u64, bytes: u64) {
        if done == bytes {
            super::note(format!("Unpacked: {}", super::bytes(bytes)));
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
