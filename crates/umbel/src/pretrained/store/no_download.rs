//! Without the Cargo feature `download`: nothing is ever fetched.

use std::path::PathBuf;

use super::{Origin, Store};
use crate::Result;
use crate::base::progress::{Interrupt, Observer};
use crate::pretrained::{self, DownloadFault};

/// Whether [`fetch`] can.
pub const CAN_FETCH: bool = false;

/// Fails and says what to do instead.
///
/// # Errors
/// [`pretrained::Error::Download`], always.
pub fn fetch(store: &Store, origin: &Origin, _observer: &mut dyn Observer, _interrupt: &Interrupt) -> Result<PathBuf> {
    let (url, path) = (store.url(origin), store.path_of(origin.name));
    Err(pretrained::Error::Download { url, path, fault: DownloadFault::NotBuilt }.into())
}
