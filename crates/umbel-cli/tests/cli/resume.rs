//! Stopped and resumed: the same bits as a run that was never stopped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{Place, Ran, tiny_training};

#[test]
fn more_epochs_later_are_the_same_as_at_once() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "3", "--out", "whole"])).succeeds();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "parts"])).succeeds();
    place.umbel(&["train", "--resume", "parts", "--epochs", "3"]).succeeds();
    same_model(&place, "whole", "parts");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_to_the_same_bits() {
    let place = Place::with_photos();
    let epochs = "60";
    place.umbel(&tiny_training(&["--epochs", epochs, "--out", "whole"])).succeeds();

    let args = tiny_training(&["--epochs", epochs, "--out", "stopped"]);
    let mut command = place.command(&args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("Epoch 1/"));
    assert!(first.is_some(), "no epoch was finished");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let ran = Ran::from(child.wait_with_output().unwrap());

    assert_eq!(ran.code, 1, "a stopped run did not do its work: {ran:#?}, {rest:?}");
    assert!(rest.iter().any(|line| line.contains("press again to quit at once")), "{rest:?}");
    assert!(ran.out.contains("umbel train --resume stopped"), "it says how to go on: {}", ran.out);
    let history = fs::read_to_string(place.path("stopped/history.csv")).unwrap();
    assert!(history.lines().count() < 61, "it was stopped before its end");

    place.umbel(&["train", "--resume", "stopped"]).succeeds();
    same_model(&place, "whole", "stopped");
}

#[test]
fn what_is_no_run_cannot_be_resumed() {
    let place = Place::new();
    place.umbel(&["train", "--resume", "nowhere"]).fails(1, "nowhere");
    fs::create_dir(place.path("empty")).unwrap();
    place.umbel(&["train", "--resume", "empty"]).fails(1, "empty");
}

fn same_model(place: &Place, one: &str, other: &str) {
    let read = |run: &str| fs::read(place.path(run).join("model.safetensors")).unwrap();
    assert!(read(one) == read(other), "{one} and {other} have the same model file, byte for byte");
}
