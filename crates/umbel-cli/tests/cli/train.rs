//! `umbel train`: the lines that the tutorial's readers know, the run folder, JSON, a config that goes round.

use std::fs;

use crate::support::{Place, keys, tiny_training};

#[test]
fn the_tutorials_lines_and_the_run_folder() {
    let place = Place::with_photos();
    let before = place.contents("photos");
    let ran = place.umbel(&tiny_training(&["--epochs", "2", "--out", "run"]));
    ran.succeeds();
    for line in [
        "Found 20 files belonging to 2 classes.",
        "Using 16 files for training.",
        "Using 4 files for validation.",
        "Class names: ['rings', 'stripes']",
    ] {
        assert!(ran.out.lines().any(|l| l == line), "{line}\n{}", ran.out);
    }
    assert!(ran.out.contains("Best epoch: "), "{}", ran.out);
    let epochs: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("Epoch ")).collect();
    assert_eq!(epochs.len(), 2, "one line an epoch in a pipe: {}", ran.err);
    assert!(epochs[1].starts_with("Epoch 2/2 - ") && epochs[1].contains("s - accuracy: 0."), "{}", epochs[1]);
    for part in ["- loss: ", "- val_accuracy: ", "- val_loss: "] {
        assert!(epochs[1].contains(part), "{}", epochs[1]);
    }
    for file in
        ["config.toml", "split.csv", "problems.csv", "history.csv", "model.safetensors", "last.ckpt", "metrics.json"]
    {
        assert!(place.path("run").join(file).is_file(), "{file}");
    }
    for file in ["plots/curves.png", "plots/curves.svg"] {
        assert!(fs::metadata(place.path("run").join(file)).unwrap().len() > 500, "{file}");
    }
    let history = fs::read_to_string(place.path("run/history.csv")).unwrap();
    assert!(history.starts_with("epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds"), "{history}");
    assert_eq!(history.lines().count(), 3);
    assert_eq!(place.contents("photos"), before, "the user's folder is as it was");
}

#[test]
fn json_by_contract_and_nothing_else_on_standard_output() {
    let place = Place::with_photos();
    fs::write(place.path("photos/rings/bad.jpg"), "no picture").unwrap();
    let ran = place.umbel(&tiny_training(&["--epochs", "2", "--out", "run", "--json"]));
    assert_eq!(ran.code, 3, "{ran:#?}");
    let events = ran.json();
    assert_eq!(events.len(), 4, "{ran:#?}");

    let start = &events[0];
    let expected =
        ["classes", "event", "isa", "parameters", "precision", "recipe", "skipped", "train_images", "val_images"];
    assert_eq!(keys(start), expected);
    assert_eq!(start["recipe"], "tutorial");
    assert_eq!(start["event"], "start");
    assert_eq!(start["classes"], serde_json::json!(["rings", "stripes"]));
    assert_eq!((start["train_images"].as_u64(), start["val_images"].as_u64()), (Some(16), Some(4)));
    assert_eq!(start["skipped"], 1);
    // 3·3·3·4 + 4 of the convolution, 16·16·4·2 + 2 of the dense layer.
    assert_eq!(start["parameters"], 112 + 2050);
    assert!(start["precision"] == "f32" || start["precision"] == "bf16", "{start}");

    for (number, event) in events[1..3].iter().enumerate() {
        let expected =
            ["accuracy", "epoch", "event", "images_per_second", "loss", "lr", "seconds", "val_accuracy", "val_loss"];
        assert_eq!(keys(event), expected);
        assert_eq!(event["event"], "epoch");
        assert_eq!(event["epoch"], number + 1);
        assert!(event["loss"].as_f64().unwrap() > 0.0 && event["seconds"].as_f64().unwrap() > 0.0);
        assert!((0.0..=1.0).contains(&event["val_accuracy"].as_f64().unwrap()));
        assert_eq!(event["lr"], 0.001);
    }

    let end = &events[3];
    let expected = [
        "best_epoch",
        "event",
        "judged_images",
        "peak_rss_bytes",
        "run",
        "seconds",
        "val_accuracy",
        "val_accuracy_interval",
        "val_balanced_accuracy",
        "val_loss",
    ];
    assert_eq!(keys(end), expected);
    assert_eq!(end["event"], "end");
    assert!(end["peak_rss_bytes"].as_u64().unwrap() > 1_000_000);
    assert!(end["run"].as_str().unwrap().ends_with("run"));
}

#[test]
fn a_saved_config_makes_the_same_run_again() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "2", "--seed", "7", "--optimizer", "adamw", "--out", "one"])).succeeds();
    place.umbel(&["train", "--config", "one/config.toml", "--out", "two"]).succeeds();
    place.umbel(&["train", "--config", "one/config.toml", "--seed", "8", "--out", "three"]).succeeds();
    let config = |run: &str| fs::read_to_string(place.path(run).join("config.toml")).unwrap();
    let model = |run: &str| fs::read(place.path(run).join("model.safetensors")).unwrap();
    assert_eq!(config("one"), config("two"));
    assert_eq!(model("one"), model("two"));
    assert_ne!(model("one"), model("three"), "a flag overrides the config");
}

#[test]
fn every_flag_is_taken() {
    let place = Place::with_photos();
    let more = [
        "--epochs",
        "2",
        "--val-split",
        "0.3",
        "--split",
        "keras",
        "--seed",
        "5",
        "--resize",
        "letterbox",
        "--interpolation",
        "bilinear",
        "--augment",
        "none",
        "--lr",
        "0.01",
        "--optimizer",
        "sgd",
        "--momentum",
        "0.5",
        "--schedule",
        "step",
        "--step-every",
        "1",
        "--step-factor",
        "0.5",
        "--warmup",
        "0.5",
        "--monitor",
        "val_loss",
        "--early-stopping",
        "3",
        "--reduce-on-plateau",
        "2",
        "--precision",
        "f32",
        "--threads",
        "2",
        "--strict",
        "--cache",
        "other-cache",
        "--out",
        "run",
    ];
    let ran = place.umbel(&tiny_training(&more));
    ran.succeeds();
    assert!(ran.out.contains("Using 6 files for validation."), "{}", ran.out);
    assert!(place.path("other-cache").is_dir());
    assert!(!place.path("cache").exists(), "--cache is used instead of UMBEL_CACHE");
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    for part in ["letterbox", "val_loss", "0.5"] {
        assert!(config.contains(part), "{part}: {config}");
    }
    let split = place.umbel(&tiny_training(&["--epochs", "1", "--split", "run/split.csv", "--out", "again"]));
    split.succeeds();
    let read = |run: &str| fs::read(place.path(run).join("split.csv")).unwrap();
    assert_eq!(read("run"), read("again"));
}

#[test]
fn without_out_the_next_free_number_is_taken() {
    let place = Place::with_photos();
    for _ in 0..2 {
        place.umbel(&tiny_training(&["--epochs", "1"])).succeeds();
    }
    let runs = fs::read_dir(place.path("runs")).unwrap().count();
    assert_eq!(runs, 2);
}

#[test]
fn a_learning_rate_is_found_and_drawn_and_nothing_else_is_left() {
    let place = Place::with_photos();
    let before = place.contents("photos");
    let mut words = tiny_training(&["--json", "--out", "rates"]);
    words[0] = "lr-find";
    words.extend(["--steps", "40", "--to", "10"]);
    let ran = place.umbel(&words);
    ran.succeeds();
    let found = &ran.json()[0];
    assert_eq!(keys(found), ["diverged", "minimum", "pictures", "points", "rate", "steepest"]);
    let (rate, minimum) = (found["rate"].as_f64().unwrap(), found["minimum"].as_f64().unwrap());
    assert!((rate / minimum - 0.1).abs() < 1e-9 && (1e-6..=10.0).contains(&minimum), "{found}");
    let points = found["points"].as_array().unwrap();
    assert!(points.len() >= 20 && points[0]["rate"].as_f64() == Some(1e-6), "{found}");
    for file in ["rates/lr-find.png", "rates/lr-find.svg"] {
        assert!(fs::metadata(place.path(file)).unwrap().len() > 500, "{file}");
    }
    assert_eq!(fs::read_dir(place.path("rates")).unwrap().count(), 2);
    assert!(!place.path("runs").exists());
    assert_eq!(place.contents("photos"), before);
    let again = place.umbel(&words);
    assert_eq!(again.json()[0]["points"], found["points"], "the same in every run");
}

#[test]
fn a_recipe_is_saved_with_what_overrides_it() {
    let place = Place::with_photos();
    let ran = place.umbel(&[
        "train",
        "photos",
        "--recipe",
        "quick",
        "--epochs",
        "2",
        "--image-size",
        "48",
        "--cache",
        "cache",
        "--out",
        "run",
    ]);
    ran.succeeds();
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    for line in
        ["recipe = \"quick\"", "model = \"umbel_s\"", "epochs = 2", "label_smoothing = 0.1", "train_sizes = [32, 40]"]
    {
        assert!(config.contains(line), "{line}\n{config}");
    }
    // The report's command gives the same run again.
    let report = fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(report.contains("--recipe quick"), "the command to reproduce it");
}
