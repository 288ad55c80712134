//! One error type, by cause: what came, what was expected, and the way out.

use std::path::PathBuf;

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done. Every message names the thing and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("cannot {action} {}: {source}", path.display())]
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

    // A model's layers and weights.
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
    #[error("cannot read {place} of the model's TOML: {}", on_few_lines(cause))]
    ModelToml {
        /// "layer 3 (conv2d)", or "the text".
        place: String,
        /// What the parser says, with the key and what it may be.
        cause: Box<toml::de::Error>,
    },
    /// Named tensors do not belong to what they were given to.
    #[error(
        "{what} do not fit the model: {}",
        list_misfits(missing, left_over, misshapen)
    )]
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

    /// The user asked to stop (Ctrl-C, SIGTERM); what was done so far is saved.
    #[error("stopped by the user")]
    Interrupted,
}

/// The parser's message without the empty lines at its end, and with the key on the line of the mistake.
fn on_few_lines(cause: &toml::de::Error) -> String {
    cause.to_string().trim_end().replace("\nin `", " in `")
}

/// The parts of [`Error::Tensors`] that have something to say; long lists are cut.
fn list_misfits(
    missing: &[String],
    left_over: &[String],
    misshapen: &[(String, Vec<usize>, Vec<usize>)],
) -> String {
    fn cut<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
        const SHOWN: usize = 8;
        let mut text = items
            .iter()
            .take(SHOWN)
            .map(show)
            .collect::<Vec<_>>()
            .join(", ");
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
        parts.push(format!(
            "not in the model: {}",
            cut(left_over, String::clone)
        ));
    }
    if !misshapen.is_empty() {
        let show = |(name, came, expected): &(String, Vec<usize>, Vec<usize>)| {
            format!("{name} is {came:?} instead of {expected:?}")
        };
        parts.push(format!("wrong shape: {}", cut(misshapen, show)));
    }
    parts.join("; ")
}
