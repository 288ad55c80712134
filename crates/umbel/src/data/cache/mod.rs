//! Every photo decoded and resized once, kept on disk as bytes and read from there, so that a second run starts at once
//! and a data set larger than memory trains in constant memory. Safe to delete at any time.

mod build;
pub(crate) mod housekeeping;
mod key;
mod notes;
mod pack;
mod rows;

use std::path::PathBuf;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::decode::Limits;
use super::likeness::{Fingerprint, LookAlikes};
use super::{Index, PrepSpec, Problem, ProblemKind};
use crate::base::budget::MemoryBudget;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::base::threads;
use crate::{Result, data};
pub use notes::DoubtfulDepth;
use pack::{Layout, Pack};
pub use rows::{Rows, RowsWriter};

/// Where the cache lies and how large it may grow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CacheOptions {
    pub folder: PathBuf,
    /// Old packs are deleted beyond this; the one in use never is.
    pub max_bytes: u64,
    /// What photos may cost while they are prepared.
    pub limits: Limits,
}

impl CacheOptions {
    /// In this folder, up to 16 GiB, all photos in hand within this memory.
    pub fn within(folder: PathBuf, memory: &MemoryBudget) -> Self {
        CacheOptions { folder, max_bytes: 16 << 30, limits: Limits::within(memory) }
    }
}

impl Default for CacheOptions {
    /// In the system's folder for temporary files, under a [`MemoryBudget`] of its own.
    fn default() -> Self {
        CacheOptions::within(std::env::temp_dir().join("umbel"), &MemoryBudget::default())
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
        let cache = Self::read(index, prep, options, observer, interrupt)?;
        cache.tell(observer);
        Ok(cache)
    }

    /// The same of the classes that have a usable photo: those that have none are no longer among the classes of the index that
    /// comes back, and its remarks say so.
    ///
    /// # Errors
    /// Those of [`Cache::open`].
    pub fn of_usable(
        index: Index,
        prep: &PrepSpec,
        options: &CacheOptions,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<(Index, Self)> {
        let cache = Self::read(&index, prep, options, observer, interrupt)?;
        let (index, cache) = match index.without_unusable(cache.usable(), cache.problems()) {
            Some(index) => {
                let cache = Self::read(&index, prep, options, observer, interrupt)?;
                (index, cache)
            }
            None => (index, cache),
        };
        cache.tell(observer);
        Ok((index, cache))
    }

    /// Tells what cannot be used.
    fn tell(&self, observer: &mut dyn Observer) {
        if !self.problems.is_empty() {
            observer.event(&Event::Skipped { problems: &self.problems });
        }
    }

    fn read(
        index: &Index,
        prep: &PrepSpec,
        options: &CacheOptions,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        prep.validate()?;
        threads::ready()?;
        std::fs::create_dir_all(&options.folder).map_err(|source| data::Error::Cache {
            action: "make a place",
            folder: options.folder.clone(),
            source,
        })?;
        // The one place that decides how boxes are cut for pixels that are kept.
        let source = index.source.cropped_as(prep);
        let path = options.folder.join(key::pack_name((index, &source), prep));
        let layout = Layout { photos: index.photos.len(), image_bytes: prep.bytes() };
        let pack = match Pack::open(&path, layout) {
            Some(pack) if !build::readable_again(&source, pack.notes().problems()) => {
                housekeeping::mark_used(&path);
                pack
            }
            _ => {
                build::write_pack(&path, (index, &source), (prep, &options.limits), observer, interrupt)?;
                housekeeping::keep_within(&options.folder, options.max_bytes, &[&path]);
                Pack::open(&path, layout).ok_or_else(|| data::Error::Cache {
                    action: "read back what was just written",
                    folder: options.folder.clone(),
                    source: std::io::ErrorKind::InvalidData.into(),
                })?
            }
        };
        let problems: Vec<Problem> = index.problems.iter().chain(pack.notes().problems()).cloned().collect();
        let usable = (0..index.photos.len()).filter(|&position| pack.is_usable(position)).collect();
        let (prep, options) = (prep.clone(), options.clone());
        Ok(Cache { pack, usable, problems, prep, look_alikes: OnceLock::new(), options, path })
    }

    /// Positions (in `index.photos`) of the photos that can be used, rising.
    pub fn usable(&self) -> &[usize] {
        &self.usable
    }

    /// Whether photo `position` of the index can be used.
    pub fn is_usable(&self, position: usize) -> bool {
        self.pack.is_usable(position)
    }

    /// The prepared pixels of photo `position` of the index; `None` where it could not be used.
    ///
    /// # Errors
    /// [`data::Error::Pack`] where another program has changed, cut short or taken away what was prepared.
    pub fn image(&self, position: usize) -> Result<Option<Vec<u8>>> {
        if !self.is_usable(position) {
            return Ok(None);
        }
        let mut pixels = vec![0; self.prep.bytes()];
        self.read_image(position, &mut pixels)?;
        Ok(Some(pixels))
    }

    /// The same, into a buffer of [`PrepSpec::bytes`], for those who read many.
    ///
    /// # Errors
    /// Those of [`Cache::image`].
    ///
    /// # Panics
    /// Where the photo cannot be used, or the buffer has another length.
    pub fn read_image(&self, position: usize, pixels: &mut [u8]) -> Result<()> {
        assert!(self.is_usable(position), "photo {position} cannot be used");
        assert!(pixels.len() == self.prep.bytes(), "{} bytes came for {}", pixels.len(), self.prep.bytes());
        self.pack.read_image(position, pixels)
    }

    /// Digest of the photo file's content: equal for exact duplicates. `None` where the file could not be used.
    pub fn digest(&self, position: usize) -> Option<[u8; 32]> {
        self.pack.digest(position)
    }

    /// What the photo shows, whatever its size and preparation. `None` where the file could not be used.
    ///
    /// # Errors
    /// Those of [`Cache::image`].
    pub fn fingerprint(&self, position: usize) -> Result<Option<Fingerprint>> {
        self.is_usable(position).then(|| self.pack.fingerprint(position)).transpose()
    }

    /// The photos that show the same as another, looked for at the first call.
    ///
    /// # Errors
    /// Those of [`Cache::image`], and [`crate::Error::Interrupted`] where `interrupt` is requested.
    pub fn look_alikes(&self, interrupt: &Interrupt) -> Result<&LookAlikes> {
        if let Some(found) = self.look_alikes.get() {
            return Ok(found);
        }
        let known =
            |&position: &usize| Some((position, self.digest(position)?, self.fingerprint(position).transpose()?));
        let known = self.usable.par_iter().filter_map(known).map(|(at, digest, print)| Ok((at, digest, print?)));
        let known = known.collect::<Result<Vec<_>>>()?;
        let found = LookAlikes::find(&known, interrupt)?;
        Ok(self.look_alikes.get_or_init(|| found))
    }

    /// Where it lies, and within which bounds.
    pub fn options(&self) -> &CacheOptions {
        &self.options
    }

    /// How large the pack is that holds the prepared photos.
    pub fn bytes_on_disk(&self) -> u64 {
        self.pack.bytes()
    }

    /// Everything that cannot be used: the index's own problems first, then the photos that could not be decoded.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The photos whose depth was guessed, and most likely wrongly.
    pub fn doubtful_depth(&self) -> Option<&DoubtfulDepth> {
        self.pack.notes().doubt()
    }

    /// The preparation that made these pixels.
    pub fn prep(&self) -> &PrepSpec {
        &self.prep
    }
}
