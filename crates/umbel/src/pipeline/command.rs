//! The command line that asks for a run's settings: every flag that is not as its recipe has it, quoted for a shell.

use std::path::Path;

use super::{AugmentChoice, PrecisionChoice, Recipe, TrainConfig};
use crate::base::augmentation::Balance;
use crate::base::shell::quote;
use crate::data::{Interpolation, Resize, SplitMethod};
use crate::nn::{OptimizerConfig, ScheduleKind};
use crate::pretrained::Tune;
use crate::train::{EarlyStopping, ReduceOnPlateau};

/// `umbel train ...` for these settings; `None` where a flag cannot say them (only a config file can). Left out is what has
/// no say in the result: threads and the cache.
pub fn command_line(config: &TrainConfig) -> Option<String> {
    Some(arguments(config)?.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "))
}

/// The words of [`command_line`], unquoted.
pub fn arguments(config: &TrainConfig) -> Option<Vec<String>> {
    // With pretrained weights, another recipe is the default.
    let usual_recipe = if config.pretrained.is_some() { Recipe::Finetune } else { Recipe::Tutorial };
    let default = config.recipe.config();
    let (fit, usual) = (&config.fit, &default.fit);
    let mut words = vec!["umbel".to_string(), "train".to_string(), text(&config.data)?];
    let mut say = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([format!("--{flag}"), value]);
        }
    };
    say("recipe", (config.recipe != usual_recipe).then(|| config.recipe.name().to_string()));
    let pretrained = match &config.pretrained {
        Some(path) => Some(text(path)?),
        None => None,
    };
    say("pretrained", pretrained);
    let tune = config.tune.map(|tune| match tune {
        Tune::Head => "head",
        Tune::Last => "last",
        Tune::All => "all",
    });
    say("tune", tune.map(str::to_string));
    say("model", (config.model != default.model).then(|| config.model.clone()));
    let split = match &config.split {
        SplitMethod::Stratified => None,
        SplitMethod::Keras => Some("keras".to_string()),
        SplitMethod::File(path) => Some(text(path)?),
    };
    say("split", split);
    // With folds the flag is refused: it would do nothing.
    say("val-split", differs(config.val_split, default.val_split).filter(|_| config.folds.is_none()));
    say("test-split", config.test_split.map(|share| share.to_string()));
    say("group-by", config.group_by.clone());
    say("folds", config.folds.map(|folds| folds.to_string()));
    say("seed", Some(fit.seed.to_string()));
    say("image-size", Some(config.prep.image_size.to_string()));
    let resize = match config.prep.resize {
        Resize::Stretch => "stretch",
        Resize::Crop => "crop",
        Resize::Letterbox => "letterbox",
    };
    say("resize", (config.prep.resize != default.prep.resize).then(|| resize.to_string()));
    let interpolation = match config.prep.interpolation {
        Interpolation::Bilinear => "bilinear",
        Interpolation::BilinearAntialias => "antialias",
    };
    let is_other = config.prep.interpolation != default.prep.interpolation;
    say("interpolation", is_other.then(|| interpolation.to_string()));
    let augment = match config.augment {
        choice if choice == default.augment => None,
        // No flag takes a recipe's choice back.
        None => return None,
        Some(AugmentChoice::Tutorial) => Some("tutorial"),
        Some(AugmentChoice::Flip) => Some("flip"),
        Some(AugmentChoice::None) => Some("none"),
    };
    say("augment", augment.map(str::to_string));
    say("random-crop", differs(config.random_crop, default.random_crop));
    say("rand-augment", differs(config.rand_augment, default.rand_augment));
    say("random-erasing", differs(config.random_erasing, default.random_erasing));
    if config.dropout.is_none() && default.dropout.is_some() {
        return None;
    }
    say("dropout", config.dropout.filter(|_| config.dropout != default.dropout).map(|share| share.to_string()));
    // The last layer alone is fitted without steps, and the flags for them are refused.
    let steps = config.tune != Some(Tune::Head);
    say("epochs", Some(fit.epochs.to_string()).filter(|_| steps));
    say("batch", differs(fit.batch, usual.batch));
    say("lr", differs(fit.learning_rate, usual.learning_rate));
    if fit.optimizer != usual.optimizer {
        for (flag, value) in optimizer(&fit.optimizer)? {
            say(flag, Some(value));
        }
    }
    match fit.schedule {
        schedule if schedule == usual.schedule => {}
        ScheduleKind::Constant => say("schedule", Some("constant".to_string())),
        ScheduleKind::Cosine => say("schedule", Some("cosine".to_string())),
        ScheduleKind::Step { every, factor } => {
            say("schedule", Some("step".to_string()));
            say("step-every", Some(every.to_string()));
            say("step-factor", Some(factor.to_string()));
        }
    }
    say("warmup", differs(fit.warmup_epochs, usual.warmup_epochs));
    say("layer-decay", differs(fit.layer_decay, usual.layer_decay));
    say("monitor", (fit.monitor != usual.monitor).then(|| fit.monitor.name().to_string()));
    say("label-smoothing", differs(fit.label_smoothing, usual.label_smoothing));
    say("mixup", differs(fit.mixing.mixup, usual.mixing.mixup));
    say("cutmix", differs(fit.mixing.cutmix, usual.mixing.cutmix));
    say("mix-probability", differs(fit.mixing.probability, usual.mixing.probability));
    let balance = match fit.balance {
        Balance::None => "none",
        Balance::Loss => "loss",
        Balance::Sample => "sample",
    };
    say("balance", (fit.balance != usual.balance).then(|| balance.to_string()));
    say("ema", differs(fit.ema_momentum, usual.ema_momentum));
    say("clip", differs(fit.global_clipnorm, usual.global_clipnorm));
    say("accumulate", differs(fit.gradient_accumulation_steps, usual.gradient_accumulation_steps));
    let sizes = || fit.train_sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let sizes = || if fit.train_sizes.is_empty() { "none".to_string() } else { sizes() };
    say("train-sizes", (fit.train_sizes != usual.train_sizes).then(sizes));
    let patience = match fit.early_stopping {
        same if same == usual.early_stopping => None,
        None => Some("0".to_string()),
        Some(EarlyStopping { patience, min_delta: 0.0 }) => Some(patience.to_string()),
        Some(_) => return None,
    };
    say("early-stopping", patience);
    let patience = match fit.reduce_on_plateau {
        same if same == usual.reduce_on_plateau => None,
        None => Some("0".to_string()),
        Some(ReduceOnPlateau { patience, factor: 0.1, min_lr: 0.0 }) => Some(patience.to_string()),
        Some(_) => return None,
    };
    say("reduce-on-plateau", patience);
    let precision = match config.precision {
        PrecisionChoice::Auto => None,
        PrecisionChoice::F32 => Some("f32"),
        PrecisionChoice::Bf16 => Some("bf16"),
    };
    say("precision", precision.map(str::to_string));
    let switches = [("--strict", config.strict), ("--tensorboard", config.tensorboard)];
    words.extend(switches.into_iter().filter(|(_, on)| *on).map(|(switch, _)| switch.to_string()));
    Some(words)
}

/// The flags that say an optimizer; `None` where there are none.
fn optimizer(own: &OptimizerConfig) -> Option<Vec<(&'static str, String)>> {
    let decay = |weight_decay: f32| ("weight-decay", weight_decay.to_string());
    match *own {
        _ if *own == OptimizerConfig::adam() => Some(vec![("optimizer", "adam".to_string())]),
        OptimizerConfig::AdamW { weight_decay, beta_1, beta_2, epsilon } => {
            let usual = OptimizerConfig::Adam { beta_1, beta_2, epsilon } == OptimizerConfig::adam();
            usual.then(|| vec![("optimizer", "adamw".to_string()), decay(weight_decay)])
        }
        OptimizerConfig::Sgd { momentum, nesterov, weight_decay } => {
            let name = if nesterov { "nesterov" } else { "sgd" };
            Some(vec![("optimizer", name.to_string()), ("momentum", momentum.to_string()), decay(weight_decay)])
        }
        OptimizerConfig::Adam { .. } => None,
    }
}

fn differs<T: PartialEq + ToString>(own: T, usual: T) -> Option<String> {
    (own != usual).then(|| own.to_string())
}

fn text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_string)
}
