//! Splits that can be trusted, as a user sees them: a test part, groups, folds, divided folders and tables.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Place, Ran, keys, tiny_training};

/// A training of the tiny network on something else than `photos`.
fn training_on<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = tiny_training(more);
    args[1] = data;
    args
}

fn metrics(place: &Place, run: &str) -> Value {
    serde_json::from_slice(&fs::read(place.path(run).join("metrics.json")).unwrap()).unwrap()
}

#[test]
fn a_test_part_is_kept_back_and_measured() {
    let place = Place::with_photos();
    let before = place.contents("photos");
    let ran = place.umbel(&tiny_training(&["--epochs", "2", "--test-split", "0.2", "--out", "run"]));
    ran.succeeds();
    for line in ["Using 12 files for training.", "Using 4 files for validation.", "Using 4 files for testing."] {
        assert!(ran.out.lines().any(|l| l == line), "{line}\n{}", ran.out);
    }
    let tested = ran.out.lines().find(|line| line.starts_with("On the test part of 4 files")).unwrap();
    assert!(tested.contains("test_accuracy: ") && tested.contains("test_loss: "), "{tested}");
    let metrics = metrics(&place, "run");
    assert_eq!(metrics["test_images"], 4);
    assert!((0.0..=1.0).contains(&metrics["test_accuracy"].as_f64().unwrap()));
    assert!(metrics["test_loss"].as_f64().unwrap() > 0.0);
    let split = fs::read_to_string(place.path("run/split.csv")).unwrap();
    assert_eq!(split.lines().filter(|line| line.ends_with(",test")).count(), 4, "{split}");

    let ran = place.umbel(&tiny_training(&["--epochs", "1", "--test-split", "0.2", "--out", "json", "--json"]));
    let events = ran.succeeds().json();
    assert_eq!(events[0]["test_images"], 4);
    let end = events.last().unwrap();
    assert_eq!((&end["event"], &end["test_images"]), (&Value::from("end"), &Value::from(4)));
    assert!(end["test_accuracy"].is_number() && end["test_loss"].is_number(), "{end}");

    // The split goes round, and the test part with it.
    let again = ["--epochs", "2", "--split", "run/split.csv", "--out", "again"];
    place.umbel(&tiny_training(&again)).succeeds();
    let read = |run: &str| fs::read(place.path(run).join("split.csv")).unwrap();
    assert_eq!(read("run"), read("again"));
    assert_eq!(place.contents("photos"), before, "the user's folder is as it was");
}

#[test]
fn settings_that_do_not_go_together_are_wrong_usage() {
    let place = Place::with_photos();
    for (more, thing) in [
        (vec!["--test-split", "0.2", "--split", "keras"], "Keras"),
        (vec!["--test-split", "0.9"], "below 1"),
        (vec!["--test-split", "1"], "--test-split"),
        (vec!["--folds", "1"], "--folds"),
        (vec!["--folds", "3", "--val-split", "0.3"], "--val-split"),
        (vec!["--folds", "3", "--split", "keras"], "keras"),
        (vec!["--group-by", "(", "--out", "run"], "regular expression"),
    ] {
        place.umbel(&tiny_training(&more)).fails(2, thing);
    }
    place.umbel(&tiny_training(&["--group-by", "rings/([0-9]+)"])).fails(1, "stripes/000.png");
    assert!(!place.path("runs").exists() && !place.path("run").exists());
}

#[test]
fn groups_stay_on_one_side() {
    let place = Place::with_photos();
    // 000.png to 009.png: five groups of two, each in both classes.
    for class in ["rings", "stripes"] {
        for number in 0..10 {
            let folder = place.path("photos").join(class);
            let name = format!("plant{}_{number}.png", number / 2);
            fs::rename(folder.join(format!("{number:03}.png")), folder.join(name)).unwrap();
        }
    }
    let args = tiny_training(&["--epochs", "1", "--group-by", "(plant[0-9]+)_", "--out", "run"]);
    let ran = place.umbel(&args);
    ran.succeeds();
    assert!(ran.err.contains("Found 5 groups"), "{}", ran.err);
    let split = fs::read_to_string(place.path("run/split.csv")).unwrap();
    let mut side = std::collections::BTreeMap::new();
    for line in split.lines().skip(1) {
        let plant = line.split(['/', '_']).nth(1).unwrap();
        let part = line.rsplit(',').next().unwrap();
        assert_eq!(*side.entry(plant).or_insert(part), part, "{plant} is on two sides: {split}");
    }
    assert_eq!(side.values().filter(|part| **part == "val").count(), 1, "{split}");
    place.umbel(&["train", "--resume", "run", "--epochs", "2"]).succeeds();
}

#[test]
fn divided_folders_are_taken_as_they_are() {
    let place = Place::new();
    place.draw("data/train", &["rings", "stripes"], 8);
    place.draw("data/validation", &["rings", "stripes"], 3);
    place.draw("data/test", &["rings"], 2);
    let ran = place.umbel(&training_on("data", &["--epochs", "1", "--out", "run"]));
    ran.succeeds();
    assert!(ran.out.contains("Found 24 files belonging to 2 classes."), "{}", ran.out);
    for line in ["Using 16 files for training.", "Using 6 files for validation.", "Using 2 files for testing."] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
    assert!(ran.err.contains("The data come divided"), "{}", ran.err);
    assert!(ran.err.contains("The test part has no photo of the class \"stripes\""), "{}", ran.err);
    let split = fs::read_to_string(place.path("run/split.csv")).unwrap();
    assert!(split.contains("\nvalidation/rings/000.png,rings,val\n"), "{split}");
    assert_eq!(metrics(&place, "run")["test_images"], 2);
    place.umbel(&training_on("data", &["--test-split", "0.1"])).fails(2, "test_split");

    place.umbel(&["train", "--resume", "run", "--epochs", "2"]).succeeds();
    assert_eq!(fs::read_to_string(place.path("run/history.csv")).unwrap().lines().count(), 3);
}

#[test]
fn a_table_of_photos_is_trained_on() {
    let place = Place::with_photos();
    let mut table = "path,label,split\n".to_string();
    for number in 0..10 {
        let part = ["train", "train", "train", "val", "test"][number % 5];
        // The folders' names do not matter.
        table +=
            &format!("photos/rings/{number:03}.png,round,{part}\nphotos/stripes/{number:03}.png,straight,{part}\n");
    }
    fs::write(place.path("photos.csv"), &table).unwrap();
    let ran = place.umbel(&training_on("photos.csv", &["--epochs", "1"]));
    ran.succeeds();
    assert!(ran.out.contains("Class names: ['round', 'straight']"), "{}", ran.out);
    assert!(ran.out.contains("Using 12 files for training."), "{}", ran.out);
    assert_eq!(metrics(&place, "runs/photos")["test_images"], 4);
    place.umbel(&["train", "--resume", "runs/photos", "--epochs", "2"]).succeeds();
    let again = ["--epochs", "1", "--split", "runs/photos/split.csv", "--out", "again"];
    place.umbel(&training_on("photos.csv", &again)).succeeds();

    fs::write(place.path("photos.csv"), table.replace("rings/003", "rings/../../../etc/003")).unwrap();
    let ran = place.umbel(&training_on("photos.csv", &["--epochs", "1"]));
    ran.fails(1, "photos.csv");
    assert!(ran.err.contains("line 8"), "{}", ran.err);
}

#[test]
fn folds_give_a_mean_and_a_deviation() {
    let place = Place::with_photos();
    let ran = place.umbel(&tiny_training(&["--epochs", "1", "--folds", "5", "--out", "run"]));
    ran.succeeds();
    for fold in 1..=5 {
        assert!(ran.out.contains(&format!("Fold {fold} of 5")), "{}", ran.out);
        for file in ["config.toml", "split.csv", "history.csv", "model.safetensors", "metrics.json", "plots/curves.png"]
        {
            assert!(place.path("run").join(format!("fold-{fold}")).join(file).is_file(), "{fold} {file}");
        }
    }
    assert!(ran.out.contains("Mean val_accuracy: ") && ran.out.contains("over 5 folds"), "{}", ran.out);
    // One page over what was said of each photo by the fold that had not seen it.
    let table = fs::read_to_string(place.path("run/predictions.csv")).unwrap();
    let photos: std::collections::BTreeSet<&str> =
        table.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!((photos.len(), table.lines().count()), (20, 21));
    let page = fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(page.contains("cross-validation") && page.contains("fold-5/report.html") && page.contains("20 photos"));
    fs::remove_file(place.path("run/report.html")).unwrap();
    let ran = place.umbel(&["report", "run"]);
    assert_eq!(ran.succeeds().out.lines().count(), 6, "{ran:#?}");
    assert!(place.path("run/report.html").is_file());
    place.umbel(&["report", "run", "--out", "page.html"]).succeeds();
    assert!(place.path("page.html").is_file());

    let ran = place.umbel(&tiny_training(&["--epochs", "1", "--folds", "5", "--out", "json", "--json"]));
    let events = ran.succeeds().json();
    let last = events.last().unwrap();
    assert_eq!(keys(last), ["deviation", "event", "folds", "mean"]);
    assert_eq!(last["event"], "folds");
    let folds = last["folds"].as_array().unwrap();
    assert_eq!(keys(&folds[0]), ["best_epoch", "fold", "run", "val_accuracy", "val_loss"]);
    let mean = folds.iter().map(|fold| fold["val_accuracy"].as_f64().unwrap()).sum::<f64>() / 5.0;
    assert!((last["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert_eq!(events.iter().filter(|event| event["event"] == "fold").count(), 5);
    let written: Value = serde_json::from_slice(&fs::read(place.path("json/folds.json")).unwrap()).unwrap();
    assert_eq!(written["mean"], last["mean"]);
    place.umbel(&["predict", "run/fold-3", "photos/rings/000.png"]).succeeds();
}

#[cfg(unix)]
#[test]
fn interrupted_folds_go_on_to_the_same_bits() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "30", "--folds", "3", "--out", "whole"])).succeeds();
    let args = tiny_training(&["--epochs", "30", "--folds", "3", "--out", "stopped", "--json"]);
    let mut child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut second = lines.by_ref().map_while(Result::ok).skip_while(|line| !line.contains(r#""fold":2"#));
    assert!(second.any(|line| line.contains(r#""event":"epoch""#)), "the second fold never came");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let _rest = lines.map_while(Result::ok).count();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(ran.err.contains("umbel train --resume stopped"), "{ran:#?}");
    assert!(!ran.err.contains("fold-2"), "the parent is what is resumed: {ran:#?}");

    let resumed = place.umbel(&["train", "--resume", "stopped"]);
    resumed.succeeds();
    assert!(resumed.err.contains("Fold 1 is finished already."), "{resumed:#?}");
    for fold in 1..=3 {
        let read = |run: &str| fs::read(place.path(run).join(format!("fold-{fold}/model.safetensors"))).unwrap();
        assert!(read("whole") == read("stopped"), "fold {fold}");
    }
}
