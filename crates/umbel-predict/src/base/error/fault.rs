//! What can be wrong with a file of umbel's.

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
