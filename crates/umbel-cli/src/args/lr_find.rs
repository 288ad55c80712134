//! The flags of `umbel lr-find`: those of `umbel train`, and the range.

use clap::Args;

use super::TrainArgs;
use super::values::{self, RANGE_STEPS};

/// Which learning rate?
#[derive(Debug, Args)]
pub struct LrFindArgs {
    #[command(flatten)]
    pub train: TrainArgs,
    /// Steps of the test, 20 or more
    #[arg(long, value_name = "N", value_parser = values::whole::<usize>(RANGE_STEPS), default_value_t = 100, help_heading = "Range")]
    pub steps: usize,
    /// The rate of the first step
    #[arg(long, value_name = "RATE", value_parser = values::rate(), default_value_t = 1e-6, help_heading = "Range")]
    pub from: f64,
    /// The rate of the last step
    #[arg(long, value_name = "RATE", value_parser = values::rate(), default_value_t = 1.0, help_heading = "Range")]
    pub to: f64,
}

/// Examples, and what is found.
pub const HELP: &str = "\
Examples:
  umbel lr-find photos/
  umbel lr-find photos/ --recipe scratch --seed 7
  umbel lr-find photos/ --optimizer nesterov --to 10 --json

Trains for some steps while the rate rises from far too low to far too high (Smith 2017), draws the loss over the rate, and \
names a rate: a tenth of that at which the smoothed loss is lowest. Nothing of this training is kept. It takes the flags of \
`umbel train`; those of a whole run (--epochs, --lr, --schedule, --folds, --resume, ...) are refused, and what a recipe or a \
config.toml says about them is not looked at. --out is the folder of the picture [default: umbel-lr-find, or the next free \
number].";
