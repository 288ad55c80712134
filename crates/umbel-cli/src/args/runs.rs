//! The flags of the commands that look at runs and at this computer: `report`, `compare`, `bench` and `doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use umbel::pipeline::PrecisionChoice;
use umbel::pretrained::Tune;

use super::values::{self, CLASSES, SECONDS};

/// A run as a page.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel report runs/photos\n  umbel report runs/photos --out report.html\n\n\
        Every finished run has one already; this makes it again, from the run's records and your photos (where they are \
        still in their place), or for a run that has not ended. A cross-validation gets one for each fold.")]
pub struct ReportArgs {
    /// Run folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// The page to write [default: report.html in the run folder]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Several runs side by side.
#[derive(Debug, Args)]
#[command(after_help = "The tutorial's lesson, in three commands:\n  \
        umbel train photos/ --out runs/regularized\n  \
        umbel train photos/ --out runs/bare --augment none --dropout 0\n  \
        umbel compare runs/bare runs/regularized")]
pub struct CompareArgs {
    /// Run folders
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    pub runs: Vec<PathBuf>,
    /// Folder for the page and the pictures [default: umbel-compare, or the next free number]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where the page goes, one file with everything in it [default: compare.html in that folder]
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// The figures as one JSON object instead of the table
    #[arg(long)]
    pub json: bool,
}

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchWhat {
    /// Training steps: forward, loss, backward, update
    Step,
    /// Inference: forward only
    Infer,
    /// Decoding the photos of `--data` and making them the network's size
    Decode,
}

/// Speed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel bench step\n  umbel bench step --augment --threads 2\n  \
        UMBEL_ISA=avx2 umbel bench infer --batch 1\n  umbel bench step --profile\n  umbel bench decode --data photos --threads 1\n\n\
        Prints one JSON object (with --profile: a table, unless --json is given). The pictures are random; with --augment they come from the loader, augmented while the \
        engine computes, as in training.")]
pub struct BenchArgs {
    /// What to measure
    #[arg(value_enum, value_name = "step|infer|decode")]
    pub what: BenchWhat,
    /// Folder of photos for `decode`
    #[arg(long, value_name = "DIR", required_if_eq("what", "decode"))]
    pub data: Option<PathBuf>,
    /// Photos per step, 1 to 512
    #[arg(long, value_name = "N", value_parser = values::setting::<usize>("fit.batch"), default_value_t = 32)]
    pub batch: usize,
    /// Height and width of the photos, 32 to 512
    #[arg(long, value_name = "PIXELS", value_parser = values::setting::<u32>("prep.image_size"), default_value_t = 180)]
    pub image_size: u32,
    /// Number of classes
    #[arg(long, value_name = "N", value_parser = values::whole::<usize>(CLASSES), default_value_t = 5)]
    pub classes: usize,
    /// Network: a name or a TOML file
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "cnn")]
    pub model: String,
    /// Train steps as `train --pretrained --tune` does: batch norm frozen, and all, the last stage or the head trained
    #[arg(long, value_parser = values::choice::<Tune>(), value_name = "head|last|all", hide_possible_values = true)]
    pub tune: Option<Tune>,
    /// What is multiplied; auto takes bf16 where the CPU trains faster with it
    #[arg(
        long,
        value_parser = values::choice::<PrecisionChoice>(),
        value_name = "auto|f32|bf16",
        hide_possible_values = true,
        default_value = "auto"
    )]
    pub precision: PrecisionChoice,
    /// Threads; 0 is one per core
    #[arg(long, value_name = "N", value_parser = values::setting::<usize>("threads"), default_value_t = 0)]
    pub threads: usize,
    /// Feed the steps from the loader, with the tutorial's augmentation
    #[arg(long)]
    pub augment: bool,
    /// Tell where the time goes: each fused step's time, GFLOP/s, share of the measured peak, bytes moved
    #[arg(long, conflicts_with = "augment")]
    pub profile: bool,
    /// How long to measure, after the warm-up
    #[arg(long, value_name = "S", value_parser = values::real(SECONDS), default_value_t = 5.0)]
    pub seconds: f64,
    /// JSON is what comes in any case, but for --profile; accepted so that scripts can always say it
    #[arg(long)]
    pub json: bool,
}

/// This computer.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel doctor\n  UMBEL_ISA=scalar umbel doctor --json")]
pub struct DoctorArgs {
    /// One JSON object instead of the list
    #[arg(long)]
    pub json: bool,
}
