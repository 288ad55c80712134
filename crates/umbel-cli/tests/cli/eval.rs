//! `umbel eval`: the contract's JSON, classes by name, parts of a split, the files, and what a run's end leaves.

use std::fs;

use serde_json::Value;

use crate::support::{Place, keys, tiny_training};

#[test]
fn json_by_contract_and_the_files() {
    let place = Place::with_run();
    let before = place.contents("photos");
    let ran = place.umbel(&["eval", "run", "photos", "--json", "--out", "evaluation"]);
    ran.succeeds();
    let answers = ran.json();
    let [answer] = answers.as_slice() else { panic!("one object: {ran:#?}") };
    for key in ["images", "skipped", "accuracy", "loss", "top5_accuracy", "classes", "confusion", "ece", "intervals"] {
        assert!(keys(answer).contains(&key), "{key}: {answer}");
    }
    assert_eq!((&answer["images"], &answer["skipped"]), (&20.into(), &0.into()));
    for (k, class) in ["rings", "stripes"].iter().enumerate() {
        assert_eq!(answer["classes"][k]["class"], *class);
        assert_eq!(answer["classes"][k]["support"], 10);
        for key in ["precision", "recall", "f1"] {
            assert!(answer["classes"][k][key].is_number(), "{answer}");
        }
    }
    let count = |row: usize, column: usize| answer["confusion"][row][column].as_u64().unwrap();
    assert_eq!(count(0, 0) + count(0, 1), 10);
    let accuracy = (count(0, 0) + count(1, 1)) as f64 / 20.0;
    assert_eq!(answer["accuracy"], accuracy);

    for file in ["confusion.png", "confusion.svg", "reliability.png", "reliability.svg", "roc-pr.png", "roc-pr.svg"] {
        assert!(place.path("evaluation").join(file).is_file(), "{file}");
    }
    image::open(place.path("evaluation/confusion.png")).unwrap();
    let written: Value = serde_json::from_slice(&fs::read(place.path("evaluation/metrics.json")).unwrap()).unwrap();
    assert_eq!(written, *answer);
    let table = fs::read_to_string(place.path("evaluation/predictions.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["path", "class", "predicted", "confidence", "rings", "stripes"]);
    assert_eq!(rows.len(), 21);
    let right = rows[1..].iter().filter(|row| row[1] == row[2]).count();
    assert_eq!(right as f64 / 20.0, accuracy);
    assert!(before == place.contents("photos"), "the photos are only read");

    // The answers are those of predict.
    let said = place.umbel(&["predict", "run", &format!("photos/{}", rows[1][0]), "--json"]);
    let said = &said.succeeds().json()[0];
    assert_eq!(said["class"], rows[1][2]);
    let confidence: f64 = rows[1][3].parse().unwrap();
    assert!((said["confidence"].as_f64().unwrap() - confidence).abs() < 1e-6, "{said} {confidence}");
    place.umbel(&["eval", "run", "photos", "--out", "evaluation"]).fails(1, "not empty");
}

#[test]
fn classes_are_matched_by_name() {
    let place = Place::with_run();
    place.draw("other", &["dots", "stripes"], 3);
    // By number, the stripes (second in both) would pass; `zigzag` moves the rings to the front.
    place.draw("moved", &["rings", "zigzag"], 3);
    let ran = place.umbel(&["eval", "run", "other", "--json"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    let answer = &ran.json()[0];
    assert_eq!((&answer["images"], &answer["skipped"]), (&3.into(), &3.into()));
    assert_eq!(answer["unknown_classes"][0]["class"], "dots");
    assert_eq!(answer["unknown_classes"][0]["images"], 3);
    assert_eq!(answer["missing_classes"][0], "rings");
    assert_eq!(answer["classes"][1]["support"], 3, "stripes");
    assert!(answer["roc_auc"].is_null(), "not defined for one class");
    assert!(ran.err.contains("dots") && ran.err.contains("rings"), "{}", ran.err);

    let ran = place.umbel(&["eval", "run", "moved"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert!(ran.out.contains("Accuracy") && ran.err.contains("zigzag"), "{ran:#?}");

    place.draw("strange", &["dots", "zigzag"], 3);
    place.umbel(&["eval", "run", "strange"]).fails(1, "dots, zigzag");
}

#[test]
fn a_part_of_a_split_and_what_cannot_be_used() {
    let place = Place::with_run();
    let images = |args: &[&str]| {
        let ran = place.umbel(args);
        ran.succeeds().json()[0]["images"].as_u64().unwrap()
    };
    assert_eq!(images(&["eval", "run", "photos", "--part", "val", "--json"]), 4);
    assert_eq!(images(&["eval", "run", "photos", "--split", "run/split.csv", "--json"]), 4);
    let train = ["eval", "run/model.safetensors", "photos", "--split", "run/split.csv", "--part", "train", "--json"];
    assert_eq!(images(&train), 16);
    place.umbel(&["eval", "run", "photos", "--part", "test"]).fails(1, "test part");
    place.umbel(&["eval", "run/model.safetensors", "photos", "--part", "val"]).fails(2, "--split");
    place.umbel(&["eval", "nowhere", "photos"]).fails(1, "nowhere");
    place.umbel(&["eval", "run", "nowhere"]).fails(1, "nowhere");

    fs::write(place.path("photos/rings/broken.jpg"), "only words").unwrap();
    let ran = place.umbel(&["eval", "run", "photos", "--json"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert_eq!((&ran.json()[0]["images"], &ran.json()[0]["skipped"]), (&20.into(), &1.into()));
    assert!(ran.err.contains("broken.jpg"), "{}", ran.err);
}

#[test]
fn a_run_ends_calibrated_and_measured() {
    let place = Place::with_photos();
    // Patches of chance in both folders: no network can be right about most of them, so there are mistakes enough for a temperature.
    let mut random = umbel::base::random::Stream::new(1, umbel::base::random::Purpose::Demo, 0, 0);
    for number in 0..60 {
        for class in ["rings", "stripes"] {
            let patches = image::RgbImage::from_fn(8, 8, |_, _| image::Rgb([(); 3].map(|()| random.below(256) as u8)));
            let photo = image::imageops::resize(&patches, 64, 64, image::imageops::FilterType::Nearest);
            photo.save(place.path(format!("photos/{class}/chance-{number}.png"))).unwrap();
        }
    }
    place
        .umbel(&tiny_training(&[
            // What is measured at the end is measured in f32, and compared here with what training saw.
            "--precision",
            "f32",
            "--epochs",
            "3",
            "--val-split",
            "0.5",
            "--out",
            "run",
        ]))
        .succeeds();
    assert!(place.path("run/plots/confusion.png").is_file() && place.path("run/plots/confusion.svg").is_file());
    let metrics: Value = serde_json::from_slice(&fs::read(place.path("run/metrics.json")).unwrap()).unwrap();
    assert_eq!(metrics["classes"][0]["class"], "rings");
    let calibration = &metrics["calibration"];
    let (before, after) = (&calibration["before"], &calibration["after"]);
    assert_eq!(calibration["images"], metrics["images"]);
    assert!(metrics["images"].as_u64().unwrap() >= 50, "{}", metrics["images"]);
    assert!(calibration["temperature"].as_f64().unwrap() > 0.0);
    assert!(after["loss"].as_f64().unwrap() <= before["loss"].as_f64().unwrap(), "{calibration}");
    assert!(before["ece"].is_number() && after["brier"].is_number());
    assert_eq!(metrics["accuracy"], metrics["best"]["val_accuracy"], "calibration leaves the accuracy as it is");
    let loss = metrics["best"]["val_loss"].as_f64().unwrap();
    assert!((before["loss"].as_f64().unwrap() - loss).abs() < 1e-4 * loss, "{calibration} {loss}");

    let answer = &place.umbel(&["eval", "run", "photos", "--part", "val", "--json"]).succeeds().json()[0];
    assert_eq!(answer["calibration"]["temperature"], calibration["temperature"]);
    assert_eq!(answer["accuracy"], metrics["accuracy"]);
    assert!((answer["loss"].as_f64().unwrap() - after["loss"].as_f64().unwrap()).abs() < 1e-6);
    assert!((answer["uncalibrated"]["loss"].as_f64().unwrap() - before["loss"].as_f64().unwrap()).abs() < 1e-6);
}

#[test]
fn a_test_part_is_measured_before_and_after_calibration() {
    let place = Place::with_photos();
    for number in 0..10 {
        for (from, to) in [("rings", "stripes"), ("stripes", "rings")] {
            let photo = image::open(place.path(format!("photos/{from}/{number:03}.png"))).unwrap();
            photo.rotate90().save(place.path(format!("photos/{to}/{from}-{number}.png"))).unwrap();
        }
    }
    let ran = place.umbel(&tiny_training(&["--epochs", "2", "--test-split", "0.3", "--out", "run", "--json"]));
    let end = ran.succeeds().json().pop().unwrap();
    let metrics: Value = serde_json::from_slice(&fs::read(place.path("run/metrics.json")).unwrap()).unwrap();
    let (before, after) = (&metrics["test_calibration"]["before"], &metrics["test_calibration"]["after"]);
    for key in ["loss", "ece", "brier"] {
        assert!(before[key].is_number() && after[key].is_number(), "{key}: {metrics}");
    }
    assert_eq!((&metrics["test_loss"], &end["test_loss"]), (&after["loss"], &after["loss"]));
    let answer = &place.umbel(&["eval", "run", "photos", "--part", "test", "--json"]).succeeds().json()[0];
    assert_eq!((&answer["images"], &answer["accuracy"]), (&metrics["test_images"], &metrics["test_accuracy"]));
    assert!((answer["loss"].as_f64().unwrap() - after["loss"].as_f64().unwrap()).abs() < 1e-6);
    assert!((answer["uncalibrated"]["loss"].as_f64().unwrap() - before["loss"].as_f64().unwrap()).abs() < 1e-6);
}

#[test]
fn photos_that_trained_the_model_are_said() {
    let place = Place::with_run();
    for model in ["run", "run/model.safetensors"] {
        let ran = place.umbel(&["eval", model, "photos"]);
        ran.succeeds();
        assert!(ran.err.contains("16 of these 20 photos trained the model"), "{}", ran.err);
        assert!(ran.out.starts_with("class"), "the table says what its figures are: {}", ran.out);
    }
    let ran = place.umbel(&["eval", "run", "photos", "--part", "val", "--json"]);
    assert_eq!(ran.succeeds().json()[0]["trained"], 0);
    assert!(!ran.err.contains("trained the model"), "{}", ran.err);
    place.draw("others", &["rings", "stripes"], 3);
    let ran = place.umbel(&["eval", "run", "others", "--json"]);
    assert!(ran.succeeds().json()[0]["trained"].is_null());
}
