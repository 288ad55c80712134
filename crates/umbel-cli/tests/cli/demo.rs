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
    // Two of the new pictures of each kind, of which `umbel eval` says the same.
    let measured = ran.out.lines().find(|line| line.starts_with("Right about ")).unwrap();
    let eval = |run: &str| {
        let eval = place.umbel(&["eval", run, "tour/test", "--json"]).succeeds().json();
        format!("{:.1} %", 100.0 * eval[0]["accuracy"].as_f64().unwrap())
    };
    assert!(measured.starts_with(&format!("Right about {} of 10 new ones: the tut", eval("tour/run"))), "{measured}");
    let by_transfer = ran.out.lines().filter(|line| line.contains(" (By transfer: ")).count();
    if cfg!(feature = "weights") {
        assert!(measured.ends_with(&format!("; {}: by transfer", eval("tour/transfer"))), "{measured}");
        assert_eq!(by_transfer, 5, "{}", ran.out);
        // The size that the demo says is no other: auto once enlarged the drawings, and the demo took twice as long.
        let config = fs::read_to_string(place.path("tour/transfer/config.toml")).unwrap();
        assert!(config.contains("image_size = 128\n"), "{config}");
        assert!(ran.out.contains("judged by 5 folds of them.") && ran.out.contains("\nThat took "), "{}", ran.out);
        assert!(ran.err.contains("; 40 photos: last layer only."), "{}", ran.err);
    } else {
        assert!(ran.out.contains("\nLeft out: this program was built without pretrained weights.\n"), "{}", ran.out);
        assert_eq!(by_transfer, 0);
    }
    // A newcomer once stood there with six paths and no next step.
    let last = ran.out.trim_end().lines().last().unwrap();
    assert!(last.contains("tour/run/report.html in a browser") && last.ends_with("umbel train photos/"), "{last}");
    // The tour shows what pretrained weights give, and so does not say it.
    assert!(!ran.err.contains("random weights"), "{}", ran.err);
    for file in ["preview.png", "augmented.png", "run/model.safetensors", "run/plots/curves.png", "new/roses.png"] {
        assert!(place.path("tour").join(file).is_file(), "{file}");
    }
    let training = place.contents("tour/photos");
    let new = place.contents("tour/new").into_iter().chain(place.contents("tour/test"));
    for (path, new) in new.filter(|(path, _)| path.is_file()) {
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
