//! The block of lines that is redrawn in place at the bottom of a terminal, and the log that scrolls away above it. All
//! that the program says on standard error passes through here, whichever thread says it, so that a line never lands in
//! the middle of the block.
//!
//! The cursor is never hidden and always rests at the start of the line below the block: a program that is killed at any
//! moment leaves a terminal that needs no repair, and what Ctrl-C echoes is wiped with the next drawing.

use std::io::{self, Write};
use std::sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use console::Term;

/// How long the end of the program waits for a thread that is drawing: a terminal may be held by Ctrl-S.
const PATIENCE: Duration = Duration::from_millis(200);

static SCREEN: Mutex<Screen> = Mutex::new(Screen { block: Vec::new(), closed: false });

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

/// Takes the block off the screen.
pub fn clear() {
    if let Some(mut screen) = reach() {
        let _ = screen.draw(&Term::buffered_stderr(), Vec::new());
    }
}

/// Takes the block off the screen for good: the program is about to end, while another thread may still want to draw.
pub fn close() {
    if let Some(mut screen) = reach() {
        let _ = screen.draw(&Term::buffered_stderr(), Vec::new());
        screen.closed = true;
    }
}

/// Takes the block off the screen while `meanwhile` runs, and puts it back where the cursor is then. What others have to say waits.
pub fn away(meanwhile: impl FnOnce()) {
    let Some(mut screen) = reach() else { return meanwhile() };
    // A terminal that is gone is no reason not to go.
    let _ = screen.away(&Term::buffered_stderr(), meanwhile);
}

/// `None` where another thread does not let go of the screen.
fn reach() -> Option<MutexGuard<'static, Screen>> {
    let start = Instant::now();
    loop {
        match SCREEN.try_lock() {
            Ok(screen) => return Some(screen),
            Err(TryLockError::Poisoned(screen)) => return Some(screen.into_inner()),
            Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
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
    /// Nothing is drawn any more.
    closed: bool,
}

impl Screen {
    /// One write a frame, each line written over the old one, so that nothing flickers.
    fn draw(&mut self, term: &Term, lines: Vec<String>) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        if lines.is_empty() {
            self.erase(term)?;
        } else {
            // What the user typed, ^C for one, stands before the cursor.
            term.clear_line()?;
            term.move_cursor_up(rows(&self.block, width(term)))?;
            for line in &lines {
                term.clear_line()?;
                term.write_line(line)?;
            }
            term.clear_to_end_of_screen()?;
        }
        self.block = lines;
        term.flush()
    }

    fn note(&mut self, term: &Term, text: &str) -> io::Result<()> {
        self.erase(term)?;
        // A message that leaves the line of an echoed ^C has nothing to leave here.
        term.write_line(text.trim_start_matches('\n'))?;
        for line in &self.block {
            term.write_line(line)?;
        }
        term.flush()
    }

    fn away(&mut self, term: &Term, meanwhile: impl FnOnce()) -> io::Result<()> {
        let gone = self.erase(term).and_then(|()| term.flush());
        meanwhile();
        gone?;
        let (rows, columns) = term.size();
        // The window may have another size by now.
        self.block.truncate(usize::from(rows).saturating_sub(1));
        for line in &mut self.block {
            *line = console::truncate_str(line, usize::from(columns).saturating_sub(1), "").into_owned();
        }
        for line in &self.block {
            term.write_line(line)?;
        }
        term.flush()
    }

    /// Row by row: where the block begins at the top of the screen, clearing all that follows would be clearing the
    /// screen, and tmux keeps a copy of what it clears so.
    fn erase(&self, term: &Term) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        term.clear_line()?;
        for _ in 0..rows(&self.block, width(term)) {
            term.move_cursor_up(1)?;
            term.clear_line()?;
        }
        Ok(())
    }
}

/// The width at which the terminal has wrapped what stands on it: its columns as they are now, where it wraps at all.
fn width(term: &Term) -> usize {
    static WRAPS: LazyLock<bool> = LazyLock::new(|| wraps(|name| std::env::var(name).ok()));
    if *WRAPS { usize::from(term.size().1).max(1) } else { usize::MAX }
}

/// Whether a terminal that is made narrower wraps the lines that stand on it. Nearly all do; xterm, st and GNU screen cut them off, and
/// going up for rows that are not there would wipe the log.
fn wraps(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some();
    let is_st = variable("TERM").is_some_and(|term| term == "st" || term.starts_with("st-"));
    is_set("TMUX") || !(is_set("XTERM_VERSION") || is_set("STY") || is_st)
}

/// A terminal that was made narrower has wrapped the block's lines: they take more rows than were written.
pub fn rows(block: &[String], width: usize) -> usize {
    block.iter().map(|line| console::measure_text_width(line).div_ceil(width).max(1)).sum()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek};

    use super::*;

    /// A terminal of 24 x 80 that is a file, and what a terminal would show of it.
    struct Fake {
        term: Term,
        file: File,
    }

    impl Fake {
        fn new() -> Self {
            let file = tempfile::NamedTempFile::new().unwrap();
            let [read, write, other] =
                [(); 3].map(|()| File::options().read(true).append(true).open(file.path()).unwrap());
            Fake { term: Term::read_write_pair(read, write), file: other }
        }

        /// The terminal's driver turns line feeds into new lines.
        fn shows(&mut self) -> vt100::Parser {
            let size = |n: u16| std::num::NonZero::new(n).unwrap();
            let mut parser = vt100::Parser::new(size(24), size(80), 100);
            let mut bytes = Vec::new();
            self.file.rewind().unwrap();
            self.file.read_to_end(&mut bytes).unwrap();
            parser.process(String::from_utf8(bytes).unwrap().replace('\n', "\r\n").as_bytes());
            parser
        }
    }

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| text.to_string()).collect()
    }

    #[test]
    fn notes_stay_above_the_block_and_nothing_else_is_left() {
        let mut fake = Fake::new();
        let mut screen = Screen { block: Vec::new(), closed: false };
        screen.draw(&fake.term, lines(&["one", "two", "three"])).unwrap();
        // Wide characters that take more than a line.
        let wide = "猫".repeat(50);
        screen.note(&fake.term, &wide).unwrap();
        screen.draw(&fake.term, lines(&["four"])).unwrap();
        fake.file.write_all(b"^C").unwrap();
        screen.note(&fake.term, "\nstopping").unwrap();
        screen.draw(&fake.term, lines(&["five", "six"])).unwrap();
        let stopping = format!("{}\n{}\nstopping", "猫".repeat(40), "猫".repeat(10));
        assert_eq!(plain(&fake.shows()), format!("{stopping}\nfive\nsix"));

        let mut fake = Fake::new();
        screen.block.clear();
        screen.draw(&fake.term, lines(&["one", "two"])).unwrap();
        screen.note(&fake.term, "stays").unwrap();
        fake.file.write_all(b"^C").unwrap();
        screen.draw(&fake.term, Vec::new()).unwrap();
        let parser = fake.shows();
        assert_eq!(plain(&parser), "stays");
        assert_eq!(parser.screen().cursor_position(), (1, 0));
        assert!(!parser.screen().hide_cursor());

        screen.closed = true;
        screen.draw(&fake.term, lines(&["too late"])).unwrap();
        assert_eq!(plain(&fake.shows()), "stays");
    }

    #[test]
    fn a_narrower_terminal_has_wrapped_the_lines() {
        let block = lines(&["12345678", "猫猫猫", "", "\u{1b}[2m1234\u{1b}[0m"]);
        assert_eq!(rows(&block, 80), 4);
        assert_eq!(rows(&block, 4), 2 + 2 + 1 + 1);
    }

    #[test]
    fn terminals_that_cut_lines_off_have_no_more_rows() {
        let with = |pairs: &'static [(&str, &str)]| {
            wraps(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()))
        };
        assert!(with(&[("TERM", "xterm-256color")]) && with(&[]));
        assert!(!with(&[("TERM", "xterm-256color"), ("XTERM_VERSION", "XTerm(390)")]));
        assert!(!with(&[("TERM", "st-256color")]) && !with(&[("TERM", "screen"), ("STY", "12.pts-0.host")]));
        // What is inside tmux has tmux for a terminal, whatever tmux itself was started in.
        assert!(with(&[("TERM", "screen"), ("XTERM_VERSION", "XTerm(390)"), ("TMUX", "/tmp/tmux-0/default,1,0")]));
    }

    #[test]
    fn four_lines_of_the_view_stayed_after_a_pause() {
        let mut fake = Fake::new();
        let mut screen = Screen { block: Vec::new(), closed: false };
        let wide = "=".repeat(79);
        screen.draw(&fake.term, vec!["one".into(), wide.clone(), "three".into()]).unwrap();
        let (mut shell, mut meanwhile) = (fake.file.try_clone().unwrap(), String::new());
        shell.write_all(b"^Z").unwrap();
        let term = fake.term.clone();
        screen
            .away(&term, || {
                meanwhile = plain(&fake.shows());
                shell.write_all("\nStopped\n$ fg\numbel\n".as_bytes()).unwrap();
            })
            .unwrap();
        assert_eq!(meanwhile, "", "the shell finds a clean screen");
        assert_eq!(plain(&fake.shows()), format!("\nStopped\n$ fg\numbel\none\n{wide}\nthree"));
        screen.draw(&fake.term, lines(&["four"])).unwrap();
        assert_eq!(plain(&fake.shows()), "\nStopped\n$ fg\numbel\nfour");
    }

    fn plain(parser: &vt100::Parser) -> String {
        let rows = parser.screen().rows(0, 80).map(|row| row.trim_end().to_string()).collect::<Vec<_>>();
        rows.join("\n").trim_end().to_string()
    }
}
