//! The pack file: a header of fixed size, one slot of pixels a photo, a table with a row and a fingerprint a photo, and the
//! problems as JSON. The header holds a digest of the table and the problems, and the table one of each slot, so damage is noticed.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;
use rayon::prelude::*;

use super::Problem;
use crate::data::likeness::{FINGERPRINT_BYTES, Fingerprint};

/// Goes up whenever the layout, decoding or resizing changes what a pack holds.
pub const VERSION: u32 = 2;
const MAGIC: &[u8; 8] = b"umbelpak";
/// A page, so that the slots begin on one.
pub const HEADER_BYTES: usize = 4096;

/// What the table says of a photo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Whether the slot holds pixels.
    pub usable: bool,
    /// Digest of the photo file's content.
    pub digest: [u8; 32],
    /// Start of the digest of the slot.
    pub slot: [u8; 8],
}

const ROW_BYTES: usize = 41;

impl Row {
    fn to_bytes(self) -> [u8; ROW_BYTES] {
        let mut bytes = [0; ROW_BYTES];
        bytes[0] = u8::from(self.usable);
        bytes[1..33].copy_from_slice(&self.digest);
        bytes[33..].copy_from_slice(&self.slot);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Row {
            usable: *bytes.first()? == 1,
            digest: bytes.get(1..33)?.try_into().ok()?,
            slot: bytes.get(33..ROW_BYTES)?.try_into().ok()?,
        })
    }
}

/// A fingerprint as its bytes; `None` where the photo could not be used.
pub type Print = Option<Box<[u8; FINGERPRINT_BYTES]>>;

/// The digest of a slot's pixels that its row keeps.
pub fn slot_digest(pixels: &[u8]) -> [u8; 8] {
    let mut start = [0; 8];
    start.copy_from_slice(&blake3::hash(pixels).as_bytes()[..8]);
    start
}

/// Where a photo's slot begins in the file.
pub fn slot_offset(position: usize, image_bytes: usize) -> u64 {
    HEADER_BYTES as u64 + position as u64 * image_bytes as u64
}

/// The header and what follows the slots, for the writer.
pub fn header_and_tail(rows: &[(Row, Print)], problems: &[Problem], image_bytes: usize) -> (Vec<u8>, Vec<u8>) {
    let mut tail: Vec<u8> = rows.iter().flat_map(|(row, _)| row.to_bytes()).collect();
    for (_, print) in rows {
        tail.extend_from_slice(print.as_deref().unwrap_or(&[0; FINGERPRINT_BYTES]));
    }
    // A list of strings and plain enums always has a JSON form.
    tail.extend(serde_json::to_vec(problems).unwrap_or_default());
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&VERSION.to_le_bytes());
    header.extend_from_slice(&(image_bytes as u32).to_le_bytes());
    header.extend_from_slice(&(rows.len() as u64).to_le_bytes());
    header.extend_from_slice(&(tail.len() as u64).to_le_bytes());
    let digest = tail_digest(&header, &tail);
    header.extend_from_slice(&digest);
    header.resize(HEADER_BYTES, 0);
    (header, tail)
}

const FIELDS_BYTES: usize = 32;

fn tail_digest(fields: &[u8], tail: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new().update(fields).update(tail).finalize().as_bytes()
}

/// A mapped pack whose every byte was checked when it was opened.
#[derive(Debug)]
pub struct Pack {
    map: Mmap,
    rows: Vec<Row>,
    problems: Vec<Problem>,
    image_bytes: usize,
    /// Where the fingerprints begin.
    prints: usize,
}

impl Pack {
    /// Maps the pack at `path`; `None` where there is none, or it is damaged, cut short or of another make.
    pub fn open(path: &Path, photos: usize, image_bytes: usize) -> Option<Self> {
        let map = map(&File::open(path).ok()?)?;
        let (fields, digest) = map.get(..FIELDS_BYTES + 32)?.split_at(FIELDS_BYTES);
        let number = |range: std::ops::Range<usize>| Some(u64::from_le_bytes(fields.get(range)?.try_into().ok()?));
        let expected = [&MAGIC[..], &VERSION.to_le_bytes(), &(image_bytes as u32).to_le_bytes()].concat();
        if fields[..16] != expected || number(16..24)? != photos as u64 {
            return None;
        }
        let tail_start = usize::try_from(slot_offset(photos, image_bytes)).ok()?;
        let tail = map.get(tail_start..)?;
        if number(24..32)? != tail.len() as u64 || tail_digest(fields, tail) != digest {
            return None;
        }
        let (table, rest) = tail.split_at_checked(photos * ROW_BYTES)?;
        let (_, problems) = rest.split_at_checked(photos * FINGERPRINT_BYTES)?;
        let rows = table.chunks_exact(ROW_BYTES).map(Row::from_bytes).collect::<Option<Vec<_>>>()?;
        let problems = serde_json::from_slice(problems).ok()?;
        let prints = tail_start + photos * ROW_BYTES;
        let pack = Pack { map, rows, problems, image_bytes, prints };
        let whole = (0..photos)
            .into_par_iter()
            .all(|position| pack.image(position).is_none_or(|pixels| slot_digest(pixels) == pack.rows[position].slot));
        whole.then_some(pack)
    }

    pub fn image(&self, position: usize) -> Option<&[u8]> {
        self.rows.get(position).filter(|row| row.usable)?;
        let start = usize::try_from(slot_offset(position, self.image_bytes)).ok()?;
        self.map.get(start..start + self.image_bytes)
    }

    pub fn digest(&self, position: usize) -> Option<[u8; 32]> {
        self.rows.get(position).filter(|row| row.usable).map(|row| row.digest)
    }

    pub fn fingerprint(&self, position: usize) -> Option<Fingerprint> {
        self.rows.get(position).filter(|row| row.usable)?;
        let bytes = self.map.get(self.prints + position * FINGERPRINT_BYTES..)?.first_chunk()?;
        Some(Fingerprint::from_bytes(bytes))
    }

    pub fn bytes(&self) -> u64 {
        self.map.len() as u64
    }

    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

#[allow(unsafe_code)]
pub(super) fn map(file: &File) -> Option<Mmap> {
    // SAFETY: a map is sound as long as nobody changes or shortens the file under it. Umbel never does: packs are
    // written beside their place, renamed into it when whole, and then only ever deleted, which leaves the mapped file
    // alone on Unix and is refused on Windows. Another program that writes into umbel's private cache folder could
    // change pixels or end the run with a bus error; as with every cache that is mapped, this is left to the system's
    // permissions. The bytes are read as plain `u8`, for which any value is valid.
    unsafe { Mmap::map(file) }.ok()
}
