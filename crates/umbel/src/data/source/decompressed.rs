//! An archive that is compressed as a whole, decompressed once into the folder of the cache, so that its members can be read in
//! place. Kept and deleted there as packs are.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;

use flate2::bufread::MultiGzDecoder;

use super::archive::{ArchiveFault, ArchiveFile, Form, is_tar};
use super::listed::Stopped;
use crate::base::atomic::Scratch;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::base::regular;
use crate::data::CacheOptions;
use crate::data::cache::housekeeping;
use crate::data::unpack::{Counted, Frames, UnpackLimits};

/// Up to here anything may grow: small files shrink well.
const HARMLESS: u64 = 1 << 30;
const CHUNK: usize = 1 << 18;

/// The tar within the archive at `path`, compressed as `form` says: as it was left here by the last who needed it, or decompressed now.
pub fn tar(archive: &ArchiveFile, form: Form, cache: &CacheOptions, heard: &mut Heard<'_>) -> Result<PathBuf, Stopped> {
    kept(archive, cache, |making| {
        let read = Cell::new(0);
        let file = regular::open(&archive.file).map_err(ArchiveFault::from)?;
        let file = BufReader::new(Counted { inner: file, read: &read });
        match form {
            Form::Gzip => copy(&mut MultiGzDecoder::new(file), making, &read, heard),
            Form::Zstd => copy(&mut Frames::new(file), making, &read, heard),
            Form::Zip | Form::Tar | Form::Parquet => Err(ArchiveFault::NoTar.into()),
        }
    })
}

/// Who hears of it, and who may stop it.
pub type Heard<'a> = (&'a mut dyn Observer, &'a Interrupt);

/// What is made of a file and kept in the folder of the cache: the file that is written, and how large it may grow.
pub struct Making<'a> {
    file: &'a File,
    /// Of the archive.
    bytes: u64,
    most: u64,
    is_all_there_is: bool,
}

impl Making<'_> {
    /// Where it is written.
    pub fn file(&self) -> &File {
        self.file
    }

    /// Whether so many bytes may be written.
    pub fn check(&self, bytes: u64) -> Result<(), ArchiveFault> {
        match (bytes <= self.most, self.is_all_there_is) {
            (true, _) => Ok(()),
            (false, true) => Err(ArchiveFault::TooLarge(self.most)),
            (false, false) => Err(ArchiveFault::Bomb(UnpackLimits::default().ratio)),
        }
    }
}

/// What was made of an archive: as it was left in the folder of the cache by the last who needed it, or made now. Whoever needs several
/// keeps the cache within its bounds once all are there.
pub fn kept(
    archive: &ArchiveFile,
    cache: &CacheOptions,
    make: impl FnOnce(&Making<'_>) -> Result<(), Stopped>,
) -> Result<PathBuf, Stopped> {
    let folder = &cache.folder;
    let place = folder.join(name(archive));
    if place.is_file() {
        housekeeping::mark_used(&place);
        return Ok(place);
    }
    std::fs::create_dir_all(folder).map_err(ArchiveFault::from)?;
    let _making = housekeeping::begin_to_make(folder);
    let scratch = Scratch::beside(&place).map_err(unwritten)?;
    let bytes = std::fs::metadata(&archive.file).map_err(ArchiveFault::from)?.len();
    let grown = bytes.saturating_mul(UnpackLimits::default().ratio).max(HARMLESS);
    let file = scratch.file().map_err(unwritten)?;
    let making =
        Making { file: &file, bytes, most: cache.max_bytes.min(grown), is_all_there_is: cache.max_bytes <= grown };
    make(&making)?;
    scratch.commit().map_err(unwritten)?;
    Ok(place)
}

/// What it is called: by where the archive lies, and by what a change of it is told.
fn name(ArchiveFile { file, stamp, .. }: &ArchiveFile) -> String {
    let mut hasher = blake3::Hasher::new();
    let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    hasher.update(real.as_os_str().as_encoded_bytes()).update(stamp);
    format!("{}.{}", hasher.finalize().to_hex(), housekeeping::TAR_EXTENSION)
}

fn unwritten(error: umbel_predict::Error) -> ArchiveFault {
    match error {
        umbel_predict::Error::Io { source, .. } => source.into(),
        other => io::Error::other(other).into(),
    }
}

fn copy(
    from: &mut dyn Read,
    making: &Making<'_>,
    consumed: &Cell<u64>,
    (observer, interrupt): &mut Heard<'_>,
) -> Result<(), Stopped> {
    let (mut to, mut buffer, mut written) = (making.file(), vec![0; CHUNK], 0u64);
    loop {
        if interrupt.requested() {
            return Err(Stopped::Interrupted);
        }
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ArchiveFault::Damaged(error.to_string()).into()),
        };
        if written == 0 && read > 262 && !is_tar(&buffer[..read]) {
            return Err(ArchiveFault::NoTar.into());
        }
        written += read as u64;
        making.check(written)?;
        to.write_all(&buffer[..read]).map_err(ArchiveFault::from)?;
        observer.event(&Event::Unpacking { done: consumed.get(), bytes: making.bytes });
    }
    if written == 0 { Err(ArchiveFault::NoTar.into()) } else { Ok(()) }
}
