//! `umbel predict MODEL MODEL... PHOTO...`: several models answer as one, and a run of folds with the mean of its folds.

use std::fs;

use serde_json::Value;
use umbel::model_file::ModelFile;

use crate::predict_sure::judged_by;
use crate::support::{Place, keys, tiny_training};

/// The probability of rings, by the photo.
fn rings(answers: &[Value]) -> Vec<(String, f64)> {
    let of = |answer: &Value| {
        let top = answer["top"].as_array().unwrap().iter().find(|top| top["class"] == "rings").unwrap();
        (answer["path"].as_str().unwrap().to_string(), top["probability"].as_f64().unwrap())
    };
    answers.iter().map(of).collect()
}

fn mean(parts: &[Vec<(String, f64)>]) -> Vec<f64> {
    let photo = |k: usize| parts.iter().map(|part| part[k].1).sum::<f64>() / parts.len() as f64;
    (0..parts[0].len()).map(photo).collect()
}

fn assert_alike(answers: &[Value], expected: &[f64]) {
    for ((path, own), expected) in rings(answers).iter().zip(expected) {
        assert!((own - expected).abs() < 1e-12, "{path}: {own} {expected}");
    }
}

#[test]
fn models_that_know_the_same_classes_answer_together() {
    let place = Place::with_run();
    place.umbel(&tiny_training(&["--epochs", "1", "--seed", "7", "--out", "other"])).succeeds();
    let each = ["run", "other"].map(|run| rings(&place.umbel(&["predict", run, "photos", "--json"]).succeeds().json()));
    let ran = place.umbel(&["predict", "run", "other/model.safetensors", "photos", "--json", "--csv", "answers.csv"]);
    assert_eq!(ran.succeeds().err, "The mean of 2 models answers: run, other/model.safetensors.\n");
    assert_eq!(ran.json().len(), 20);
    assert_alike(&ran.json(), &mean(&each));
    assert_eq!(fs::read_to_string(place.path("answers.csv")).unwrap().lines().count(), 21);
    let few = ["predict", "run", "other", "photos", "--sure", "0.05"];
    place.umbel(&few).fails(2, "4 photos judged this model, which are too few");
    judged_by(&place, ("run", "a.safetensors"), [100, 90]);
    judged_by(&place, ("other", "b.safetensors"), [60, 60]);
    let more = ["predict", "a.safetensors", "b.safetensors", "photos", "--keep", "0.5", "--sure", "0.9", "--json"];
    let ran = place.umbel(&more);
    // 1 - the sum of the first two terms of the binomial distribution of (120, 0.05).
    let said = "by 120 photos, with a certainty of 98.4 %, that they hold the right class of 95 % of photos, for that one of the models.";
    assert!(ran.succeeds().err.contains(said), "{}", ran.err);
    let answers = ran.json();
    let familiar = ["class", "confidence", "nearest", "path", "score", "set", "threshold", "top", "unknown"];
    assert!(answers.iter().all(|answer| keys(answer) == familiar && answer["threshold"] == 0.5));
    // Of another order of classes, the same.
    let mut file = ModelFile::load(&place.path("other")).unwrap();
    file.classes[0] = "dots".into();
    file.save(&place.path("dots.safetensors")).unwrap();
    let ran = place.umbel(&["predict", "run", "dots.safetensors", "photos"]);
    ran.fails(2, "run and dots.safetensors cannot answer together");
    assert!(ran.err.contains("it lacks rings, and it has in addition dots"), "{}", ran.err);
    // Runs are never photos.
    let behind = ["predict", "run", "photos/rings/000.png", "other"];
    place.umbel(&behind).fails(2, "other is a model, but stands behind photos/rings/000.png");
    place.umbel(&["predict", "run", "other"]).fails(2, "other is a model, too, so that there is no photo");
    place.umbel(&["predict", "run", "photos", "--watch", "photos"]).fails(2, "photos is no model");
}

#[test]
fn a_run_of_folds_answers_with_the_mean_of_its_folds() {
    let place = Place::with_photos();
    place.umbel(&tiny_training(&["--folds", "3", "--epochs", "1", "--out", "my folds"])).succeeds();
    let each = ["my folds/fold-1", "my folds/fold-2", "my folds/fold-3"]
        .map(|run| rings(&place.umbel(&["predict", run, "photos", "--json"]).succeeds().json()));
    let ran = place.umbel(&["predict", "my folds", "photos", "--json"]);
    assert!(ran.succeeds().err.starts_with("The mean of 3 models answers: my folds/fold-1, "), "{}", ran.err);
    assert_alike(&ran.json(), &mean(&each));
    // Behind another model, too.
    let ran = place.umbel(&["predict", "my folds/fold-1", "my folds", "photos", "--json"]);
    assert_alike(&ran.succeeds().json(), &mean(&[&each[..1], &each].concat()));
    fs::remove_file(place.path("my folds/fold-2/model.safetensors")).unwrap();
    let ran = place.umbel(&["predict", "my folds", "photos"]);
    ran.fails(1, "fold-2 has no model yet");
    assert!(
        ran.err.contains("umbel train --resume 'my folds'")
            && ran.err.contains("'my folds/fold-1' or 'my folds/fold-3'"),
        "{}",
        ran.err
    );
}
