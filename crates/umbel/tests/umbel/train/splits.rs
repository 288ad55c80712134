//! The test part and cross-validation: what is measured, what lies in the run folder, stopped and resumed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::flowers::{self, StopWhen};
use super::pipeline::Place;
use umbel::Surroundings;
use umbel::base::fonts::Fonts;
use umbel::base::notice::{Divider, Notice};
use umbel::base::progress::{Event, FoldsRecord, Interrupt, Silent};
use umbel::data::{Cache, Dataset, Index, Part, Split, SplitMethod, SplitOptions};
use umbel::model_file::ModelFile;
use umbel::pipeline::{
    Changes, FoldsOutcome, TrainConfig, has_folds, report, resume, resume_folds, train_folder, train_folds,
};
use umbel::report::compare::compare;
use umbel::run::RunRecords;
use umbel::train::{Fit, FitOptions};
use umbel::{Error, Result, run};

fn folds(config: &TrainConfig, out: &Path) -> Result<FoldsOutcome> {
    train_folds(config, Some(out), &Surroundings::default(), &mut Silent, &Interrupt::default())
}

fn same_file(one: &Path, other: &Path) {
    assert!(fs::read(one).unwrap() == fs::read(other).unwrap(), "{} and {}", one.display(), other.display());
}

#[test]
fn the_best_model_is_measured_on_the_test_part() {
    let place = Place::new();
    let run = place.path("run");
    let config = TrainConfig { test_split: Some(0.2), ..place.config() };
    let outcome =
        train_folder(&config, Some(&run), &Surroundings::default(), &mut Silent, &Interrupt::default()).unwrap();
    let test = outcome.end.test.unwrap();
    assert_eq!(test.test_images, 10);

    let index = Index::scan(&config.data).unwrap();
    let cache = Cache::open(
        &index,
        &config.prep,
        &config.cache_options(&Surroundings::default()),
        &mut Silent,
        &Interrupt::default(),
    )
    .unwrap();
    let split = Split::with(&SplitOptions::from_file(run.join("split.csv")), &index, &cache).unwrap();
    assert_eq!(split.train.len() + split.val.len() + split.test.len(), 40);
    let dataset = Dataset::new(&index, Arc::new(cache), &split.test);
    let (loss, accuracy) = ModelFile::load(&run).unwrap().model.evaluate(&dataset).unwrap();
    assert_eq!(accuracy, test.test_accuracy);
    let metrics: serde_json::Value = serde_json::from_slice(&fs::read(run.join("metrics.json")).unwrap()).unwrap();
    assert_eq!(metrics["test_accuracy"], test.test_accuracy);
    let calibration = &metrics["test_calibration"];
    let before = calibration["before"]["loss"].as_f64().unwrap();
    assert!((loss - before).abs() < 1e-6, "the network's own loss is that before calibration: {loss} {before}");
    assert_eq!(
        (&metrics["test_loss"], &calibration["after"]["loss"]),
        (&test.test_loss.into(), &test.test_loss.into())
    );
    assert_eq!(metrics["test_images"], 10);
    // What was said of each is there, and the page tells of it, and of no folder that they lie in.
    let records = RunRecords::read(&run).unwrap();
    let tested = records.tested.as_ref().unwrap();
    assert_eq!((tested.paths.len(), tested.answers().unwrap().top_k_accuracy(1)), (10, test.test_accuracy));
    let of_test = records.split.iter().filter(|row| row.part == Part::Test).map(|row| row.path.clone());
    assert_eq!(BTreeSet::from_iter(of_test), BTreeSet::from_iter(tested.paths.clone()));
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("are of the test part (10 photos)"));
    let folder = run.parent().unwrap().to_string_lossy().into_owned();
    let told = page.find(&folder).map(|at| page[at.saturating_sub(60)..][..120].to_string());
    assert_eq!(told, None, "no absolute path");

    // The test part has no say in what is learned.
    let (other, taken) = (place.path("other"), run.join("split.csv"));
    let without: String = fs::read_to_string(&taken)
        .unwrap()
        .lines()
        .filter(|line| !line.ends_with(",test"))
        .fold(String::new(), |text, line| text + line + "\n");
    fs::write(place.path("split.csv"), without).unwrap();
    let config = TrainConfig { split: SplitMethod::File(place.path("split.csv")), ..place.config() };
    let untested =
        train_folder(&config, Some(&other), &Surroundings::default(), &mut Silent, &Interrupt::default()).unwrap();
    assert_eq!(untested.end.test, None);
    same_file(&run.join("model.safetensors"), &other.join("model.safetensors"));
}

#[test]
fn copies_are_kept_together_by_umbels_own_split_and_told_of_in_others() {
    let place = Place::new();
    let data = place.path("photos");
    for class in fs::read_dir(flowers::folder()).unwrap().map(|class| class.unwrap().path()) {
        let to = data.join(class.file_name().unwrap());
        fs::create_dir_all(&to).unwrap();
        for photo in fs::read_dir(&class).unwrap().map(|photo| photo.unwrap().path()) {
            fs::copy(&photo, to.join(photo.file_name().unwrap())).unwrap();
        }
    }
    let index = Index::scan(&data).unwrap();
    let original = &index.photos[0].path;
    let copy = format!("{original}.copy.png");
    fs::copy(data.join(original), data.join(&copy)).unwrap();
    let told = |split, run: &str| {
        let base = place.config();
        let config =
            TrainConfig { data: data.clone(), fit: FitOptions { epochs: 1, ..base.fit.clone() }, split, ..base };
        let mut observer = StopWhen::new(|_| false);
        let run = place.path(run);
        train_folder(&config, Some(&run), &Surroundings::default(), &mut observer, &Interrupt::default()).unwrap();
        let of_copies = |told: &Notice| matches!(told, Notice::KeptTogether { .. } | Notice::Leaks { .. });
        observer.notices.into_iter().filter(of_copies).collect::<Vec<_>>()
    };
    assert_eq!(told(SplitMethod::Stratified, "own"), [Notice::KeptTogether { photos: 2, groups: 1 }]);

    let mut rows = String::new();
    for line in fs::read_to_string(place.path("own/split.csv")).unwrap().lines() {
        let row = match line.rsplit_once(',') {
            Some((photo, _)) if photo.starts_with(&copy) => format!("{photo},val"),
            Some((photo, _)) if photo.starts_with(original.as_str()) => format!("{photo},train"),
            _ => line.to_string(),
        };
        rows += &(row + "\n");
    }
    let torn = place.path("torn.csv");
    fs::write(&torn, rows).unwrap();
    let leaks = Notice::Leaks { photos: 1, data: data.clone(), divided_by: Divider::Split };
    assert_eq!(told(SplitMethod::File(torn), "others"), [leaks]);

    // The run's page says so, too, made again as well, and a comparison.
    let (own, others) = (place.path("own"), place.path("others"));
    let row = format!("path,part,same_as,same_as_part\n{copy},val,{original},train\n");
    assert_eq!(fs::read_to_string(others.join("leaks.csv")).unwrap(), row);
    assert_eq!(fs::read_to_string(own.join("leaks.csv")).unwrap(), "path,part,same_as,same_as_part\n");
    let none = "No photo that is measured on shows the same as one of an earlier part.";
    let first = fs::read_to_string(others.join("report.html")).unwrap();
    for page in [first, fs::read_to_string(report(&others, None, &Surroundings::default()).unwrap()).unwrap()] {
        assert!(
            page.contains("1 validation photo (") && page.contains("shows the same as a training photo."),
            "it says so"
        );
        assert!(
            page.contains(&copy)
                && page.contains("So the figures are better than they should be")
                && !page.contains(none)
        );
    }
    let page = fs::read_to_string(own.join("report.html")).unwrap();
    assert!(page.contains(none) && !page.contains("better than they should be"));
    let compared = compare(&[own, others.clone()], &place.path("compared"), &Fonts::default()).unwrap();
    assert_eq!([compared.runs[0].val_leaks, compared.runs[1].val_leaks], [Some(0), Some(1)]);
    let said =
        "1 validation photo of others shows the same as a training photo: its figures are better than they should be.";
    assert!(compared.to_string().contains(said), "{compared}");

    // A run of an older umbel does not know, until it is gone on with.
    fs::remove_file(others.join("leaks.csv")).unwrap();
    let page = fs::read_to_string(report(&others, None, &Surroundings::default()).unwrap()).unwrap();
    assert!(!page.contains("better than they should be") && !page.contains(none));
    resume(&others, &Changes::default(), &Surroundings::default(), &mut Silent, &Interrupt::default()).unwrap();
    assert_eq!(fs::read_to_string(others.join("leaks.csv")).unwrap(), row);
    assert!(fs::read_to_string(others.join("report.html")).unwrap().contains("better than they should be"));
}

#[test]
fn a_stopped_run_is_tested_when_it_has_ended() {
    let place = Place::new();
    let run = place.path("run");
    let config = TrainConfig { test_split: Some(0.2), ..place.config() };
    let mut observer = StopWhen::new(|event| matches!(event, Event::Step { epoch: 2, .. }));
    let interrupt = observer.interrupt.clone();
    let outcome = train_folder(&config, Some(&run), &Surroundings::default(), &mut observer, &interrupt).unwrap();
    assert!(outcome.interrupted && outcome.end.test.is_none());
    assert!(!fs::read_to_string(run.join("metrics.json")).unwrap().contains("test_accuracy"));
    let resumed =
        resume(&run, &Changes::default(), &Surroundings::default(), &mut Silent, &Interrupt::default()).unwrap();
    let whole =
        train_folder(&config, Some(&place.path("whole")), &Surroundings::default(), &mut Silent, &Interrupt::default())
            .unwrap();
    assert!(resumed.end.test.is_some());
    assert_eq!(resumed.end.test, whole.end.test);
}

#[test]
fn folds_are_ordinary_runs_and_go_on_where_they_stopped() {
    let place = Place::new();
    let config = TrainConfig { folds: Some(3), ..place.config() };
    let (whole, halves) = (place.path("whole"), place.path("halves"));
    let record = folds(&config, &whole).unwrap().record.unwrap();
    assert_eq!(record.folds.iter().map(|fold| fold.fold).collect::<Vec<_>>(), [1, 2, 3]);
    let accuracies: Vec<f64> = record.folds.iter().map(|fold| fold.val_accuracy).collect();
    let mean = accuracies.iter().sum::<f64>() / 3.0;
    let variance = accuracies.iter().map(|accuracy| (accuracy - mean).powi(2)).sum::<f64>() / 2.0;
    assert!((record.mean - mean).abs() < 1e-12 && (record.deviation - variance.sqrt()).abs() < 1e-12);
    let written: FoldsRecord = serde_json::from_slice(&fs::read(whole.join("folds.json")).unwrap()).unwrap();
    assert_eq!(written, record);
    assert_eq!(fs::read_to_string(whole.join("folds.csv")).unwrap().lines().count(), 4);
    assert!(has_folds(&whole) && !has_folds(&whole.join("fold-1")) && !has_folds(&place.path("none")));

    // A fold is the run that its split would make by itself.
    let split = SplitMethod::File(whole.join("fold-2/split.csv"));
    let single = TrainConfig { split, ..place.config() };
    train_folder(&single, Some(&place.path("single")), &Surroundings::default(), &mut Silent, &Interrupt::default())
        .unwrap();
    same_file(&place.path("single/model.safetensors"), &whole.join("fold-2/model.safetensors"));

    let mut fold_now = 0;
    let mut observer = StopWhen::new(|event| {
        if let Event::Fold { fold, .. } = event {
            fold_now = *fold;
        }
        fold_now == 2 && matches!(event, Event::Step { epoch: 2, .. })
    });
    let interrupt = observer.interrupt.clone();
    let stopped = train_folds(&config, Some(&halves), &Surroundings::default(), &mut observer, &interrupt).unwrap();
    assert!(stopped.record.is_none() && !halves.join("folds.json").exists());
    assert!(!halves.join("fold-3/config.toml").exists());
    let error =
        resume(&halves, &Changes::default(), &Surroundings::default(), &mut Silent, &Interrupt::default()).unwrap_err();
    assert!(matches!(error, Error::Run(run::Error::NotARun { .. })), "{error}");
    let first = fs::metadata(halves.join("fold-1/last.ckpt")).unwrap().modified().unwrap();
    let resumed =
        resume_folds(&halves, &Changes::default(), &Surroundings::default(), &mut Silent, &Interrupt::default())
            .unwrap()
            .record
            .unwrap();
    assert_eq!((resumed.mean, resumed.deviation), (record.mean, record.deviation));
    for fold in 1..=3 {
        let file = format!("fold-{fold}/model.safetensors");
        same_file(&whole.join(&file), &halves.join(&file));
    }
    assert_eq!(fs::metadata(halves.join("fold-1/last.ckpt")).unwrap().modified().unwrap(), first, "left as it was");

    let more = resume_folds(
        &halves,
        &Changes { epochs: Some(4), data: None },
        &Surroundings::default(),
        &mut Silent,
        &Interrupt::default(),
    )
    .unwrap()
    .record
    .unwrap();
    assert_eq!(more.folds.len(), 3);
    let history = fs::read_to_string(halves.join("fold-1/history.csv")).unwrap();
    assert_eq!(history.lines().count(), 5, "{history}");
}

#[test]
fn folds_that_cannot_be_made_leave_no_folder() {
    let place = Place::new();
    let run = place.path("run");
    for (config, expected) in [
        (TrainConfig { folds: Some(1), ..place.config() }, "from 2"),
        (TrainConfig { folds: Some(41), ..place.config() }, "from 2 to 40"),
        (TrainConfig { folds: Some(3), split: SplitMethod::Keras, ..place.config() }, "keras"),
        (TrainConfig { folds: Some(3), data: place.path("no data"), ..place.config() }, "no data"),
        (place.config(), "folds is none"),
    ] {
        let error = folds(&config, &run).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!run.exists(), "{error}");
    }
    assert!(flowers::folder().is_dir());
}
