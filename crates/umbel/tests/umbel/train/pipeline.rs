//! train_folder and resume: what lies in the run folder, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use super::flowers::{self, StopWhen, TOML};
use umbel::Surroundings;
use umbel::base::notice::Notice;
use umbel::base::progress::{Event, Interrupt, Silent};
use umbel::data::{PrepSpec, SplitMethod};
use umbel::model_file::ModelFile;
use umbel::nn::{Cpu, Engine, Layer};
use umbel::pipeline::{AugmentChoice, Changes, PrecisionChoice, TrainConfig, TrainOutcome, resume, train_folder};
use umbel::train::{FitOptions, History};
use umbel::{Error, data, run, train};

pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("net.toml"), TOML).unwrap();
        Place { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> TrainConfig {
        TrainConfig {
            data: flowers::folder().to_owned(),
            model: self.path("net.toml").to_str().unwrap().to_string(),
            prep: PrepSpec { image_size: flowers::SIZE, ..PrepSpec::default() },
            cache: Some(flowers::cache()),
            fit: FitOptions { epochs: 3, batch: 9, ..FitOptions::default() },
            ..TrainConfig::default()
        }
    }
}

fn train(config: &TrainConfig, out: &Path) -> umbel::Result<TrainOutcome> {
    train_folder(config, Some(out), &Surroundings::default(), &mut Silent, &Interrupt::default())
}

fn quiet_resume(run: &Path, epochs: Option<usize>) -> umbel::Result<TrainOutcome> {
    let changes = Changes { epochs, ..Changes::default() };
    resume(run, &changes, &Surroundings::default(), &mut Silent, &Interrupt::default())
}

#[test]
fn a_run_leaves_everything_in_its_folder() {
    let place = Place::new();
    let run = place.path("run");
    let mut told = Vec::new();
    let mut observer = StopWhen::new(|event| {
        told.push(match event {
            Event::Found { files, classes } => format!("found {files} {}", classes.len()),
            Event::Using { train, val, .. } => format!("using {train} {val}"),
            Event::Start(start) => format!("start {} {}", start.train_images, start.precision),
            Event::End(end) => format!("end {}", end.run.ends_with("run")),
            _ => return false,
        });
        false
    });
    let outcome =
        train_folder(&place.config(), Some(&run), &Surroundings::default(), &mut observer, &Interrupt::default())
            .unwrap();
    drop(observer);
    let val = told[1].rsplit(' ').next().unwrap().parse::<usize>().unwrap();
    assert_eq!(
        told,
        [
            "found 40 5".to_string(),
            format!("using {} {val}", 40 - val),
            format!("start {} {}", 40 - val, Cpu::best().fastest_precision()),
            "end true".into()
        ]
    );
    assert!(!outcome.interrupted);
    for name in ["config.toml", "model.toml", "split.csv", "problems.csv", "history.csv", "last.ckpt", "metrics.json"] {
        assert!(run.join(name).is_file(), "{name}");
    }
    assert!(run.join("plots/curves.png").is_file() && run.join("plots/curves.svg").is_file());
    let file = ModelFile::load(&run).unwrap();
    assert_eq!(file.classes, umbel::demo::CLASSES);
    assert_eq!(file.metrics.epoch, outcome.end.best_epoch);
    assert_eq!(file.metrics.val_accuracy, outcome.end.val_accuracy);
    assert_eq!(History::read(&run.join("history.csv")).unwrap().epochs.len(), 3);
    let metrics: serde_json::Value = serde_json::from_slice(&fs::read(run.join("metrics.json")).unwrap()).unwrap();
    assert_eq!(metrics["best"]["val_accuracy"], file.metrics.val_accuracy);
    assert_eq!(metrics["epochs"], 3);
    assert_eq!(fs::read_to_string(run.join("leaks.csv")).unwrap(), "path,part,same_as,same_as_part\n");
    assert_eq!(fs::read_to_string(run.join("problems.csv")).unwrap(), "path,kind,detail\n");
    let scratch = fs::read_dir(&run).unwrap().flatten().any(|e| e.file_name().to_string_lossy().contains("scratch"));
    assert!(!scratch, "a scratch file was left");
    let saved: TrainConfig = toml::from_str(&fs::read_to_string(run.join("config.toml")).unwrap()).unwrap();
    assert_eq!(saved, place.config());
}

#[test]
fn a_run_keeps_the_precision_that_it_began_with() {
    let place = Place::new();
    let config = TrainConfig { precision: PrecisionChoice::Bf16, ..place.config() };
    let (single, whole, halves) = (place.path("single"), place.path("whole"), place.path("halves"));
    train(&TrainConfig { precision: PrecisionChoice::F32, ..place.config() }, &single).unwrap();
    train(&TrainConfig { threads: 3, ..config.clone() }, &whole).unwrap();
    let mut observer = StopWhen::new(|event| matches!(event, Event::Step { epoch: 2, step: 2, .. }));
    let interrupt = observer.interrupt.clone();
    let stopped = TrainConfig { threads: 1, ..config.clone() };
    assert!(
        train_folder(&stopped, Some(&halves), &Surroundings::default(), &mut observer, &interrupt).unwrap().interrupted
    );
    // As if the choice were automatic, and came to something else here than where the run began.
    let text = fs::read_to_string(halves.join("config.toml")).unwrap();
    assert!(text.contains("precision = \"bf16\""), "{text}");
    fs::write(halves.join("config.toml"), text.replace("precision = \"bf16\"", "precision = \"f32\"")).unwrap();
    let mut told = String::new();
    let mut observer = StopWhen::new(|event| {
        if let Event::Start(start) = event {
            told.clone_from(&start.precision);
        }
        false
    });
    resume(&halves, &Changes::default(), &Surroundings::default(), &mut observer, &Interrupt::default()).unwrap();
    drop(observer);
    assert_eq!(told, "bf16");
    let model = |run: &Path| ModelFile::load(run).unwrap().model;
    assert_eq!(model(&halves), model(&whole), "neither threads nor the stop changed a bit");
    assert_ne!(model(&whole), model(&single));
    let metrics: serde_json::Value = serde_json::from_slice(&fs::read(halves.join("metrics.json")).unwrap()).unwrap();
    assert_eq!(metrics["machine"]["precision"], "bf16");
}

#[test]
fn an_interrupted_run_resumes_to_the_same_model() {
    let place = Place::new();
    let (whole, halves) = (place.path("whole"), place.path("halves"));
    train(&place.config(), &whole).unwrap();
    let mut observer = StopWhen::new(|event| matches!(event, Event::Step { epoch: 2, step: 2, .. }));
    let interrupt = observer.interrupt.clone();
    let outcome =
        train_folder(&place.config(), Some(&halves), &Surroundings::default(), &mut observer, &interrupt).unwrap();
    assert!(outcome.interrupted);
    assert_eq!(History::read(&halves.join("history.csv")).unwrap().epochs.len(), 1);
    // The run keeps a copy of the model's TOML: the file itself may change meanwhile.
    fs::write(place.path("net.toml"), "nonsense").unwrap();
    let outcome = quiet_resume(&halves, None).unwrap();
    assert!(!outcome.interrupted);
    assert!(fs::read(whole.join("model.safetensors")).unwrap() == fs::read(halves.join("model.safetensors")).unwrap());
    assert_eq!(fs::read(whole.join("split.csv")).unwrap(), fs::read(halves.join("split.csv")).unwrap());
}

#[test]
fn a_run_stopped_before_its_first_epoch_can_be_resumed() {
    let place = Place::new();
    let run = place.path("run");
    let mut observer = StopWhen::new(|event| matches!(event, Event::Step { .. }));
    let interrupt = observer.interrupt.clone();
    let outcome =
        train_folder(&place.config(), Some(&run), &Surroundings::default(), &mut observer, &interrupt).unwrap();
    assert!(outcome.interrupted);
    assert_eq!(outcome.end.best_epoch, 0);
    // As after a kill before the first checkpoint.
    fs::remove_file(run.join("last.ckpt")).unwrap();
    fs::remove_file(run.join("history.csv")).unwrap();
    let outcome = quiet_resume(&run, Some(2)).unwrap();
    assert!(!outcome.interrupted);
    assert_eq!(History::read(&run.join("history.csv")).unwrap().epochs.len(), 2);
}

#[test]
fn a_finished_run_says_so_and_takes_more_epochs() {
    let place = Place::new();
    let run = place.path("run");
    train(&place.config(), &run).unwrap();
    let mut observer = StopWhen::new(|_| false);
    resume(&run, &Changes::default(), &Surroundings::default(), &mut observer, &Interrupt::default()).unwrap();
    assert!(observer.notices.contains(&Notice::EpochsDone { epochs: 3 }), "{:?}", observer.notices);
    quiet_resume(&run, Some(5)).unwrap();
    assert_eq!(History::read(&run.join("history.csv")).unwrap().epochs.len(), 5);
    let saved = fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(saved.contains("epochs = 5"), "{saved}");
}

#[test]
fn threads_do_not_change_the_model() {
    let place = Place::new();
    let models: Vec<Vec<u8>> = [1, 2, 3]
        .iter()
        .map(|threads| {
            let run = place.path(&format!("run-{threads}"));
            train(&TrainConfig { threads: *threads, ..place.config() }, &run).unwrap();
            fs::read(run.join("model.safetensors")).unwrap()
        })
        .collect();
    assert!(models[0] == models[1] && models[0] == models[2]);
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let place = Place::new();
    let run = place.path("run");
    fs::create_dir(&run).unwrap();
    fs::write(run.join("precious"), "mine").unwrap();
    let error = train(&place.config(), &run).unwrap_err();
    assert!(matches!(error, Error::Run(run::Error::RunExists { .. })), "{error}");
    assert_eq!(
        error.to_string(),
        format!("{} exists already and is not empty: choose another run folder, or go on with that run", run.display())
    );
    assert_eq!(fs::read_dir(&run).unwrap().count(), 1);
    assert!(matches!(quiet_resume(&run, None).unwrap_err(), Error::Run(run::Error::NotARun { .. })));
    assert!(matches!(quiet_resume(&place.path("nowhere"), None).unwrap_err(), Error::Run(run::Error::NotARun { .. })));
    fs::write(place.path("file"), "").unwrap();
    let error = train(&place.config(), &place.path("file")).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}

#[test]
fn a_photo_that_is_gone_or_changed_is_said() {
    let place = Place::new();
    let data = place.path("data");
    umbel::demo::write_folder(&data, 4, 32, 3).unwrap();
    let run = place.path("run");
    let config = TrainConfig { data: data.clone(), cache: Some(place.path("cache")), ..place.config() };
    train(&config, &run).unwrap();
    let split = fs::read_to_string(run.join("split.csv")).unwrap();
    let photo = data.join(split.lines().nth(1).unwrap().split(',').next().unwrap());
    let bytes = fs::read(&photo).unwrap();
    let other = split.lines().nth(2).unwrap().split(',').next().unwrap();
    fs::copy(data.join(other), &photo).unwrap();
    let error = quiet_resume(&run, Some(4)).unwrap_err();
    assert!(matches!(error, Error::Train(train::Error::OtherRun { what: "photos or labels", .. })), "{error}");
    fs::remove_file(&photo).unwrap();
    let error = umbel::base::error::with_causes(&quiet_resume(&run, Some(4)).unwrap_err());
    assert!(error.contains(photo.file_name().unwrap().to_str().unwrap()), "{error}");
    fs::write(&photo, bytes).unwrap();
    quiet_resume(&run, Some(4)).unwrap();
}

#[test]
fn a_bad_picture_is_listed_or_with_strict_an_error() {
    let place = Place::new();
    let data = place.path("data");
    umbel::demo::write_folder(&data, 4, 32, 3).unwrap();
    fs::write(data.join("roses/broken.jpg"), b"not a picture").unwrap();
    let config = TrainConfig { data, cache: Some(place.path("cache")), ..place.config() };
    let error = train(&TrainConfig { strict: true, ..config.clone() }, &place.path("strict")).unwrap_err();
    assert!(
        matches!(&error, Error::Data(data::Error::BadPicture { path, .. }) if path == "roses/broken.jpg"),
        "{error}"
    );
    assert!(!place.path("strict").exists());
    let outcome = train(&config, &place.path("run")).unwrap();
    assert_eq!(outcome.skipped, 1);
    let problems = fs::read_to_string(place.path("run/problems.csv")).unwrap();
    assert!(problems.contains("roses/broken.jpg,not-a-picture,"), "{problems}");
}

#[test]
fn augmentation_of_a_toml_model_can_be_stripped_or_replaced() {
    let place = Place::new();
    let count = |choice: Option<AugmentChoice>, name: &str| {
        let fit = FitOptions { epochs: 1, ..place.config().fit };
        train(&TrainConfig { augment: choice, fit, ..place.config() }, &place.path(name)).unwrap();
        let file = ModelFile::load(&place.path(name)).unwrap();
        let layers = file.model.architecture().layers();
        layers.filter(|layer| matches!(layer, Layer::Augment(_))).count()
    };
    assert_eq!(count(None, "own"), 1);
    assert_eq!(count(Some(AugmentChoice::None), "none"), 0);
    assert_eq!(count(Some(AugmentChoice::Tutorial), "tutorial"), 3);
}

#[test]
fn settings_that_cannot_be_used_leave_no_run_folder() {
    let place = Place::new();
    let run = place.path("run");
    let config = place.config();
    let four_classes = place.path("four.toml");
    fs::write(&four_classes, TOML.replace("units = 5", "units = 4")).unwrap();
    let unknown_key = place.path("unknown.toml");
    fs::write(&unknown_key, TOML.replace("rate = 0.2", "rat = 0.2")).unwrap();
    let named = |path: &Path| path.to_str().unwrap().to_string();
    let cases = [
        (TrainConfig { model: "resnet-9000".into(), ..config.clone() }, "cnn"),
        (TrainConfig { model: "none.toml".into(), ..config.clone() }, "none.toml"),
        (TrainConfig { model: named(&four_classes), ..config.clone() }, "Dense(5)"),
        (TrainConfig { model: named(&unknown_key), ..config.clone() }, "rat"),
        (TrainConfig { dropout: Some(0.5), ..config.clone() }, "dropout"),
        (TrainConfig { val_split: 1.0, ..config.clone() }, "val_split"),
        (TrainConfig { test_split: Some(0.0), ..config.clone() }, "test_split"),
        (TrainConfig { test_split: Some(0.9), ..config.clone() }, "below 1"),
        (TrainConfig { group_by: Some("(".into()), ..config.clone() }, "regular expression"),
        (TrainConfig { group_by: Some("daisy".into()), ..config.clone() }, "dandelion"),
        (TrainConfig { folds: Some(5), ..config.clone() }, "train_folds"),
        (TrainConfig { data: place.path("no data"), ..config.clone() }, "no data"),
        (TrainConfig { threads: 1_000_000, ..config.clone() }, "threads"),
        (TrainConfig { split: SplitMethod::File(place.path("no.csv")), ..config.clone() }, "no.csv"),
    ];
    for (config, expected) in cases {
        let error = train(&config, &run).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(!run.exists(), "{error}");
    }
}

#[test]
fn a_config_with_an_unknown_key_is_refused_on_resume() {
    let place = Place::new();
    let run = place.path("run");
    train(&place.config(), &run).unwrap();
    let path = run.join("config.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("learning_rat = 3\n{text}")).unwrap();
    let error = quiet_resume(&run, None).unwrap_err().to_string();
    assert!(error.contains("learning_rat") && error.contains("config.toml"), "{error}");
}

#[test]
fn every_setting_survives_config_toml() {
    use umbel::nn::{OptimizerConfig, ScheduleKind};
    use umbel::train::{EarlyStopping, Monitor, ReduceOnPlateau};
    let config = TrainConfig {
        data: "photos".into(),
        split: SplitMethod::File("split.csv".into()),
        test_split: Some(0.1),
        group_by: Some("([0-9]+)_".into()),
        folds: Some(5),
        augment: Some(AugmentChoice::None),
        dropout: Some(0.25),
        threads: 3,
        strict: true,
        cache: Some("cache".into()),
        fit: FitOptions {
            optimizer: OptimizerConfig::sgd(0.9),
            schedule: ScheduleKind::Step { every: 2, factor: 0.5 },
            monitor: Monitor::ValLoss,
            early_stopping: Some(EarlyStopping { patience: 3, min_delta: 0.1 }),
            reduce_on_plateau: Some(ReduceOnPlateau { patience: 3, factor: 0.1, min_lr: 1e-6 }),
            seed: u64::from(u32::MAX) + 1,
            ..FitOptions::default()
        },
        ..TrainConfig::default()
    };
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<TrainConfig>(&text).unwrap(), config, "{text}");
}
