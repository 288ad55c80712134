//! The live view of a run on a terminal: bars, figures and both curves, redrawn in place, with one line an epoch that
//! stays above.

mod chart;
mod layout;
mod paint;
#[cfg(test)]
mod snapshots;
mod state;

use std::time::{Duration, Instant};

use console::Term;
use umbel::base::memory;
use umbel::base::progress::{EpochRecord, StepFigures};

use self::layout::Size;
use self::paint::Paint;
use self::state::{Current, Phase, State};
use super::display::{Display, epoch_line_within};
use super::screen;

/// Ten pictures a second look smooth and cost nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// Draws at most every tenth of a second, and whenever an epoch begins or ends.
pub struct Live {
    term: Term,
    paint: Paint,
    state: State,
    drawn: Option<Instant>,
    preparing_since: Option<Instant>,
    features_since: Option<Instant>,
    /// Since when a file is on its way or unpacked, what of it was here before, and what is by now.
    moving: Option<(Instant, u64, u64)>,
}

impl Live {
    /// On standard error, which must be a terminal.
    pub fn new() -> Self {
        Live {
            term: Term::buffered_stderr(),
            paint: Paint::of_stderr(),
            state: State::default(),
            drawn: None,
            preparing_since: None,
            features_since: None,
            moving: None,
        }
    }

    fn draw_if_due(&mut self) {
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE) {
            self.draw();
        }
    }

    /// Draws how far a file is on its way.
    fn moving(&mut self, what: &str, done: u64, bytes: u64) {
        let (since, before) = match self.moving {
            Some((since, before, last)) if last <= done => (since, before),
            // Another file.
            Some(_) | None => (Instant::now(), done),
        };
        self.moving = Some((since, before, done));
        if done < bytes && self.drawn.is_some_and(|drawn| drawn.elapsed() < PAUSE) {
            return;
        }
        let kilobytes = |bytes: u64| (bytes / 1000) as usize;
        // As long as it would have taken, had all come now.
        let seconds = since.elapsed().as_secs_f64() * done as f64 / (done - before).max(1) as f64;
        self.show(layout::counting(what, (kilobytes(done), kilobytes(bytes)), seconds, self.size(), self.paint));
    }

    fn draw(&mut self) {
        self.state.memory = memory::rss_bytes();
        self.show(layout::training(&self.state, self.size(), self.paint));
    }

    fn show(&mut self, lines: Vec<String>) {
        screen::draw(&self.term, lines);
        self.drawn = Some(Instant::now());
    }

    /// Asked for at every drawing: a resized window is followed by the next one.
    fn size(&self) -> Size {
        let (rows, columns) = self.term.size();
        Size { columns: columns.into(), rows: rows.into() }
    }
}

impl Display for Live {
    fn listing(&mut self, entries: usize) {
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < PAUSE) {
            return;
        }
        self.show(vec![format!("Looking through the folder: {entries} entries so far")]);
    }

    fn preparing(&mut self, done: usize, total: usize) {
        let since = *self.preparing_since.get_or_insert_with(Instant::now);
        if done < total && self.drawn.is_some_and(|drawn| drawn.elapsed() < PAUSE) {
            return;
        }
        self.show(layout::preparing((done, total), since.elapsed().as_secs_f64(), self.size(), self.paint));
    }

    fn downloading(&mut self, done: u64, bytes: Option<u64>) {
        match bytes {
            Some(bytes) => self.moving("Fetching, kB", done, bytes),
            None if self.drawn.is_some_and(|drawn| drawn.elapsed() < PAUSE) => {}
            None => self.show(vec![format!("Fetching: {} so far", super::bytes(done))]),
        }
    }

    fn unpacking(&mut self, done: u64, bytes: u64) {
        self.moving("Unpacking, kB", done, bytes);
    }

    fn features(&mut self, done: usize, total: usize) {
        let since = *self.features_since.get_or_insert_with(Instant::now);
        if done < total && self.drawn.is_some_and(|drawn| drawn.elapsed() < PAUSE) {
            return;
        }
        let (seconds, size) = (since.elapsed().as_secs_f64(), self.size());
        self.show(layout::counting("Computing features", (done, total), seconds, size, self.paint));
    }

    fn fold(&mut self, fold: (usize, usize)) {
        self.state.fold = Some(fold);
    }

    fn start(&mut self, train_images: usize) {
        let fold = self.state.fold;
        self.state = State { fold, train_images, ..State::default() };
    }

    fn resumed(&mut self, history: &[EpochRecord], best_epoch: usize) {
        self.state.history = history.to_vec();
        self.state.best_epoch = best_epoch;
    }

    fn step(&mut self, (epoch, epochs): (usize, usize), (step, steps): (usize, usize), figures: StepFigures) {
        self.state.current = Current { epoch, epochs, step, steps, figures, phase: Phase::Training };
        self.draw_if_due();
    }

    fn validating(&mut self) {
        self.state.current.phase = Phase::Validating;
        self.draw();
    }

    fn reporting(&mut self) {
        self.state.current.phase = Phase::Reporting;
        self.draw();
    }

    fn epoch(&mut self, epochs: usize, record: &EpochRecord, best_epoch: usize) {
        self.state.history.push(record.clone());
        self.state.best_epoch = best_epoch;
        self.state.current.phase = Phase::Training;
        screen::note(&epoch_line_within(self.size().columns, epochs, record));
        self.draw();
    }

    fn clear(&mut self) {
        screen::clear();
        self.drawn = None;
    }
}

impl Drop for Live {
    /// Also when the run ends with an error, whose message then begins on a clean line.
    fn drop(&mut self) {
        self.clear();
    }
}
