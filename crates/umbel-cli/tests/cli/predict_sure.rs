//! `umbel predict --sure`: sets that hold the right class, what too few photos promise, and what files of before lack.

use std::fs;

use umbel::metrics::Doubts;
use umbel::model_file::ModelFile;

use crate::support::{Place, keys, tiny_training};

/// A model file beside a run, which says that so many photos of each class doubted it alike, by 0 to almost 1.
pub fn judged_by(place: &Place, (run, name): (&str, &str), photos: [usize; 2]) {
    let mut file = ModelFile::load(&place.path(run)).unwrap();
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    for (class, images) in photos.into_iter().enumerate() {
        for k in 0..images {
            let own = 1.0 - k as f64 / images as f64;
            rows.extend(if class == 0 { [own, 1.0 - own] } else { [1.0 - own, own] });
            labels.push(class as u32);
        }
    }
    file.doubts = Doubts::new(2, &rows, &labels);
    file.save(&place.path(name)).unwrap();
}

#[test]
fn sets_are_told_in_words_json_and_the_table() {
    let place = Place::with_run();
    judged_by(&place, ("run", "judged.safetensors"), [300, 300]);
    let args = ["predict", "judged.safetensors", "photos", "--sure", "0.95"];
    let ran = place.umbel(&args);
    assert!(ran.succeeds().err.is_empty(), "{}", ran.err);
    // All were doubted alike: what has a twentieth or more is in the set.
    let ran_json = place.umbel(&[&args[..], &["--json", "--csv", "answers.csv"]].concat());
    let table = fs::read_to_string(place.path("answers.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["path", "class", "confidence", "error", "taken", "latitude", "longitude", "set"]);
    for ((answer, line), row) in ran_json.succeeds().json().iter().zip(ran.out.lines()).zip(&rows[1..]) {
        assert_eq!(keys(answer), ["class", "confidence", "path", "set", "top"]);
        let held = answer["top"].as_array().unwrap().iter().filter(|top| top["probability"].as_f64() >= Some(0.05));
        let expected: Vec<&str> = held.map(|top| top["class"].as_str().unwrap()).collect();
        assert_eq!(answer["set"], serde_json::json!(expected));
        assert_eq!(row[7], expected.join("|"));
        let words = match expected.as_slice() {
            [one] => format!(" It is {one} (95 % sure)."),
            [one, other] => format!(" It is {one} or {other} (95 % sure it is one of these)."),
            _ => panic!("{expected:?}"),
        };
        assert!(line.ends_with(&words), "{line}");
    }
    let keep = ["--keep", "0.5", "--json"];
    let both = place.umbel(&[&args[..], &keep].concat()).succeeds().json();
    assert!(both.iter().all(|answer| answer["set"].is_array() && answer["unknown"].is_boolean()));
    let words = place.umbel(&[&args[..], &keep[..2]].concat());
    assert!(words.succeeds().out.contains("percent confidence). If it is of a known class: "), "{}", words.out);
}

#[test]
fn a_promise_by_few_photos_says_how_certain_it_is() {
    let place = Place::with_run();
    judged_by(&place, ("run", "few.safetensors"), [80, 20]);
    let photo = "photos/rings/000.png";
    let ran = place.umbel(&["predict", "few.safetensors", photo, "--sure", "0.95"]);
    // 1 - 0.95^100 - 100 * 0.95^99 * 0.05.
    let said = "by 100 photos, with a certainty of 96.2 %, that they hold the right class of 95 % of photos.";
    assert!(ran.succeeds().err.contains(said), "{}", ran.err);
    let ran = place.umbel(&["predict", "few.safetensors", photo, "--sure", "0.95", "--sure-by-class"]);
    assert!(ran.succeeds().err.contains("of each by itself: stripes (20)."), "{}", ran.err);
    // 0.1^(1/100) is 0.9772.
    let ran = place.umbel(&["predict", "few.safetensors", photo, "--sure", "0.98"]);
    ran.fails(2, "100 photos judged this model");
    assert!(
        ran.err.contains("the highest share that they promise is 0.977") && ran.err.contains("(--sure 0.977)"),
        "{}",
        ran.err
    );
    place.umbel(&["predict", "few.safetensors", photo, "--sure", "0.977"]).succeeds();
    // The run itself has four.
    place.umbel(&["predict", "run", photo, "--sure", "0.9"]).fails(2, "4 photos judged this model");
    place.umbel(&["predict", "run", photo, "--sure", "0.5"]).succeeds();
}

#[test]
fn what_cannot_be_promised_is_refused() {
    let place = Place::with_run();
    let photo = "photos/rings/000.png";
    for share in ["0", "1", "95", "-0.5", "x"] {
        place.umbel(&["predict", "run", photo, &format!("--sure={share}")]).fails(2, "a share above 0 and below 1");
    }
    place.umbel(&["predict", "run", photo, "--sure-by-class"]).fails(2, "--sure");
    place.umbel(&["predict", "run", photo, "--sure", "0.5", "--tta"]).fails(2, "--tta");
    let mut file = ModelFile::load(&place.path("run")).unwrap();
    file.doubts = None;
    file.save(&place.path("run/model.safetensors")).unwrap();
    let ran = place.umbel(&["predict", "run", photo, "--sure", "0.5"]);
    ran.fails(2, "train anew, or leave --sure out (umbel train --resume RUN adds it");
    place.umbel(&["train", "--resume", "run"]).succeeds();
    place.umbel(&["predict", "run", photo, "--sure", "0.5"]).succeeds();
}

#[test]
fn eval_and_the_report_tell_what_sets_hold() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--epochs", "1", "--test-split", "0.2", "--out", "run"])).succeeds();
    judged_by(&place, ("run", "judged.safetensors"), [300, 300]);
    let ran = place.umbel(&["eval", "judged.safetensors", "photos", "--json"]).succeeds().json();
    let sets = ran[0]["sets"].as_array().unwrap();
    assert_eq!(sets.iter().map(|set| set["level"].as_f64().unwrap()).collect::<Vec<_>>(), [0.9, 0.95, 0.98]);
    for set in sets {
        let (coverage, size) = (set["coverage"].as_f64().unwrap(), set["mean_size"].as_f64().unwrap());
        assert!((0.0..=1.0).contains(&coverage) && (1.0..=2.0).contains(&size), "{set}");
    }
    let words = place.umbel(&["eval", "judged.safetensors", "photos"]);
    assert!(
        words.succeeds().out.contains("Sets that are to hold the right class of 95 % of photos do so for "),
        "{}",
        words.out
    );
    let judging = place.umbel(&["eval", "run", "photos", "--part", "val"]);
    assert!(judging.succeeds().err.contains("of these 4 photos judged the model"), "{}", judging.err);
    assert!(judging.err.contains("--part test"), "{}", judging.err);
    let test = place.umbel(&["eval", "run", "photos", "--part", "test"]);
    assert!(!test.succeeds().err.contains("judged the model"), "{}", test.err);
}
