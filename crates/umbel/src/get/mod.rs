//! Fetches what it is told to: data sets by name or address, and pretrained weights. It is the only module that connects to anything, and
//! only when it is called; without the Cargo feature `net` it says that it cannot.

mod error;
#[cfg(feature = "net")]
mod online;
#[cfg(not(feature = "net"))]
#[path = "offline.rs"]
mod online;
pub mod sets;
mod store_fault;
mod what;

use std::path::{Path, PathBuf};

pub use self::error::{Error, Fault};
pub use self::online::*;
pub use self::store_fault::StoreFault;
pub use self::what::{What, is_address, is_s3};
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::data::{CacheOptions, Source, Unpacked};
use crate::surroundings::Surroundings;

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

/// What lies at `given`: a place here, as [`Source::open`] takes it, or one in an object store (`s3://bucket/folder`): a folder of photos,
/// an archive, or several. What is needed of that comes to lie in the folder of the cache, once.
///
/// # Errors
/// Those of [`Source::open`], [`Error::Store`], [`Error::Download`] and [`Error::Address`].
pub fn source(
    given: &Path,
    cache: &CacheOptions,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Source> {
    if is_s3(given) {
        open_s3(given, cache, &surroundings.network, observer, interrupt)
    } else {
        Source::open(given, cache, observer, interrupt)
    }
}
