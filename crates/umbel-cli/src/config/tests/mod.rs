//! Command lines and the settings that they come to.

use clap::FromArgMatches;
use umbel::base::augmentation::{Balance, Mixing};
use umbel::data::{Interpolation, PrepSpec, Resize, SplitMethod, Tta, decode::Depth};
use umbel::nn::{OptimizerConfig, ScheduleKind};
use umbel::pipeline::{AugmentChoice, PrecisionChoice, Recipe, arguments, command_line};
use umbel::pretrained::Tune;
use umbel::settings::{Kind, Reproduce, Row, Stage, find, rows};
use umbel::train::{EarlyStopping, FitOptions, HeadFit, Monitor, ReduceOnPlateau};

mod recipes;

use super::*;
use crate::args::{self, Arguments, Command};

fn parse(words: &[&str]) -> Result<TrainArgs, clap::Error> {
    let matches = args::command().try_get_matches_from(["umbel", "train"].iter().chain(words))?;
    match Arguments::from_arg_matches(&matches)?.command {
        Command::Train(args) => Ok(*args),
        other => panic!("{other:?}"),
    }
}

fn config(words: &[&str]) -> anyhow::Result<TrainConfig> {
    train_config(&parse(words)?, Recipe::Auto)
}

/// With weights that nobody looks into, since the network is named.
fn pretrained(more: &[&str]) -> anyhow::Result<TrainConfig> {
    config(&[&["photos", "--pretrained", "w.safetensors", "--model", "resnet18"], more].concat())
}

#[test]
fn pretrained_weights_bring_settings_of_their_own() {
    let plain = pretrained(&[]).unwrap();
    let usual = Recipe::Auto.config().fit;
    assert_eq!(usual, Recipe::Finetune.config().fit);
    assert_eq!((plain.prep.image_size, &plain.fit), (224, &usual));
    assert!(usual.layer_decay < 1.0 && usual.early_stopping.is_none() && usual.least_steps > 0);
    let flags = pretrained(&["--early-stopping", "2", "--epochs", "9", "--lr", "0.1"]).unwrap();
    let early_stopping = Some(EarlyStopping { patience: 2, min_delta: 0.0 });
    // Epochs that are said are meant, however few steps they make.
    assert_eq!(flags.fit, FitOptions { early_stopping, epochs: 9, learning_rate: 0.1, least_steps: 0, ..usual });
    // Whole photos are shown larger to a network that is not trained: it has learned from crops.
    let head = pretrained(&["--tune", "head"]).unwrap();
    assert_eq!((head.tune, head.prep.image_size), (Some(Tune::Head), 288));
    assert_eq!(pretrained(&["--tune", "head", "--image-size", "128"]).unwrap().prep.image_size, 128);
    assert_eq!(pretrained(&["--image-size", "64"]).unwrap().prep.image_size, 64);
}

#[test]
fn flags_override_a_saved_config() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let saved = TrainConfig {
        data: "elsewhere".into(),
        val_split: 0.3,
        augment: Some(AugmentChoice::None),
        recipe: Recipe::Quick,
        fit: FitOptions { epochs: 4, batch: 8, optimizer: OptimizerConfig::adam_w(), ..FitOptions::default() },
        ..TrainConfig::default()
    };
    std::fs::write(&path, toml::to_string(&saved).unwrap()).unwrap();
    let path = path.to_str().unwrap();
    // What it leaves out is at its default, and not as its recipe has it.
    assert_eq!(config(&["--config", path]).unwrap(), saved);
    let with_flags = config(&["photos", "--config", path, "--epochs", "9", "--weight-decay", "0.5"]).unwrap();
    assert_eq!((with_flags.data.to_str().unwrap(), with_flags.val_split), ("photos", 0.3));
    assert_eq!((with_flags.fit.epochs, with_flags.fit.batch), (9, 8));
    assert!(matches!(with_flags.fit.optimizer, OptimizerConfig::AdamW { weight_decay: 0.5, .. }));
    let recipe = config(&["--config", path, "--recipe", "quick"]).unwrap_err().to_string();
    assert_eq!(recipe, "--recipe cannot be laid over a saved config, which has all settings");
    // A config of one line is as good as any.
    std::fs::write(path, "fit.early_stopping.patience = 3\n").unwrap();
    let fit = config(&["photos", "--config", path]).unwrap().fit;
    assert_eq!(fit.early_stopping, Some(EarlyStopping { patience: 3, min_delta: 0.0 }));
}

#[test]
fn what_does_not_go_together_is_refused_by_name() {
    let cases: [(&[&str], &str); 10] = [
        (&["--momentum", "0.9"], "--momentum belongs to --optimizer sgd or nesterov"),
        (&["--weight-decay", "0.1"], "--weight-decay belongs to --optimizer adamw, sgd or nesterov"),
        (&["--mix-probability", "0.5"], "--mix-probability belongs to --mixup or --cutmix"),
        (&["--step-every", "2"], "--step-every belongs to --schedule step"),
        (&["--step-factor", "0.5", "--schedule", "cosine"], "--step-factor belongs to --schedule step"),
        (&["--tune", "head"], "--tune belongs to --pretrained"),
        (&["--folds", "3", "--val-split", "0.3"], "--val-split does nothing beside --folds"),
        (
            &["--train-sizes", "96", "--image-size", "64"],
            "--train-sizes 96 is larger than the photos are made (--image-size 64)",
        ),
        (&["--set", "fit.optimizer.nesterov=true"], "fit.optimizer.nesterov belongs to --optimizer sgd or nesterov"),
        (&["--set", "fit.early_stopping.min_delta=0.1"], "fit.early_stopping.min_delta belongs to --early-stopping"),
    ];
    for (words, said) in cases {
        let error = config(&[&["photos", "--recipe", "tutorial"], words].concat()).unwrap_err().to_string();
        assert_eq!(error, said, "{words:?}");
    }
    let twice = parse(&["photos", "--lr", "0.1", "--set", "fit.learning_rate=0.2"]).unwrap_err().to_string();
    assert!(twice.contains("--lr is given twice"), "{twice}");
}

#[test]
fn what_the_last_layer_alone_has_no_use_for_is_refused_by_name() {
    let head = |words: &[&str]| pretrained(&[&["--tune", "head"], words].concat()).map_err(|e| e.to_string());
    for row in rows().filter(|row| row.never_used_at(Stage::Head)) {
        let value = format!("{}={}", row.key, another(row));
        let refused = head(&["--set", &value]).unwrap_err();
        assert!(refused.starts_with(&format!("{} ", row.key)), "{refused}");
        let Some(flag) = row.flag else { continue };
        assert_eq!(
            head(&[&format!("--{flag}={}", another(row))]).unwrap_err(),
            format!(
                "--{flag} does nothing with --tune head: the last layer is fitted to convergence, on the photos as they are"
            )
        );
    }
    let bf16 = head(&["--precision", "bf16"]).unwrap_err();
    assert_eq!(bf16, "--precision bf16 does nothing with --tune head: it computes in single precision");
    head(&["--precision", "f32", "--batch", "8"]).unwrap();
    // What a recipe or the config of another run says is not said for this run.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let path = path.to_str().unwrap();
    std::fs::write(path, toml::to_string(&pretrained(&["--epochs", "9"]).unwrap()).unwrap()).unwrap();
    let config_of_head = config(&["--config", path, "--tune", "head"]).unwrap();
    assert_eq!(config_of_head.fit, Recipe::Finetune.config().fit);
    std::fs::write(path, toml::to_string(&config_of_head).unwrap()).unwrap();
    assert_eq!(config(&["--config", path]).unwrap(), config_of_head);
    // A file that asks for it and for more is.
    let more = "recipe = \"finetune\"\npretrained = \"w.safetensors\"\ntune = \"head\"\nfit.epochs = 9\n";
    std::fs::write(path, more).unwrap();
    assert_eq!(config(&["photos", "--config", path]).unwrap().fit.epochs, 9, "a saved config is as it was saved");
}

/// The settings of a pretrained network.
fn resnet(tune: Option<Tune>) -> TrainConfig {
    let (data, model) = ("my photos".into(), "resnet18".to_string());
    let pretrained = Some("my weights.safetensors".into());
    let mut config = TrainConfig { data, model, pretrained, tune, ..Recipe::Finetune.config() };
    config.prep.image_size = 224;
    config
}

/// What the report tells people to type gives the settings again.
#[test]
fn the_command_line_of_settings_gives_them_again() {
    let with = |change: fn(&mut TrainConfig)| {
        let mut config = TrainConfig { data: "my photos/it's".into(), ..TrainConfig::default() };
        change(&mut config);
        config
    };
    let configs = [
        with(|_| {}),
        with(|config| {
            config.model = "runs/a b/model.toml".into();
            config.val_split = 0.3;
            config.test_split = Some(0.1);
            config.group_by = Some("(plant[0-9]+)".into());
            config.split = SplitMethod::Keras;
            config.prep = PrepSpec { image_size: 64, depth: Depth::Ten, ..PrepSpec::default() };
            (config.prep.resize, config.prep.interpolation) = (Resize::Letterbox, Interpolation::Bilinear);
            config.augment = Some(AugmentChoice::None);
            config.dropout = Some(0.0);
            config.precision = PrecisionChoice::F32;
            config.strict = true;
            config.tensorboard = true;
        }),
        with(|config| {
            config.split = SplitMethod::File("run/split.csv".into());
            config.augment = Some(AugmentChoice::Tutorial);
            config.prep.resize = Resize::Crop;
            config.fit = FitOptions {
                least_steps: 40,
                epochs: 3,
                batch: 8,
                seed: 7,
                learning_rate: 0.0125,
                optimizer: OptimizerConfig::Sgd { momentum: 0.5, nesterov: false, weight_decay: 0.0 },
                schedule: ScheduleKind::Step { every: 4, factor: 0.3 },
                warmup_epochs: 0.5,
                monitor: Monitor::ValCalibratedLoss,
                best_from: 0.25,
                views: Some(Tta::FlipsAndCrops),
                early_stopping: Some(EarlyStopping { patience: 3, min_delta: 0.0 }),
                reduce_on_plateau: Some(ReduceOnPlateau { patience: 2, factor: 0.1, min_lr: 0.0 }),
                precision: umbel::nn::Precision::F32,
                engine: umbel::nn::SharedEngine::default(),
                label_smoothing: 0.1,
                mixing: Mixing { mixup: 0.2, cutmix: 1.0, probability: 0.5 },
                balance: Balance::Sample,
                ema_momentum: 0.99,
                global_clipnorm: 2.5,
                gradient_accumulation_steps: 4,
                train_sizes: vec![96, 128],
                layer_decay: 0.75,
                head: HeadFit::No,
                kept: Vec::new(),
                started_from: None,
                run_folder: None,
            };
            config.random_crop = 0.35;
            config.rand_augment = 0.5;
            config.random_erasing = 0.25;
        }),
        // A recipe, and everything in it taken back.
        with(|config| *config = TrainConfig { data: "photos".into(), ..Recipe::Scratch.config() }),
        with(|config| {
            let fit = FitOptions { balance: Balance::Loss, ..FitOptions::default() };
            let augment = Some(AugmentChoice::Tutorial);
            let recipe = Recipe::Scratch;
            *config = TrainConfig { data: "photos".into(), recipe, augment, fit, ..TrainConfig::default() };
        }),
        with(|config| config.fit.optimizer = OptimizerConfig::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.1 }),
        with(|config| *config = resnet(None)),
        with(|config| {
            let fit = FitOptions { seed: 5, ..FitOptions::default() };
            *config = TrainConfig { fit, ..resnet(Some(Tune::Last)) };
            config.prep.image_size = 64;
        }),
        with(|config| *config = resnet(Some(Tune::Head))),
        with(|config| {
            config.folds = Some(3);
            config.precision = PrecisionChoice::Bf16;
            config.fit.optimizer = OptimizerConfig::adam_w();
            config.fit.schedule = ScheduleKind::Cosine;
        }),
    ];
    for config in configs {
        assert_eq!(again(&config), config);
    }
    let beyond =
        with(|config| config.fit.optimizer = OptimizerConfig::Adam { beta_1: 0.5, beta_2: 0.9, epsilon: 1e-7 });
    assert!(command_line(&beyond).unwrap().contains(" --set fit.optimizer.beta_1=0.5"), "no flag says so");
    assert_eq!(again(&beyond), beyond);
    let line = command_line(&with(|_| {})).unwrap();
    assert!(line.starts_with(r"umbel train 'my photos/it'\''s' --recipe tutorial --seed 123 "), "{line}");
}

#[test]
fn a_split_is_a_name_or_a_file() {
    let split = |word| config(&["photos", "--split", word]).unwrap().split;
    assert_eq!(split("keras"), SplitMethod::Keras);
    assert_eq!(split("stratified"), SplitMethod::Stratified);
    assert_eq!(split("runs/a/split.csv"), SplitMethod::File("runs/a/split.csv".into()));
}

/// What the report tells people to type gives the settings again, whatever was set.
#[test]
fn the_command_line_of_any_setting_gives_it_again() {
    for row in rows().filter(|row| row.reproduce != Reproduce::Never) {
        let mut given = Given::default();
        let mut say = |row: &'static Row, word: &str| {
            if !given.has(row.key) {
                given.say(row.key, word).unwrap();
            }
        };
        say(row, &another(row));
        for (key, values) in row.needs.iter().take(1) {
            let needed = find(key).unwrap();
            say(needed, values.first().map_or(another(needed).as_str(), |value| value));
        }
        if ["pretrained", "tune"].contains(&row.key) {
            say(find("model").unwrap(), "resnet18");
        }
        say(find("data").unwrap(), "my photos/it's");
        let own = merged(Recipe::Tutorial, None, &Given::default(), &given).unwrap();
        assert_eq!(own, again(&own), "{}", row.key);
        let data = if row.key == "data" { "".into() } else { own.data.clone() };
        assert_ne!(own, TrainConfig { data, ..TrainConfig::default() }, "{} changes something", row.key);
    }
}

fn again(config: &TrainConfig) -> TrainConfig {
    let words = arguments(config).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    train_config(&parse(&words[2..]).unwrap(), Recipe::Auto).unwrap()
}

/// Another value than the default.
fn another(row: &Row) -> String {
    let other = |word: &str| (word != row.default).then(|| word.to_string());
    match row.kind {
        Kind::Switch => "true".into(),
        Kind::Whole(range) => (range.low + 1).to_string(),
        Kind::Real(range) => ["0.25", range.example].into_iter().find_map(other).unwrap(),
        Kind::Numbers(_) => "96,128".into(),
        Kind::Name(names) => names().iter().find_map(|names| other(names[0])).unwrap(),
        Kind::Text => "runs/a b/(.+).toml".into(),
        Kind::Path => "some where/else".into(),
        Kind::Split => "run/split.csv".into(),
    }
}
