//! `umbel explain`: the pictures, the JSON, and what cannot be used.

use std::fs;

use crate::support::{Place, keys};

#[test]
fn a_picture_for_each_photo_and_none_overwritten() {
    let place = Place::with_run();
    let before = place.contents("photos");
    let ran = place.umbel(&["explain", "run", "photos/rings", "photos/stripes/003.png"]);
    ran.succeeds();
    assert_eq!(ran.out.lines().count(), 12, "{}", ran.out);
    assert!(ran.out.lines().last().unwrap().contains("conv2d"), "{}", ran.out);
    let panel = image::open(place.path("explained/003-explained.png")).unwrap().to_rgb8();
    assert!(panel.width() > 3 * 360, "the photo and both classes: {:?}", panel.dimensions());
    assert!(place.path("explained/003-explained-2.png").is_file(), "two photos of one name");
    let first = fs::read(place.path("explained/000-explained.png")).unwrap();
    place.umbel(&["explain", "run", "photos/rings/000.png", "--out", "explained"]).succeeds();
    assert!(place.path("explained/000-explained-2.png").is_file());
    assert_eq!(fs::read(place.path("explained/000-explained.png")).unwrap(), first);
    place.umbel(&["explain", "run", "photos/rings/000.png", "--top", "1"]).succeeds();
    assert!(place.path("explained-2/000-explained.png").is_file(), "a folder of its own where none is named");
    assert!(before == place.contents("photos"), "the photos are only read");
}

#[test]
fn json_with_and_without_values() {
    let place = Place::with_run();
    let ran = place.umbel(&["explain", "run", "photos/rings/000.png", "--json"]);
    let answer = &ran.succeeds().json()[0];
    assert_eq!(keys(answer), ["class", "confidence", "layer", "maps", "method", "path"]);
    assert_eq!((&answer["layer"], &answer["method"]), (&"conv2d".into(), &"layer-cam".into()));
    assert_eq!(answer["maps"].as_array().unwrap().len(), 2, "both classes");
    assert_eq!(keys(&answer["maps"][0]), ["class", "height", "probability", "width"]);
    assert_eq!(answer["maps"][0]["class"], answer["class"]);
    assert!(!place.path("explained").exists(), "no pictures unless --out says where");
    let said = &place.umbel(&["predict", "run", "photos/rings/000.png", "--json"]).succeeds().json()[0];
    assert!((said["confidence"].as_f64().unwrap() - answer["confidence"].as_f64().unwrap()).abs() < 1e-9);

    let args = ["explain", "run", "photos/rings/000.png", "--json", "--values", "--class", "stripes"];
    let ran = place.umbel(&[&args[..], &["--method", "grad-cam", "--layer", "rescaling", "--out", "why"]].concat());
    let answer = &ran.succeeds().json()[0];
    let map = &answer["maps"][0];
    assert_eq!((&map["class"], &map["height"], &map["width"]), (&"stripes".into(), &32.into(), &32.into()));
    let values: Vec<f64> = map["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    assert_eq!(values.len(), 32 * 32);
    assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
    assert!(image::open(place.path(answer["picture"].as_str().unwrap())).is_ok());
}

#[test]
fn wrong_input_is_named() {
    let place = Place::with_run();
    fs::write(place.path("text.jpg"), "only words").unwrap();
    let ran = place.umbel(&["explain", "run", "text.jpg", "photos/rings/000.png", "missing.jpg"]);
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert!(ran.err.contains("text.jpg") && ran.err.contains("missing.jpg"), "{}", ran.err);
    place.umbel(&["explain", "run", "text.jpg"]).fails(1, "text.jpg");
    place.umbel(&["explain", "run", "photos/rings/000.png", "--class", "roses"]).fails(2, "rings, stripes");
    place.umbel(&["explain", "run", "photos/rings/000.png", "--layer", "dense"]).fails(2, "conv2d");
    place.umbel(&["explain", "nowhere", "photos/rings/000.png"]).fails(1, "nowhere");
    fs::write(place.path("taken"), "a file").unwrap();
    place.umbel(&["explain", "run", "photos/rings/000.png", "--out", "taken"]).fails(1, "taken");
}
