//! Makes a pack: decodes and resizes on all cores and writes each photo into its slot at once, so memory stays bounded
//! by what the cores hold in hand.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::pack::{Print, Row, header_and_tail, slot_digest, slot_offset};
use super::{Index, PrepSpec, Problem, ProblemKind, housekeeping};
use crate::base::atomic::Scratch;
use crate::base::handles;
use crate::base::progress::{Counter, Interrupt, Observer};
use crate::data::decode::{self, DecodeError, Limits};
use crate::data::likeness::Fingerprint;
use crate::{Error, Result};

/// Decodes every photo of `index` into a pack at `path`: whole, or not at all.
pub fn write_pack(
    path: &Path,
    index: &Index,
    prep: &PrepSpec,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<()> {
    let failed = |source| Error::Cache { action: "write", folder: path.parent().unwrap_or(path).to_owned(), source };
    let _making = housekeeping::begin_to_make(path.parent().unwrap_or(path));
    let scratch = Scratch::beside(path).map_err(|error| match error {
        Error::Io { source, .. } => failed(source),
        other => other,
    })?;
    let file = Mutex::new(scratch.file()?);
    let progress = Counter::start(observer, index.photos.len());
    let image_bytes = prep.bytes();
    let outcomes: Vec<((Row, Print), Option<Problem>)> = index
        .photos
        .par_iter()
        .enumerate()
        .map(|(position, photo)| {
            if interrupt.requested() {
                return Err(Error::Interrupted);
            }
            let outcome = match prepare(index.root.join(&photo.path), prep)? {
                Ok(Prepared { pixels, digest, print }) => {
                    write_at(&file, slot_offset(position, image_bytes), &pixels).map_err(failed)?;
                    let row = Row { usable: true, digest, slot: slot_digest(&pixels) };
                    ((row, Some(Box::new(print.to_bytes()))), None)
                }
                Err(DecodeError { kind, detail }) => {
                    ((Row::default(), None), Some(Problem { path: photo.path.clone(), kind, detail }))
                }
            };
            progress.one_more();
            Ok(outcome)
        })
        .collect::<Result<_>>()?;
    let (rows, problems): (Vec<_>, Vec<_>) = outcomes.into_iter().unzip();
    let problems: Vec<Problem> = problems.into_iter().flatten().collect();
    let (header, tail) = header_and_tail(&rows, &problems, image_bytes);
    write_at(&file, slot_offset(rows.len(), image_bytes), &tail).map_err(failed)?;
    write_at(&file, 0, &header).map_err(failed)?;
    scratch.commit().map_err(|error| match error {
        Error::Io { source, .. } => failed(source),
        other => other,
    })
}

/// Whether a photo that the system would not read when the pack was made can be read now (permissions, a lost network
/// drive, too many open files): then the pack is to be made anew.
pub fn readable_again(index: &Index, problems: &[Problem]) -> bool {
    problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::Unreadable)
        .any(|problem| decode::read_file(&index.root.join(&problem.path), &Limits::default()).is_ok())
}

/// One photo's pixels, the digest of its file, and the fingerprint of what it shows.
struct Prepared {
    pixels: Vec<u8>,
    digest: [u8; 32],
    print: Fingerprint,
}

/// Reads and prepares a photo. Fails where the system has no file handle to spare: that is no fault
/// of the photo, which must not be left out for it.
fn prepare(path: PathBuf, prep: &PrepSpec) -> Result<std::result::Result<Prepared, DecodeError>> {
    let limits = Limits::default();
    let bytes = match decode::try_read_file(&path, &limits) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Ok(Err(error)),
        Err(source) if handles::are_used_up(&source) => return Err(Error::Io { action: "open", path, source }),
        Err(error) => return Ok(Err(decode::unreadable(&error))),
    };
    let photo = decode::decode(&bytes, &limits);
    Ok(photo.map(|photo| Prepared {
        pixels: prep.apply(&photo),
        digest: *blake3::hash(&bytes).as_bytes(),
        print: Fingerprint::of(&photo),
    }))
}

/// Writes at a place in the file. The lock is held for microseconds a photo, against milliseconds of decoding.
fn write_at(file: &Mutex<File>, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}
