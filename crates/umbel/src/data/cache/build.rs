//! Makes a pack: decodes and resizes on all cores and writes each photo into its slot at once, so memory stays bounded
//! by what the cores hold in hand.

use std::path::Path;

use rayon::prelude::*;

use super::notes::{DoubtfulDepth, Notes};
use super::pack::{self, Layout, Row, slot_digest};
use super::{Index, PrepSpec, Problem, ProblemKind, housekeeping};
use crate::base::atomic::Scratch;
use crate::base::handles;
use crate::base::positioned::write_all_at;
use crate::base::progress::{Counter, Interrupt, Observer};
use crate::data::decode::{self, DecodeError, Doubt, Limits};
use crate::data::likeness::Fingerprint;
use crate::data::source::Source;
use crate::{Error, Result, data};

/// Decodes every photo of `index`, read from `source`, into a pack at `path`: whole, or not at all.
pub fn write_pack(
    path: &Path,
    (index, source): (&Index, &Source),
    (prep, limits): (&PrepSpec, &Limits),
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<()> {
    let failed = |source| -> Error {
        data::Error::Cache { action: "write", folder: path.parent().unwrap_or(path).to_owned(), source }.into()
    };
    let _making = housekeeping::begin_to_make(path.parent().unwrap_or(path));
    let scratch = Scratch::beside(path).map_err(|error| match error {
        umbel_predict::Error::Io { source, .. } => failed(source),
        other => other.into(),
    })?;
    let file = scratch.file()?;
    let progress = Counter::start(observer, index.photos.len());
    let layout = Layout { photos: index.photos.len(), image_bytes: prep.bytes() };
    let outcomes: Vec<(Row, Option<Problem>, Option<Doubt>)> = index
        .photos
        .par_iter()
        .enumerate()
        .map(|(position, photo)| {
            if interrupt.requested() {
                return Err(Error::Interrupted);
            }
            let outcome = match prepare(source, &photo.path, (prep, limits))? {
                Ok(Prepared { pixels, digest, print, doubt }) => {
                    write_all_at(&file, &pixels, layout.slot(position)).map_err(failed)?;
                    write_all_at(&file, &print.to_bytes(), layout.print(position)).map_err(failed)?;
                    (Row { usable: true, digest, slot: slot_digest(&pixels) }, None, doubt)
                }
                Err(DecodeError { kind, detail }) => {
                    (Row::default(), Some(Problem { path: photo.path.clone(), kind, detail }), None)
                }
            };
            progress.one_more();
            Ok(outcome)
        })
        .collect::<Result<_>>()?;
    let doubts = index.photos.iter().zip(&outcomes).filter_map(|(photo, (_, _, doubt))| Some((&photo.path, (*doubt)?)));
    let doubt = DoubtfulDepth::of(doubts);
    let (mut rows, mut problems) = (Vec::with_capacity(outcomes.len()), Vec::new());
    for (row, problem, _) in outcomes {
        rows.push(row);
        problems.extend(problem);
    }
    pack::finish(&file, &layout, &rows, Notes::new(problems, doubt)).map_err(failed)?;
    scratch.commit().map_err(|error| match error {
        umbel_predict::Error::Io { source, .. } => failed(source),
        other => other.into(),
    })
}

/// Whether a photo that the system would not read when the pack was made can be read now (permissions, a lost network
/// drive, too many open files): then the pack is to be made anew.
pub fn readable_again(source: &Source, problems: &[Problem]) -> bool {
    problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::Unreadable)
        .any(|problem| source.read(&problem.path, &Limits::default()).is_ok())
}

/// One photo's pixels, the digest of its file, and the fingerprint of what it shows.
struct Prepared {
    pixels: Vec<u8>,
    digest: [u8; 32],
    print: Fingerprint,
    doubt: Option<Doubt>,
}

/// Reads and prepares a photo. Fails where the system has no file handle to spare: that is no fault
/// of the photo, which must not be left out for it.
fn prepare(
    source: &Source,
    path: &str,
    (prep, limits): (&PrepSpec, &Limits),
) -> Result<std::result::Result<Prepared, DecodeError>> {
    let bytes = match source.try_read(path, limits) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Ok(Err(error)),
        Err(error) if handles::are_used_up(&error) => {
            return Err(umbel_predict::Error::Io { action: "open", path: source.path(path), source: error }.into());
        }
        Err(error) => return Ok(Err(decode::unreadable(&error))),
    };
    let working = |width, height| prep.working_bytes(width, height).max(Fingerprint::working_bytes(width, height));
    let decoded = prep.decode_for(&bytes, limits, &working);
    Ok(decoded.map(|decoded| Prepared {
        pixels: prep.apply(&decoded.photo),
        digest: *blake3::hash(bytes.as_ref()).as_bytes(),
        print: Fingerprint::of(&decoded.photo),
        doubt: decoded.doubt,
    }))
}
