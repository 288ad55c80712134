//! An archive that is compressed as a whole, decompressed once into the folder of the cache, so that its members can be read in
//! place. Kept and deleted there as packs are.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::archive::{ArchiveFault, Form, is_tar};
use super::folder;
use super::members::Stopped;
use super::zstd::Frames;
use crate::base::atomic::Scratch;
use crate::base::progress::Interrupt;
use crate::base::regular;
use crate::data::CacheOptions;
use crate::data::cache::housekeeping;

/// Photos hardly shrink: what grows by more is meant to do harm.
const MOST_GROWTH: u64 = 200;
/// Up to here anything may grow: small files shrink well.
const HARMLESS: u64 = 1 << 30;
const CHUNK: usize = 1 << 18;

/// The tar within the archive at `path`: as it was left here by the last who needed it, or decompressed now.
pub fn tar(path: &Path, form: Form, cache: &CacheOptions, interrupt: &Interrupt) -> Result<PathBuf, Stopped> {
    let folder = &cache.folder;
    let place = folder.join(name(path));
    if place.is_file() {
        housekeeping::mark_used(&place);
        return Ok(place);
    }
    std::fs::create_dir_all(folder).map_err(ArchiveFault::from)?;
    let _making = housekeeping::begin_to_make(folder);
    let scratch = Scratch::beside(&place).map_err(unwritten)?;
    let file = regular::open(path).map_err(ArchiveFault::from)?;
    let bytes = file.metadata().map_err(ArchiveFault::from)?.len();
    let most = cache.max_bytes.min(bytes.saturating_mul(MOST_GROWTH).max(HARMLESS));
    let bound = if most == cache.max_bytes { ArchiveFault::TooLarge(most) } else { ArchiveFault::Bomb(MOST_GROWTH) };
    let mut reader: Box<dyn Read> = match form {
        Form::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(file))),
        Form::Zstd => Box::new(Frames::new(BufReader::new(file))),
        Form::Zip | Form::Tar => Box::new(file),
    };
    copy(&mut reader, scratch.file().map_err(unwritten)?, (most, bound), interrupt)?;
    scratch.commit().map_err(unwritten)?;
    housekeeping::keep_within(folder, cache.max_bytes, &[&place]);
    Ok(place)
}

/// What it is called: by where the archive lies, and by what a change of it is told.
fn name(path: &Path) -> String {
    let mut hasher = blake3::Hasher::new();
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    hasher.update(real.as_os_str().as_encoded_bytes()).update(&folder::stamp_of(path));
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
    mut to: File,
    (most, bound): (u64, ArchiveFault),
    interrupt: &Interrupt,
) -> Result<(), Stopped> {
    let (mut buffer, mut written) = (vec![0; CHUNK], 0u64);
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
        if written > most {
            return Err(bound.into());
        }
        to.write_all(&buffer[..read]).map_err(ArchiveFault::from)?;
    }
    if written == 0 { Err(ArchiveFault::NoTar.into()) } else { Ok(()) }
}
