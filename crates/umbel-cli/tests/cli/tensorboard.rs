//! `umbel train --tensorboard`.

use std::fs;
use std::path::PathBuf;

use crate::support::{Place, tiny_training};

/// The event files of one of a run's two curves.
fn event_files(place: &Place, folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.path(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn event_files_lie_where_keras_puts_them() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "2", "--out", "run", "--tensorboard"])).succeeds();
    for part in ["train", "validation"] {
        let files = event_files(&place, &format!("run/tensorboard/{part}"));
        assert_eq!(files.len(), 1, "{files:?}");
        let name = files[0].file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("events.out.tfevents.") && name.ends_with(".v2"), "{name}");
    }
    assert!(fs::read_to_string(place.path("run/config.toml")).unwrap().contains("tensorboard = true"));

    // The setting goes with the run: nothing to say again. A run that has nothing left to do adds nothing.
    place.umbel(&["train", "--resume", "run"]).succeeds();
    assert_eq!(event_files(&place, "run/tensorboard/train").len(), 1);
    place.umbel(&["train", "--resume", "run", "--epochs", "3"]).succeeds();
    assert_eq!(event_files(&place, "run/tensorboard/train").len(), 2);
    place.umbel(&["train", "--resume", "run", "--tensorboard"]).fails(2, "--tensorboard");
}

#[test]
fn without_the_flag_there_are_none() {
    let place = Place::with_run();
    assert!(!place.path("run/tensorboard").exists());
}

#[test]
fn every_fold_has_its_own() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "1", "--folds", "2", "--out", "folds", "--tensorboard"])).succeeds();
    for fold in [1, 2] {
        assert_eq!(event_files(&place, &format!("folds/fold-{fold}/tensorboard/validation")).len(), 1);
    }
}

#[test]
fn a_run_outlives_event_files_that_cannot_be_written() {
    let place = Place::with_run();
    let config = place.path("run/config.toml");
    let text = fs::read_to_string(&config).unwrap().replace("tensorboard = false", "tensorboard = true");
    fs::write(&config, text).unwrap();
    fs::write(place.path("run/tensorboard"), "in the way").unwrap();
    let ran = place.umbel(&["train", "--resume", "run", "--epochs", "2"]);
    assert!(ran.succeeds().err.contains("goes on without files for TensorBoard"), "{ran:?}");
    assert!(fs::read_to_string(place.path("run/history.csv")).unwrap().lines().count() == 3);
}
