//! Every photo decoded and resized once, kept on disk as bytes and memory-mapped, so that a second run starts at once and
//! a data set larger than memory trains in constant memory. Safe to delete at any time.

mod build;
mod housekeeping;
mod key;
mod pack;
mod rows;

use std::path::PathBuf;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::likeness::{Fingerprint, LookAlikes};
use super::{Index, PrepSpec, Problem, ProblemKind};
use crate::base::progress::{Event, Interrupt, Observer};
use crate::{Error, Result};
use pack::Pack;
pub use rows::{Rows, RowsWriter};

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
        CacheOptions { folder: housekeeping::default_folder(), max_bytes: 16 << 30 }
    }
}

/// The prepared photos of an index.
#[derive(Debug)]
pub struct Cache {
    pack: Pack,
    usable: Vec<usize>,
    problems: Vec<Problem>,
    prep: PrepSpec,
    look_alikes: OnceLock<LookAlikes>,
    options: CacheOptions,
    /// The pack's file.
    path: PathBuf,
}

impl Cache {
    /// Opens the pack for this index and preparation, or decodes every photo (in rayon's pool) and writes it.
    ///
    /// A pack is found again by the folder, each photo's path, size and times, and the preparation; one that is damaged
    /// is made anew. Tells `Preparing` while it decodes, and `Skipped` once if there are problems. Fails where the
    /// preparation is out of range, where the cache folder cannot be used, or where `interrupt` is requested.
    pub fn open(
        index: &Index,
        prep: &PrepSpec,
        options: &CacheOptions,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        prep.validate()?;
        std::fs::create_dir_all(&options.folder).map_err(|source| Error::Cache {
            action: "make a place",
            folder: options.folder.clone(),
            source,
        })?;
        let path = options.folder.join(key::pack_name(index, prep));
        let pack = match Pack::open(&path, index.photos.len(), prep.bytes()) {
            Some(pack) if !build::readable_again(index, pack.problems()) => {
                housekeeping::mark_used(&path);
                pack
            }
            _ => {
                build::write_pack(&path, index, prep, observer, interrupt)?;
                housekeeping::keep_within(&options.folder, options.max_bytes, &[&path]);
                Pack::open(&path, index.photos.len(), prep.bytes()).ok_or_else(|| Error::Cache {
                    action: "read back what was just written",
                    folder: options.folder.clone(),
                    source: std::io::ErrorKind::InvalidData.into(),
                })?
            }
        };
        let problems: Vec<Problem> = index.problems.iter().chain(pack.problems()).cloned().collect();
        if !problems.is_empty() {
            observer.event(&Event::Skipped { problems: &problems });
        }
        let usable = (0..index.photos.len()).filter(|&position| pack.image(position).is_some()).collect();
        let (prep, options) = (prep.clone(), options.clone());
        Ok(Cache { pack, usable, problems, prep, look_alikes: OnceLock::new(), options, path })
    }

    /// Positions (in `index.photos`) of the photos that can be used, rising.
    pub fn usable(&self) -> &[usize] {
        &self.usable
    }

    /// The prepared pixels of photo `position` of the index; `None` where it could not be used.
    pub fn image(&self, position: usize) -> Option<&[u8]> {
        self.pack.image(position)
    }

    /// Digest of the photo file's content: equal for exact duplicates. `None` where the file could not be used.
    pub fn digest(&self, position: usize) -> Option<[u8; 32]> {
        self.pack.digest(position)
    }

    /// What the photo shows, whatever its size and preparation. `None` where the file could not be used.
    pub fn fingerprint(&self, position: usize) -> Option<Fingerprint> {
        self.pack.fingerprint(position)
    }

    /// The photos that show the same as another, looked for at the first call. Fails only where `interrupt` is requested.
    pub fn look_alikes(&self, interrupt: &Interrupt) -> Result<&LookAlikes> {
        if let Some(found) = self.look_alikes.get() {
            return Ok(found);
        }
        let known = |&position: &usize| Some((position, self.digest(position)?, self.fingerprint(position)?));
        let known: Vec<_> = self.usable.par_iter().filter_map(known).collect();
        let found = LookAlikes::find(&known, interrupt)?;
        Ok(self.look_alikes.get_or_init(|| found))
    }

    /// How large the pack is that holds the prepared photos.
    pub fn bytes_on_disk(&self) -> u64 {
        self.pack.bytes()
    }

    /// Everything that cannot be used: the index's own problems first, then the photos that could not be decoded.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The preparation that made these pixels.
    pub fn prep(&self) -> &PrepSpec {
        &self.prep
    }
}
