//! Help texts and wrong usage.

use std::process::Stdio;

use crate::support::Place;

const COMMANDS: [&str; 19] = [
    "demo",
    "get",
    "preview",
    "check",
    "train",
    "lr-find",
    "models",
    "summary",
    "predict",
    "explain",
    "eval",
    "report",
    "compare",
    "bench",
    "doctor",
    "completions",
    "man",
    "licenses",
    "help",
];

#[test]
fn help_names_every_command_and_each_has_its_own() {
    let table = include_str!("../../../../docs/program.md");
    let place = Place::new();
    let help = place.umbel(&["--help"]);
    help.succeeds();
    for command in COMMANDS {
        assert!(help.out.contains(&format!("\n  {command} ")), "{command}: {}", help.out);
        assert!(table.contains(&format!("| `umbel {command}` |")), "docs/program.md's table lacks {command}");
        let own = place.umbel(&[command, "--help"]);
        own.succeeds();
        assert!(own.out.contains("Example") || own.out.contains("lesson"), "{command} has examples");
    }
    assert!(place.umbel(&["--version"]).succeeds().out.starts_with("umbel 0."));
}

#[test]
fn wrong_usage_is_two() {
    let place = Place::new();
    let cases: &[&[&str]] = &[
        &[],
        &["fly"],
        &["train"],
        &["train", "photos", "--epochs", "0"],
        &["train", "photos", "--batch", "513"],
        &["train", "photos", "--image-size", "31"],
        &["train", "photos", "--val-split", "1"],
        &["train", "photos", "--val-split", "nan"],
        &["train", "photos", "--dropout", "1"],
        &["train", "photos", "--lr", "0"],
        &["train", "photos", "--threads", "-1"],
        &["train", "photos", "--resize", "squeeze"],
        &["train", "photos", "--momentum", "0.9"],
        &["train", "photos", "--step-every", "2"],
        &["train", "photos", "more", "--resume", "run"],
        &["train", "--resume", "run", "--lr", "0.1"],
        &["train", "--resume", "run", "--recipe", "scratch"],
        &["train", "photos", "--recipe", "cake"],
        &["train", "photos", "--train-sizes", "96,9"],
        &["train", "photos", "--train-sizes", "96", "--image-size", "64"],
        &["train", "photos", "--mix-probability", "0.5"],
        &["lr-find", "photos", "--epochs", "3"],
        &["lr-find", "photos", "--from", "0.1", "--to", "0.01"],
        &["lr-find", "photos", "--steps", "5"],
        &["summary"],
        &["summary", "run", "--model", "cnn"],
        &["predict", "run"],
        &["predict", "run", "a.jpg", "--top", "0"],
        &["predict", "run", "a.jpg", "--keep", "0"],
        &["predict", "run", "a.jpg", "--keep", "1.1"],
        &["explain", "run"],
        &["explain", "run", "a.jpg", "--top", "0"],
        &["explain", "run", "a.jpg", "--method", "magic"],
        &["explain", "run", "a.jpg", "--values"],
        &["explain", "run", "a.jpg", "--class", "roses", "--top", "2"],
        &["eval", "run"],
        &["eval", "run", "photos", "--part", "some"],
        &["eval", "run", "photos", "--part", "val"],
        &["compare", "run"],
        &["bench", "fly"],
        &["preview"],
        &["check"],
        &["demo", "--images", "5"],
    ];
    for args in cases {
        let ran = place.umbel(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:#?}");
        assert!(!ran.err.contains("panicked"), "{ran:#?}");
    }
}

#[test]
fn an_unknown_network_or_instruction_set_is_wrong_usage() {
    let place = Place::new();
    place.umbel(&["summary", "--model", "resnet"]).fails(2, "resnet");
    let ran = place.command(&["doctor"]).env("UMBEL_ISA", "quantum").output().unwrap();
    crate::support::Ran::from(ran).fails(2, "quantum");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    let mut command = place.command(&["summary", "--model", "cnn"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}
