//! The flags of the commands that look at photos: `demo`, `preview` and `check`.

use std::path::PathBuf;

use clap::Args;
use umbel::base::choice::choices;
use umbel::data::decode::{Depth, Raw};
use umbel::settings::kind::COUNT;

use super::{DetectionArgs, ShownSettings, values};

/// See it all at work.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel demo\n  umbel demo --out /tmp/flowers --seed 7\n\n\
        Draws five kinds of flower into the folder, looks at them, trains the tutorial's network on them, draws the \
        curves, trains the last layer of the pretrained network inside on the same pictures, and asks both about new \
        pictures that they never saw.")]
pub struct DemoArgs {
    /// Folder for everything; must not exist yet [default: umbel-demo, or the next free number]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed of the pictures and of the training
    #[arg(long, value_name = "N", default_value_t = 123)]
    pub seed: u64,
    /// Passes over the pictures [default: enough for 0.90 validation accuracy]
    #[arg(long, value_name = "N", value_parser = values::setting::<usize>("fit.epochs"))]
    pub epochs: Option<usize>,
    /// How many pictures to draw, all kinds together [default: about a thousand]
    #[arg(long, value_name = "N", value_parser = values::whole::<usize>(COUNT))]
    pub images: Option<usize>,
}

/// Whose labels are judged, whatever there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Those of all photos.
    All,
    /// Nobody's.
    None,
}

choices! { Labels: All = "all", None = "none" }

/// A look at the data.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  umbel preview photos/\n  umbel preview photos/ --augment --out augmented.png\n  \
        umbel preview photos/ --recipe scratch --augment\n  umbel preview photos/ --recipe tutorial --rand-augment 0.5\n\n\
        Photos are prepared and changed as `umbel train` would with the same flags. Where it would train the last layer of a \
        pretrained network alone, as it does with few photos, they are not changed. A picture that is there is not written over: \
        the next free number is taken.")]
pub struct PreviewArgs {
    /// The folder: one sub-folder per class, photos in them (or an address, see `umbel get`)
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The PNG to write [default: preview.png], or the next free number
    #[arg(long, value_name = "FILE.png")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub shown: ShownSettings,
}

/// What is wrong with the data?
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  umbel check photos/\n  umbel check photos/ --html check.html --out checked\n  \
        umbel check photos/ --split runs/photos\n  \
        umbel check photos/ --run runs/photos --html suspects.html\n\n\
        Finds files that cannot be used, exact and near duplicates (in one class, across classes, across the parts of a \
        split), wrong extensions, animated, blank, tiny and very long pictures, very small and uneven classes.\n\n\
        It also lists suspects, for a person to look at: photos whose label is disputed by last layers that were fitted \
        without them, on the network inside this program, and photos that look like none of the classes.\n\n\
        With --run, the run's network judges the labels, trained once for each fold without the photos of that fold. Where \
        all its layers are trained, that takes as long as so many runs.\n\n\
        Exit code 3: something was found. Suspects and remarks (EXIF rotation in use, color and grey mixed) count with \
        --strict only.")]
pub struct CheckArgs {
    /// The folder: one sub-folder per class, photos in them (or an address, see `umbel get`)
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write problems.csv (and disputes.csv, where labels were judged) into this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Write a page with thumbnails, everything in one file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write what could be done about single photos (which copy to keep, which label to change), to be edited by hand and
    /// heeded by train --plan
    #[arg(long, value_name = "FILE.csv")]
    pub plan: Option<PathBuf>,
    /// Find pictures that lie in more than one part of this split: a split.csv, or the run folder that has one
    #[arg(long, value_name = "FILE|RUN")]
    pub split: Option<PathBuf>,
    /// Judge the labels by the network and the settings of this run, instead of the network inside this program
    #[arg(long, value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Judge the labels of more than 20000 photos, too (all), or of none
    #[arg(long, value_name = "all|none", num_args = 0..=1, default_missing_value = "all", value_parser = values::choice::<Labels>(), hide_possible_values = true)]
    pub labels: Option<Labels>,
    /// Networks to train for --run, each without its share of the photos
    #[arg(long, value_name = "N", value_parser = values::setting::<usize>("folds"), default_value_t = 5, requires = "run")]
    pub folds: usize,
    /// Passes over the photos for --run [default: the run's]
    #[arg(long, value_name = "N", value_parser = values::setting::<usize>("fit.epochs"), requires = "run")]
    pub epochs: Option<usize>,
    /// Height and width of the photos for --run; smaller is faster [default: the run's]
    #[arg(long, value_name = "PIXELS", value_parser = values::setting::<u32>("prep.image_size"), requires = "run")]
    pub image_size: Option<u32>,
    /// What stands for white in 16-bit and floating-point pictures, as for `umbel train`
    #[arg(long, value_name = "auto|8|10|12|16|float", value_parser = values::choice::<Depth>(), default_value = "auto", hide_possible_values = true)]
    pub depth: Depth,
    /// What is done with camera raws, as for `umbel train`
    #[arg(long, value_name = "refuse|preview", value_parser = values::choice::<Raw>(), default_value = "refuse", hide_possible_values = true)]
    pub raw: Raw,
    /// What is seen around boxes, where they are the photos, as for `umbel train` [default: the run's, or 0.1]
    #[arg(long, value_name = "SHARE", value_parser = values::real_setting("prep.crop_margin"))]
    pub crop_margin: Option<f64>,
    #[command(flatten)]
    pub detections: DetectionArgs,
    /// Exit with 3 for mere remarks, too
    #[arg(long)]
    pub strict: bool,
    /// One JSON object instead of the summary
    #[arg(long)]
    pub json: bool,
}
