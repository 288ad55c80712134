//! The command line that asks for a run's settings: every flag that is not at its default, quoted for a shell.

use std::path::Path;

use super::{AugmentChoice, Precision, TrainConfig};
use crate::base::shell::quote;
use crate::data::{Interpolation, Resize, SplitMethod};
use crate::nn::{OptimizerConfig, ScheduleKind};
use crate::pretrained::Tune;
use crate::train::{EarlyStopping, FitOptions, Monitor, ReduceOnPlateau};

/// `umbel train ...` for these settings; `None` where a flag cannot say them (only a config file can). Left out is what has
/// no say in the result: threads and the cache.
pub fn command_line(config: &TrainConfig) -> Option<String> {
    Some(arguments(config)?.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "))
}

/// The words of [`command_line`], unquoted.
pub fn arguments(config: &TrainConfig) -> Option<Vec<String>> {
    let default = TrainConfig::default();
    let usual = if config.pretrained.is_some() { FitOptions::finetune() } else { default.fit };
    let (fit, usual) = (&config.fit, &usual);
    let mut words = vec!["umbel".to_string(), "train".to_string(), text(&config.data)?];
    let mut say = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([format!("--{flag}"), value]);
        }
    };
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
        Resize::Stretch => None,
        Resize::Crop => Some("crop"),
        Resize::Letterbox => Some("letterbox"),
    };
    say("resize", resize.map(str::to_string));
    let plain = config.prep.interpolation == Interpolation::Bilinear;
    say("interpolation", plain.then(|| "bilinear".to_string()));
    let augment = config.augment.map(|choice| match choice {
        AugmentChoice::Tutorial => "tutorial",
        AugmentChoice::None => "none",
    });
    say("augment", augment.map(str::to_string));
    say("dropout", config.dropout.map(|share| share.to_string()));
    // The last layer alone is fitted without steps, and the flags for them are refused.
    let steps = config.tune != Some(Tune::Head);
    say("epochs", Some(fit.epochs.to_string()).filter(|_| steps));
    say("batch", differs(fit.batch, usual.batch));
    say("lr", differs(fit.learning_rate, usual.learning_rate));
    let (name, more) = optimizer(&fit.optimizer, &usual.optimizer)?;
    say("optimizer", name.map(str::to_string));
    if let Some((flag, value)) = more {
        say(flag, Some(value));
    }
    match fit.schedule {
        kind if kind == usual.schedule => {}
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
    say("monitor", (fit.monitor == Monitor::ValLoss).then(|| "val_loss".to_string()));
    let patience = match fit.early_stopping {
        stopping if stopping == usual.early_stopping => None,
        None => Some("0".to_string()),
        Some(EarlyStopping { patience, min_delta: 0.0 }) => Some(patience.to_string()),
        Some(_) => return None,
    };
    say("early-stopping", patience);
    let patience = match fit.reduce_on_plateau {
        None => None,
        Some(ReduceOnPlateau { patience, factor: 0.1, min_lr: 0.0 }) => Some(patience.to_string()),
        Some(_) => return None,
    };
    say("reduce-on-plateau", patience);
    say("precision", (config.precision == Precision::F32).then(|| "f32".to_string()));
    let switches = [("--strict", config.strict), ("--tensorboard", config.tensorboard)];
    words.extend(switches.into_iter().filter(|(_, on)| *on).map(|(switch, _)| switch.to_string()));
    Some(words)
}

/// The optimizer's name and its one flag, where they are not the usual ones.
#[allow(clippy::type_complexity)]
fn optimizer(
    own: &OptimizerConfig,
    usual: &OptimizerConfig,
) -> Option<(Option<&'static str>, Option<(&'static str, String)>)> {
    let usual_adam = OptimizerConfig::adam();
    match *own {
        _ if own == usual => Some((None, None)),
        _ if *own == usual_adam => Some((Some("adam"), None)),
        OptimizerConfig::AdamW { weight_decay, beta_1, beta_2, epsilon } => {
            let usual = OptimizerConfig::Adam { beta_1, beta_2, epsilon } == usual_adam;
            usual.then(|| (Some("adamw"), Some(("weight-decay", weight_decay.to_string()))))
        }
        OptimizerConfig::Sgd { momentum, nesterov: false } => {
            Some((Some("sgd"), Some(("momentum", momentum.to_string()))))
        }
        _ => None,
    }
}

fn differs<T: PartialEq + ToString>(own: T, usual: T) -> Option<String> {
    (own != usual).then(|| own.to_string())
}

fn text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_string)
}
