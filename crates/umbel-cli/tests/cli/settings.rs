//! Settings by flag, by key and by file; and what is made from their table: help, reference, completions, manual pages.

use std::fs;

use crate::support::{Place, tiny_training};

#[test]
fn any_key_can_be_set_and_is_saved() {
    let place = Place::with_photos();
    let more = ["--epochs", "1", "--optimizer", "adamw", "--set", "fit.optimizer.beta_2=0.99", "--out", "run"];
    let more =
        [&more[..], &["--set", "fit.early_stopping.patience=2", "--set=fit.early_stopping.min_delta=0.01"]].concat();
    place.umbel(&tiny_training(&more)).succeeds();
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    for line in ["beta_2 = 0.99", "patience = 2", "min_delta = 0.01", "kind = \"adam_w\""] {
        assert!(config.contains(line), "{line}\n{config}");
    }
    let report = fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(report.contains("--set fit.optimizer.beta_2=0.99"), "the command to reproduce it");
}

#[test]
fn a_wrong_value_is_told_in_the_same_words_by_flag_key_and_file() {
    let place = Place::with_photos();
    let words = "a share from 0 to below 1, for instance 0.1";
    place.umbel(&tiny_training(&["--label-smoothing", "2"])).fails(2, words);
    place.umbel(&tiny_training(&["--set", "fit.label_smoothing=2"])).fails(2, words);
    fs::write(place.path("config.toml"), "fit.label_smoothing = 2\n").unwrap();
    place.umbel(&["train", "photos", "--config", "config.toml"]).fails(2, words);
    for (key, bad) in
        [("fit.batch", "513"), ("threads", "5000"), ("fit.optimizer.beta_1", "1"), ("prep.resize", "squeeze")]
    {
        place
            .umbel(&tiny_training(&["--set", &format!("{key}={bad}")]))
            .fails(2, &format!("{key} is {bad}, but must be "));
    }
    place.umbel(&tiny_training(&["--set", "fit.label_smoothin=0.1"])).fails(2, "the nearest is fit.label_smoothing");
    place.umbel(&tiny_training(&["--set", "fit.label_smoothing"])).fails(2, "KEY=VALUE");
    place.umbel(&tiny_training(&["--lr", "0.1", "--set", "fit.learning_rate=0.1"])).fails(2, "--lr is given twice");
    assert!(!place.path("runs").exists());
}

#[test]
fn what_does_nothing_is_refused_by_name_and_what_cannot_change_too() {
    let place = Place::with_run();
    let resume = |more: &[&str]| place.umbel(&[&["train", "--resume", "run"], more].concat());
    resume(&["--lr", "0.1"]).fails(2, "--lr cannot change, only data and --epochs can");
    resume(&["--set", "fit.optimizer.beta_1=0.5"])
        .fails(2, "fit.optimizer.beta_1 cannot change, only data and --epochs can");
    resume(&["--threads", "2"]).fails(2, "--threads cannot change");
    resume(&["--set", "fit.epochs=2"]).succeeds();
    assert_eq!(fs::read_to_string(place.path("run/history.csv")).unwrap().lines().count(), 3);
    let lr_find = |more: &[&str]| place.umbel(&[&["lr-find", "photos"], more].concat());
    for (flag, value) in [("--lr", "0.1"), ("--step-every", "2"), ("--folds", "3"), ("--monitor", "val_loss")] {
        lr_find(&[flag, value]).fails(2, &format!("{flag} "));
        assert!(lr_find(&[flag, value]).err.contains("does nothing in a range test"));
    }
    lr_find(&["--tensorboard"]).fails(2, "--tensorboard does nothing in a range test");
    lr_find(&["--resume", "run"]).fails(2, "--resume does nothing in a range test");
    lr_find(&["--set", "fit.optimizer.kind=sgd", "--set", "fit.warmup_epochs=1"])
        .fails(2, "fit.warmup_epochs does nothing in a range test");
}

#[test]
fn the_short_help_is_a_screen_and_the_long_one_has_everything() {
    let place = Place::new();
    let short = place.umbel(&["train", "-h"]).succeeds().out.clone();
    let lines = short.trim_end().lines().count();
    assert!((24..=40).contains(&lines), "{lines} lines\n{short}");
    assert!(short.lines().all(|line| line.chars().count() <= 100), "{short}");
    assert!(short.contains("--help` has all") && short.contains("--epochs") && !short.contains("--mixup"), "{short}");
    let long = place.umbel(&["train", "--help"]).succeeds().out.clone();
    assert!(long.lines().all(|line| line.chars().count() <= 100), "{long}");
    for row in umbel::settings::rows() {
        if let Some(flag) = row.flag {
            assert!(long.contains(&format!("--{flag}")), "{flag}");
        }
    }
    for heading in ["Data:", "Network:", "Training:", "Running:"] {
        assert_eq!(long.matches(&format!("\n{heading}\n")).count(), 1, "{heading}");
        assert!(short.contains(&format!("\n{heading}\n")), "{heading}");
    }
    let narrow = place.command(&["train", "--help"]).env("COLUMNS", "60").output().unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    let (help, _) = narrow.split_once("Examples:").unwrap();
    assert!(help.lines().all(|line| line.chars().count() <= 60), "{help}");
    let lr_find = place.umbel(&["lr-find", "--help"]).succeeds().out.clone();
    assert!(lr_find.contains("  umbel lr-find photos/") && !lr_find.contains("  umbel train photos/"), "{lr_find}");
    assert!(lr_find.contains("--label-smoothing") && !lr_find.contains("      --epochs"), "{lr_find}");
}

#[test]
fn recipes_are_told_in_words() {
    let told = Place::new().umbel(&["help", "recipes"]).succeeds().out.clone();
    for part in [
        "quick: a first look, in a fraction of the time",
        "--optimizer nesterov",
        "--layer-decay 0.8",
        "--schedule cosine",
        "Share of every label that is spread over all classes",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    Place::new().umbel(&["help", "fly"]).fails(2, "fly");
    assert!(Place::new().umbel(&["help"]).succeeds().out.contains("lr-find"));
}

#[test]
fn the_reference_is_the_table() {
    let told = Place::new().umbel(&["help", "settings"]).succeeds().out.clone();
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
    let written = fs::read_to_string(docs).unwrap();
    assert!(told == written, "docs/settings.md is another: umbel help settings > docs/settings.md");
    for row in umbel::settings::rows() {
        assert!(told.contains(&format!("| `{}` |", row.key)), "{}", row.key);
    }
}

#[test]
fn completions_and_manual_pages_know_every_flag() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = place.umbel(&["completions", shell]).succeeds().out.clone();
        for part in ["label-smoothing", "lr-find"] {
            assert!(script.contains(part), "{shell}: {part}");
        }
        // PowerShell's are of flags alone.
        assert!(script.contains("letterbox") || shell == "powershell", "{shell}: names of values");
    }
    place.umbel(&["completions", "tcsh"]).fails(2, "tcsh");
    place.umbel(&["man", "pages"]).succeeds();
    let train = fs::read_to_string(place.path("pages/umbel-train.1")).unwrap();
    assert!(train.contains(".TH") && train.contains("label\\-smoothing"), "{train}");
    for page in ["umbel.1", "umbel-lr-find.1", "umbel-predict.1"] {
        assert!(place.path("pages").join(page).is_file(), "{page}");
    }
    fs::write(place.path("file"), "mine").unwrap();
    place.umbel(&["man", "file"]).fails(1, "file");
}
