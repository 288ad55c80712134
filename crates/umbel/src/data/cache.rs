//! Every photo decoded and resized once, kept on disk as bytes and memory-mapped.

use std::path::PathBuf;

use super::{Index, PrepSpec, Problem};
use crate::Result;
use crate::base::progress::{Interrupt, Observer};

/// Where the cache lies and how large it may grow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CacheOptions {
    pub folder: PathBuf,
    /// Old packs are deleted beyond this; the one in use never is.
    pub max_bytes: u64,
}

impl Default for CacheOptions {
    /// `$UMBEL_CACHE`, else the user's cache folder (`$XDG_CACHE_HOME/umbel`, `~/.cache/umbel`, ...); 16 GiB.
    fn default() -> Self {
        todo!()
    }
}

/// The prepared photos of an index.
#[derive(Debug)]
pub struct Cache {}

impl Cache {
    /// Opens the pack for this index and preparation, or decodes every photo (in rayon's pool) and writes it.
    pub fn open(
        index: &Index,
        prep: &PrepSpec,
        options: &CacheOptions,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        todo!()
    }
    /// Positions (in `index.photos`) of the photos that can be used, rising.
    pub fn usable(&self) -> &[usize] {
        todo!()
    }
    /// The prepared pixels of photo `position` of the index; `None` where it could not be used.
    pub fn image(&self, position: usize) -> Option<&[u8]> {
        todo!()
    }
    /// Digest of the photo file's content: equal for exact duplicates.
    pub fn digest(&self, position: usize) -> Option<[u8; 32]> {
        todo!()
    }
    /// The photos that could not be used.
    pub fn problems(&self) -> &[Problem] {
        todo!()
    }
    /// The preparation that made these pixels.
    pub fn prep(&self) -> &PrepSpec {
        todo!()
    }
}
