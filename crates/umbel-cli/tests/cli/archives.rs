//! Archives in the place of folders: trained on, looked at, measured on and answered, with the same result.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::Place;

/// The photos as a tar, in a folder that is called otherwise.
fn tar(place: &Place) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("all/of/them", place.path("photos")).unwrap();
    tar.into_inner().unwrap()
}

fn train(place: &Place, data: &str, out: &str) {
    let args = ["train", data, "--model", "tiny.toml", "--image-size", "32", "--epochs", "2", "--out", out];
    place.umbel(&args).succeeds();
}

#[test]
fn an_archive_is_trained_on_as_its_folder_is() {
    let place = Place::with_photos();
    let tar = tar(&place);
    fs::write(place.path("photos.tar"), &tar).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar).unwrap();
    fs::write(place.path("photos.tgz"), gzip.finish().unwrap()).unwrap();
    train(&place, "photos", "folder");
    for (data, out) in [("photos.tar", "tar"), ("photos.tgz", "tgz")] {
        train(&place, data, out);
        for file in ["split.csv", "predictions.csv", "problems.csv"] {
            let read = |run: &str| fs::read_to_string(place.path(run).join(file)).unwrap();
            assert_eq!(read("folder"), read(out), "{data}: {file}");
        }
        let model = |run: &str| fs::read(place.path(run).join("model.safetensors")).unwrap();
        assert!(model("folder") == model(out), "{data}: other weights");
        let page = fs::read_to_string(place.path(out).join("report.html")).unwrap();
        assert!(page.contains("data:image/jpeg;base64,"), "{data}: the page shows photos");
        let eval = |data: &str| place.umbel(&["eval", "folder", data, "--part", "val", "--json"]).succeeds().json();
        assert_eq!(eval("photos")[0]["accuracy"], eval(data)[0]["accuracy"], "{data}");
        let check = |data: &str| place.umbel(&["check", data, "--labels", "none", "--json"]).json();
        assert_eq!(check("photos"), check(data), "{data}");
    }
    place.umbel(&["train", "--resume", "tgz", "--epochs", "3"]).succeeds();
    place.umbel(&["preview", "photos.tar", "--out", "nine.png"]).succeeds();
    assert!(place.path("nine.png").is_file());
}

#[test]
fn photos_in_an_archive_are_answered_and_copied() {
    let place = Place::with_run();
    fs::write(place.path("photos.tar"), tar(&place)).unwrap();
    let plain = place.umbel(&["predict", "run", "photos", "--json"]).succeeds().json();
    let ran = place.umbel(&["predict", "run", "photos.tar", "--json", "--sort-into", "sorted"]);
    let answers = ran.succeeds().json();
    let told = |answers: &[Value], from: &str| -> Vec<(String, Value)> {
        let path = |answer: &Value| answer["path"].as_str().unwrap().strip_prefix(from).unwrap().to_string();
        answers.iter().map(|answer| (path(answer), answer["top"].clone())).collect()
    };
    assert_eq!(told(&answers, "photos.tar/"), told(&plain, "photos/"));
    for answer in &answers {
        let (path, class) = (answer["path"].as_str().unwrap(), answer["class"].as_str().unwrap());
        let own = place.path(path.replace("photos.tar/", "photos/"));
        let copies = fs::read_dir(place.path("sorted").join(class))
            .unwrap()
            .map(|entry| fs::read(entry.unwrap().path()).unwrap());
        let original = fs::read(own).unwrap();
        assert!(copies.into_iter().any(|copy| copy == original), "{path}");
    }
    let explained = place.umbel(&["explain", "run", "photos.tar", "--top", "1", "--out", "why"]);
    explained.succeeds();
    assert!(explained.out.contains("photos.tar/rings/000.png"), "{}", explained.out);
    // One that is damaged is one photo's failure.
    let mut cut = tar(&place);
    cut.truncate(cut.len() * 2 / 3);
    fs::write(place.path("cut.tar"), cut).unwrap();
    let ran = place.umbel(&["predict", "run", "cut.tar"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("cut short"), "{}", ran.err);
}

#[cfg(not(feature = "parquet"))]
#[test]
fn what_was_not_built_in_says_how_to_get_it() {
    let place = Place::new();
    fs::write(place.path("photos.parquet"), b"PAR1 and the rest").unwrap();
    let ran = place.umbel(&["train", "photos.parquet"]);
    ran.fails(1, "of the kind Parquet, which this umbel was built without; install it anew by cargo install with --features parquet");
}
