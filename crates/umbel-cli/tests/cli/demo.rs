//! `umbel demo`, small: the whole tour with few pictures. (CI runs it in full.)

use std::fs;

use crate::support::Place;

#[test]
fn the_tour_ends_with_answers_and_files() {
    let place = Place::new();
    let ran = place.umbel(&["demo", "--images", "40", "--epochs", "1", "--out", "tour"]);
    ran.succeeds();
    assert!(ran.out.contains("Found 40 files belonging to 5 classes."), "{}", ran.out);
    let answers = ran.out.lines().filter(|line| line.contains("This image most likely belongs to ")).count();
    assert_eq!(answers, 5, "{}", ran.out);
    for file in ["preview.png", "augmented.png", "run/model.safetensors", "run/plots/curves.png", "new/roses.png"] {
        assert!(place.path("tour").join(file).is_file(), "{file}");
    }
    let training = place.contents("tour/photos");
    for (path, new) in place.contents("tour/new") {
        assert!(training.iter().all(|(_, old)| *old != new), "{} is not new", path.display());
    }
    place.umbel(&["demo", "--images", "40", "--epochs", "1", "--out", "tour"]).fails(1, "tour");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = Place::new();
    fs::write(place.path("file"), "").unwrap();
    place.umbel(&["demo", "--images", "10", "--out", "file/below"]).fails(1, "file");
}
