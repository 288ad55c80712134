//! What is seen on a terminal: a live view that leaves a clean log, and plain lines where a view cannot be. util-linux'
//! `script` lends the terminal, and vt100 shows what would stand on it.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Command, Stdio};

use vt100::Parser;

use crate::support::{Place, tiny_training};

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// A command that ran on a terminal.
struct Seen {
    /// Everything that was written there.
    bytes: String,
    code: i32,
}

impl Seen {
    /// The log: all lines that are left, those that have scrolled away included.
    fn log(&self) -> String {
        let size = |n: u16| NonZeroU16::new(n).unwrap();
        let mut parser = Parser::new(size(ROWS), size(COLUMNS), 10_000);
        parser.process(self.bytes.as_bytes());
        let screen = parser.screen_mut();
        assert!(!screen.hide_cursor(), "the cursor is hidden: {:?}", self.bytes);
        assert_eq!(screen.cursor_position().1, 0, "the prompt begins a line: {:?}", self.bytes);
        screen.set_scrollback(usize::MAX);
        let mut log = String::new();
        for above in (1..=screen.scrollback()).rev() {
            screen.set_scrollback(above);
            log.push_str(screen.rows(0, COLUMNS).next().unwrap().trim_end());
            log.push('\n');
        }
        screen.set_scrollback(0);
        log + &screen.contents()
    }

    #[track_caller]
    fn leaves_a_clean_log(&self) -> String {
        let log = self.log();
        for left_over in ['━', '┤', '└', '─', '\u{2824}'] {
            assert!(!log.contains(left_over), "the view is still there:\n{log}");
        }
        assert!(!log.contains("images/s") && !log.contains("\n\n\n"), "{log}");
        log
    }
}

/// Runs umbel on a terminal; `None`, and a message, where there is no way to make one. Once the output holds the text of
/// `typed`, its keys are typed; the next ones wait for what comes after.
fn on_a_terminal(place: &Place, args: &[&str], env: &[(&str, &str)], typed: &[(&str, &str)]) -> Option<Seen> {
    in_a_shell(place, |umbel| format!("exec {umbel} {}", args.join(" ")), env, typed)
}

/// The same of a line of shell, which is given the program.
fn in_a_shell(
    place: &Place,
    line: impl Fn(&str) -> String,
    env: &[(&str, &str)],
    mut typed: &[(&str, &str)],
) -> Option<Seen> {
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux")) {
        println!("not tested: there is no `script` of util-linux here, which makes a terminal");
        return None;
    }
    let umbel = place.command::<&str>(&[]);
    let program = umbel.get_program().to_str().unwrap();
    let line = format!("stty rows {ROWS} cols {COLUMNS}; {}", line(&format!("'{program}'")));
    let mut command = Command::new("script");
    command.args(["-qefc", &line, "/dev/null"]).current_dir(place.path("")).env("UMBEL_CACHE", place.path("cache"));
    command
        .env("SHELL", "/bin/sh")
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .env("LC_ALL", "C.UTF-8")
        .envs(env.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut bytes, mut buffer, mut answered) = (Vec::new(), [0; 4096], 0);
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        bytes.extend(&buffer[..count]);
        if let Some(((text, key), rest)) = typed.split_first()
            && String::from_utf8_lossy(&bytes[answered..]).contains(text)
        {
            answered = bytes.len();
            keys.write_all(key.as_bytes()).unwrap();
            typed = rest;
        }
    }
    assert!(typed.is_empty(), "never seen: {typed:?}");
    let code = child.wait().unwrap().code().unwrap_or(-1);
    Some(Seen { bytes: String::from_utf8_lossy(&bytes).into_owned(), code })
}

#[test]
fn a_whole_run_leaves_its_epochs() {
    let place = Place::with_photos();
    let args = tiny_training(&["--epochs", "5", "--out", "run"]);
    let Some(seen) = on_a_terminal(&place, &args, &[], &[]) else { return };
    assert_eq!(seen.code, 0);
    for part in ["images/s", "accuracy", "loss", "training", "best: epoch", "lr: 0.001", "memory: ", "\u{1b}[38;5;"] {
        assert!(seen.bytes.contains(part), "the view shows {part:?}");
    }
    let log = seen.leaves_a_clean_log();
    let epochs: Vec<&str> = log.lines().filter(|line| line.starts_with("Epoch ")).collect();
    assert_eq!(epochs.len(), 5, "{log}");
    assert!(epochs.iter().all(|line| line.contains("s - accuracy: ") && line.contains(" - val_accuracy: ")), "{log}");
    assert!(log.trim_end().ends_with("umbel predict run PHOTO"), "{log}");
}

#[test]
fn ctrl_c_leaves_a_clean_log() {
    let place = Place::with_photos();
    let args = tiny_training(&["--epochs", "2000", "--out", "run"]);
    let Some(seen) = on_a_terminal(&place, &args, &[], &[("best: epoch", "\u{3}")]) else { return };
    assert_eq!(seen.code, 1);
    let log = seen.leaves_a_clean_log();
    assert!(log.contains("press again to quit at once"), "{log}");
    assert!(log.trim_end().ends_with("Go on with: umbel train --resume run"), "{log}");
    assert!(!log.contains("^C"), "{log}");
}

#[test]
fn ctrl_z_left_the_view_in_the_log() {
    let place = Place::with_photos();
    let args = tiny_training(&["--epochs", "2000", "--out", "run"]).join(" ");
    let line = |umbel: &str| format!("set -m; {umbel} {args}; echo code $?; echo pau''sed; fg");
    let typed = [("best: epoch", "\u{1a}"), ("paused", ""), ("images/s", "\u{3}")];
    let Some(seen) = in_a_shell(&place, line, &[], &typed) else { return };
    let (before, after) = seen.bytes.split_once("paused").unwrap();
    let paused = Seen { bytes: before.into(), code: 0 }.leaves_a_clean_log();
    // The shell is told which signal it was: 128 and that.
    assert!(paused.contains("code 148"), "{paused}");
    assert!(after.contains("images/s"), "the view is drawn anew");
    let log = seen.leaves_a_clean_log();
    assert!(log.trim_end().ends_with("Go on with: umbel train --resume run"), "{log}");
    assert!(!log.contains("^C"), "{log}");
}

#[test]
fn an_error_begins_on_a_clean_line() {
    let place = Place::with_photos();
    let args = tiny_training(&["--epochs", "50", "--out", "run", "--optimizer", "sgd", "--lr", "1e30"]);
    let Some(seen) = on_a_terminal(&place, &args, &[], &[]) else { return };
    assert_eq!(seen.code, 1);
    let log = seen.leaves_a_clean_log();
    assert!(log.lines().any(|line| line.starts_with("error: ")), "{log}");
}

#[test]
fn a_cross_validation_and_a_resumed_run_are_shown_too() {
    let place = Place::with_photos();
    let args = tiny_training(&["--epochs", "2", "--folds", "2", "--out", "folds"]);
    let Some(seen) = on_a_terminal(&place, &args, &[], &[]) else { return };
    assert_eq!(seen.code, 0);
    assert!(seen.bytes.contains("fold 1 of 2") && seen.bytes.contains("fold 2 of 2"), "{:?}", seen.bytes);
    let log = seen.leaves_a_clean_log();
    assert_eq!(log.lines().filter(|line| line.starts_with("Epoch ")).count(), 4, "{log}");

    place.umbel(&tiny_training(&["--epochs", "2", "--out", "run"])).succeeds();
    let seen = on_a_terminal(&place, &["train", "--resume", "run", "--epochs", "4"], &[], &[]).unwrap();
    let first_picture = seen.bytes.split("Epoch 3/4 - ").next().unwrap();
    assert!(first_picture.contains("best: epoch") && first_picture.contains('┤'), "the epochs before are shown");
    seen.leaves_a_clean_log();
}

#[test]
fn terminals_that_can_do_less_get_less() {
    let place = Place::with_photos();
    let args = tiny_training(&["--epochs", "2", "--out", "dumb"]);
    let Some(seen) = on_a_terminal(&place, &args, &[("TERM", "dumb")], &[]) else { return };
    assert!(!seen.bytes.contains('\u{1b}') && seen.bytes.contains("Epoch 2/2 - "), "{:?}", seen.bytes);

    let args = tiny_training(&["--epochs", "2", "--out", "gray"]);
    let seen = on_a_terminal(&place, &args, &[("NO_COLOR", "1")], &[]).unwrap();
    assert!(seen.bytes.contains('┤') && !seen.bytes.contains("\u{1b}[38;5;"), "{:?}", seen.bytes);
    assert!(!seen.bytes.contains("\u{1b}[2m"), "{:?}", seen.bytes);

    let args = tiny_training(&["--epochs", "2", "--out", "ascii"]);
    let seen = on_a_terminal(&place, &args, &[("LC_ALL", "C")], &[]).unwrap();
    assert!(seen.bytes.is_ascii() && seen.bytes.contains("==>"), "{:?}", seen.bytes);
}

#[test]
fn a_pipe_gets_plain_lines() {
    let place = Place::with_photos();
    let args = tiny_training(&["--epochs", "2", "--out", "run"]);
    let output = place.command(&args).env("TERM", "xterm-256color").env("CLICOLOR_FORCE", "1").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
    assert_eq!(text.lines().filter(|line| line.starts_with("Epoch ")).count(), 2, "{text}");
}
