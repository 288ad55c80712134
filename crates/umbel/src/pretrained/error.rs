//! What can go wrong with weights of other programs: what is in a file, and the store.

use std::path::PathBuf;

use crate::base::error::{ErrorKind, Misfits};

/// Why pretrained weights cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Pretrained weights that cannot be used.
    #[error("the pretrained weights {}: {fault}", path.display())]
    Unusable {
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
}

impl Error {
    /// What it means for whoever called.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Unusable { .. } | Error::NotInStore { .. } => ErrorKind::File,
        }
    }
}

/// Why pretrained weights cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PretrainedFault {
    /// umbel was built without the feature.
    #[error(
        "this umbel was built without weights inside (it has them with the Cargo feature weights); give a file instead"
    )]
    NotBuilt,
    /// There is no such file.
    #[error(
        "no such file; give the path of a .safetensors file in timm's or lukemelas' names, of a model or of a run's folder"
    )]
    NotFound,
    /// Cut short, or of another kind.
    #[error("not a whole safetensors file ({0}): it was cut short, or is a file of another kind; get it again")]
    NotSafetensors(String),
    /// There is no room for them.
    #[error("there is no memory for {0} bytes of them; free some, or allow more")]
    Memory(u64),
    /// A folder without a run's model.
    #[error(
        "it is a folder without a model in it; give a run's folder that has one, or the path of a .safetensors file in timm's or \
         lukemelas' names"
    )]
    Folder,
    /// A model file or checkpoint of umbel's own.
    #[error("it is umbel's own {0}, and no weights of another program: a model brings its network, so name no other")]
    Own(String),
    /// A model whose last layer has no row for each class.
    #[error(
        "its network does not end with a dense layer without an activation behind other layers, so no class has a row of its own in \
         it that could be kept or added"
    )]
    NoLastLayer,
    /// Numbers that are no weights.
    #[error("tensor {tensor} is {dtype}, but F32, F16 or BF16 was expected: convert the file first")]
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
    fits.map_or(String::new(), |name| format!(" (they are for the ready-made network {name})"))
}
