//! What was moved, swapped, or given in another's place: the message says where it belongs.

use std::fs;

use crate::support::{Place, tiny_training};

#[test]
fn a_run_whose_photos_were_moved_goes_on_where_they_are() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "3", "--out", "whole"])).succeeds();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "my run"])).succeeds();
    fs::rename(place.path("photos"), place.path("moved photos")).unwrap();
    place.umbel(&["train", "--resume", "my run", "--epochs", "3"]).fails(1, "umbel train --resume 'my run' DIR");
    let before = fs::read(place.path("my run/config.toml")).unwrap();

    // Other photos under the same names, and a class more, are not this run's; its settings stay.
    place.draw("other", &["stripes", "rings"], 10);
    place.umbel(&["train", "--resume", "my run", "other", "--epochs", "3"]).fails(1, "other photos or labels");
    place.draw("more", &["rings", "stripes", "third"], 10);
    let ran = place.umbel(&["train", "--resume", "my run", "more", "--epochs", "3"]);
    assert!(ran.code == 1 && ran.err.contains("error: "), "{ran:#?}");
    assert_eq!(fs::read(place.path("my run/config.toml")).unwrap(), before);

    let ran = place.umbel(&["train", "--resume", "my run", "moved photos", "--epochs", "3"]);
    ran.succeeds();
    assert!(ran.out.contains("umbel predict 'my run' PHOTO"), "{}", ran.out);
    let model = |run: &str| fs::read(place.path(run).join("model.safetensors")).unwrap();
    assert!(model("whole") == model("my run"), "the same bits as if nothing had been moved");
    place.umbel(&["train", "--resume", "my run", "--epochs", "4"]).succeeds();
    let config = fs::read_to_string(place.path("my run/config.toml")).unwrap();
    assert!(config.contains("moved photos"), "{config}");
    place.umbel(&["train", "--resume", "my run", "moved photos", "--seed", "1"]).fails(2, "--seed cannot change");
}

#[test]
fn folds_whose_photos_were_moved_go_on_where_they_are() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--folds", "2", "--epochs", "1", "--out", "folds"])).succeeds();
    fs::rename(place.path("photos"), place.path("moved")).unwrap();
    place.umbel(&["train", "--resume", "folds", "--epochs", "2"]).fails(1, "--resume folds DIR");
    place.umbel(&["train", "--resume", "folds", "moved", "--epochs", "2"]).succeeds();
}

#[test]
fn swapped_arguments_are_told_apart() {
    let place = Place::with_run();
    let photo = "photos/rings/000.png";
    place
        .umbel(&["predict", photo, "run"])
        .fails(1, "photos/rings/000.png is a picture, and no model; the model comes first");
    place.umbel(&["explain", photo, "run"]).fails(1, "umbel explain MODEL PHOTO");
    place.umbel(&["predict", "photos", "run"]).fails(1, "photos is a folder without a model");
    place.umbel(&["eval", "photos", "run"]).fails(1, "umbel eval MODEL DIR");
    // A model that is damaged is still one.
    fs::write(place.path("half.safetensors"), "no").unwrap();
    place.umbel(&["predict", "half.safetensors", photo]).fails(1, "not a whole safetensors file");
}

#[test]
fn a_run_of_folds_names_its_folds() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--folds", "3", "--epochs", "1", "--out", "my folds"])).succeeds();
    for command in [["explain", "my folds", "photos/rings/000.png"], ["eval", "my folds", "photos"]] {
        let ran = place.umbel(&command);
        ran.fails(1, "holds the folds of a cross-validation");
        assert!(ran.err.contains("'my folds/fold-1' or ... or 'my folds/fold-3'"), "{}", ran.err);
    }
    place.umbel(&tiny_training(&["--folds", "9", "--out", "x"])).succeeds();
    let few = Place::new();
    few.draw("photos", &["rings", "stripes"], 1);
    few.umbel(&tiny_training(&["--folds", "2", "--out", "x"])).fails(2, "left out for these photos");
}

#[test]
fn a_checkpoint_and_a_folder_without_a_model_are_no_start() {
    let place = Place::with_run();
    for (weights, said) in [
        ("run/last.ckpt", "this is umbel's checkpoint, but model is needed; give the run folder instead"),
        ("./photos", "it is a folder without a model in it"),
    ] {
        let ran = place.umbel(&["train", "photos", "--pretrained", weights, "--out", "next"]);
        ran.fails(1, said);
    }
}
