//! The flags of the commands that look at a model or ask one: `summary`, `models`, `predict`, `explain` and `eval`.

use std::path::PathBuf;

use clap::Args;
use umbel::data::{Part, Tta};
use umbel::explain::Method;
use umbel::settings::kind::COUNT;

use super::DetectionArgs;
use super::values::{self, CLASSES, CONFIDENCE, KEEP, SURE};

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
    #[arg(long, value_name = "N", value_parser = values::whole::<usize>(CLASSES), default_value_t = 5, conflicts_with = "path")]
    pub classes: usize,
    /// Height and width of the photos for --model, 32 to 512
    #[arg(
        long, value_name = "PIXELS", value_parser = values::setting::<u32>("prep.image_size"), default_value_t = 180, conflicts_with = "path"
    )]
    pub image_size: u32,
    /// Photos per step, for the memory that a training step needs
    #[arg(long, value_name = "N", value_parser = values::setting::<usize>("fit.batch"), default_value_t = 32)]
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
    #[arg(long, value_name = "N", value_parser = values::whole::<usize>(CLASSES), default_value_t = 5)]
    pub classes: usize,
    /// Height and width of the photos, for the numbers of parameters, 32 to 512
    #[arg(long, value_name = "PIXELS", value_parser = values::setting::<u32>("prep.image_size"), default_value_t = 180)]
    pub image_size: u32,
    /// One JSON object a line instead of the table
    #[arg(long)]
    pub json: bool,
}

/// What is on a photo?
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel predict runs/photos new.jpg\n  umbel predict runs/photos album/ --top 3\n  \
        cat new.jpg | umbel predict runs/photos -\n  umbel predict runs/photos https://host/new.jpg\n  umbel predict model.safetensors album/ --json\n  \
        umbel predict runs/photos album/ --keep 0.95\n  \
        umbel predict runs/photos album/ --sure 0.95\n  \
        umbel predict runs/a runs/b album/\n  \
        umbel predict runs/photos album/ --min-confidence 0.8 --sort-into sorted --csv answers.csv\n  \
        umbel predict runs/photos --watch incoming/ --json\n\n\
        --keep: a photo unlike those that the model was trained on is `unknown`; the nearest class and its confidence are \
        told all the same. The share is that of the validation photos which keep their class: 0.99 calls less unknown.\n\n\
        --sure: the classes of which one is the right one for that share of photos, as the photos that judged the model had it.\n\n\
        Several models: as long as arguments are run folders or .safetensors files, each is a model; all must know the same \
        classes, and their mean answers. Of a run of folds, the folds do.\n\n\
        Exit code 3: some of the photos could not be used; each is named on standard error (with --json: on its line)."
)]
pub struct PredictArgs {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// More models to answer together; then photos, folders of photos (searched through), addresses of photos, or - for one on
    /// standard input
    #[arg(value_name = "PATH", required_unless_present = "watch")]
    pub paths: Vec<PathBuf>,
    /// Answer the photos in this folder, then wait for new and changed ones and answer them as they come, until Ctrl-C
    #[arg(long, value_name = "DIR")]
    pub watch: Option<PathBuf>,
    /// Show the K most likely classes (JSON shows 5 unless told)
    #[arg(long, value_name = "K", value_parser = values::whole::<usize>(COUNT))]
    pub top: Option<usize>,
    /// Answer `unknown` for photos unlike those trained on, and keep this share of good ones, above 0, up to 1
    #[arg(long, value_name = "SHARE", value_parser = values::real(KEEP))]
    pub keep: Option<f64>,
    /// Tell a set of classes with each answer that holds the right one for this share of photos, above 0, below 1
    #[arg(long, value_name = "SHARE", value_parser = values::real(SURE), conflicts_with = "tta")]
    pub sure: Option<f64>,
    /// With --sure: for this share of the photos of every class by itself
    #[arg(long, requires = "sure")]
    pub sure_by_class: bool,
    /// Call answers below this confidence not sure enough (JSON: "sure":false)
    #[arg(long, value_name = "P", value_parser = values::real(CONFIDENCE))]
    pub min_confidence: Option<f64>,
    /// The same for the answers of one class; for several classes, several times
    #[arg(long, value_name = "CLASS=P", value_parser = values::of_class(CONFIDENCE))]
    pub threshold: Vec<(String, f64)>,
    /// Write the answers into this table, too: path,class,confidence,error, and when and where photos were taken
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Copy each photo into a folder of its class (or unknown, or unsure) below this one; nothing is moved or overwritten
    #[arg(long, value_name = "DIR")]
    pub sort_into: Option<PathBuf>,
    /// Average over the photo and, if the model was trained so, its mirror image; =flips-and-crops: five crops, too
    #[arg(long, value_parser = values::choice::<Tta>(), value_name = "flips|flips-and-crops", hide_possible_values = true,
        num_args = 0..=1, require_equals = true, default_missing_value = "flips")]
    pub tta: Option<Tta>,
    #[command(flatten)]
    pub detections: DetectionArgs,
    /// Of a detector's JSON (MegaDetector's): write it with the answers into this file
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["watch", "sort_into"])]
    pub out: Option<PathBuf>,
    /// One JSON object a line on standard output, and nothing else; tells when and where photos were taken, too
    #[arg(long)]
    pub json: bool,
}

/// Why this class?
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel explain runs/photos new.jpg\n  umbel explain runs/photos album/ --top 1 --out why\n  \
        umbel explain runs/photos new.jpg --class roses --method grad-cam\n  \
        umbel explain runs/photos new.jpg --layer conv2d_1\n\n\
        Writes a PNG for each photo: the photo, and where the network saw what speaks for each of the most likely classes, \
        from dark violet (nothing) to yellow (most); each map has a scale of its own. Nothing is overwritten.\n\n\
        Exit code 3: some of the photos could not be used; each is named on standard error (with --json: on its line)."
)]
pub struct ExplainArgs {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// Photos, folders of photos (searched through), addresses of photos, or - for one photo on standard input
    #[arg(value_name = "PHOTO", required = true)]
    pub paths: Vec<PathBuf>,
    /// Explain the K most likely classes
    #[arg(long, value_name = "K", value_parser = values::whole::<usize>(COUNT), default_value_t = 3)]
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
        value_parser = values::choice::<Method>(),
        value_name = "layer-cam|grad-cam",
        hide_possible_values = true,
        default_value = "layer-cam"
    )]
    pub method: Method,
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

/// How good is it?
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  umbel eval runs/photos other-photos/\n  umbel eval runs/photos photos/ --part val\n  \
        umbel eval model.safetensors photos/ --split split.csv --part test --json --out evaluation\n\n\
        Classes are matched by name. Exit code 3: some photos were not scored, as they cannot be used or the model does \
        not know their class; both are named on standard error (with --json: in the object, too)."
)]
pub struct EvalArgs {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// The folder: one sub-folder per class, photos in them (or an address, see `umbel get`)
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Only the photos of a part of this split.csv [default with --part: that of the run folder]
    #[arg(long, value_name = "FILE")]
    pub split: Option<PathBuf>,
    /// Which part [default with --split: val]
    #[arg(long, value_parser = values::choice::<Part>(), value_name = "val|test|train", hide_possible_values = true)]
    pub part: Option<Part>,
    /// Average over several looks at each photo, as predict --tta does
    #[arg(long, value_parser = values::choice::<Tta>(), value_name = "flips|flips-and-crops", hide_possible_values = true,
        num_args = 0..=1, require_equals = true, default_missing_value = "flips")]
    pub tta: Option<Tta>,
    #[command(flatten)]
    pub detections: DetectionArgs,
    /// Folder for metrics.json, predictions.csv and pictures; must not exist yet, or be empty
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// One JSON object instead of the table
    #[arg(long)]
    pub json: bool,
}
