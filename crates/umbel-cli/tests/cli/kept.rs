//! The run of a version of before, kept in `crates/umbel/tests/umbel/kept`: reported, compared, measured, asked, and gone on
//! with, as by the user who has one.

use std::fs;
use std::path::{Path, PathBuf};

use umbel::model_file::ModelFile;
use umbel::nn::NUMERICS;
use umbel::run::{History, Metrics, Predictions, names};

use crate::support::{Place, Ran};

pub const VERSIONS: [&str; 1] = ["v1"];

/// Whether portable code rounds as on the machine where the files were made.
pub const COMPUTED_ALIKE: bool = cfg!(all(target_arch = "x86_64", not(target_feature = "fma")));

/// Where the run and its photos lay when it was made.
const MADE_IN: &str = "/tmp/umbel-kept";

pub fn path(what: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../umbel/tests/umbel/kept").join(what)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The photos that all kept files are of, as `photos`.
pub fn put_photos(place: &Place) {
    copy(&path("photos"), &place.path("photos"));
}

/// A place with a kept run as `run`, whose settings name the photos there.
fn with_run(version: &str) -> Place {
    let place = Place::new();
    put_photos(&place);
    copy(&path(version).join("run"), &place.path("run"));
    let config = place.path("run").join(names::CONFIG);
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains(MADE_IN));
    fs::write(config, text.replace(MADE_IN, &place.path("").display().to_string().replace('\\', "/"))).unwrap();
    place
}

fn portable(place: &Place, args: &[&str]) -> Ran {
    Ran::from(place.command(args).env("UMBEL_ISA", "scalar").output().unwrap())
}

fn near(came: f64, expected: f64, what: &str) {
    assert!((came - expected).abs() < 1e-9, "{what}: {came}, but it was {expected}");
}

#[test]
fn a_kept_run_is_reported_and_compared() {
    for version in VERSIONS {
        let place = with_run(version);
        portable(&place, &["report", "run"]).succeeds();
        let page = fs::read_to_string(place.path("run").join(names::REPORT)).unwrap();
        for expected in ["Model card", "What is taken for what", "AMD EPYC", "rings/broken.png"] {
            assert!(page.contains(expected), "{expected}");
        }
        assert!(!page.contains("has not ended"));
        copy(&place.path("run"), &place.path("other"));
        let compared = portable(&place, &["compare", "run", "other", "--out", "compared", "--json"]);
        let compared = &compared.succeeds().json()[0];
        assert_eq!(compared["runs"].as_array().unwrap().len(), 2);
        assert_eq!(compared["runs"][0]["best_epoch"], 2);
        assert_eq!(compared["differences"].as_array().unwrap().len(), 1, "its predictions can be paired");
    }
}

#[test]
fn a_kept_model_is_measured_and_asked() {
    for version in VERSIONS {
        let place = with_run(version);
        let metrics = Metrics::read(&place.path("run").join(names::METRICS)).unwrap();
        let scores = metrics.scores.unwrap();
        let measured = portable(&place, &["eval", "run", "photos", "--part", "val", "--json"]);
        assert_eq!(measured.code, 3, "one photo cannot be read: {measured:?}");
        let measured = &measured.json()[0];
        assert_eq!(measured["images"], 9);
        near(measured["accuracy"].as_f64().unwrap(), scores.accuracy, "accuracy");
        near(measured["loss"].as_f64().unwrap(), scores.loss, "loss");

        let known = Predictions::read(&place.path("run").join(names::PREDICTIONS)).unwrap();
        let photo = format!("photos/{}", known.paths[0]);
        let asked = portable(&place, &["predict", "run", &photo, "--json"]);
        let answer = &asked.succeeds().json()[0];
        let confidence = known.probabilities[..known.classes.len()].iter().copied().fold(0.0, f64::max);
        near(answer["confidence"].as_f64().unwrap(), confidence, "confidence");
    }
}

#[test]
fn a_kept_run_is_gone_on_with_to_the_bits_of_its_own_version_or_refused_by_number() {
    for version in VERSIONS {
        let place = with_run(version);
        let number = ModelFile::load(&place.path("run")).unwrap().numerics;
        let resumed = portable(&place, &["train", "--resume", "run", "--epochs", "3"]);
        if number != NUMERICS {
            resumed.fails(1, &format!("arithmetic number {number}, but this umbel computes by number {NUMERICS}"));
            continue;
        }
        assert_eq!(resumed.code, 3, "{resumed:?}");
        let history = |path: &Path| History::read(path).unwrap().epochs;
        let (came, expected) =
            (history(&place.path("run").join(names::HISTORY)), history(&path(version).join("resumed.csv")));
        assert_eq!(came.len(), 3);
        for (came, expected) in came.iter().zip(&expected) {
            if COMPUTED_ALIKE {
                near(came.loss, expected.loss, "loss");
                near(came.val_loss, expected.val_loss, "val_loss");
                assert_eq!((came.accuracy, came.val_accuracy), (expected.accuracy, expected.val_accuracy));
            }
            assert!((came.loss - expected.loss).abs() < 0.01 && (came.val_loss - expected.val_loss).abs() < 0.01);
        }
    }
}
