//! Tests of `run`: what is written reads back the same, also where figures are not defined, and what older versions wrote is read.

use std::fs;

use umbel::base::machine::Machine;
use umbel::base::problem::ProblemKind;
use umbel::base::progress::TestRecord;
use umbel::metrics::{Answers, Certainty, Scores, SetScore, Trusted};
use umbel::model_file::StartedFrom;
use umbel::run::{
    BeforeAfter, CalibrationRecord, Figures, FoldRecord, FoldsRecord, Metrics, Predictions, Problem, names,
    read_fold_rows, read_folds, read_problems, write_folds, write_problems,
};
use umbel::{Error, run};

/// Everything that can be there. Only one class occurs, so that some figures are not defined.
fn metrics() -> Metrics {
    let answers = Answers::new(&[0, 0], &[0.9, 0.1, 1.0 / 3.0, 2.0 / 3.0], 2).unwrap();
    let certainty = Certainty::new(&answers);
    let both = BeforeAfter { before: certainty, after: certainty };
    Metrics {
        epochs: 3,
        finished: true,
        best: Figures { epoch: 2, loss: 0.1, accuracy: 1.0, val_loss: 0.30000000000000004, val_accuracy: 1.0 / 3.0 },
        last: Figures { epoch: 3, ..Figures::default() },
        accuracy_gap: -0.5,
        loss_gap: 0.25,
        seconds: 12.5,
        settings: "digest".into(),
        parameters: Some(12),
        started_from: Some(StartedFrom { name: "Lite".into(), origin: Some("x.org".into()), ..StartedFrom::default() }),
        machine: Some(Machine::here("scalar", "f32", None)),
        test: Some(TestRecord { test_accuracy: 0.5, test_loss: 0.75, test_images: 4 }),
        scores: Some(Scores::new(&answers, &["a".into(), "b".into()], 7)),
        calibration: Some(CalibrationRecord { temperature: 1.5, images: 2, certainty: Some(both) }),
        test_calibration: Some(both),
        trusted: vec![Trusted { asked: 0.95, confidence: 0.8, right: 1.0, answered: 0.1 }],
        // Not one answer is so sure there.
        test_trusted: vec![Trusted { asked: 0.95, confidence: 0.8, right: f64::NAN, answered: 0.0 }],
        test_sets: vec![SetScore { level: 0.9, coverage: 1.0 / 3.0, mean_size: 1.5 }],
    }
}

#[test]
fn metrics_read_back_the_same_also_what_is_not_defined() {
    let folder = tempfile::tempdir().unwrap();
    let (path, again) = (folder.path().join(names::METRICS), folder.path().join("again.json"));
    metrics().write(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"roc_auc\": null") && text.ends_with("}\n"), "{text}");
    let read = Metrics::read(&path).unwrap();
    assert!(read.scores.as_ref().unwrap().roc_auc.is_nan());
    assert_eq!((read.best, &read.test_sets, &read.trusted), (metrics().best, &metrics().test_sets, &metrics().trusted));
    assert!(read.test_trusted[0].right.is_nan());
    read.write(&again).unwrap();
    assert_eq!(fs::read_to_string(&again).unwrap(), text);

    // A run that was stopped.
    let nothing = Metrics { scores: None, calibration: None, test_calibration: None, ..metrics() };
    let stopped = Metrics { finished: false, test: None, test_trusted: Vec::new(), ..nothing };
    stopped.write(&path).unwrap();
    assert_eq!(Metrics::read(&path).unwrap(), stopped);
    assert!(!fs::read_to_string(&path).unwrap().contains("calibration"));
}

#[test]
fn metrics_of_older_versions_are_read_and_damaged_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(names::METRICS);
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        Metrics::read(&path)
    };
    let old = read(r#"{"finished": true, "best": {"epoch": 2}, "calibration": {"temperature": 2.0, "images": 10}}"#);
    let old = old.unwrap();
    assert_eq!((old.finished, old.best.epoch, old.parameters), (true, 2, None));
    assert_eq!((old.calibration.unwrap().temperature, old.calibration.unwrap().certainty), (2.0, None));
    assert!(old.scores.is_none() && old.machine.is_none() && old.test.is_none());
    for damaged in ["", "{", "[]", r#"{"finished": 1}"#, r#"{"best": {"epoch": "two"}}"#] {
        assert!(matches!(read(damaged), Err(Error::Run(run::Error::Malformed { .. }))), "{damaged}");
    }
}

#[test]
fn folds_and_problems_read_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let fold =
        |fold| FoldRecord { fold, best_epoch: 4, val_accuracy: 1.0 / 3.0, val_loss: 0.5, run: "a, \"b\"".into() };
    let folds = FoldsRecord { mean: 1.0 / 3.0, deviation: 0.0, folds: vec![fold(1), fold(2)] };
    write_folds(folder.path(), &folds).unwrap();
    assert_eq!(read_folds(folder.path()).unwrap(), folds);
    assert_eq!(read_fold_rows(&folder.path().join(names::FOLDS)).unwrap(), folds.folds);
    let header = fs::read_to_string(folder.path().join(names::FOLDS)).unwrap();
    assert!(header.starts_with("fold,best_epoch,val_accuracy,val_loss,run\n"), "{header}");

    let path = folder.path().join(names::PROBLEMS);
    write_problems(&path, &[]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "path,kind,detail\n");
    assert_eq!(read_problems(&path).unwrap(), []);
}

/// Names of every kind of beginning, and of every sign that means something to a table or to a spreadsheet.
fn names_with_signs() -> Vec<String> {
    let starts = ["=", "+", "-", "@", "\t", "\r", "'", "''=", "'x", "\"", ",", ";", "", "\n", "＝", " "];
    let rests = ["", "1+1", "a,b", "a\"b", "a\nb", "cmd|' /C calc'!A0", "=", "'"];
    starts.iter().flat_map(|start| rests.iter().map(move |rest| format!("{start}{rest}"))).collect()
}

#[test]
fn names_that_a_spreadsheet_would_run_read_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let names = names_with_signs();
    let problems: Vec<Problem> = names
        .iter()
        .map(|name| Problem { path: name.clone(), kind: ProblemKind::Damaged, detail: name.clone() })
        .collect();
    let path = folder.path().join(names::PROBLEMS);
    write_problems(&path, &problems).unwrap();
    assert_eq!(read_problems(&path).unwrap(), problems);

    let mut classes = names.clone();
    classes.sort();
    classes.dedup();
    let n = classes.len();
    let predictions = Predictions {
        paths: classes.clone(),
        labels: (0..n as u32).collect(),
        probabilities: (0..n * n).map(|k| if k % (n + 1) == 0 { 1.0 } else { 0.0 }).collect(),
        classes,
    };
    let path = folder.path().join(names::PREDICTIONS);
    predictions.write(&path).unwrap();
    assert_eq!(Predictions::read(&path).unwrap(), predictions);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(&path).unwrap();
    for cell in reader.records().flat_map(|row| row.unwrap().iter().map(String::from).collect::<Vec<_>>()) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']), "{cell:?}");
    }
}

#[test]
fn a_wrong_line_of_predictions_is_named_as_an_editor_numbers_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(names::PREDICTIONS);
    fs::write(&path, "path,class,predicted,confidence,a\r\n\r\n\"x\ny\",a,a,1,1\r\n\r\nz,a,a,1,nine\r\n").unwrap();
    let error = Predictions::read(&path).unwrap_err().to_string();
    assert!(error.contains("line 6: \"nine\" is not a number from 0 to 1"), "{error}");
}
