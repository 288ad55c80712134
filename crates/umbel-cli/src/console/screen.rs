//! The block of lines that is redrawn in place at the bottom of a terminal, and the log that scrolls away above it. All
//! that the program says on standard error passes through here, whichever thread says it, so that a line never lands in
//! the middle of the block.
//!
//! The cursor is never hidden and always rests at the start of the line below the block: a program that is killed at any
//! moment leaves a terminal that needs no repair, and what Ctrl-C echoes is wiped with the next drawing.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use console::Term;

/// How long the end of the program waits for a thread that is drawing: a terminal may be held by Ctrl-S.
const PATIENCE: Duration = Duration::from_millis(200);

static SCREEN: Mutex<Screen> = Mutex::new(Screen { block: Vec::new() });

/// Puts `lines` in the place of the block. Each must be narrower than the terminal, and all fewer than its lines.
pub fn draw(term: &Term, lines: Vec<String>) {
    wipe_before_panic();
    let mut screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    // A terminal that is gone is no reason to stop a run.
    let _ = screen.draw(term, lines);
}

/// Writes a line that stays, above the block if there is one.
pub fn note(text: &str) {
    let mut screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    if screen.block.is_empty() {
        let _ = writeln!(io::stderr().lock(), "{text}");
    } else {
        let _ = screen.note(&Term::buffered_stderr(), text);
    }
}

/// Takes the block off the screen. Gives up where another thread does not let go of it.
pub fn clear() {
    let start = Instant::now();
    let mut screen = loop {
        match SCREEN.try_lock() {
            Ok(screen) => break screen,
            Err(TryLockError::Poisoned(screen)) => break screen.into_inner(),
            Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => return,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let _ = screen.draw(&Term::buffered_stderr(), Vec::new());
}

/// The message of a panic begins on a clean line.
fn wipe_before_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            clear();
            previous(panic);
        }));
    });
}

/// What stands on the terminal.
struct Screen {
    block: Vec<String>,
}

impl Screen {
    /// One write a frame, each line written over the old one, so that nothing flickers.
    fn draw(&mut self, term: &Term, lines: Vec<String>) -> io::Result<()> {
        if lines.is_empty() && self.block.is_empty() {
            return Ok(());
        }
        self.go_to_top(term)?;
        for line in &lines {
            term.clear_line()?;
            term.write_line(line)?;
        }
        term.clear_to_end_of_screen()?;
        self.block = lines;
        term.flush()
    }

    fn note(&mut self, term: &Term, text: &str) -> io::Result<()> {
        self.go_to_top(term)?;
        term.clear_to_end_of_screen()?;
        term.write_line(text)?;
        for line in &self.block {
            term.write_line(line)?;
        }
        term.flush()
    }

    /// A terminal that was made narrower has wrapped the block's lines: they take more rows than were written.
    fn go_to_top(&self, term: &Term) -> io::Result<()> {
        let width = usize::from(term.size().1).max(1);
        let rows = |line: &String| console::measure_text_width(line).div_ceil(width).max(1);
        // What the user typed, ^C for one, stands before the cursor.
        term.clear_line()?;
        term.move_cursor_up(self.block.iter().map(rows).sum())
    }
}
