//! Boxes as photos, from training to the answers that stand in a detector's JSON again.

use std::fs;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};

use crate::support::{Place, keys};

/// Twelve scenes, each with a box of rings on the left and one of stripes on the right.
fn with_scenes() -> Place {
    let place = Place::with_photos();
    fs::create_dir_all(place.path("scenes/yard")).unwrap();
    let mut table = "path,label,x,y,w,h\n".to_string();
    for number in 0..10 {
        let mut scene = RgbImage::from_pixel(100, 60, Rgb([number as u8 * 20, 90, 40]));
        for (class, left) in [("rings", 6), ("stripes", 60)] {
            let photo = image::open(place.path(format!("photos/{class}/{number:03}.png"))).unwrap().to_rgb8();
            image::imageops::replace(&mut scene, &photo, left, 12);
            table.push_str(&format!("yard/{number}.png,{class},{left},12,32,32\n"));
        }
        scene.save(place.path(format!("scenes/yard/{number}.png"))).unwrap();
    }
    fs::write(place.path("scenes/boxes.csv"), table).unwrap();
    place
}

/// What a detector says of them: both things, and a person, and something that it is not sure of.
fn detections() -> Value {
    let boxes = json!([
        {"category": "1", "conf": 0.95, "bbox": [0.06, 0.2, 0.32, 0.5333]},
        {"category": "2", "conf": 0.9, "bbox": [0.4, 0.2, 0.1, 0.5]},
        {"category": "1", "conf": 0.9, "bbox": [0.6, 0.2, 0.32, 0.5333]},
        {"category": "1", "conf": 0.1, "bbox": [0.0, 0.0, 0.1, 0.1]},
    ]);
    let images: Vec<Value> =
        (0..3).map(|number| json!({"file": format!("yard/{number}.png"), "detections": boxes})).collect();
    json!({
        "info": {"detector": "md_v5a.0.0.pt", "format_version": "1.3"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "images": images,
    })
}

const TRAINING: [&str; 12] = [
    "train",
    "scenes/boxes.csv",
    "--model",
    "tiny.toml",
    "--image-size",
    "32",
    "--batch",
    "8",
    "--epochs",
    "2",
    "--out",
    "run",
];

#[test]
fn boxes_of_a_table_are_checked_trained_on_and_measured() {
    let place = with_scenes();
    let before = place.contents("scenes");
    let ran = place.umbel(&["check", "scenes/boxes.csv", "--json", "--labels", "none", "--html", "check.html"]);
    let report = &ran.json()[0];
    assert_eq!((report["images"].as_u64(), report["usable"].as_u64()), (Some(20), Some(20)), "{report}");
    let page = fs::read_to_string(place.path("check.html")).unwrap();
    assert!(page.contains("Boxes: 20 on 10 pictures, in pixels"), "{page:.2000}");

    let ran = place.umbel(&[&TRAINING[..], &["--crop-margin", "0.25"]].concat());
    ran.succeeds();
    assert!(ran.err.contains("20 on 10 pictures, in pixels"), "{ran:#?}");
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.contains("crop_margin = 0.25"), "{config}");
    let header = fs::read(place.path("run/model.safetensors")).unwrap();
    assert!(String::from_utf8_lossy(&header).contains("crop_margin"), "the model file remembers it");
    let split = fs::read_to_string(place.path("run/split.csv")).unwrap();
    let part = |path: &str| split.lines().find(|row| row.starts_with(path)).unwrap().rsplit(',').next().unwrap();
    for number in 0..10 {
        let [first, second] = [1, 2].map(|of| part(&format!("yard/{number}.png#{of}")));
        assert_eq!(first, second, "{split}");
    }
    let page = fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(page.contains("data:image/jpeg;base64,"), "the report shows boxes");

    let val = place.umbel(&["eval", "run", "scenes/boxes.csv", "--part", "val", "--json"]);
    let images = val.succeeds().json()[0]["images"].as_u64().unwrap();
    assert_eq!(images as usize, split.lines().filter(|row| row.ends_with(",val")).count());
    place.umbel(&["preview", "scenes/boxes.csv"]).succeeds();
    let again = place.umbel(&["report", "run", "--out", "again.html"]);
    again.succeeds();
    assert!(fs::read_to_string(place.path("again.html")).unwrap().contains("data:image/jpeg;base64,"));
    assert!(place.contents("scenes") == before, "what is the user's stays as it is");
}

#[test]
fn a_detectors_json_is_answered_into_a_copy() {
    let place = with_scenes();
    place.umbel(&TRAINING).succeeds();
    fs::write(place.path("scenes/detections.json"), detections().to_string()).unwrap();
    let before = place.contents("scenes");
    let ran = place.umbel(&["predict", "run", "scenes/detections.json", "--out", "answered.json", "--json"]);
    let answers = ran.succeeds().json();
    assert_eq!(answers.len(), 6, "{ran:#?}");
    assert_eq!(keys(&answers[1]), ["box", "class", "confidence", "detected", "detection_confidence", "path", "top"]);
    assert_eq!(answers[1]["path"].as_str().unwrap().replace('\\', "/"), "scenes/yard/0.png#3");
    assert_eq!((&answers[1]["box"], &answers[1]["detected"]), (&json!([0.6, 0.2, 0.32, 0.5333]), &json!("animal")));

    let written: Value = serde_json::from_slice(&fs::read(place.path("answered.json")).unwrap()).unwrap();
    assert_eq!(written["classification_categories"], json!({"0": "rings", "1": "stripes"}));
    for (image, of_image) in written["images"].as_array().unwrap().iter().zip(answers.chunks(2)) {
        let detections = image["detections"].as_array().unwrap();
        for (at, answer) in [(0, &of_image[0]), (2, &of_image[1])] {
            let said = &detections[at]["classifications"][0];
            let class = written["classification_categories"][said[0].as_str().unwrap()].as_str().unwrap();
            assert_eq!(class, answer["class"].as_str().unwrap());
            assert!((said[1].as_f64().unwrap() - answer["confidence"].as_f64().unwrap()).abs() < 1e-5);
        }
        assert!(detections[1].get("classifications").is_none() && detections[3].get("classifications").is_none());
    }
    // What was answered can be trained on.
    let again = place.umbel(&["check", "scenes/detections.json", "--json", "--labels", "none"]);
    assert_eq!(again.code, 1, "one folder is one class: {again:#?}");

    for own in ["scenes/detections.json", "./scenes/../scenes/detections.json"] {
        place.umbel(&["predict", "run", "scenes/detections.json", "--out", own]).fails(1, "not written over");
    }
    place.umbel(&["predict", "run", "scenes/yard/0.png", "--out", "other.json"]).fails(2, "--out");
    place.umbel(&["predict", "run", "scenes/detections.json", "--sort-into", "sorted"]).fails(2, "--sort-into");
    let people = place.umbel(&["predict", "run", "scenes/detections.json", "--detection-category", "person"]);
    assert_eq!(people.succeeds().out.lines().count(), 3, "{people:#?}");
    let all = place.umbel(&["predict", "run", "scenes/detections.json", "--detection-confidence", "0.05"]);
    assert_eq!(all.succeeds().out.lines().count(), 9, "{all:#?}");
    assert!(place.contents("scenes") == before, "what is the user's stays as it is");
}

#[test]
fn what_a_detector_says_of_pictures_that_are_gone_is_told() {
    let place = with_scenes();
    place.umbel(&TRAINING).succeeds();
    let mut json = detections();
    json["images"][1]["file"] = json!("yard/gone.png");
    json["images"][2]["detections"][0]["bbox"] = json!([1.5, 0.2, 0.3, 0.3]);
    fs::write(place.path("scenes/detections.json"), json.to_string()).unwrap();
    let ran = place.umbel(&["predict", "run", "scenes/detections.json", "--out", "answered.json"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert_eq!(ran.out.lines().count(), 3, "{ran:#?}");
    assert!(ran.err.contains("yard/gone.png") && ran.err.contains("outside the picture"), "{ran:#?}");
    let written: Value = serde_json::from_slice(&fs::read(place.path("answered.json")).unwrap()).unwrap();
    assert!(written["images"][2]["detections"][2].get("classifications").is_some());
    fs::write(place.path("scenes/other.json"), "{\"images\": []}").unwrap();
    place.umbel(&["predict", "run", "scenes/other.json"]).fails(1, "tells no boxes");
}
