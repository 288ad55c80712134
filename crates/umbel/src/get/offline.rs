//! Without the Cargo feature `net`: nothing is ever fetched.

use std::path::{Path, PathBuf};

use super::{Error, Fault, Got, What};
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::data::{CacheOptions, Source};
use crate::pretrained::store::Origin;
use crate::surroundings::{Network, Surroundings};

/// Whether anything can be fetched.
pub const CAN_CONNECT: bool = false;

/// Fails and says what to do instead.
///
/// # Errors
/// [`Error::Download`], always.
pub fn get(
    what: &What,
    _out: Option<&Path>,
    _surroundings: &Surroundings,
    _observer: &mut dyn Observer,
    _interrupt: &Interrupt,
) -> Result<Got> {
    Err(not_built(&what.name()))
}

/// Fails and says what to do instead.
///
/// # Errors
/// [`Error::Download`], always.
pub fn weights(
    origin: &Origin,
    surroundings: &Surroundings,
    _observer: &mut dyn Observer,
    _interrupt: &Interrupt,
) -> Result<PathBuf> {
    let (url, path) = (surroundings.store.url(origin), surroundings.store.path_of(origin.name));
    Err(Error::Download { url, fault: Fault::NotBuilt, by_hand_as: Some(path) }.into())
}

/// Fails and says what to do instead.
///
/// # Errors
/// [`Error::Download`], always.
pub fn bytes(url: &str, _most: u64, _network: &Network) -> Result<Vec<u8>> {
    Err(not_built(url))
}

/// Fails and says what to do instead.
///
/// # Errors
/// [`Error::Download`], always.
pub(super) fn open_s3(
    given: &Path,
    _cache: &CacheOptions,
    _network: &Network,
    _observer: &mut dyn Observer,
    _interrupt: &Interrupt,
) -> Result<Source> {
    Err(not_built(&given.to_string_lossy()))
}

fn not_built(url: &str) -> crate::Error {
    Error::Download { url: url.to_string(), fault: Fault::NotBuilt, by_hand_as: None }.into()
}
