//! What can go wrong in predicting, by cause: what came, what was expected, and the way out.

mod kind;

use std::path::PathBuf;

pub use kind::{ErrorKind, with_causes};

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done. Every message names the thing and the way out; the cause, where there is one, is the
/// error's source ([`with_causes`] joins them).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: "read", "write", "create the folder", ...
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A setting has a value that cannot be used.
    #[error("{setting} is {value}, but must be {expected}")]
    Setting {
        /// The setting's name as the user writes it.
        setting: String,
        /// What came.
        value: String,
        /// What was expected.
        expected: String,
    },

    /// A model file or checkpoint cannot be used.
    #[error("{}: {fault}", path.display())]
    ModelFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },

    /// A layer cannot stand where it stands in the model, or its settings cannot be used.
    #[error("layer {position} ({layer}): {what} is {value}, but must be {expected}")]
    Layer {
        /// Which layer, counted from 1.
        position: usize,
        /// Its name, `conv2d_1`.
        layer: String,
        /// What is wrong: "the input", "filters", ...
        what: &'static str,
        /// What came.
        value: String,
        /// What was expected, and the way out.
        expected: String,
    },
    /// A model's TOML could not be read.
    #[cfg(feature = "train")]
    #[error("cannot read {place} of the model's TOML: {}", crate::base::toml_words::toml_words(cause))]
    ModelToml {
        /// "layer 3 (conv2d)", or "the text".
        place: String,
        /// What the parser says, with the key and what it may be.
        cause: Box<toml::de::Error>,
    },
    /// Named tensors do not belong to what they were given to.
    #[error("{what} do not fit the model: {}", list_misfits(missing, left_over, misshapen))]
    Tensors {
        /// "the weights" or "the optimizer's tensors".
        what: &'static str,
        /// Names that the model needs and that did not come.
        missing: Vec<String>,
        /// Names that came and that the model does not know.
        left_over: Vec<String>,
        /// Name, shape that came, shape that was expected.
        misshapen: Vec<(String, Vec<usize>, Vec<usize>)>,
    },

    /// The buffers for a model and a batch do not fit into memory.
    #[error(
        "a batch of {batch} needs {} MiB of memory for this model, which cannot be had: use a smaller batch or smaller pictures",
        bytes / (1024 * 1024)
    )]
    OutOfMemory {
        /// The batch asked for.
        batch: usize,
        /// Bytes of all buffers.
        bytes: u128,
    },

    /// A model whose parts were changed so that they do not fit each other.
    #[error("this model cannot be used: {0}")]
    Model(FileFault),
    /// The model computes no number: its weights are such that sums overflow.
    #[error(
        "the model's answer{} is no finite number: its weights are too large; train it again with a lower learning rate, or use \
         another model",
        photo.as_ref().map_or(String::new(), |photo| format!(" for {photo}"))
    )]
    NoAnswer {
        /// The photo, where it has a name.
        photo: Option<String>,
    },
    /// The system gives no thread to compute in.
    #[error(
        "the system has no thread left to compute in ({detail}): end other programs, or raise the limit on processes"
    )]
    NoThread {
        /// The system's answer.
        detail: String,
    },
    /// What is unlike all known pictures was asked for, of a model file that does not tell what those are like.
    #[error("this model file does not tell what known pictures are like, so that none can be told to be unknown")]
    NoKnownPictures,
    /// The one photo that was asked for cannot be used.
    #[error("{} cannot be used ({detail}): name another photo", path.display())]
    UnreadablePhoto {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

impl Error {
    /// What it means for whoever called.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Setting { .. } | Error::Layer { .. } | Error::NoKnownPictures => ErrorKind::Setting,
            #[cfg(feature = "train")]
            Error::ModelToml { .. } => ErrorKind::Setting,
            Error::ModelFile { fault: FileFault::TooLarge(_), .. } | Error::OutOfMemory { .. } => ErrorKind::Memory,
            Error::ModelFile { .. } | Error::Tensors { .. } | Error::Model(_) | Error::NoAnswer { .. } => {
                ErrorKind::File
            }
            Error::UnreadablePhoto { .. } => ErrorKind::Data,
            Error::Io { .. } | Error::NoThread { .. } => ErrorKind::Io,
        }
    }
}

/// What can be wrong with a model file or checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// There is no such file or folder.
    #[error(
        "no such file or folder; a model is a .safetensors file made by umbel, or a run folder with a model.safetensors"
    )]
    NotFound,
    /// A run folder (or any other) without a model in it.
    #[error(
        "there is no model.safetensors in this folder; if it is a run that was stopped before the end of its first epoch, \
         resume it"
    )]
    NoModel,
    /// Something that is neither a file nor a folder.
    #[error("not a regular file")]
    NotAFile,
    /// Cut short, or of another kind.
    #[error("not a whole safetensors file ({0}): it was cut short, or is a file of another kind; copy it again")]
    NotSafetensors(String),
    /// A safetensors file of another program.
    #[error("a safetensors file, but not one of umbel's (its header has no `{0}`)")]
    Foreign(&'static str),
    /// A checkpoint where a model was expected, or the reverse.
    #[error("this is umbel's {found}, but {expected} is needed; give the run folder instead")]
    WrongKind {
        /// What the file is.
        found: String,
        /// What was needed.
        expected: &'static str,
    },
    /// Made by a later version.
    #[error("made by a newer umbel ({version}, format {format}); this one reads up to {reads}: update umbel")]
    Newer {
        /// The file's format.
        format: u64,
        /// The newest format that can be read here.
        reads: u64,
        /// The version that wrote it.
        version: String,
    },
    /// A checkpoint of other arithmetic.
    #[error(
        "its weights were computed by arithmetic number {found}, but this umbel computes by number {here}, which would go on to \
         other digits: go on with the version that began it, or train in a new run folder"
    )]
    Numerics {
        /// The number in the file.
        found: u32,
        /// This version's.
        here: u32,
    },
    /// More tensors than any network has.
    #[error("it holds {count} tensors, more than any network here has ({most})")]
    TooMany {
        /// Its tensors.
        count: usize,
        /// The most that are read.
        most: usize,
    },
    /// The digest does not agree with the contents.
    #[error("damaged: its contents do not agree with its digest; copy it again from where it came from")]
    Damaged,
    /// A header field that cannot be understood.
    #[error("its header field `{field}` cannot be understood ({detail})")]
    Field {
        /// The key.
        field: &'static str,
        /// Why.
        detail: String,
    },
    /// The weights are not those of the architecture.
    #[error("its weights do not fit its architecture: {0}")]
    Weights(String),
    /// A weight is NaN or infinite.
    #[error("its tensor {0} holds values that are no finite numbers; train again with a lower learning rate")]
    NotFinite(String),
    /// Another number of class names than outputs.
    #[error("it names {names} classes, but its last layer has {outputs} outputs")]
    Classes {
        /// Class names.
        names: usize,
        /// Outputs.
        outputs: usize,
    },
    /// The input of the network is not what the preparation gives.
    #[error("its photos are prepared as {prepared}, but its network takes {input}")]
    Input {
        /// What the preparation gives.
        prepared: String,
        /// What the network takes.
        input: String,
    },
    /// More memory than there is.
    #[error("it needs {0} bytes of memory, more than there is")]
    TooLarge(u64),
}

/// Tensors that were looked for in vain, and others that nobody looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfits {
    /// Names that the model needs and that did not come.
    pub missing: Vec<String>,
    /// Names that came and that the model does not know.
    pub left_over: Vec<String>,
    /// Name, shape that came, shape that was expected.
    pub misshapen: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl Misfits {
    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.left_over.is_empty() && self.misshapen.is_empty()
    }
}

impl std::fmt::Display for Misfits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&list_misfits(&self.missing, &self.left_over, &self.misshapen))
    }
}

/// The parts of [`Error::Tensors`] that have something to say; long lists are cut.
fn list_misfits(missing: &[String], left_over: &[String], misshapen: &[(String, Vec<usize>, Vec<usize>)]) -> String {
    fn cut<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
        const SHOWN: usize = 8;
        let mut text = items.iter().take(SHOWN).map(show).collect::<Vec<_>>().join(", ");
        if items.len() > SHOWN {
            text.push_str(&format!(" and {} more", items.len() - SHOWN));
        }
        text
    }
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("missing: {}", cut(missing, String::clone)));
    }
    if !left_over.is_empty() {
        parts.push(format!("not in the model: {}", cut(left_over, String::clone)));
    }
    if !misshapen.is_empty() {
        let show = |(name, came, expected): &(String, Vec<usize>, Vec<usize>)| {
            format!("{name} is {came:?} instead of {expected:?}")
        };
        parts.push(format!("wrong shape: {}", cut(misshapen, show)));
    }
    parts.join("; ")
}
