//! The flags of `umbel train`: the settings of a run, and what is to be done with them.

use std::path::PathBuf;

use clap::Args;

use super::{Settings, values};

/// Behind the short help.
pub const MORE: &str = "\
Without --recipe it is auto, from weights inside this program; the defaults are the tutorial's.
`umbel train --help` has all flags and examples, `umbel help recipes` what each recipe does.";

/// Behind the long help.
pub const EXAMPLES: &str = "\
Examples:
  umbel train photos/                                  from the weights inside, as much as the photos are worth
  umbel train photos/ --recipe tutorial                the tutorial's network, 15 epochs
  umbel train photos/ --split keras --seed 123         exactly the files that Keras would pick
  umbel train photos/ --test-split 0.1 --group-by '^[^/]+/(plant[0-9]+)'
  umbel train photos/ --time 5m                        as well as can be in five minutes
  umbel train photos/ --folds 5                        mean and deviation of five runs
  umbel train photos.csv                               a table: path,label or path,label,split
  umbel train https://host/photos.zip                  fetched first, into ./photos (see umbel get)
  umbel train s3://bucket/photos                       from where it lies; who asks is told by AWS_ACCESS_KEY_ID and so on
  umbel train photos/ --recipe tutorial --augment none --dropout 0    watch it over-fit, then `umbel compare`
  umbel train photos/ --model my-network.toml --optimizer sgd --lr 0.01 --schedule cosine
  umbel train photos/ --recipe scratch                 the best from nothing: more epochs, stronger augmentation
  umbel train photos/ --recipe scratch --mixup 0.2 --ema 0
  umbel train photos/ --pretrained efficientnet_lite0.safetensors
  umbel train photos/ --pretrained efficientnet_lite0.safetensors --tune head
  umbel train photos/ --optimizer adamw --set fit.optimizer.beta_2=0.99
  umbel train --resume runs/photos                     go on after Ctrl-C, to the same bits
  umbel train --resume runs/photos moved/photos        the same, where the photos were moved since
  umbel train --config runs/photos/config.toml --seed 7

Ctrl-C (or SIGTERM) stops after the step at hand and saves; a second one quits at once. Photos that cannot be read are left \
out and listed in problems.csv (exit code 3).

`umbel help recipes` tells what each recipe does, `umbel help settings` lists every setting, and `umbel models` the networks \
and the weights that are here.";

/// Train a network on a folder of photos.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = MORE, after_long_help = EXAMPLES)]
pub struct TrainArgs {
    #[command(flatten)]
    pub settings: Settings,
    /// Fetch the weights of that name from the Hugging Face hub if the store lacks them
    #[arg(long, requires = "pretrained", hide_short_help = true, help_heading = "Network")]
    pub download: bool,
    /// Take the settings of a saved config.toml; flags override it
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    pub config: Option<PathBuf>,
    /// End within this time: 30s, 5m, 1h
    #[arg(
        long,
        value_name = "TIME",
        value_parser = values::time,
        help_heading = "Running",
        conflicts_with_all = ["config", "resume"],
        long_help = "End within this time, such as 30s, 5m or 1h, as nearly as the first steps tell: decides the epochs (and, with \
                     --recipe auto, how much is trained), which are saved like any others"
    )]
    pub time: Option<f64>,
    /// Folder for the results
    #[arg(
        long,
        value_name = "RUN",
        help_heading = "Running",
        long_help = "Folder for the results; must not exist yet [default: runs/ and the name of DIR, or the next free number]"
    )]
    pub out: Option<PathBuf>,
    /// Go on with a run that was stopped
    #[arg(
        long,
        value_name = "RUN",
        help_heading = "Running",
        conflicts_with_all = ["config", "out", "download"],
        long_help = "Go on with a run that was stopped; of its settings, only --epochs can be changed. Where the photos were moved \
                     since, DIR says where they are now"
    )]
    pub resume: Option<PathBuf>,
    /// One JSON object a line on standard output, and nothing else
    #[arg(long, help_heading = "Running")]
    pub json: bool,
}
