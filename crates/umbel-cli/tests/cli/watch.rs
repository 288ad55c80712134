//! `umbel predict --watch`: photos are answered as they come, and a signal ends it.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Place, Ran, keys};

const PATIENCE: Duration = Duration::from_secs(60);

/// A watch under way, whose lines come through a pipe.
struct Watching {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

fn lines_of(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            if sender.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    lines
}

impl Watching {
    /// Watches, once what was there is answered, and gives so many lines of that.
    fn start(place: &Place, more: &[&str], lines: usize) -> (Self, Vec<String>) {
        let args = [&["predict", "run", "--watch", "in"], more].concat();
        let mut child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (lines_of(child.stdout.take().unwrap()), lines_of(child.stderr.take().unwrap()));
        let watching = Watching { child, out, err };
        while watching.err.recv_timeout(PATIENCE).unwrap() != "Watching in for new photos; Ctrl-C stops." {}
        let before = (0..lines).map(|_| watching.line()).collect();
        (watching, before)
    }

    fn line(&self) -> String {
        self.out.recv_timeout(PATIENCE).unwrap()
    }

    fn stop(mut self, signal: &str) -> Ran {
        let start = Instant::now();
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        assert!(start.elapsed() < PATIENCE / 20, "{:?}", start.elapsed());
        let text = |lines: Receiver<String>| lines.iter().map(|line| line + "\n").collect();
        Ran { code, out: text(self.out), err: text(self.err) }
    }
}

fn put(place: &Place, photo: &str, name: &str) {
    fs::copy(place.path("photos").join(photo), place.path("in").join(name)).unwrap();
}

fn with_folder() -> Place {
    let place = Place::with_run();
    fs::create_dir(place.path("in")).unwrap();
    place
}

#[test]
fn photos_are_answered_as_they_come() {
    let place = with_folder();
    put(&place, "rings/000.png", "first.png");
    fs::write(place.path("in/.hidden.png"), "").unwrap();
    let known = place.umbel(&["predict", "run", "in", "photos/stripes/001.png"]);
    let known: Vec<&str> = known.succeeds().out.lines().collect();
    assert_eq!(known.len(), 2, "the hidden file is left out");

    let (watching, before) = Watching::start(&place, &[], 1);
    assert_eq!(before, known[..1]);
    fs::write(place.path("in/notes.txt"), "no photo").unwrap();
    assert!(Command::new("mkfifo").arg(place.path("in/pipe.png")).status().unwrap().success());
    fs::create_dir(place.path("in/sub")).unwrap();
    put(&place, "stripes/001.png", "sub/\u{1b}[2Jsecond.png");
    let sentence = known[1].split_once(": ").unwrap().1;
    assert_eq!(watching.line(), format!("in/sub/\\u{{1b}}[2Jsecond.png: {sentence}"));
    put(&place, "stripes/001.png", "first.png");
    assert_eq!(watching.line(), format!("in/first.png: {sentence}"), "a photo that was changed is answered again");
    let ran = watching.stop("-INT");
    assert_eq!((ran.code, &*ran.out), (0, ""), "{ran:#?}");
    assert!(ran.err.ends_with("Stopped watching: 3 answered, 0 could not be used.\n"), "{ran:#?}");
}

#[test]
fn a_photo_that_is_still_being_copied_is_waited_for() {
    let place = with_folder();
    let photo = fs::read(place.path("photos/rings/000.png")).unwrap();
    let (watching, _) = Watching::start(&place, &["--json"], 0);
    // Slower than one look follows the other, and never still for two.
    for part in 1..=8 {
        fs::write(place.path("in/slow.png"), &photo[..photo.len() * part / 8]).unwrap();
        std::thread::sleep(Duration::from_millis(400));
    }
    let answer: Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(keys(&answer), ["class", "confidence", "path", "top"]);
    let ran = watching.stop("-TERM");
    assert_eq!((ran.code, &*ran.out), (0, ""), "it was answered once: {ran:#?}");
}

#[test]
fn answers_of_a_watch_are_kept_and_broken_photos_told() {
    let place = with_folder();
    put(&place, "rings/000.png", "000.png");
    fs::write(place.path("in/broken.png"), "words").unwrap();
    let kept = ["--csv", "answers.csv", "--sort-into", "sorted", "--min-confidence", "1", "--json"];
    let (watching, _) = Watching::start(&place, &kept, 2);
    let rows = || fs::read_to_string(place.path("answers.csv")).unwrap().lines().count();
    assert_eq!(rows(), 3, "the table is there while it waits");
    fs::create_dir(place.path("in/day")).unwrap();
    put(&place, "rings/000.png", "day/000.png");
    let answer: Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(answer["sure"], false);
    let start = Instant::now();
    while rows() < 4 && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ran = watching.stop("-INT");
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert_eq!(rows(), 4);
    let mut copies: Vec<_> = place.contents("sorted").into_iter().map(|(path, _)| path).collect();
    copies.retain(|path| path.is_file());
    assert_eq!(copies, [place.path("sorted/unsure/000-2.png"), place.path("sorted/unsure/000.png")]);
}

#[test]
fn a_watched_folder_that_vanishes_is_an_error() {
    let place = with_folder();
    let (mut watching, _) = Watching::start(&place, &[], 0);
    fs::remove_dir(place.path("in")).unwrap();
    assert_eq!(watching.child.wait().unwrap().code(), Some(1));
    let err: Vec<String> = watching.err.iter().collect();
    assert_eq!(err, ["error: the folder in, which was watched, is gone"]);
}

#[test]
fn what_cannot_be_watched_is_said() {
    let place = with_folder();
    place.umbel(&["predict", "run", "--watch", "nowhere"]).fails(1, "nowhere");
    place.umbel(&["predict", "run", "--watch", "tiny.toml"]).fails(2, "takes a folder");
    place.umbel(&["predict", "run", "--watch", "in", "photos"]).fails(2, "--watch");
    place.umbel(&["predict", "run"]).fails(2, "PATH");
    place.umbel(&["predict", "run", "--watch", "in", "--csv", "in/answers.csv"]).fails(2, "lies in");
    // Copies would come into the folder that is watched, and be copied again, for ever.
    fs::create_dir_all(place.path("sorted/rings")).unwrap();
    let args = ["predict", "run", "--watch", "sorted/rings", "--sort-into", "sorted"];
    place.umbel(&args).fails(2, "would write into sorted/rings");
    place.umbel(&["predict", "run", "sorted/rings", "--sort-into", "sorted"]).fails(2, "is never written to");
}
