//! Where the photos of a data set lie: files of a folder, or members of archives, which are read in place. Whatever it is, it is told
//! in folders and names, so that the same photos make the same classes, parts and order wherever they lie.

mod archive;
mod boxes;
mod containers;
mod copies;
mod decompressed;
mod detections;
mod folder;
mod gather;
mod listed;
mod members;
mod parquet;
mod samples;
mod tar;
mod zip;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CacheOptions;
use super::decode::{self, DecodeError, Limits};
use crate::base::budget::Held;
use crate::base::problem::Problem;
use crate::base::progress::{Interrupt, Observer, Silent};
use crate::base::regular;
use crate::{Result, data};
pub use archive::{ArchiveFault, ArchiveFile, is_named_as_one};
pub(super) use boxes::{Area, Boxes};
use boxes::{Boxed, Cropping};
pub use containers::expanded;
pub use copies::Copies;
pub use detections::Detections;
use gather::Standing;
pub use members::METADATA;
use members::Members;
pub(super) use samples::Samples;

/// The place where photos lie, and how they are read there. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Source {
    /// As it was given: a folder, an archive, or a name that stands for several. Of a table, its folder.
    root: PathBuf,
    place: Place,
    /// The boxes that are its photos, where they are told and known.
    boxes: Option<Arc<Boxes>>,
    cropping: Cropping,
    detections: Arc<Detections>,
}

#[derive(Clone, Debug)]
enum Place {
    /// Files below the root.
    Folder,
    /// The table of photos in the root, or the JSON that tells boxes on them.
    Table(PathBuf),
    /// Members of archives, by their paths.
    Members(Arc<Members>),
}

/// What an entry of a folder is.
#[derive(Debug)]
pub(super) enum Kind {
    File,
    Folder,
    LinkToFolder,
    /// A pipe, a device, ...
    Other,
    /// A link that leads nowhere, or what the system would not tell of.
    Lost(io::Error),
}

/// An entry of a folder.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: OsString,
    pub kind: Kind,
}

/// As long as a stamp of a photo is: size, time of the last change of the content, and of the status.
pub type Stamp = [u8; 40];

impl Source {
    /// What lies at `path`: a folder, a table of photos (`.csv`, `.jsonl`), boxes on photos (`.json`: COCO's or MegaDetector's), an archive (`.zip`, `.tar`; `.tar.gz` and `.tar.zst`, which are
    /// decompressed into the folder of the cache first, once), or several archives, told by braces (`data-{000..099}.tar`) or by a
    /// folder that holds nothing but such.
    ///
    /// # Errors
    /// Where there is nothing, or something else; [`data::Error::Archive`] where an archive cannot be read at all;
    /// [`Interrupted`](crate::Error::Interrupted) where that is asked for.
    pub fn open(path: &Path, cache: &CacheOptions, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Self> {
        let root = path.to_owned();
        if is_table(path) {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let root = folder.unwrap_or(Path::new(".")).to_owned();
            return Ok(Source::of(root, Place::Table(path.to_owned())));
        }
        let Some(containers) = containers::of(path)? else { return Ok(Source::of(root, Place::Folder)) };
        Self::of_members(root, Members::of(&containers, Standing::Archives, cache, observer, interrupt)?)
    }

    fn of_members(root: PathBuf, members: Members) -> Result<Self> {
        if members.is_empty() {
            return Err(data::Error::Archive { path: root, fault: ArchiveFault::NoPictures }.into());
        }
        Ok(Source::of(root, Place::Members(Arc::new(members))))
    }

    /// Whether [`Source::open`] would take what lies at `path` for an archive, or for several.
    pub fn has_archives(path: &Path) -> bool {
        containers::are_at(path)
    }

    fn of(root: PathBuf, place: Place) -> Self {
        Source { root, place, boxes: None, cropping: Cropping::default(), detections: Arc::default() }
    }

    /// [`Source::open`] with the cache in its usual folder, and nobody who listens.
    ///
    /// # Errors
    /// Those of [`Source::open`].
    pub fn at(path: &Path) -> Result<Self> {
        Source::open(path, &CacheOptions::default(), &mut Silent, &Interrupt::default())
    }

    /// Where it is, as it was given; of a table, the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What was given: a folder, a table, an archive, ...
    pub fn given(&self) -> &Path {
        self.table().unwrap_or(&self.root)
    }

    /// The table that tells the photos, where one does.
    pub(super) fn table(&self) -> Option<&Path> {
        match &self.place {
            Place::Table(table) => Some(table),
            Place::Folder | Place::Members(_) => None,
        }
    }

    /// The labeled samples that shards hold, where these are such.
    pub(super) fn samples(&self) -> Option<Samples> {
        match &self.place {
            Place::Members(members) => samples::of(members),
            Place::Folder | Place::Table(_) => None,
        }
    }

    /// What was wrong with the place as a whole, such as members that are damaged.
    pub(super) fn problems(&self) -> &[Problem] {
        match &self.place {
            Place::Members(members) => members.problems(),
            Place::Folder | Place::Table(_) => &[],
        }
    }

    /// A path within it for people, and for what is asked of the system: `path` is relative, with `/`.
    pub fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    /// What lies in a folder of it (the empty one is the root), in no order.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn entries(&self, folder: &str) -> io::Result<Box<dyn Iterator<Item = io::Result<Entry>> + '_>> {
        match &self.place {
            Place::Folder | Place::Table(_) => Ok(Box::new(folder::entries(&self.path(folder))?)),
            Place::Members(members) => Ok(Box::new(members.entries(folder).into_iter().map(Ok))),
        }
    }

    /// Whether a folder of it is a link to what holds it, so that it would hold itself.
    pub(super) fn leads_up(&self, within: &str, folder: &str) -> bool {
        match &self.place {
            Place::Folder | Place::Table(_) => folder::leads_up(&self.path(within), &self.path(folder)),
            Place::Members(_) => false,
        }
    }

    /// Whether the file at `path` begins as a picture does.
    pub(super) fn begins_as_picture(&self, path: &str) -> bool {
        let begins = |start: &[u8]| decode::sniff(start).is_some();
        match &self.place {
            Place::Folder | Place::Table(_) => folder::begins(&self.path(path)).is_ok_and(|start| begins(&start)),
            Place::Members(members) => members.begins(path).is_ok_and(|start| begins(&start)),
        }
    }

    /// The bytes of a file at `path` that is no photo: `most` of them at most.
    ///
    /// # Errors
    /// The system's, and one where there are more.
    pub(super) fn bytes(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        match &self.place {
            Place::Folder | Place::Table(_) => regular::read(&folder::inside(&self.root, path)?, most),
            Place::Members(members) => members.bytes(path, most),
        }
    }

    /// Whether there is a file at `path`.
    pub(super) fn holds(&self, path: &str) -> bool {
        match &self.place {
            Place::Folder | Place::Table(_) => folder::inside(&self.root, path).is_ok_and(|path| path.is_file()),
            Place::Members(members) => members.holds(path),
        }
    }

    /// Whether it lies in archives and not on the disk.
    pub(super) fn is_packed(&self) -> bool {
        matches!(self.place, Place::Members(_))
    }

    /// The bytes of the photo at `path`, within the limits; the system's own errors are kept apart. Waits until [`Limits::memory`]
    /// has room for them. A path that leads out of the place is not found.
    ///
    /// # Errors
    /// The system's.
    pub fn try_read(&self, path: &str, limits: &Limits) -> io::Result<std::result::Result<Held<Vec<u8>>, DecodeError>> {
        let Some(Boxed { picture, area }) = self.boxed(path) else { return self.try_read_file(path, limits) };
        match self.try_read_file(picture, limits)? {
            Ok(file) => boxes::cut(file, area, self.cropping, limits),
            Err(error) => Ok(Err(error)),
        }
    }

    fn try_read_file(
        &self,
        path: &str,
        limits: &Limits,
    ) -> io::Result<std::result::Result<Held<Vec<u8>>, DecodeError>> {
        match &self.place {
            Place::Folder | Place::Table(_) => decode::try_read_file(&folder::inside(&self.root, path)?, limits),
            Place::Members(members) => members.read(path, limits),
        }
    }

    /// The same, where the system's error is one more reason why the photo cannot be used.
    ///
    /// # Errors
    /// Why the photo cannot be read.
    pub fn read(&self, path: &str, limits: &Limits) -> std::result::Result<Held<Vec<u8>>, DecodeError> {
        self.try_read(path, limits).unwrap_or_else(|error| Err(decode::unreadable(&error)))
    }

    /// By what a change of the photo at `path` is told, without reading it.
    pub(super) fn stamp(&self, path: &str) -> Stamp {
        match self.boxed(path) {
            Some(Boxed { picture, area }) => area.stamp(&self.stamp_of_file(picture), self.cropping),
            None => self.stamp_of_file(path),
        }
    }

    fn stamp_of_file(&self, path: &str) -> Stamp {
        match &self.place {
            Place::Folder | Place::Table(_) => folder::stamp_of(&self.path(path)),
            Place::Members(members) => members.stamp(path),
        }
    }

    /// What tells it from every other place.
    pub(super) fn identity(&self) -> Cow<'_, Path> {
        std::fs::canonicalize(&self.root).map_or(Cow::Borrowed(&self.root), Cow::Owned)
    }
}

/// The ends of names of files that tell photos.
const TABLES: [&str; 3] = ["csv", "jsonl", "json"];

/// Whether `path` is a file named as a table, or as one that tells boxes.
fn is_table(path: &Path) -> bool {
    is_named_as_table(path) && path.is_file()
}

/// Whether what is called so would be a table.
pub fn is_named_as_table(path: &Path) -> bool {
    path.extension().is_some_and(|own| TABLES.iter().any(|end| own.eq_ignore_ascii_case(end)))
}
