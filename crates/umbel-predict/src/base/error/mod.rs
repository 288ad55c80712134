//! What can go wrong in predicting, by cause: what came, what was expected, and the way out.

mod fault;
mod kind;

use std::path::PathBuf;

pub use fault::FileFault;
pub use kind::{ErrorKind, with_causes};

use super::listed::listed;

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
    /// Sets that hold the right class were asked for, of a model file that was made before they were measured.
    #[error(
        "this model file does not tell how much its model doubted the right class of photos that it had not seen, as those of before \
         do not, so that no set can be promised to hold it: train anew"
    )]
    NoDoubts,
    /// Such sets were asked for, by more than the photos that were measured can promise.
    #[error(
        "{images} photos judged this model, which are too few to promise that sets hold the right class of {level} of all photos; {}",
        promised(*most)
    )]
    TooFewJudged {
        /// The share that was asked for.
        level: f64,
        /// The photos.
        images: usize,
        /// The highest share that they promise.
        most: f64,
    },
    /// Models that are to answer as one know other classes.
    #[error(
        "model {model} knows other classes than the first one: {}; models answer together where all know the same",
        differing(missing, added)
    )]
    OtherClasses {
        /// Which model, counted from 1.
        model: usize,
        /// Classes of the first that it does not know.
        missing: Vec<String>,
        /// Classes of its own.
        added: Vec<String>,
    },
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
            Error::Setting { .. }
            | Error::Layer { .. }
            | Error::NoKnownPictures
            | Error::NoDoubts
            | Error::TooFewJudged { .. }
            | Error::OtherClasses { .. } => ErrorKind::Setting,
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

/// The way out, by a share rounded down to thousandths: what is told to be had can be had.
fn promised(most: f64) -> String {
    match (most * 1000.0).floor() / 1000.0 {
        0.0 => "they promise none: train on more photos".to_string(),
        most => {
            format!("the highest share that they promise is {most:.3}: ask for that or less, or train on more photos")
        }
    }
}

/// How the classes of one model differ from those of another.
fn differing(missing: &[String], added: &[String]) -> String {
    let named = |what: &str, classes: &[String]| match classes {
        [] => String::new(),
        classes => format!("{what} {}", listed(classes)),
    };
    let parts = [named("it lacks", missing), named("it has in addition", added)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", and ")
}
