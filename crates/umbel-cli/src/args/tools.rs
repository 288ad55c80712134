//! The flags of every command but `train`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ranges;
use super::train::{PrecisionArg, TuneArg};

/// See it all at work.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel demo\n  umbel demo --out /tmp/flowers --seed 7\n\n\
        Draws five kinds of flower into the folder, looks at them, trains the tutorial's network on them, draws the\n\
        curves, and asks the network about new pictures that it never saw.")]
pub struct DemoArgs {
    /// Folder for everything; must not exist yet [default: umbel-demo, or the next free number]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed of the pictures and of the training
    #[arg(long, value_name = "N", default_value_t = 123)]
    pub seed: u64,
    /// Passes over the pictures [default: enough for 0.90 validation accuracy]
    #[arg(long, value_name = "N", value_parser = ranges::epochs)]
    pub epochs: Option<usize>,
    /// How many pictures to draw, all kinds together [default: about a thousand]
    #[arg(long, value_name = "N", value_parser = ranges::count)]
    pub images: Option<usize>,
}

/// A look at the data.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel preview photos/\n  umbel preview photos/ --augment --out augmented.png")]
pub struct PreviewArgs {
    /// The folder: one sub-folder per class, photos in them
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Nine augmented versions of one photo, as training would see it
    #[arg(long)]
    pub augment: bool,
    /// The PNG to write [default: preview.png, or the next free number]
    #[arg(long, value_name = "FILE.png")]
    pub out: Option<PathBuf>,
    /// Height and width of each photo, 32 to 512
    #[arg(long, value_name = "PIXELS", value_parser = ranges::image_size, default_value_t = 180)]
    pub image_size: u32,
    /// Seed of the choice and of the augmentation
    #[arg(long, value_name = "N", default_value_t = 123)]
    pub seed: u64,
}

/// What is wrong with the data?
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel check photos/\n  umbel check photos/ --html check.html --out checked\n  \
        umbel check photos/ --split runs/photos\n  \
        umbel check photos/ --run runs/photos --html suspects.html\n\n\
        Finds files that cannot be used, exact and near duplicates (in one class, across classes, across the parts of a\n\
        split), wrong extensions, animated, blank, tiny and very long pictures, very small and uneven classes.\n\n\
        With --run, it also trains the run's network once for each fold, without the photos of that fold, and lists the\n\
        photos whose label it then disputes, the surest first. That takes as long as training that many runs.\n\n\
        Exit code 3: something was found. Remarks (EXIF rotation in use, color and grey mixed) count with --strict only.")]
pub struct CheckArgs {
    /// The folder: one sub-folder per class, photos in them
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write problems.csv (and, with --run, disputes.csv) into this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Write a page with thumbnails, everything in one file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Find pictures that lie in more than one part of this split: a split.csv, or the run folder that has one
    #[arg(long, value_name = "FILE|RUN")]
    pub split: Option<PathBuf>,
    /// Find labels that a network disputes which was trained without the photo, with the settings of this run
    #[arg(long, value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Networks to train for --run, each without its share of the photos
    #[arg(long, value_name = "N", value_parser = ranges::folds, default_value_t = 5, requires = "run")]
    pub folds: usize,
    /// Passes over the photos for --run [default: the run's]
    #[arg(long, value_name = "N", value_parser = ranges::epochs, requires = "run")]
    pub epochs: Option<usize>,
    /// Height and width of the photos for --run; smaller is faster [default: the run's]
    #[arg(long, value_name = "PIXELS", value_parser = ranges::image_size, requires = "run")]
    pub image_size: Option<u32>,
    /// Exit with 3 for mere remarks, too
    #[arg(long)]
    pub strict: bool,
    /// One JSON object instead of the summary
    #[arg(long)]
    pub json: bool,
}

/// The layer table.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel summary runs/photos\n  umbel summary --model cnn --classes 5 --image-size 180\n  \
        umbel summary --model my-network.toml --json"
)]
pub struct SummaryArgs {
    /// A run folder or a model file
    #[arg(value_name = "MODEL", required_unless_present = "model", conflicts_with = "model")]
    pub path: Option<PathBuf>,
    /// A network that is not trained yet: a name (`umbel models` lists them) or a TOML file
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub model: Option<String>,
    /// Classes of --model
    #[arg(long, value_name = "N", value_parser = ranges::classes, default_value_t = 5, conflicts_with = "path")]
    pub classes: usize,
    /// Height and width of the photos for --model, 32 to 512
    #[arg(
        long, value_name = "PIXELS", value_parser = ranges::image_size, default_value_t = 180, conflicts_with = "path"
    )]
    pub image_size: u32,
    /// Photos per step, for the memory that a training step needs
    #[arg(long, value_name = "N", value_parser = ranges::batch, default_value_t = 32)]
    pub batch: usize,
    /// The contract's JSON object instead of the table
    #[arg(long)]
    pub json: bool,
}

/// The ready-made networks.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel models\n  umbel models --classes 10 --json\n  umbel summary --model umbel_s"
)]
pub struct ModelsArgs {
    /// Classes, for the numbers of parameters
    #[arg(long, value_name = "N", value_parser = ranges::classes, default_value_t = 5)]
    pub classes: usize,
    /// Height and width of the photos, for the numbers of parameters, 32 to 512
    #[arg(long, value_name = "PIXELS", value_parser = ranges::image_size, default_value_t = 180)]
    pub image_size: u32,
    /// One JSON object a line instead of the table
    #[arg(long)]
    pub json: bool,
}

/// What is on a photo?
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel predict runs/photos new.jpg\n  umbel predict runs/photos album/ --top 3\n  \
        cat new.jpg | umbel predict runs/photos -\n  umbel predict model.safetensors album/ --json\n  \
        umbel predict runs/photos album/ --keep 0.95\n\n\
        --keep: a photo unlike those that the model was trained on is `unknown`; the nearest class and its confidence are\n\
        told all the same. The share is that of the validation photos which keep their class: 0.99 calls less unknown.\n\n\
        Exit code 3: some of the photos could not be used; each is named on standard error (with --json: on its line)."
)]
pub struct PredictArgs {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// Photos, folders of photos (searched through), or - for one photo on standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Show the K most likely classes (JSON shows 5 unless told)
    #[arg(long, value_name = "K", value_parser = ranges::count)]
    pub top: Option<usize>,
    /// Answer `unknown` for photos unlike those trained on, and keep this share of good ones, above 0, up to 1
    #[arg(long, value_name = "SHARE", value_parser = ranges::keep)]
    pub keep: Option<f64>,
    /// Average over the photo and, if the model was trained so, its mirror image; =flips-and-crops: five crops, too
    #[arg(long, value_enum, value_name = "flips|flips-and-crops", hide_possible_values = true, num_args = 0..=1,
        require_equals = true, default_missing_value = "flips")]
    pub tta: Option<TtaArg>,
    /// One JSON object a line on standard output, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// Which looks at a photo are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TtaArg {
    /// Whole and mirrored
    Flips,
    /// Five crops, too
    FlipsAndCrops,
}

impl From<TtaArg> for umbel::data::Tta {
    fn from(tta: TtaArg) -> Self {
        match tta {
            TtaArg::Flips => umbel::data::Tta::Flips,
            TtaArg::FlipsAndCrops => umbel::data::Tta::FlipsAndCrops,
        }
    }
}

/// How a map is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodArg {
    /// Each channel weighs as much as its mean gradient
    GradCam,
    /// Each value weighs as much as its own gradient
    LayerCam,
}

/// Why this class?
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel explain runs/photos new.jpg\n  umbel explain runs/photos album/ --top 1 --out why\n  \
        umbel explain runs/photos new.jpg --class roses --method grad-cam\n  \
        umbel explain runs/photos new.jpg --layer conv2d_1\n\n\
        Writes a PNG for each photo: the photo, and where the network saw what speaks for each of the most likely classes,\n\
        from dark violet (nothing) to yellow (most); each map has a scale of its own. Nothing is overwritten.\n\n\
        Exit code 3: some of the photos could not be used; each is named on standard error (with --json: on its line)."
)]
pub struct ExplainArgs {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// Photos, folders of photos (searched through), or - for one photo on standard input
    #[arg(value_name = "PHOTO", required = true)]
    pub paths: Vec<PathBuf>,
    /// Explain the K most likely classes
    #[arg(long, value_name = "K", value_parser = ranges::count, default_value_t = 3)]
    pub top: usize,
    /// Explain this class, however likely
    #[arg(long, value_name = "NAME", conflicts_with = "top")]
    pub class: Option<String>,
    /// The layer to look at, by its name in `umbel summary` [default: the last convolution]
    #[arg(long, value_name = "NAME")]
    pub layer: Option<String>,
    /// How the map is made: layer-cam (Jiang et al., 2021), grad-cam (Selvaraju et al., 2017)
    #[arg(
        long,
        value_enum,
        value_name = "layer-cam|grad-cam",
        hide_possible_values = true,
        default_value = "layer-cam"
    )]
    pub method: MethodArg,
    /// Folder for the pictures [default: explained, or the next free number; with --json: none]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// One JSON object a line on standard output, and nothing else
    #[arg(long)]
    pub json: bool,
    /// With the values of each map, 0 to 1, row by row
    #[arg(long, requires = "json")]
    pub values: bool,
}

/// A part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PartArg {
    /// What it trained on
    Train,
    /// What chose the best epoch, and calibrated it
    Val,
    /// What neither saw
    Test,
}

/// How good is it?
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel eval runs/photos other-photos/\n  umbel eval runs/photos photos/ --part val\n  \
        umbel eval model.safetensors photos/ --split split.csv --part test --json --out evaluation\n\n\
        Classes are matched by name. Exit code 3: some photos were not scored, as they cannot be used or the model does\n\
        not know their class; both are named on standard error (with --json: in the object, too)."
)]
pub struct EvalArgs {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// The folder: one sub-folder per class, photos in them
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Only the photos of a part of this split.csv [default with --part: that of the run folder]
    #[arg(long, value_name = "FILE")]
    pub split: Option<PathBuf>,
    /// Which part [default with --split: val]
    #[arg(long, value_enum, value_name = "val|test|train", hide_possible_values = true)]
    pub part: Option<PartArg>,
    /// Average over several looks at each photo, as predict --tta does
    #[arg(long, value_enum, value_name = "flips|flips-and-crops", hide_possible_values = true, num_args = 0..=1,
        require_equals = true, default_missing_value = "flips")]
    pub tta: Option<TtaArg>,
    /// Folder for metrics.json, predictions.csv and pictures; must not exist yet, or be empty
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// One JSON object instead of the table
    #[arg(long)]
    pub json: bool,
}

/// A run as a page.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  umbel report runs/photos\n  umbel report runs/photos --out report.html\n\n\
        Every finished run has one already; this makes it again, from the run's records and your photos (where they are\n\
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
        Prints one JSON object (with --profile: a table, unless --json is given). The pictures are random; with --augment they come from the loader, augmented while the\n\
        engine computes, as in training.")]
pub struct BenchArgs {
    /// What to measure
    #[arg(value_enum, value_name = "step|infer|decode")]
    pub what: BenchWhat,
    /// Folder of photos for `decode`
    #[arg(long, value_name = "DIR", required_if_eq("what", "decode"))]
    pub data: Option<PathBuf>,
    /// Photos per step, 1 to 512
    #[arg(long, value_name = "N", value_parser = ranges::batch, default_value_t = 32)]
    pub batch: usize,
    /// Height and width of the photos, 32 to 512
    #[arg(long, value_name = "PIXELS", value_parser = ranges::image_size, default_value_t = 180)]
    pub image_size: u32,
    /// Number of classes
    #[arg(long, value_name = "N", value_parser = ranges::classes, default_value_t = 5)]
    pub classes: usize,
    /// Network: a name or a TOML file
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "cnn")]
    pub model: String,
    /// Train steps as `train --pretrained --tune` does: batch norm frozen, and all, the last stage or the head trained
    #[arg(long, value_enum, value_name = "head|last|all", hide_possible_values = true)]
    pub tune: Option<TuneArg>,
    /// What is multiplied; auto takes bf16 where the CPU trains faster with it
    #[arg(long, value_enum, value_name = "auto|f32|bf16", hide_possible_values = true, default_value = "auto")]
    pub precision: PrecisionArg,
    /// Threads; 0 is one per core
    #[arg(long, value_name = "N", value_parser = ranges::threads, default_value_t = 0)]
    pub threads: usize,
    /// Feed the steps from the loader, with the tutorial's augmentation
    #[arg(long)]
    pub augment: bool,
    /// Tell where the time goes: each fused step's time, GFLOP/s, share of the measured peak, bytes moved
    #[arg(long, conflicts_with = "augment")]
    pub profile: bool,
    /// How long to measure, after the warm-up
    #[arg(long, value_name = "S", value_parser = ranges::seconds, default_value_t = 5.0)]
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
