//! One error type, by cause: what came, what was expected, and the way out.

use std::path::PathBuf;

pub use umbel_predict::base::error::{Error as PredictError, FileFault, Misfits};

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done. Every message names the thing and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model, its file or a photo: what predicting needs as well.
    #[error(transparent)]
    Predict(#[from] umbel_predict::Error),

    // --- Files that umbel wrote and reads again ---
    /// A text file of a run (history.csv, config.toml, ...) does not hold what it should.
    #[error("cannot understand {}: {detail}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What came and what was expected, with the place in the file.
        detail: String,
    },
    // --- Training ---
    /// The loss or a weight stopped being a number.
    #[error(
        "the {what} is no longer a finite number in epoch {epoch}, step {step}: the learning rate {learning_rate} is too \
         high for this model and data; start a new run with a lower one, say {} ({kept})",
        learning_rate / 10.0
    )]
    Diverged {
        /// "loss", "validation loss" or a weight's name.
        what: String,
        /// From 1.
        epoch: usize,
        /// From 1, within the epoch.
        step: usize,
        /// The learning rate of that step.
        learning_rate: f64,
        /// What was saved before.
        kept: String,
    },
    /// The model has another number of outputs than the data have classes.
    #[error(
        "the model has {outputs} outputs, but the data have {classes} classes: the last layer must be Dense({classes})"
    )]
    ClassCount {
        /// Outputs of the last layer.
        outputs: usize,
        /// Classes of the data.
        classes: usize,
    },
    /// The photos are prepared in another size than the model takes.
    #[error("the model takes pictures of {model}, but the data are prepared as {data}: give both the same image size")]
    ImageSize {
        /// Height x width x channels of the model's input.
        model: String,
        /// The same of the prepared photos.
        data: String,
    },
    /// Training would need more memory than the machine has free.
    #[error(
        "training needs about {} MiB of memory, but only {} MiB are free: lower the batch size or the image size",
        needed_bytes >> 20,
        available_bytes >> 20
    )]
    Memory {
        /// Buffers, weights, optimizer state and batches.
        needed_bytes: u64,
        /// What the system says it can give.
        available_bytes: u64,
    },
    /// The thread pool could not be started.
    #[error("cannot start {threads} threads: {detail}; ask for fewer")]
    Threads {
        /// How many were asked for (0: one per core).
        threads: usize,
        /// The system's answer.
        detail: String,
    },
    // --- Run folders ---
    /// The run folder cannot be made, or nothing can be written into it.
    #[error("cannot write to the run folder {}: {source}; choose a place that can be written with --out", path.display())]
    RunNotWritable {
        /// The run folder, or the file in it.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The run folder holds something already.
    #[error("{} exists already and is not empty: choose another --out, or go on with that run by --resume {}", path.display(), path.display())]
    RunExists {
        /// The run folder.
        path: PathBuf,
    },
    /// Another process trains in this run folder.
    #[error("{} is in use by another run: wait for it to end, or choose another run folder", path.display())]
    RunBusy {
        /// The run folder.
        path: PathBuf,
    },
    /// A run folder that cannot be resumed.
    #[error("{} is not a run that can be resumed ({detail}): start a new one with umbel train", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        detail: String,
    },
    /// The checkpoint was made with other settings or data.
    #[error("{} belongs to a run with other {what}: put back what it was begun with, or start in a new run folder", path.display())]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// "settings", "photos or labels", "architecture".
        what: &'static str,
    },
    /// `--strict`, and a picture cannot be used.
    #[error(
        "{path} cannot be used: {detail} (with --strict the first bad picture stops the run; without it, bad pictures are listed and left out)"
    )]
    BadPicture {
        /// Relative to the data folder.
        path: String,
        /// Why.
        detail: String,
    },

    /// Pretrained weights that cannot be used.
    #[error("the pretrained weights {}: {fault}", path.display())]
    Pretrained {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: PretrainedFault,
    },
    /// The store of pretrained weights lacks what was asked for.
    #[error("there are no pretrained weights called {name}: {} is missing; {way_out}", path.display())]
    NotInStore {
        /// What was asked for.
        name: String,
        /// Where the file would be.
        path: PathBuf,
        /// What to do.
        way_out: String,
    },
    /// Pretrained weights could not be fetched.
    #[error("cannot fetch {url}: {fault}; by hand, save that file as {}", path.display())]
    Download {
        /// The file's address.
        url: String,
        /// Where it belongs.
        path: PathBuf,
        /// Why.
        fault: DownloadFault,
    },
    // The data folder: every message shows the layout that is expected.
    /// The data folder does not exist.
    #[error("there is no folder {}; give {LAYOUT}", path.display())]
    FolderMissing {
        /// What was given.
        path: PathBuf,
    },
    /// What was given as the data folder is a file.
    #[error("{} is not a folder; give {LAYOUT}", path.display())]
    NotAFolder {
        /// What was given.
        path: PathBuf,
    },
    /// The data folder has no sub-folders.
    #[error("{} has no sub-folders ({files} files lie in it directly); give {LAYOUT}", path.display())]
    NoClasses {
        /// The data folder.
        path: PathBuf,
        /// Files directly in it.
        files: usize,
    },
    /// None of the sub-folders has a picture.
    #[error(
        "none of the {sub_folders} sub-folders of {} has a picture ({files} other files were seen); give {LAYOUT}",
        path.display()
    )]
    NoPictures {
        /// The data folder.
        path: PathBuf,
        /// How many sub-folders were searched.
        sub_folders: usize,
        /// Files seen that are no pictures.
        files: usize,
    },
    /// Only one sub-folder has pictures, so there is nothing to tell apart.
    #[error(
        "{} has one class only, {class:?} (pictures: {photos}), and at least two are needed; give {LAYOUT}",
        path.display()
    )]
    OneClass {
        /// The data folder.
        path: PathBuf,
        /// The only class with pictures.
        class: String,
        /// How many pictures it has.
        photos: usize,
    },
    /// The folder comes divided, with two folders for one part.
    #[error("{} has both {first}/ and {second}/, which mean the same part: keep one of them", path.display())]
    TwoPartFolders {
        /// The data folder.
        path: PathBuf,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// Folders named like parts, of which some hold pictures and some hold folders.
    #[error(
        "{} looks divided, but {folder}/ holds pictures itself where {other}/ holds folders: put the pictures of {folder}/ \
         into one folder per class, as in {other}/, or move {folder}/ elsewhere",
        path.display()
    )]
    MixedPartFolders {
        /// The data folder.
        path: PathBuf,
        /// A part with pictures in it.
        folder: String,
        /// A part with folders in it.
        other: String,
    },
    /// A table of photos cannot be used.
    #[error("the table {} cannot be used: {source}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: ManifestError,
    },
    /// Pictures of fewer than two classes could be decoded.
    #[error(
        "of {photos} pictures, {usable} can be used, and they are of {classes} class(es) where two are needed{}",
        first_problem(first)
    )]
    NothingUsable {
        /// Pictures found.
        photos: usize,
        /// Pictures decoded.
        usable: usize,
        /// Classes that these are of.
        classes: usize,
        /// The first picture that cannot be used, and why.
        first: Option<(String, String)>,
    },

    // The split.
    /// A part of the split would have no picture.
    #[error("the {part} part would have none of the {photos} usable pictures; {way_out}")]
    EmptyPart {
        /// "training", "validation" or "test".
        part: &'static str,
        /// Pictures to divide.
        photos: usize,
        /// What to change.
        way_out: &'static str,
    },
    /// The pattern of the groups is no regular expression.
    #[error("the group pattern {pattern:?} is no regular expression that can be used: {detail}")]
    GroupPattern {
        /// What came.
        pattern: String,
        /// What is wrong with it, and where.
        detail: String,
    },
    /// A picture that the pattern finds no group for.
    #[error(
        "{photo} is in no group: the pattern {pattern:?} does not match its path (nor those of {others} others); widen the \
         pattern, for instance by an alternative for such names"
    )]
    NoGroup {
        /// The first such picture.
        photo: String,
        /// The pattern.
        pattern: String,
        /// How many more there are.
        others: usize,
    },
    /// A model is to be measured on photos of which it knows none.
    #[error(
        "no photo to be scored in {} is of a class that the model knows; its folders are {found}, the model's classes are \
         {known}: rename the folders, or choose another model",
        folder.display()
    )]
    NoKnownClass {
        /// The folder.
        folder: PathBuf,
        /// Its classes.
        found: String,
        /// The model's classes.
        known: String,
    },
    /// A split file cannot be used.
    #[error("the split file {} cannot be used: {source}", path.display())]
    SplitFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: SplitFileError,
    },

    // The cache.
    /// The cache folder cannot be used.
    #[error(
        "cannot {action} in the cache folder {}: {source}; choose another with --cache DIR or the variable UMBEL_CACHE",
        folder.display()
    )]
    Cache {
        /// What was tried.
        action: &'static str,
        /// The cache folder.
        folder: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },

    /// The prepared photos that a run reads can no longer be read.
    #[error(
        "the prepared photos in {} {detail}; run the command again and they are made anew (a training run goes on \
         with --resume)",
        path.display()
    )]
    Pack {
        /// The pack file.
        path: PathBuf,
        /// What happened to it.
        detail: String,
    },

    // Pictures and tables for people.
    /// A folder that must be new has something in it.
    #[error("the folder {} is not empty: name another one, or empty it first", path.display())]
    FolderNotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A run to be compared or reported has no history.
    #[error("{} has no history.csv: name the folder of a run that umbel train wrote", run.display())]
    NoHistory {
        /// The folder that was taken for a run.
        run: PathBuf,
    },
    /// A run's history has no epoch yet.
    #[error("{} has no finished epoch yet: let the run go on, or leave it out", run.display())]
    NoEpochs {
        /// The run.
        run: PathBuf,
    },
    /// No run was named.
    #[error("there is no run to compare: name one run folder or more")]
    NothingToCompare,
    /// The user asked to stop (Ctrl-C, SIGTERM); what was done so far is saved.
    #[error("stopped by the user")]
    Interrupted,
}

/// Why pretrained weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PretrainedFault {
    /// There is no such file.
    #[error("no such file; give the path of a .safetensors file in timm's or lukemelas' names")]
    NotFound,
    /// Cut short, or of another kind.
    #[error("not a whole safetensors file ({0}): it was cut short, or is a file of another kind; get it again")]
    NotSafetensors(String),
    /// Other numbers than `f32`.
    #[error("tensor {tensor} is {dtype}, but F32 was expected: convert the file first")]
    Dtype {
        /// Its name.
        tensor: String,
        /// What it is, in safetensors' names.
        dtype: String,
    },
    /// A weight is NaN or infinite.
    #[error("tensor {0} holds values that are no finite numbers; get the file again from where it came from")]
    NotFinite(String),
    /// They are for another network.
    #[error("they do not fit the model: {misfits}{}", told(fits))]
    Misfit {
        /// What does not fit.
        misfits: Misfits,
        /// The ready-made network that they would fit.
        fits: Option<&'static str>,
    },
}

fn told(fits: &Option<&'static str>) -> String {
    fits.map_or(String::new(), |name| format!(" (they are for --model {name})"))
}

/// Why a file could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DownloadFault {
    /// umbel was built without the feature.
    #[error("this umbel was built without downloads (cargo install with --features download has them)")]
    NotBuilt,
    /// No line, no such host, no answer, or none that makes sense.
    #[error("the hub cannot be reached ({0})")]
    Unreachable(String),
    /// An answer that is no file.
    #[error("the hub answers with status {0}")]
    Status(u16),
    /// The line broke again and again.
    #[error(
        "the line broke after {done} of {bytes} bytes ({detail}); they are kept, and the same command will go on there"
    )]
    Cut {
        /// What has come.
        done: u64,
        /// All.
        bytes: u64,
        /// How it broke.
        detail: String,
    },
    /// Other bytes than promised.
    #[error(
        "what came is not what the hub promised: its sha256 is {came} instead of {promised}; it was thrown away, so try again"
    )]
    Digest {
        /// Of what came.
        came: String,
        /// Of what was promised.
        promised: String,
    },
}

/// What a data folder must look like, said by every error about one.
const LAYOUT: &str = "a folder with one sub-folder per class and the pictures in them, \
    like flowers/daisy/1.jpg, flowers/roses/2.jpg";

fn first_problem(first: &Option<(String, String)>) -> String {
    match first {
        Some((path, detail)) => format!("; the first that cannot is {path}: {detail}"),
        None => String::new(),
    }
}

/// What is wrong in a split file (columns path,class,part). Lines count from 1, the header's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitFileError {
    /// A column is missing.
    #[error("it has no column {column:?} (found: {found}); expected path,class,part")]
    MissingColumn {
        /// The missing column.
        column: &'static str,
        /// The header that came.
        found: String,
    },
    /// A path that the data folder does not have.
    #[error("line {line} names {photo}, which is not a picture of the data folder; put it back or delete the line")]
    UnknownPath {
        /// Line of the file.
        line: u64,
        /// The path that came.
        photo: String,
    },
    /// A class that differs from the folder in which the picture lies.
    #[error("line {line} says that {photo} is of class {class:?}, but it lies in {expected:?}")]
    WrongClass {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
        /// The class that came.
        class: String,
        /// The class by its folder.
        expected: String,
    },
    /// A part that does not exist.
    #[error("line {line} has the part {part:?}; expected train, val or test")]
    UnknownPart {
        /// Line of the file.
        line: u64,
        /// The part that came.
        part: String,
    },
    /// A picture that an earlier line names too.
    #[error("line {line} names {photo} again; each picture may be named once")]
    Repeated {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
    },
    /// Not a CSV file.
    #[error("it is not a well-formed CSV file: {0}")]
    Malformed(#[from] csv::Error),
}

/// What is wrong in a table of photos (columns path,label and perhaps split). Lines count from 1, the header's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A column is missing.
    #[error("it has no column {column:?} (found: {found}); expected path,label or path,label,split")]
    MissingColumn {
        /// The missing column.
        column: &'static str,
        /// The header that came.
        found: String,
    },
    /// A path that is not one below the table's folder.
    #[error(
        "line {line} has the path {photo:?}; expected one below the table's own folder, with / and without .., like \
         roses/1.jpg"
    )]
    Outside {
        /// Line of the file.
        line: u64,
        /// The path that came.
        photo: String,
    },
    /// No such picture.
    #[error(
        "line {line} names {photo}, and there is no such file below the table's folder; put it there or delete the line"
    )]
    NoFile {
        /// Line of the file.
        line: u64,
        /// The path that came.
        photo: String,
    },
    /// A row without a label.
    #[error("line {line} gives {photo} no label; write its class there or delete the line")]
    NoLabel {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
    },
    /// A part that does not exist.
    #[error("line {line} has the split {part:?}; expected train, val or test")]
    UnknownPart {
        /// Line of the file.
        line: u64,
        /// The part that came.
        part: String,
    },
    /// A picture that an earlier line names too.
    #[error("line {line} names {photo} again (line {first} does too); each picture may be named once")]
    Repeated {
        /// Line of the file.
        line: u64,
        /// The earlier line.
        first: u64,
        /// The picture.
        photo: String,
    },
    /// Fewer than two classes, so there is nothing to tell apart.
    #[error("its {photos} lines are of {}; at least two classes are needed", one_class(found))]
    Classes {
        /// The only class.
        found: Option<String>,
        /// How many pictures it names.
        photos: usize,
    },
    /// More bytes than any table of photos has.
    #[error("it is larger than {} MiB, which no table of photos is; divide it", limit >> 20)]
    TooLarge {
        /// Most bytes.
        limit: u64,
    },
    /// Not a CSV file.
    #[error("it is not a well-formed CSV file: {0}")]
    Malformed(#[from] csv::Error),
}

fn one_class(found: &Option<String>) -> String {
    found.as_ref().map_or_else(|| "no class".to_string(), |class| format!("one class only, {class:?}"))
}
