//! The pack file: a header of fixed size, one slot of pixels a photo, a table with a row and a fingerprint a photo, and the
//! problems as JSON. The header holds a digest of the table and the problems, and the table one of each slot, so damage is noticed.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::notes::Notes;
use crate::base::positioned::{read_exact_at, write_all_at};
use crate::base::regular;
use crate::data::likeness::{FINGERPRINT_BYTES, Fingerprint};
use crate::{Error, Result, data};

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

/// The digest of a slot's pixels that its row keeps.
pub fn slot_digest(pixels: &[u8]) -> [u8; 8] {
    let mut start = [0; 8];
    start.copy_from_slice(&blake3::hash(pixels).as_bytes()[..8]);
    start
}

/// Where the parts of a pack of so many photos lie.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub photos: usize,
    /// Bytes of a slot.
    pub image_bytes: usize,
}

impl Layout {
    /// Where a photo's slot begins.
    pub fn slot(&self, position: usize) -> u64 {
        HEADER_BYTES as u64 + position as u64 * self.image_bytes as u64
    }

    /// Where the table begins: the tail, which the header's digest is of.
    fn table(&self) -> u64 {
        self.slot(self.photos)
    }

    /// Where a photo's fingerprint begins.
    pub fn print(&self, position: usize) -> u64 {
        self.table() + (self.photos * ROW_BYTES) as u64 + position as u64 * FINGERPRINT_BYTES as u64
    }

    /// Where the problems begin, which go on to the end of the file.
    fn problems(&self) -> u64 {
        self.print(self.photos)
    }
}

/// Writes what belongs to all photos, where each one's pixels and fingerprint are written already: table, problems, and
/// the header over all. A fingerprint that was left out, as its photo could not be used, is zeros.
pub fn finish(file: &File, layout: &Layout, rows: &[Row], notes: Notes) -> io::Result<()> {
    let table: Vec<u8> = rows.iter().flat_map(|row| row.to_bytes()).collect();
    // Strings, numbers and plain enums always have a JSON form.
    let problems = serde_json::to_vec(&notes).unwrap_or_default();
    write_all_at(file, &table, layout.table())?;
    write_all_at(file, &problems, layout.problems())?;
    let end = layout.problems() + problems.len() as u64;

    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&VERSION.to_le_bytes());
    header.extend_from_slice(&(layout.image_bytes as u32).to_le_bytes());
    header.extend_from_slice(&(rows.len() as u64).to_le_bytes());
    header.extend_from_slice(&(end - layout.table()).to_le_bytes());
    let digest = tail_digest(file, &header, layout.table()..end)?;
    header.extend_from_slice(&digest);
    header.resize(HEADER_BYTES, 0);
    write_all_at(file, &header, 0)
}

const FIELDS_BYTES: usize = 32;

/// The digest of the header's fields and of everything behind the slots. Read piece by piece: it grows with the photos.
fn tail_digest(file: &File, fields: &[u8], tail: Range<u64>) -> io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(fields);
    let mut piece = vec![0; 1 << 16];
    let mut offset = tail.start;
    while offset < tail.end {
        let len = (tail.end - offset).min(piece.len() as u64) as usize;
        read_exact_at(file, &mut piece[..len], offset)?;
        hasher.update(&piece[..len]);
        offset += len as u64;
    }
    Ok(*hasher.finalize().as_bytes())
}

/// An open pack whose every byte was checked when it was opened, and each photo's again whenever it is read. Read and not
/// mapped into memory: a map's pages count as the process' own, so that its memory would grow with the photos; and one
/// that another program cuts short ends the process.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    file: File,
    bytes: u64,
    layout: Layout,
    rows: Vec<Row>,
    notes: Notes,
}

impl Pack {
    /// Opens the pack at `path`; `None` where there is none, or it is damaged, cut short or of another make.
    pub fn open(path: &Path, layout: Layout) -> Option<Self> {
        let file = regular::open(path).ok()?;
        let bytes = file.metadata().ok()?.len();
        let mut header = [0; FIELDS_BYTES + 32];
        read_exact_at(&file, &mut header, 0).ok()?;
        let (fields, digest) = header.split_at(FIELDS_BYTES);
        let Layout { photos, image_bytes } = layout;
        let expected = [&MAGIC[..], &VERSION.to_le_bytes(), &(image_bytes as u32).to_le_bytes()].concat();
        let numbers = [photos as u64, bytes.checked_sub(layout.table())?].map(u64::to_le_bytes).concat();
        let problems = bytes.checked_sub(layout.problems())?;
        if fields != [expected, numbers].concat() || tail_digest(&file, fields, layout.table()..bytes).ok()? != digest {
            return None;
        }
        let part = |offset: u64, len: usize| {
            let mut part = vec![0; len];
            read_exact_at(&file, &mut part, offset).ok().map(|()| part)
        };
        let table = part(layout.table(), photos * ROW_BYTES)?;
        let rows = table.chunks_exact(ROW_BYTES).map(Row::from_bytes).collect::<Option<Vec<_>>>()?;
        let notes = serde_json::from_slice(&part(layout.problems(), usize::try_from(problems).ok()?)?).ok()?;
        let pack = Pack { path: path.to_owned(), file, bytes, layout, rows, notes };
        let usable = (0..photos).into_par_iter().filter(|&position| pack.is_usable(position));
        let whole = usable.try_for_each_init(|| vec![0; image_bytes], |pixels, at| pack.read_image(at, pixels));
        whole.is_ok().then_some(pack)
    }

    /// Whether the slot holds pixels.
    pub fn is_usable(&self, position: usize) -> bool {
        self.rows.get(position).is_some_and(|row| row.usable)
    }

    /// Fills `pixels`, of the size of a slot, with those of a photo that can be used.
    pub fn read_image(&self, position: usize, pixels: &mut [u8]) -> Result<()> {
        self.read(pixels, self.layout.slot(position))?;
        if slot_digest(pixels) == self.rows[position].slot {
            return Ok(());
        }
        Err(self.damaged("were changed by another program".into()))
    }

    pub fn digest(&self, position: usize) -> Option<[u8; 32]> {
        self.rows.get(position).filter(|row| row.usable).map(|row| row.digest)
    }

    /// The fingerprint of a photo that can be used.
    pub fn fingerprint(&self, position: usize) -> Result<Fingerprint> {
        let mut bytes = [0; FINGERPRINT_BYTES];
        self.read(&mut bytes, self.layout.print(position))?;
        Ok(Fingerprint::from_bytes(&bytes))
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        read_exact_at(&self.file, buffer, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("were cut short by another program".into()),
            _ => self.damaged(format!("cannot be read ({error})")),
        })
    }

    fn damaged(&self, detail: String) -> Error {
        data::Error::Pack { path: self.path.clone(), detail }.into()
    }
}
