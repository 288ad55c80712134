//! ROC and precision-recall curves as pictures.

use std::fs;

use tempfile::tempdir;
use umbel::base::fonts::Fonts;
use umbel::metrics::Answers;
use umbel::report::ranking;

use super::records::MadeUp;

#[test]
fn each_class_has_a_line_and_the_legend_its_name() {
    let folder = tempdir().unwrap();
    let predictions = MadeUp { classes: &["daisy", "<rose>"], photos: 60, accuracy: 0.7, seed: 1 }.predictions();
    let (names, answers) = (&predictions.classes, predictions.answers().unwrap());
    let paths = ranking::write(folder.path(), "roc-pr", names, &answers, &Fonts::default()).unwrap();
    assert_eq!(paths, [folder.path().join("roc-pr.svg"), folder.path().join("roc-pr.png")]);
    let svg = fs::read_to_string(&paths[0]).unwrap();
    for words in
        ["False positive rate", "True positive rate", "Recall", "Precision", "daisy", "&lt;rose&gt;", "mean of"]
    {
        assert!(svg.contains(words), "{words}");
    }
    // In each panel two classes, and the mean; in one, what chance would give.
    let lines = |color: &str| svg.matches(&format!("<polyline fill=\"none\" opacity=\"1\" stroke=\"{color}\"")).count();
    assert_eq!((lines("#0072B2"), lines("#D55E00")), (3, 3), "two panels and the legend");
    assert!(image::open(&paths[1]).unwrap().width() == 1200);
    assert!(
        ranking::write(folder.path(), "roc-pr", &names[1..], &answers, &Fonts::default()).is_err(),
        "a name is missing"
    );
}

#[test]
fn many_classes_and_classes_without_photos_are_drawn_too() {
    let folder = tempdir().unwrap();
    let names: Vec<String> = (0..30).map(|k| format!("class {k}")).collect();
    let probabilities: Vec<f64> = (0..30 * 40).map(|k| f64::from(k % 7) / 7.0).collect();
    let labels: Vec<u32> = (0..40).map(|k| k % 20).collect();
    let answers = Answers::new(&labels, &probabilities, 30).unwrap();
    let paths = ranking::write(folder.path(), "many", &names, &answers, &Fonts::default()).unwrap();
    let svg = fs::read_to_string(&paths[0]).unwrap();
    assert!(svg.contains("each of 30 classes") && !svg.contains("class 3\n"));

    let answers = Answers::new(&[1, 1], &[0.2, 0.8, 0.4, 0.6], 2).unwrap();
    ranking::write(folder.path(), "one", &names[..2], &answers, &Fonts::default()).unwrap();
}
