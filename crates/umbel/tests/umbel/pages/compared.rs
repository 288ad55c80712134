//! What `compare` makes of several runs.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::tempdir;
use umbel::base::fonts::Fonts;
use umbel::report::compare::{Comparison, compare_records, read};
use umbel::report::compare_page;
use umbel::run::Predictions;

use super::records::MadeUp;

const FIVE: [&str; 5] = ["daisy", "dandelion", "roses", "sunflowers", "<b>tulips</b>"];

fn run(parent: &Path, name: &str, accuracy: f32, seed: u64) -> PathBuf {
    let folder = parent.join(name);
    MadeUp { classes: &FIVE, photos: 500, accuracy, seed }.write(&folder, &parent.join("photos"));
    folder
}

fn change(run: &Path, change: impl FnOnce(&mut Predictions)) {
    let path = run.join("predictions.csv");
    let mut predictions = Predictions::read(&path).unwrap();
    change(&mut predictions);
    predictions.write(&path).unwrap();
}

fn compare(runs: &[PathBuf], out: &Path) -> (Comparison, String) {
    let records = read(runs).unwrap();
    let comparison = compare_records(&records, out, &Fonts::default()).unwrap();
    let html = compare_page::render(&comparison, &records).unwrap();
    (comparison, html)
}

#[test]
fn what_is_more_than_chance_is_told_from_what_is_not() {
    let folder = tempdir().unwrap();
    let runs = [("good", 0.9, 1), ("as-good", 0.9, 2), ("poor", 0.4, 3)];
    let runs = runs.map(|(name, accuracy, seed)| run(folder.path(), name, accuracy, seed));
    let (comparison, html) = compare(&runs, &folder.path().join("out"));
    let [alike, worse, worse_too] = comparison.differences.as_slice() else { panic!("{comparison:?}") };
    assert!(!alike.larger_than_chance && worse.larger_than_chance && worse_too.larger_than_chance, "{comparison:?}");
    assert_eq!((alike.first.as_str(), alike.second.as_str(), alike.paired.images), ("good", "as-good", 500));
    assert!(worse.paired.accuracy < -0.2 && worse.p_corrected >= worse.paired.p);
    let text = comparison.to_string();
    assert!(text.contains("which may be chance") && text.contains("than poor, more than chance explains"), "{text}");
    assert!(comparison.notes.is_empty(), "{:?}", comparison.notes);
    let differing: Vec<&str> = comparison.settings.iter().map(|setting| setting.setting.as_str()).collect();
    assert_eq!(differing, ["fit.seed"]);
    for heading in ["How training went", "What is more than chance", "Over-fitting", "Settings that differ"] {
        assert!(html.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    assert_eq!(html.matches("<svg").count(), 2);
    assert!(!html.contains("<b>") && !html.contains("<script"));
    assert_eq!(serde_json::to_value(&comparison).unwrap()["differences"][1]["larger_than_chance"], true);
}

#[test]
fn photos_are_paired_by_path_and_classes_by_name() {
    let folder = tempdir().unwrap();
    let runs = ["one", "two"].map(|name| run(folder.path(), name, 0.8, 5));
    // The same answers, in another order of the photos and of the classes; and ten photos fewer.
    change(&runs[1], |all| {
        let n = all.classes.len();
        let rows: Vec<Vec<f64>> = all.probabilities.chunks(n).map(|row| row.iter().rev().copied().collect()).collect();
        let order: Vec<usize> = (10..all.paths.len()).rev().collect();
        *all = Predictions {
            classes: all.classes.iter().rev().cloned().collect(),
            paths: order.iter().map(|k| all.paths[*k].clone()).collect(),
            labels: order.iter().map(|k| n as u32 - 1 - all.labels[*k]).collect(),
            probabilities: order.iter().flat_map(|k| rows[*k].clone()).collect(),
        };
    });
    let (comparison, _) = compare(&runs, &folder.path().join("out"));
    let difference = &comparison.differences[0];
    assert_eq!((difference.paired.images, difference.paired.accuracy, difference.paired.p), (490, 0.0, 1.0));
    assert!(difference.to_string().contains("right on as many of the 490"), "{difference}");
    assert!(comparison.notes[0].contains("paired on the 490 photos"), "{:?}", comparison.notes);
}

#[test]
fn what_cannot_be_paired_is_said() {
    let folder = tempdir().unwrap();
    let runs = ["one", "two", "old", "other"].map(|name| run(folder.path(), name, 0.8, 5));
    change(&runs[1], |all| all.paths.iter_mut().for_each(|path| *path += ".png"));
    fs::remove_file(runs[2].join("predictions.csv")).unwrap();
    change(&runs[3], |all| all.classes[0] = "lilies".into());
    let (comparison, html) = compare(&runs, &folder.path().join("out"));
    assert!(comparison.differences.is_empty());
    let notes = comparison.notes.join("\n");
    assert!(notes.contains("old has no predictions.csv") && notes.contains("one and two cannot be paired"), "{notes}");
    assert!(notes.contains("one and other cannot be paired"), "{notes}");
    assert!(html.contains("old has no predictions.csv"));
    // A single run is a comparison, too.
    let (alone, _) = compare(&runs[..1], &folder.path().join("alone"));
    assert!(alone.differences.is_empty() && alone.settings.is_empty());
}
