//! Killed (SIGKILL) at twenty moments, drawn from a fixed seed: while the cache is made, in the middle of an epoch, while
//! a checkpoint is written. Whatever the moment, the run goes on to the same bits, and nothing is lost, doubled or left.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use umbel::model_file::ModelFile;
use umbel::train::History;

use crate::support::{Place, tiny_training};

const MOMENTS: u64 = 20;

#[test]
fn killed_at_any_moment_nothing_is_lost() {
    let place = Place::with_photos();
    let training = tiny_training(&["--epochs", "8", "--out", "whole"]);
    let start = Instant::now();
    place.umbel(&training).succeeds();
    let whole = start.elapsed();
    let mut unbegun = 0;
    for moment in 0..MOMENTS {
        fs::remove_dir_all(place.path("cache")).unwrap();
        let training = tiny_training(&["--epochs", "8", "--out", "killed"]);
        let mut child = place.command(&training).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for(moment, whole, &place, &mut child);
        // It may be over already; then there is nothing to kill.
        let _ = child.kill();
        child.wait().unwrap();

        check_what_is_there(&place.path("killed"));
        if place.path("killed/config.toml").exists() {
            place.umbel(&["train", "--resume", "killed"]).succeeds();
        } else {
            unbegun += 1;
            place.umbel(&training).succeeds();
        }
        same(&place, "whole", "killed");
        for folder in ["killed", "cache"] {
            nothing_is_left_over(&place, folder);
        }
        fs::remove_dir_all(place.path("killed")).unwrap();
    }
    println!("{unbegun} of {MOMENTS} were killed before they had begun");
}

#[test]
fn a_kill_before_the_run_has_begun_leaves_its_folder_free() {
    let place = Place::with_photos();
    let path = place.path("run");
    fs::create_dir(&path).unwrap();
    // What a kill between split.csv and config.toml leaves.
    for name in [".lock", ".preparing", "split.csv", "problems.csv", "model.toml", ".umbel-scratch-abc"] {
        fs::write(path.join(name), "left over").unwrap();
    }
    place.umbel(&["train", "--resume", "run"]).fails(1, "config.toml");
    // A ready-made network has no model.toml: the one that was left over must not pass for it.
    let args = ["train", "photos", "--image-size", "32", "--batch", "8", "--epochs", "1", "--out", "run"];
    place.umbel(&args).succeeds();
    assert!(!path.join("model.toml").exists());
    nothing_is_left_over(&place, "run");
    place.umbel(&tiny_training(&["--out", "run"])).fails(1, "exists already");

    // Whatever else lies there is the user's, and stays.
    let path = place.path("mine");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("split.csv"), "mine").unwrap();
    place.umbel(&tiny_training(&["--out", "mine"])).fails(1, "exists already");
    assert_eq!(fs::read_to_string(path.join("split.csv")).unwrap(), "mine");
}

#[test]
fn a_kill_at_the_very_first_file_leaves_the_folder_free() {
    let place = Place::with_photos();
    fs::create_dir(place.path("run")).unwrap();
    for name in [".lock", ".umbel-scratch-abc"] {
        fs::write(place.path("run").join(name), "").unwrap();
    }
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"])).succeeds();
    nothing_is_left_over(&place, "run");
}

/// Half of the moments go by the clock, a quarter each by the first files of the cache and by those of the run.
fn wait_for(moment: u64, whole: Duration, place: &Place, child: &mut Child) {
    let random = (moment + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11;
    let share = random as f64 / (1u64 << 53) as f64;
    let watched = match moment % 4 {
        0 => "cache",
        2 => "killed",
        _ => return std::thread::sleep(whole.mul_f64(share)),
    };
    // Scratch files come and go with every file that is written: the one at which to kill differs.
    let mut left = if watched == "killed" { 1 + random % 12 } else { 1 };
    let mut seen = None;
    while left > 0 && matches!(child.try_wait(), Ok(None)) {
        let now = scratch_files(&place.path(watched)).pop();
        if now.is_some() && now != seen {
            left -= 1;
        }
        seen = now.or(seen);
    }
}

/// The model file and the history are whole, or not there.
fn check_what_is_there(run: &Path) {
    if run.join("model.safetensors").exists() {
        ModelFile::load(run).unwrap();
    }
    if run.join("history.csv").exists() {
        History::read(&run.join("history.csv")).unwrap();
    }
}

/// The same model, byte for byte, and the same history, but for the seconds.
pub fn same(place: &Place, one: &str, other: &str) {
    let model = |run: &str| fs::read(place.path(run).join("model.safetensors")).unwrap();
    assert!(model(one) == model(other), "{one} and {other} have the same model file");
    let history = |run: &str| -> Vec<String> {
        let text = fs::read_to_string(place.path(run).join("history.csv")).unwrap();
        text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_string()).collect()
    };
    assert_eq!(history(one), history(other));
}

/// No scratch file and no mark of an unfinished beginning.
pub fn nothing_is_left_over(place: &Place, folder: &str) {
    assert_eq!(scratch_files(&place.path(folder)), Vec::<String>::new());
    assert!(!place.path(folder).join(".preparing").exists());
}

fn scratch_files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".umbel-scratch-")).collect()
}
