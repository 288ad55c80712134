//! The report, and the sentences that people quote, in the language that is asked for or that the system speaks.

use std::fs;

use crate::support::{Place, Ran, tiny_training};

const CHINESE: &str = "zh_TW.UTF-8";

#[test]
fn a_run_in_traditional_chinese_tells_what_was_found_what_is_used_and_its_report() {
    let place = Place::with_photos();
    let ran = place.umbel(&tiny_training(&["--epochs", "1", "--out", "run", "--lang", "zh-TW"]));
    let out = &ran.succeeds().out;
    for line in [
        "找到 20 個檔案，分屬 2 個類別。",
        "使用 16 個檔案進行訓練。",
        "使用 4 個檔案進行驗證。",
        "類別名稱：['rings', 'stripes']",
    ] {
        assert!(out.lines().any(|own| own == line), "{line}: {out}");
    }
    // Keras' line is the same everywhere.
    assert!(ran.err.contains("Epoch 1/1 - ") && ran.err.contains(" - val_accuracy: "), "{}", ran.err);
    let page = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    assert!(page("run/report.html").contains("<html lang=\"zh-TW\">"));

    let photo = "photos/rings/000.png";
    let told = place.umbel(&["predict", "run", photo, "--lang", "zh-TW"]);
    let sentence = told.succeeds().out.trim_end().to_string();
    assert!(sentence.starts_with("這張圖片最可能屬於 ") && sentence.ends_with("%。"), "{sentence}");
    // JSON is for programs.
    let json = place.umbel(&["predict", "run", photo, "--json", "--lang", "zh-TW"]);
    assert_eq!(json.out, place.umbel(&["predict", "run", photo, "--json"]).out);

    place.umbel(&["report", "run", "--out", "en.html"]).succeeds();
    assert!(page("en.html").contains("<html lang=\"en\">") && page("en.html").contains("Right on "));
}

#[test]
fn the_language_is_the_systems_unless_it_is_said() {
    let place = Place::with_run();
    let told = |args: &[&str]| {
        let args = [&["predict", "run", "photos/rings/000.png"], args].concat();
        Ran::from(place.command(&args).env("LC_ALL", CHINESE).output().unwrap()).succeeds().out.clone()
    };
    assert!(told(&[]).starts_with("這張圖片最可能屬於 "));
    assert!(told(&["--lang", "en"]).starts_with("This image most likely belongs to "));
    let wrong = place.umbel(&["predict", "run", "photos/rings/000.png", "--lang", "tlh"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("zh-TW"), "{}", wrong.err);
}
