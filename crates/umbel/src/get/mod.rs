//! Fetches what it is told to: data sets by name or address, and pretrained weights. It is the only module that connects to anything, and
//! only when it is called; without the Cargo feature `net` it says that it cannot.

mod error;
#[cfg(feature = "net")]
mod online;
#[cfg(not(feature = "net"))]
#[path = "offline.rs"]
mod online;
pub mod sets;
mod what;

use std::path::PathBuf;

pub use self::error::{Error, Fault};
pub use self::online::*;
pub use self::what::{What, is_address};
use crate::data::Unpacked;

/// The file in a folder that was fetched: what it is, where it came from, and that the folder may be taken for what was asked. It is
/// hidden, and so no data.
pub const MARKER: &str = ".umbel-get.json";

/// What became of a data set that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// The folder.
    pub path: PathBuf,
    /// Whether it came now, or lay there.
    pub news: News,
    /// Under which terms it may be used, where that is known.
    pub license: Option<String>,
}

/// Whether something came now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It lay there already, and nothing was asked of anybody.
    LayThere,
    /// It came, and is this.
    Came(Unpacked),
}
