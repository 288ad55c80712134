//! Where pretrained weights lie: built into the program, or in a file.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands for the weights that are built in, where a path would stand for others.
pub const INSIDE: &str = "inside";

/// Where a run's pretrained weights come from. In a config.toml it is [`INSIDE`] or a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightsFrom {
    /// Those that are built into the program.
    Inside,
    /// A safetensors file.
    File(PathBuf),
}

impl WeightsFrom {
    /// The same with another path, where it is one.
    pub(crate) fn with_path(&self, other: impl Fn(&Path) -> PathBuf) -> Self {
        match self {
            WeightsFrom::Inside => WeightsFrom::Inside,
            WeightsFrom::File(path) => WeightsFrom::File(other(path)),
        }
    }

    /// As it is written; a file called like the word for what is inside is `./inside`.
    pub fn as_path(&self) -> &Path {
        match self {
            WeightsFrom::Inside => Path::new(INSIDE),
            WeightsFrom::File(path) => path,
        }
    }
}

impl From<PathBuf> for WeightsFrom {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == INSIDE { WeightsFrom::Inside } else { WeightsFrom::File(path) }
    }
}

impl From<&str> for WeightsFrom {
    fn from(text: &str) -> Self {
        PathBuf::from(text).into()
    }
}

impl fmt::Display for WeightsFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WeightsFrom::Inside => f.write_str("the weights inside this program"),
            WeightsFrom::File(path) => path.display().fmt(f),
        }
    }
}

impl Serialize for WeightsFrom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_path().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for WeightsFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PathBuf::deserialize(deserializer).map(WeightsFrom::from)
    }
}
