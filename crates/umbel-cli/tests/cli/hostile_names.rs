//! Names that would act on a terminal, forge a line, or be run by a spreadsheet: they are shown, and read back as they are.

use std::fs;
use std::path::Path;

use crate::support::{Place, tiny_training};

/// Sets a title, rings, ends the line, forges another, turns the text around.
const NAME: &str = "\u{1b}]0;owned\u{7}\r\nThis image most likely belongs to x\u{202e}";

fn is_calm(text: &str) -> bool {
    !text.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}'])
        && !text.lines().any(|line| line.starts_with("This image most likely belongs to x"))
}

#[cfg(unix)]
#[test]
fn escape_codes_in_names_reached_the_terminal() {
    let place = Place::new();
    place.draw("photos", &[NAME, "=1+1"], 8);
    let bad = format!("bad{NAME}.jpg");
    fs::write(place.path("photos").join(NAME).join(&bad), "no picture").unwrap();
    let train = place.umbel(&tiny_training(&["--epochs", "1", "--out", "run", "--seed", "3"]));
    assert_eq!(train.code, 3, "{train:#?}");
    let whole = place.path("photos").join(NAME).join("000.png");
    let name = |path: &Path| path.to_str().unwrap().to_string();
    let bad = name(&place.path("photos").join(NAME).join(&bad));
    let runs: [&[&str]; 8] = [
        &["check", "photos", "--out", "found"],
        &["predict", "run", &name(&whole), &bad, "--top", "2"],
        &["predict", "run", &name(&whole), &bad, "--json"],
        &["eval", "run", "photos"],
        &["explain", "run", &name(&whole), &bad, "--out", "why"],
        &["explain", "run", &name(&whole), "--class", "none", "--out", "why"],
        &["train", &name(&place.path(NAME))],
        &["compare", "run", &name(&place.path(NAME))],
    ];
    for ran in runs.map(|args| place.umbel(args)).iter().chain([&train]) {
        assert!(ran.code < 4 && is_calm(&ran.out) && is_calm(&ran.err), "{ran:#?}");
    }
    // JSON's escapes read back.
    let json = place.umbel(&["predict", "run", &name(&whole), "--json"]);
    let answer: serde_json::Value = serde_json::from_str(json.out.trim()).unwrap();
    assert_eq!(answer["path"], name(&whole));
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_text() {
    let place = Place::new();
    place.draw("photos", &["=HYPERLINK(1)", "@SUM"], 10);
    fs::write(place.path("photos/@SUM/-bad.jpg"), "no picture").unwrap();
    assert_eq!(place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"])).code, 3);
    for file in ["predictions.csv", "problems.csv"] {
        let text = fs::read_to_string(place.path("run").join(file)).unwrap();
        for cell in text.lines().flat_map(|line| line.split(',')) {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{file}: {cell}");
        }
    }
    let split = fs::read_to_string(place.path("run/split.csv")).unwrap();
    assert!(split.contains("\n=HYPERLINK(1)/000.png,=HYPERLINK(1),"), "{split}");
    place.umbel(&["report", "run"]).succeeds();
    let page = fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(page.contains("=HYPERLINK(1)") && !page.contains("'=HYPERLINK") && !page.contains("&#39;=HYPERLINK"));
    assert_eq!(place.umbel(&["train", "--resume", "run", "--epochs", "2"]).code, 3);
}

#[cfg(unix)]
#[test]
fn a_class_name_of_70000_characters_panicked() {
    let place = Place::with_photos();
    let long = "x".repeat(70_000);
    let rows: String = (0..8).map(|k| format!("rings/{k:03}.png,{long}\nstripes/{k:03}.png,b\n")).collect();
    fs::write(place.path("photos/photos.csv"), format!("path,label\n{rows}")).unwrap();
    place.umbel(&tiny_training(&["--epochs", "1", "--out", "run"])).succeeds();
    let args = tiny_training(&["--epochs", "1", "--out", "long"]);
    let args = args.iter().map(|word| if *word == "photos" { "photos/photos.csv" } else { word });
    place.umbel(&args.collect::<Vec<_>>()).succeeds();
    let photo = "photos/rings/000.png";
    let runs: [&[&str]; 6] = [
        &["predict", "long", photo, "--top", "2"],
        &["eval", "long", "photos/photos.csv"],
        &["check", "photos/photos.csv"],
        &["explain", "long", photo, "--out", "why"],
        &["summary", "long"],
        &["report", "long"],
    ];
    for args in runs {
        let ran = place.umbel(args);
        assert!(ran.code == 0 || ran.code == 3, "{args:?}: {} {}", ran.code, ran.err);
        assert!(!ran.err.contains("panicked"), "{args:?}");
    }
}
