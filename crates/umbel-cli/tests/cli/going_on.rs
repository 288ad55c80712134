//! `--pretrained RUN`: going on from a model of one's own, with classes and photos that came, went, or have other names.

use std::fs;

use crate::support::{Place, Ran, tiny_training};

/// A place with a run `old` of a small network on two classes, and a third class of photos since.
fn place() -> Place {
    let place = Place::with_photos();
    let more = ["--epochs", "2", "--resize", "crop", "--out", "old"];
    place.umbel(&tiny_training(&more)).succeeds();
    place.draw("later", &["rings", "stripes", "dots"], 10);
    fs::rename(place.path("later/dots"), place.path("photos/dots")).unwrap();
    fs::remove_dir_all(place.path("photos/rings")).unwrap();
    place
}

fn go_on(place: &Place, from: &str, more: &[&str]) -> Ran {
    place.umbel(&[&["train", "photos", "--pretrained", from, "--batch", "8"], more].concat())
}

#[test]
fn a_run_is_gone_on_with_by_its_folder_or_file_and_what_it_says_is_true() {
    let place = place();
    let ran = go_on(&place, "old", &["--out", "new"]);
    let told = "Starting from old (2 classes: 1 kept, 1 new, 1 dropped).";
    assert!(ran.succeeds().err.lines().any(|line| line == told), "{ran:?}");
    assert!(
        ran.err.contains("10 photos were known to old and stay in their parts; 10 new: they are divided."),
        "{ran:?}"
    );
    // The network and the photos' preparation are the run's, and config.toml says so from anywhere.
    let config = fs::read_to_string(place.path("new/config.toml")).unwrap();
    let path = fs::canonicalize(place.path("old")).unwrap();
    for line in [
        format!("model = \"{}\"", path.display()),
        format!("pretrained = \"{}\"", path.display()),
        "image_size = 32".into(),
        "resize = \"crop\"".into(),
        "recipe = \"auto\"".into(),
        "tune = \"all\"".into(),
    ] {
        assert!(config.contains(&line), "{line}: {config}");
    }
    let model = |run: &str| fs::read(place.path(run).join("model.safetensors")).unwrap();
    place.umbel(&["train", "--config", "new/config.toml", "--out", "again"]).succeeds();
    assert!(model("new") == model("again"));
    go_on(&place, "old/model.safetensors", &["--out", "by-file"]).succeeds();
    let weights = |run: &str| place.umbel(&["predict", run, "photos"]).succeeds().out.clone();
    assert_eq!(weights("new"), weights("by-file"));
    // What came before goes along.
    let from = "old (a model of one's own, from random weights)";
    let summary = place.umbel(&["summary", "new"]);
    assert!(summary.succeeds().out.contains(&format!("Started from: {from}")), "{summary:?}");
    let page = fs::read_to_string(place.path("new/report.html")).unwrap();
    assert!(page.contains("old (a model of one") && page.contains("--pretrained"), "the card and the command");
    // Of a network that began from nothing, the last layer alone tells unknown pictures as before: by its convolutions.
    go_on(&place, "old", &["--tune", "head", "--out", "head"]).succeeds();
    let keep = place.umbel(&["predict", "head", "photos", "--keep", "0.95"]);
    assert_eq!(keep.succeeds().out.lines().count(), 20, "{keep:?}");
    // The page is made again where the old run is gone.
    fs::rename(place.path("old"), place.path("elsewhere")).unwrap();
    place.umbel(&["report", "new"]).succeeds();
    place.umbel(&["train", "--resume", "new"]).fails(1, "no such file");
}

#[test]
fn threads_change_no_bit_and_neither_does_going_on_with_what_is_finished() {
    let place = place();
    let settings = ["--recipe", "finetune", "--epochs", "3"];
    let train = |threads: &str, out: &str| {
        go_on(&place, "old", &[&settings[..], &["--threads", threads, "--out", out]].concat()).succeeds();
        fs::read(place.path(out).join("model.safetensors")).unwrap()
    };
    let one = train("1", "one");
    assert!(one == train("2", "two"));
    place.umbel(&["train", "--resume", "one"]).succeeds();
    assert!(one == fs::read(place.path("one/model.safetensors")).unwrap());
}

#[test]
fn another_network_and_folds_are_refused() {
    let place = place();
    let ran = go_on(&place, "old", &["--model", "umbel_s"]);
    ran.fails(2, "--model is to be left out with --pretrained old");
    let ran = go_on(&place, "old", &["--folds", "3", "--out", "folds"]);
    ran.fails(2, "10 of these photos are known to the model that training starts from");
    go_on(&place, "old", &["--dropout", "0.5"]).fails(2, "its own dropout layers count");
    // Photos that all taught it leave nobody to judge.
    let rows = fs::read_to_string(place.path("old/split.csv")).unwrap();
    for row in rows.lines().filter(|row| row.ends_with(",val") && row.starts_with("stripes")) {
        fs::remove_file(place.path("photos").join(row.split(',').next().unwrap())).unwrap();
    }
    fs::rename(place.path("photos/dots"), place.path("later/dots")).unwrap();
    fs::create_dir(place.path("photos/rings")).unwrap();
    for row in rows.lines().filter(|row| row.ends_with(",train") && row.starts_with("rings")) {
        let path = row.split(',').next().unwrap();
        fs::copy(place.path("later").join(path), place.path("photos").join(path)).unwrap();
    }
    go_on(&place, "old", &["--out", "none"]).fails(1, "all others have taught the model that training starts from");
}

#[cfg(feature = "weights")]
#[test]
fn the_license_of_the_weights_inside_goes_with_a_model_of_a_model() {
    let place = Place::with_photos();
    let inside = |from: &str, more: &[&str]| {
        let args = ["train", "photos", "--image-size", "64", "--recipe", "auto", "--pretrained", from];
        place.umbel(&[&args[..], more].concat())
    };
    inside("inside", &["--out", "first"]).succeeds();
    // Of the first, only the last layer learned: folds may judge again.
    let ran = inside("first", &["--out", "second"]);
    assert!(
        ran.succeeds().err.contains("only the last layer had learned from photos, and it is fitted anew"),
        "{ran:?}"
    );
    assert!(ran.out.contains("Judged by 5 folds"), "{ran:?}");
    assert!(!ran.err.contains("stay in their parts"), "{ran:?}");
    let told = |run: &str| place.umbel(&["predict", run, "photos"]).succeeds().out.clone();
    assert_eq!(told("first"), told("second"), "the same photos on the same network make the same last layer");
    let line = "EfficientNet-Lite0 (Apache-2.0; trained on ImageNet-1k), by way of the model first";
    let summary = place.umbel(&["summary", "second"]);
    assert!(summary.succeeds().out.contains(line), "{summary:?}");
    assert!(fs::read_to_string(place.path("second/report.html")).unwrap().contains(line));

    // A network that was tuned knows its photos: they keep their parts.
    inside("first", &["--tune", "last", "--epochs", "2", "--out", "third"]).succeeds();
    let ran = inside("third", &["--tune", "head", "--out", "fourth"]);
    assert!(ran.succeeds().err.contains("20 photos were known to third and stay in their parts"), "{ran:?}");
    let split = |run: &str| fs::read_to_string(place.path(run).join("split.csv")).unwrap();
    assert_eq!(split("third"), split("fourth"));
    let keep = place.umbel(&["predict", "fourth", "photos/rings/000.png", "--keep", "0.95"]);
    assert!(!keep.succeeds().err.contains("from scratch"), "{keep:?}");
}
