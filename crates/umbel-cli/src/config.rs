//! From the flags of `umbel train` to the library's `TrainConfig`: a saved config or the defaults, then every flag that
//! was given on top.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context;
use umbel::base::augmentation::Balance;
use umbel::data::{Interpolation, Resize, SplitMethod};
use umbel::nn::{OptimizerConfig, ScheduleKind, models};
use umbel::pipeline::{AugmentChoice, PrecisionChoice, Recipe, TrainConfig};
use umbel::pretrained::{Pretrained, Tune};
use umbel::train::{EarlyStopping, FitOptions, Monitor, ReduceOnPlateau};

use crate::args::{
    AugmentArg, BalanceArg, InterpolationArg, MonitorArg, OptimizerArg, PrecisionArg, RecipeArg, ResizeArg,
    ScheduleArg, TrainArgs, TuneArg,
};
use crate::exit::usage;

/// PyTorch's and Keras' examples use it; Keras' own default is none at all, which is rarely what one wants from sgd.
const DEFAULT_MOMENTUM: f32 = 0.9;
const DEFAULT_STEP_EVERY: usize = 10;
const DEFAULT_STEP_FACTOR: f64 = 0.1;
/// As Keras' ReduceLROnPlateau.
const PLATEAU_FACTOR: f64 = 0.1;

/// Builds the configuration of a new run.
pub fn train_config(args: &TrainArgs) -> anyhow::Result<TrainConfig> {
    let mut config = match &args.config {
        Some(path) => read(path)?,
        None => recipe(args).config(),
    };
    set(&mut config.data, args.dir.clone());
    set(&mut config.model, args.model.clone());
    set(&mut config.val_split, args.val_split);
    set(&mut config.split, args.split.as_deref().map(split_method));
    set(&mut config.prep.image_size, args.image_size);
    set(&mut config.prep.resize, args.resize.map(Resize::from));
    set(&mut config.prep.interpolation, args.interpolation.map(Interpolation::from));
    set(&mut config.precision, args.precision.map(PrecisionChoice::from));
    set(&mut config.threads, args.threads);
    config.pretrained = args.pretrained.clone().or(config.pretrained);
    config.tune = args.tune.map(Tune::from).or(config.tune);
    if config.tune.is_some() && config.pretrained.is_none() {
        return Err(usage("--tune belongs to --pretrained"));
    }
    if let Some(weights) = &args.pretrained {
        start_from(weights, args, &mut config)?;
    }
    config.augment = args.augment.map(AugmentChoice::from).or(config.augment);
    set(&mut config.random_crop, args.random_crop);
    set(&mut config.rand_augment, args.rand_augment);
    set(&mut config.random_erasing, args.random_erasing);
    config.test_split = args.test_split.or(config.test_split);
    config.group_by = args.group_by.clone().or(config.group_by);
    config.folds = args.folds.or(config.folds);
    config.dropout = args.dropout.or(config.dropout);
    config.strict |= args.strict;
    config.tensorboard |= args.tensorboard;
    config.cache = args.cache.clone().or(config.cache);
    if config.data.as_os_str().is_empty() {
        return Err(usage("the config names no folder of photos; give one: umbel train DIR --config FILE"));
    }
    if config.tune == Some(Tune::Head) {
        refuse_for_head(args)?;
    }
    apply_fit(args, &mut config.fit)?;
    // A recipe's sizes give way to a smaller --image-size; sizes that were typed are meant.
    let sizes = args.train_sizes.iter().flat_map(|sizes| &sizes.0);
    if let Some(size) = sizes.copied().find(|size| *size > config.prep.image_size) {
        let own = config.prep.image_size;
        return Err(usage(format!("--train-sizes {size} is larger than the photos are made (--image-size {own})")));
    }
    Ok(config)
}

/// The recipe that is asked for, or the one that goes with what is.
fn recipe(args: &TrainArgs) -> Recipe {
    match args.recipe {
        Some(RecipeArg::Tutorial) => Recipe::Tutorial,
        Some(RecipeArg::Quick) => Recipe::Quick,
        Some(RecipeArg::Scratch) => Recipe::Scratch,
        Some(RecipeArg::Finetune) => Recipe::Finetune,
        None if args.pretrained.is_some() => Recipe::Finetune,
        None => Recipe::Tutorial,
    }
}

/// What comes with pretrained weights, unless a flag or a saved config says otherwise: the network and the photos' size.
fn start_from(weights: &Path, args: &TrainArgs, config: &mut TrainConfig) -> anyhow::Result<()> {
    if args.config.is_some() {
        return Ok(());
    }
    if args.model.is_none() {
        let Some(model) = Pretrained::read(weights)?.architecture() else {
            return Err(usage(format!(
                "the weights {} are for none of the networks that umbel knows; name one with --model to see what differs",
                weights.display()
            )));
        };
        config.model = model.to_string();
    }
    if args.image_size.is_none() {
        set(&mut config.prep.image_size, models::find(&config.model).and_then(|known| known.pretrained_size));
    }
    Ok(())
}

/// The last layer alone is fitted to convergence: there are no steps to be set.
fn refuse_for_head(args: &TrainArgs) -> anyhow::Result<()> {
    let given = [
        ("epochs", args.epochs.is_some()),
        ("lr", args.lr.is_some()),
        ("optimizer", args.optimizer.is_some()),
        ("schedule", args.schedule.is_some()),
        ("warmup", args.warmup.is_some()),
        ("layer-decay", args.layer_decay.is_some()),
        ("early-stopping", args.early_stopping.is_some()),
        ("reduce-on-plateau", args.reduce_on_plateau.is_some()),
        ("augment", args.augment.is_some()),
        ("dropout", args.dropout.is_some()),
        ("random-crop", args.random_crop.is_some()),
        ("rand-augment", args.rand_augment.is_some()),
        ("random-erasing", args.random_erasing.is_some()),
        ("label-smoothing", args.label_smoothing.is_some()),
        ("mixup", args.mixup.is_some()),
        ("cutmix", args.cutmix.is_some()),
        ("balance", args.balance.is_some()),
        ("ema", args.ema.is_some()),
        ("clip", args.clip.is_some()),
        ("accumulate", args.accumulate.is_some()),
        ("train-sizes", args.train_sizes.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(usage(format!(
            "--{flag} does nothing with --tune head: the last layer is fitted to convergence, on the photos as they are"
        ))),
    }
}

fn apply_fit(args: &TrainArgs, fit: &mut FitOptions) -> anyhow::Result<()> {
    set(&mut fit.epochs, args.epochs);
    set(&mut fit.batch, args.batch);
    set(&mut fit.seed, args.seed);
    set(&mut fit.learning_rate, args.lr);
    set(&mut fit.warmup_epochs, args.warmup);
    set(&mut fit.layer_decay, args.layer_decay);
    set(&mut fit.monitor, args.monitor.map(Monitor::from));
    fit.optimizer = optimizer(args, fit.optimizer)?;
    fit.schedule = schedule(args, fit.schedule)?;
    if let Some(patience) = args.early_stopping {
        fit.early_stopping = (patience > 0).then_some(EarlyStopping { patience, min_delta: 0.0 });
    }
    if let Some(patience) = args.reduce_on_plateau {
        let reduce = ReduceOnPlateau { patience, factor: PLATEAU_FACTOR, min_lr: 0.0 };
        fit.reduce_on_plateau = (patience > 0).then_some(reduce);
    }
    set(&mut fit.label_smoothing, args.label_smoothing);
    set(&mut fit.mixing.mixup, args.mixup);
    set(&mut fit.mixing.cutmix, args.cutmix);
    set(&mut fit.mixing.probability, args.mix_probability);
    set(&mut fit.balance, args.balance.map(Balance::from));
    set(&mut fit.ema_momentum, args.ema);
    set(&mut fit.global_clipnorm, args.clip);
    set(&mut fit.gradient_accumulation_steps, args.accumulate);
    set(&mut fit.train_sizes, args.train_sizes.clone().map(|sizes| sizes.0));
    if args.mix_probability.is_some() && fit.mixing.mixup == 0.0 && fit.mixing.cutmix == 0.0 {
        return Err(usage("--mix-probability belongs to --mixup or --cutmix"));
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<TrainConfig> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("cannot read the config {}; every run folder holds one, config.toml", path.display())
    })?;
    toml::from_str(&text).map_err(|error| {
        usage(format!("the config {} cannot be used: {}", path.display(), error.to_string().trim_end()))
    })
}

fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *field = value;
    }
}

fn split_method(given: &OsStr) -> SplitMethod {
    match given.to_str() {
        Some("stratified") => SplitMethod::Stratified,
        Some("keras") => SplitMethod::Keras,
        _ => SplitMethod::File(given.into()),
    }
}

fn optimizer(args: &TrainArgs, saved: OptimizerConfig) -> anyhow::Result<OptimizerConfig> {
    let mut optimizer = match args.optimizer {
        None => saved,
        Some(OptimizerArg::Adam) => OptimizerConfig::adam(),
        Some(OptimizerArg::Adamw) => OptimizerConfig::adam_w(),
        Some(OptimizerArg::Sgd) => OptimizerConfig::sgd(DEFAULT_MOMENTUM),
        Some(OptimizerArg::Nesterov) => {
            OptimizerConfig::Sgd { momentum: DEFAULT_MOMENTUM, nesterov: true, weight_decay: 0.0 }
        }
    };
    if let Some(given) = args.momentum {
        let OptimizerConfig::Sgd { momentum, .. } = &mut optimizer else {
            return Err(usage("--momentum belongs to --optimizer sgd or nesterov"));
        };
        *momentum = given;
    }
    if let Some(given) = args.weight_decay {
        match &mut optimizer {
            OptimizerConfig::AdamW { weight_decay, .. } | OptimizerConfig::Sgd { weight_decay, .. } => {
                *weight_decay = given;
            }
            OptimizerConfig::Adam { .. } => {
                return Err(usage("--weight-decay belongs to --optimizer adamw, sgd or nesterov"));
            }
        }
    }
    Ok(optimizer)
}

fn schedule(args: &TrainArgs, saved: ScheduleKind) -> anyhow::Result<ScheduleKind> {
    let mut schedule = match args.schedule {
        None => saved,
        Some(ScheduleArg::Constant) => ScheduleKind::Constant,
        Some(ScheduleArg::Cosine) => ScheduleKind::Cosine,
        Some(ScheduleArg::Step) => ScheduleKind::Step { every: DEFAULT_STEP_EVERY, factor: DEFAULT_STEP_FACTOR },
    };
    if let ScheduleKind::Step { every, factor } = &mut schedule {
        set(every, args.step_every);
        set(factor, args.step_factor);
    } else if args.step_every.is_some() || args.step_factor.is_some() {
        return Err(usage("--step-every and --step-factor belong to --schedule step"));
    }
    Ok(schedule)
}

impl From<ResizeArg> for Resize {
    fn from(arg: ResizeArg) -> Self {
        match arg {
            ResizeArg::Stretch => Resize::Stretch,
            ResizeArg::Crop => Resize::Crop,
            ResizeArg::Letterbox => Resize::Letterbox,
        }
    }
}

impl From<InterpolationArg> for Interpolation {
    fn from(arg: InterpolationArg) -> Self {
        match arg {
            InterpolationArg::Bilinear => Interpolation::Bilinear,
            InterpolationArg::Antialias => Interpolation::BilinearAntialias,
        }
    }
}

impl From<AugmentArg> for AugmentChoice {
    fn from(arg: AugmentArg) -> Self {
        match arg {
            AugmentArg::Tutorial => AugmentChoice::Tutorial,
            AugmentArg::Flip => AugmentChoice::Flip,
            AugmentArg::None => AugmentChoice::None,
        }
    }
}

impl From<BalanceArg> for Balance {
    fn from(arg: BalanceArg) -> Self {
        match arg {
            BalanceArg::Loss => Balance::Loss,
            BalanceArg::Sample => Balance::Sample,
            BalanceArg::None => Balance::None,
        }
    }
}

impl From<TuneArg> for Tune {
    fn from(arg: TuneArg) -> Self {
        match arg {
            TuneArg::Head => Tune::Head,
            TuneArg::Last => Tune::Last,
            TuneArg::All => Tune::All,
        }
    }
}

impl From<MonitorArg> for Monitor {
    fn from(arg: MonitorArg) -> Self {
        match arg {
            MonitorArg::ValAccuracy => Monitor::ValAccuracy,
            MonitorArg::ValLoss => Monitor::ValLoss,
        }
    }
}

impl From<PrecisionArg> for PrecisionChoice {
    fn from(arg: PrecisionArg) -> Self {
        match arg {
            PrecisionArg::Auto => PrecisionChoice::Auto,
            PrecisionArg::F32 => PrecisionChoice::F32,
            PrecisionArg::Bf16 => PrecisionChoice::Bf16,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use umbel::base::augmentation::Mixing;
    use umbel::data::PrepSpec;
    use umbel::train::HeadFit;

    use super::*;
    use crate::args::{Arguments, Command};

    fn args() -> TrainArgs {
        TrainArgs { dir: Some("photos".into()), ..TrainArgs::default() }
    }

    /// Weights that nobody looks into, since the network is named.
    fn pretrained(tune: Option<TuneArg>) -> TrainArgs {
        TrainArgs { pretrained: Some("w.safetensors".into()), model: Some("resnet18".into()), tune, ..args() }
    }

    /// The settings of a pretrained network.
    fn resnet(tune: Option<Tune>) -> TrainConfig {
        let (data, model) = ("my photos".into(), "resnet18".to_string());
        let pretrained = Some("my weights.safetensors".into());
        let mut config = TrainConfig { data, model, pretrained, tune, ..Recipe::Finetune.config() };
        config.prep.image_size = 224;
        config
    }

    #[test]
    fn pretrained_weights_bring_settings_of_their_own() {
        let config = train_config(&pretrained(None)).unwrap();
        let usual = Recipe::Finetune.config().fit;
        assert_eq!((config.prep.image_size, &config.fit), (224, &usual));
        assert!(usual.layer_decay < 1.0 && usual.early_stopping.is_some());
        let flags = TrainArgs { early_stopping: Some(0), epochs: Some(9), lr: Some(0.1), ..pretrained(None) };
        let expected = FitOptions { early_stopping: None, epochs: 9, learning_rate: 0.1, ..usual };
        assert_eq!(train_config(&flags).unwrap().fit, expected);
        assert_eq!(train_config(&pretrained(Some(TuneArg::Head))).unwrap().tune, Some(Tune::Head));
    }

    #[test]
    fn without_flags_it_is_the_tutorial() {
        let expected = TrainConfig { data: "photos".into(), ..TrainConfig::default() };
        assert_eq!(train_config(&args()).unwrap(), expected);
    }

    #[test]
    fn flags_override_a_saved_config() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let saved = TrainConfig {
            data: "elsewhere".into(),
            val_split: 0.3,
            augment: Some(AugmentChoice::None),
            fit: FitOptions { epochs: 4, batch: 8, optimizer: OptimizerConfig::adam_w(), ..FitOptions::default() },
            ..TrainConfig::default()
        };
        std::fs::write(&path, toml::to_string(&saved).unwrap()).unwrap();

        let plain = TrainArgs { config: Some(path.clone()), ..TrainArgs::default() };
        assert_eq!(train_config(&plain).unwrap(), saved);

        let with_flags = TrainArgs { config: Some(path), epochs: Some(9), weight_decay: Some(0.5), ..args() };
        let config = train_config(&with_flags).unwrap();
        assert_eq!((config.data.to_str().unwrap(), config.val_split), ("photos", 0.3));
        assert_eq!((config.fit.epochs, config.fit.batch, config.augment), (9, 8, Some(AugmentChoice::None)));
        assert!(matches!(config.fit.optimizer, OptimizerConfig::AdamW { weight_decay: 0.5, .. }));
    }

    #[test]
    fn flags_override_a_recipe() {
        let given = TrainArgs { recipe: Some(RecipeArg::Scratch), ema: Some(0.0), epochs: Some(3), ..args() };
        let config = train_config(&given).unwrap();
        let scratch = Recipe::Scratch.config();
        assert_eq!((config.recipe, config.fit.ema_momentum, config.fit.epochs), (Recipe::Scratch, 0.0, 3));
        assert_eq!((config.model, config.fit.schedule), (scratch.model, scratch.fit.schedule));
        let pretrained = TrainArgs { pretrained: Some("weights".into()), ..args() };
        assert_eq!((recipe(&pretrained), recipe(&args())), (Recipe::Finetune, Recipe::Tutorial));
        let told = TrainArgs { recipe: Some(RecipeArg::Tutorial), ..pretrained };
        assert_eq!(recipe(&told), Recipe::Tutorial);
    }

    #[test]
    fn flags_that_would_do_nothing_are_refused() {
        for bad in [
            TrainArgs { momentum: Some(0.9), ..args() },
            TrainArgs { weight_decay: Some(0.1), ..args() },
            TrainArgs { mix_probability: Some(0.5), ..args() },
            TrainArgs { step_every: Some(2), ..args() },
            TrainArgs { tune: Some(TuneArg::Head), ..args() },
            TrainArgs { epochs: Some(3), ..pretrained(Some(TuneArg::Head)) },
            TrainArgs { augment: Some(AugmentArg::None), ..pretrained(Some(TuneArg::Head)) },
            TrainArgs { step_factor: Some(0.5), schedule: Some(ScheduleArg::Cosine), ..args() },
        ] {
            assert!(train_config(&bad).is_err(), "{bad:?}");
        }
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
                config.prep =
                    PrepSpec { image_size: 64, resize: Resize::Letterbox, interpolation: Interpolation::Bilinear };
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
                    epochs: 3,
                    batch: 8,
                    seed: 7,
                    learning_rate: 0.0125,
                    optimizer: OptimizerConfig::Sgd { momentum: 0.5, nesterov: false, weight_decay: 0.0 },
                    schedule: ScheduleKind::Step { every: 4, factor: 0.3 },
                    warmup_epochs: 0.5,
                    monitor: Monitor::ValLoss,
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
            with(|config| {
                config.fit.optimizer = OptimizerConfig::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.1 }
            }),
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
            let words = umbel::pipeline::arguments(&config).unwrap();
            let Command::Train(args) = Arguments::try_parse_from(&words).unwrap().command else { panic!("{words:?}") };
            assert_eq!(train_config(&args).unwrap(), config, "{words:?}");
        }
        let beyond =
            with(|config| config.fit.optimizer = OptimizerConfig::Adam { beta_1: 0.5, beta_2: 0.9, epsilon: 1e-7 });
        assert_eq!(umbel::pipeline::arguments(&beyond), None, "no flag says so");
        let line = umbel::pipeline::command_line(&with(|_| {})).unwrap();
        assert!(line.starts_with(r"umbel train 'my photos/it'\''s' --seed 123 "), "{line}");
    }

    #[test]
    fn a_split_is_a_name_or_a_file() {
        assert_eq!(split_method(OsStr::new("keras")), SplitMethod::Keras);
        assert_eq!(split_method(OsStr::new("stratified")), SplitMethod::Stratified);
        assert_eq!(split_method(OsStr::new("runs/a/split.csv")), SplitMethod::File("runs/a/split.csv".into()));
    }
}
