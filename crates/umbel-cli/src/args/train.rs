//! The flags of `umbel train`. Every one is optional, so that a saved config's values stand where no flag is given.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ranges;

const EXAMPLES: &str = "\
Examples:
  umbel train photos/                                  the tutorial's network, 15 epochs
  umbel train photos/ --split keras --seed 123         exactly the files that Keras would pick
  umbel train photos/ --test-split 0.1 --group-by '^[^/]+/(plant[0-9]+)'
  umbel train photos/ --folds 5                        mean and deviation of five runs
  umbel train photos.csv                               a table: path,label or path,label,split
  umbel train photos/ --augment none --dropout 0       watch it over-fit, then `umbel compare`
  umbel train photos/ --model my-network.toml --optimizer sgd --lr 0.01 --schedule cosine
  umbel train photos/ --recipe scratch                 the best from nothing: more epochs, stronger augmentation
  umbel train photos/ --recipe scratch --mixup 0.2 --ema 0
  umbel train photos/ --pretrained efficientnet_lite0.safetensors
  umbel train photos/ --pretrained efficientnet_lite0.safetensors --tune head
  umbel train --resume runs/photos                     go on after Ctrl-C, to the same bits
  umbel train --config runs/photos/config.toml --seed 7

Ctrl-C (or SIGTERM) stops after the step at hand and saves; a second one quits at once.
Photos that cannot be read are left out and listed in problems.csv (exit code 3).";

fn after_help() -> String {
    format!("{EXAMPLES}\n\nRecipes:\n{}", umbel::pipeline::RECIPES.trim_end())
}

/// Train a network on a folder of photos.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = after_help())]
pub struct TrainArgs {
    /// The folder: one sub-folder per class, photos in them; or train/, val/ and test/ with these in each; or a table of
    /// photos (path,label[,split])
    #[arg(value_name = "DIR|FILE.csv", required_unless_present_any = ["resume", "config"])]
    pub dir: Option<PathBuf>,

    /// Share of the photos kept for validation [default: 0.2]
    #[arg(long, value_name = "SHARE", value_parser = ranges::val_split, help_heading = "Data")]
    pub val_split: Option<f64>,
    /// Share of the photos kept for one measurement at the end [default: none]
    #[arg(long, value_name = "SHARE", value_parser = ranges::val_split, help_heading = "Data")]
    pub test_split: Option<f64>,
    /// Keep photos of one group on one side: the first (...) that matches in the path, or the whole match
    #[arg(long, value_name = "REGEX", help_heading = "Data")]
    pub group_by: Option<String>,
    /// Train N times, so that every photo validates once, and give mean and deviation
    #[arg(long, value_name = "N", value_parser = ranges::folds, conflicts_with = "val_split", help_heading = "Data")]
    pub folds: Option<usize>,
    /// How to split: `stratified`, `keras` (the same files as Keras), or a split.csv to read [default: stratified]
    #[arg(long, value_name = "stratified|keras|FILE", help_heading = "Data")]
    pub split: Option<OsString>,
    /// Seed of the split, the order, the first weights, augmentation and dropout [default: 123]
    #[arg(long, value_name = "N", help_heading = "Data")]
    pub seed: Option<u64>,
    /// Height and width that every photo is brought to, 32 to 512 [default: 180]
    #[arg(long, value_name = "PIXELS", value_parser = ranges::image_size, help_heading = "Data")]
    pub image_size: Option<u32>,
    /// How a photo becomes square [default: stretch]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "stretch|crop|letterbox", help_heading = "Data")]
    pub resize: Option<ResizeArg>,
    /// Plain bilinear as Keras does it, or with anti-aliasing [default: antialias]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "bilinear|antialias", help_heading = "Data")]
    pub interpolation: Option<InterpolationArg>,
    /// Stop at the first photo that cannot be read, instead of leaving it out
    #[arg(long, help_heading = "Data")]
    pub strict: bool,
    /// Folder for the decoded photos [default: $UMBEL_CACHE, or your cache folder]
    #[arg(long, value_name = "DIR", help_heading = "Data")]
    pub cache: Option<PathBuf>,

    /// Settings that go well together, listed below; every other flag overrides them [default: tutorial; with --pretrained:
    /// finetune]
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "tutorial|quick|scratch|finetune",
        conflicts_with = "config",
        help_heading = "Network"
    )]
    pub recipe: Option<RecipeArg>,
    /// Network: a ready-made one by name (`umbel models` lists them), or a TOML file with its layers [default: cnn, or what
    /// --pretrained is for]
    #[arg(long, value_name = "NAME|FILE.toml", help_heading = "Network")]
    pub model: Option<String>,
    /// Start from these weights: a file in timm's names or lukemelas' (EfficientNet), or a name from the store (`umbel
    /// models` lists it). The network, the photos' size and how they are prepared come with them; the last layer is new
    #[arg(long, value_name = "FILE.safetensors|NAME", help_heading = "Network")]
    pub pretrained: Option<PathBuf>,
    /// Fetch the weights of that name from the Hugging Face hub if the store lacks them
    #[arg(long, requires = "pretrained", help_heading = "Network")]
    pub download: bool,
    /// What is trained of a pretrained network: its last layer (fitted in seconds), its last stage too, or all, lower stages
    /// slower. Batch norm stays as it came [default: all]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "head|last|all", help_heading = "Network")]
    pub tune: Option<TuneArg>,
    /// Random flips, turns and zooms in training: the tutorial's, flips alone, or none [default: tutorial]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "tutorial|flip|none", help_heading = "Network")]
    pub augment: Option<AugmentArg>,
    /// Show random parts of the photos, enlarged, of at least this share of the area; 0: whole photos [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = ranges::crop, help_heading = "Network")]
    pub random_crop: Option<f32>,
    /// RandAugment: two random changes of geometry or color, of this strength up to 1; 0: none [default: 0]
    #[arg(long, value_name = "STRENGTH", value_parser = ranges::share, help_heading = "Network")]
    pub rand_augment: Option<f32>,
    /// Erase a random rectangle in this share of the photos [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = ranges::share, help_heading = "Network")]
    pub random_erasing: Option<f32>,
    /// Share of values dropped before the dense layers; 0 leaves dropout out [default: the network's own, 0.2]
    #[arg(long, value_name = "SHARE", value_parser = ranges::dropout, help_heading = "Network")]
    pub dropout: Option<f32>,

    /// Passes over the training photos; of a pretrained network, the first is the last layer's [default: 15]
    #[arg(long, value_name = "N", value_parser = ranges::epochs, help_heading = "Training")]
    pub epochs: Option<usize>,
    /// Photos per step, 1 to 512 [default: 32]
    #[arg(long, value_name = "N", value_parser = ranges::batch, help_heading = "Training")]
    pub batch: Option<usize>,
    /// Learning rate [default: 0.001]
    #[arg(long, value_name = "RATE", value_parser = ranges::learning_rate, help_heading = "Training")]
    pub lr: Option<f64>,
    /// Optimizer, with Keras' defaults; nesterov is sgd with Nesterov's momentum [default: adam]
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "adam|adamw|sgd|nesterov",
        help_heading = "Training"
    )]
    pub optimizer: Option<OptimizerArg>,
    /// Momentum, for sgd and nesterov [default: 0.9]
    #[arg(long, value_name = "M", value_parser = ranges::momentum, help_heading = "Training")]
    pub momentum: Option<f32>,
    /// Weight decay of kernels, never of biases and batch norm [default: 0.004 for adamw, 0 for sgd and nesterov]
    #[arg(long, value_name = "D", value_parser = ranges::weight_decay, help_heading = "Training")]
    pub weight_decay: Option<f32>,
    /// How the rate changes over the run [default: constant]
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "constant|cosine|step",
        help_heading = "Training"
    )]
    pub schedule: Option<ScheduleArg>,
    /// Epochs between two steps of the step schedule [default: 10]
    #[arg(long, value_name = "N", value_parser = ranges::count, help_heading = "Training")]
    pub step_every: Option<usize>,
    /// What the step schedule multiplies the rate by [default: 0.1]
    #[arg(long, value_name = "F", value_parser = ranges::factor, help_heading = "Training")]
    pub step_factor: Option<f64>,
    /// Epochs over which the rate rises from zero, fractions allowed [default: 0]
    #[arg(long, value_name = "EPOCHS", value_parser = ranges::warmup, help_heading = "Training")]
    pub warmup: Option<f64>,
    /// Factor of the rate from one stage of a network to the one below it, 1 for none [default: 1]
    #[arg(long, value_name = "F", value_parser = ranges::factor, help_heading = "Training")]
    pub layer_decay: Option<f64>,
    /// The figure that decides which epoch is the best [default: val_accuracy]
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "val_accuracy|val_loss",
        help_heading = "Training"
    )]
    pub monitor: Option<MonitorArg>,
    /// Stop when that figure has not improved for N epochs; 0: never [default: 0]
    #[arg(long, value_name = "N", value_parser = ranges::patience, help_heading = "Training")]
    pub early_stopping: Option<usize>,
    /// Divide the rate by ten when that figure has not improved for N epochs; 0: never [default: 0]
    #[arg(long, value_name = "N", value_parser = ranges::patience, help_heading = "Training")]
    pub reduce_on_plateau: Option<usize>,
    /// Share of every label that is spread over all classes [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = ranges::real_share, help_heading = "Training")]
    pub label_smoothing: Option<f64>,
    /// Mix photos and labels by a weight from Beta(ALPHA, ALPHA); 0: off [default: 0]
    #[arg(long, value_name = "ALPHA", value_parser = ranges::alpha, help_heading = "Training")]
    pub mixup: Option<f64>,
    /// Paste a part of one photo onto another, its area from Beta(ALPHA, ALPHA); 0: off [default: 0]
    #[arg(long, value_name = "ALPHA", value_parser = ranges::alpha, help_heading = "Training")]
    pub cutmix: Option<f64>,
    /// Share of the photos that --mixup and --cutmix mix; with both, each takes half of them [default: 1]
    #[arg(long, value_name = "SHARE", value_parser = ranges::probability, help_heading = "Training")]
    pub mix_probability: Option<f64>,
    /// Let every class count the same: by its weight in the loss, or by how often it is shown [default: none]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "loss|sample|none", help_heading = "Training")]
    pub balance: Option<BalanceArg>,
    /// Validate and keep a moving average of the weights with this momentum; 0: off [default: 0]
    #[arg(long, value_name = "MOMENTUM", value_parser = ranges::real_share, help_heading = "Training")]
    pub ema: Option<f64>,
    /// Shorten gradients that are longer than this, all taken together; 0: never [default: 0]
    #[arg(long, value_name = "LENGTH", value_parser = ranges::alpha, help_heading = "Training")]
    pub clip: Option<f64>,
    /// Batches whose mean gradient makes one update; batch norm sees each by itself [default: 1]
    #[arg(long, value_name = "N", value_parser = ranges::count, help_heading = "Training")]
    pub accumulate: Option<usize>,
    /// Train on smaller photos first, in equal shares of the epochs, and validate on --image-size [default: none]
    #[arg(long, value_name = "PIXELS,..|none", value_parser = ranges::train_sizes, help_heading = "Training")]
    pub train_sizes: Option<TrainSizes>,

    /// What is multiplied; auto takes bf16 where the CPU trains faster with it [default: auto]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "auto|f32|bf16", help_heading = "Running")]
    pub precision: Option<PrecisionArg>,
    /// Threads; 0 is one per core. The weights do not depend on it [default: 0]
    #[arg(long, value_name = "N", value_parser = ranges::threads, help_heading = "Running")]
    pub threads: Option<usize>,
    /// Folder for the results; must not exist yet [default: runs/ and the name of DIR, or the next free number]
    #[arg(long, value_name = "RUN", help_heading = "Running")]
    pub out: Option<PathBuf>,
    /// Write event files for TensorBoard, too: `tensorboard --logdir RUN/tensorboard`
    #[arg(long, help_heading = "Running")]
    pub tensorboard: bool,
    /// Go on with a run that was stopped; only --epochs can be changed
    #[arg(long, value_name = "RUN", help_heading = "Running", conflicts_with_all = NOT_WITH_RESUME)]
    pub resume: Option<PathBuf>,
    /// Take the settings of a saved config.toml; flags override it
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    pub config: Option<PathBuf>,
    /// One JSON object a line on standard output, and nothing else
    #[arg(long, help_heading = "Running")]
    pub json: bool,
}

/// A resumed run has the settings that it began with, or it would not end with the same weights.
const NOT_WITH_RESUME: [&str; 49] = [
    "dir",
    "val_split",
    "test_split",
    "group_by",
    "folds",
    "split",
    "seed",
    "image_size",
    "resize",
    "interpolation",
    "strict",
    "cache",
    "model",
    "pretrained",
    "download",
    "tune",
    "augment",
    "dropout",
    "batch",
    "lr",
    "optimizer",
    "momentum",
    "weight_decay",
    "schedule",
    "step_every",
    "step_factor",
    "warmup",
    "layer_decay",
    "monitor",
    "early_stopping",
    "reduce_on_plateau",
    "recipe",
    "random_crop",
    "rand_augment",
    "random_erasing",
    "label_smoothing",
    "mixup",
    "cutmix",
    "mix_probability",
    "balance",
    "ema",
    "clip",
    "accumulate",
    "train_sizes",
    "precision",
    "threads",
    "tensorboard",
    "out",
    "config",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResizeArg {
    Stretch,
    Crop,
    Letterbox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InterpolationArg {
    Bilinear,
    Antialias,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AugmentArg {
    Tutorial,
    Flip,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TuneArg {
    Head,
    Last,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OptimizerArg {
    Adam,
    Adamw,
    Sgd,
    Nesterov,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecipeArg {
    Tutorial,
    Quick,
    Scratch,
    Finetune,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BalanceArg {
    Loss,
    Sample,
    None,
}

/// What --train-sizes lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainSizes(pub Vec<u32>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScheduleArg {
    Constant,
    Cosine,
    Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum MonitorArg {
    ValAccuracy,
    ValLoss,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrecisionArg {
    Auto,
    F32,
    Bf16,
}
