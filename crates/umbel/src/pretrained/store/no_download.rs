//! Without the Cargo feature `download`: nothing is ever fetched.

use std::path::PathBuf;

use super::{Origin, path_of};
use crate::base::error::DownloadFault;
use crate::base::progress::{Interrupt, Observer};
use crate::{Error, Result};

/// Fails and says what to do instead.
///
/// # Errors
/// [`Error::Download`], always.
pub fn fetch(origin: &Origin, _observer: &mut dyn Observer, _interrupt: &Interrupt) -> Result<PathBuf> {
    Err(Error::Download { url: origin.url(), path: path_of(origin.name), fault: DownloadFault::NotBuilt })
}
