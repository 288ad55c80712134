//! Without the Cargo feature `parquet`: a table of that kind is known, and not read.

use std::path::PathBuf;

use super::super::archive::{ArchiveFault, ArchiveFile};
use super::super::listed::Stopped;
use crate::base::progress::Interrupt;
use crate::data::CacheOptions;

/// Fails and says what to do instead.
pub fn tar(_: &ArchiveFile, _: &CacheOptions, _: &Interrupt) -> Result<PathBuf, Stopped> {
    Err(ArchiveFault::NotBuilt("Parquet", "parquet").into())
}
