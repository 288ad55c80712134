//! Unpacks archives of photos into a folder: tar, also compressed by gzip or Zstandard, and zip. What an archive is, its first bytes tell;
//! nothing of it comes to lie outside of the folder, and how much it may become is bounded.

mod counted;
mod fault;
mod frames;
mod kind;
mod names;
mod sink;
mod tarball;
mod zipped;

use std::fs;
use std::path::Path;

pub(super) use self::counted::Counted;
pub use self::fault::UnpackFault;
pub(super) use self::frames::Frames;
pub use self::kind::ArchiveKind;
pub use self::names::{Unsafe, safe};
use self::sink::Sink;
use super::Error as DataError;
use crate::Result;
use crate::base::atomic::SCRATCH_PREFIX;
use crate::base::caught::caught;
use crate::base::progress::{Interrupt, Observer};

/// How much an archive may become, so that one that was made to fill a disk does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files.
    pub files: u64,
    /// Bytes for each byte of the archive, once 64 MiB are exceeded. Photos are compressed already, so that 1 is usual; bitmaps and masks
    /// may reach some dozens.
    pub ratio: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        UnpackLimits { bytes: 2 << 40, files: 20_000_000, ratio: 200 }
    }
}

/// What came out of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Files that were written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Links of any kind, which are never made.
    pub links: u64,
    /// Devices, pipes and whatever else is neither a file nor a folder.
    pub devices: u64,
    /// Names that lead out of the folder: `..`, absolute ones, those of a drive.
    pub outside: u64,
    /// Names that are not UTF-8.
    pub not_utf8: u64,
    /// Names that differ from another's in upper and lower case alone: one file, on some systems.
    pub clashes: u64,
    /// The first name of those that the five numbers before count.
    pub example: Option<String>,
}

impl Unpacked {
    /// Adds what came out of another archive.
    pub fn add(&mut self, other: Unpacked) {
        let Unpacked { files, bytes, links, devices, outside, not_utf8, clashes, example } = other;
        self.files += files;
        self.bytes += bytes;
        self.links += links;
        self.devices += devices;
        self.outside += outside;
        self.not_utf8 += not_utf8;
        self.clashes += clashes;
        self.example = self.example.take().or(example);
    }

    /// Members that are odd, by what they are, in words; `None` where there are none.
    pub fn oddities(&self) -> Option<String> {
        let counted = [
            (self.links, "links"),
            (self.devices, "devices or pipes"),
            (self.outside, "names that lead out of the folder"),
            (self.not_utf8, "names that are not UTF-8"),
            (self.clashes, "names that differ in upper and lower case alone"),
        ];
        let words: Vec<String> =
            counted.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// Unpacks `archive` as the folder `into`, which must not be there, or be empty. It is unpacked beside its place and renamed, so that
/// the folder is whole or not there. Files come to be readable by all and writable by their owner, whatever the archive says.
///
/// # Errors
/// [`DataError::Unpack`] with what is wrong, [`crate::Error::FolderNotEmpty`], [`crate::Error::Interrupted`], and the system's.
pub fn unpack(
    archive: &Path,
    kind: ArchiveKind,
    into: &Path,
    limits: &UnpackLimits,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Unpacked> {
    if fs::read_dir(into).is_ok_and(|mut entries| entries.next().is_some()) || into.is_file() {
        return Err(crate::Error::FolderNotEmpty { path: into.to_owned() });
    }
    let beside = into.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let scratch = tempfile::Builder::new().prefix(SCRATCH_PREFIX).tempdir_in(beside);
    let scratch = scratch.map_err(|source| io("write into", beside, source))?;
    // The scratch folder is private, and what becomes of it should not be.
    let whole = scratch.path().join("unpacked");
    let unpacked = unpack_here(archive, kind, &whole, limits, observer, interrupt)?;
    replace_folder(&whole, into)?;
    Ok(unpacked)
}

/// Unpacks into the folder `folder` itself, which is made if it is not there; what lies there is replaced where names are the same. Where
/// it fails, what came so far is left.
///
/// # Errors
/// Those of [`unpack`].
pub fn unpack_here(
    archive: &Path,
    kind: ArchiveKind,
    folder: &Path,
    limits: &UnpackLimits,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Unpacked> {
    fs::create_dir_all(folder).map_err(|source| io("create the folder", folder, source))?;
    let bytes = fs::metadata(archive).map_err(|source| io("read", archive, source))?.len();
    let mut sink = Sink::new(folder, limits, bytes, (observer, interrupt));
    let done = caught(|| match kind {
        ArchiveKind::Tar | ArchiveKind::TarGz | ArchiveKind::TarZst => tarball::read(archive, kind, &mut sink),
        ArchiveKind::Zip => zipped::read(archive, &mut sink),
    });
    match done.unwrap_or_else(|| Err(sink::Broken::damaged("its decoder gave up"))) {
        Ok(()) => Ok(sink.finish()),
        Err(sink::Broken::Fault(fault)) => Err(DataError::Unpack { path: archive.to_owned(), fault }.into()),
        Err(sink::Broken::Write { path, source }) => Err(io("write", &path, source)),
        Err(sink::Broken::Stopped) => Err(crate::Error::Interrupted),
    }
}

/// Gives the folder `whole` the place of `into`, where nothing is or an empty folder.
pub(crate) fn replace_folder(whole: &Path, into: &Path) -> Result<()> {
    // Some systems rename onto an empty folder, and others do not.
    let _ = fs::remove_dir(into);
    fs::rename(whole, into).map_err(|source| io("replace", into, source))
}

/// Bytes that are free where `folder` is or will be; `None` where the system does not tell.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir());
    let there = there.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs4::available_space(there).ok()
}

pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> crate::Error {
    umbel_predict::Error::Io { action, path: path.to_owned(), source }.into()
}
