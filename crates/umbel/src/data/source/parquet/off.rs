//! Without the Cargo feature `parquet`: a table of that kind is known, and not read.

use std::path::{Path, PathBuf};

use super::super::archive::ArchiveFault;
use super::super::listed::Stopped;
use crate::base::progress::Interrupt;
use crate::data::CacheOptions;

/// Fails and says what to do instead.
pub fn tar(_: &Path, _: &CacheOptions, _: &Interrupt) -> Result<PathBuf, Stopped> {
    Err(ArchiveFault::NotBuilt("Parquet", "parquet").into())
}
