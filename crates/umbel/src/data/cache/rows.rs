//! Numbers that were computed of every photo, kept beside the pack: a row of `f32` for each usable photo. Whoever computes
//! them names all that they depend on; the photos' contents and their preparation are added here.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::pack::{self, HEADER_BYTES};
use super::{Cache, housekeeping};
use crate::base::atomic::Scratch;
use crate::base::positioned::read_exact_at;
use crate::base::regular;
use crate::{Error, Result, data};

const MAGIC: &[u8; 8] = b"umbelrow";
const FIELDS_BYTES: usize = 24;

/// The rows of a file whose every byte was checked when it was opened.
#[derive(Debug)]
pub struct Rows {
    path: PathBuf,
    file: File,
    width: usize,
    /// Positions in the index, rising, each with a row.
    positions: Vec<usize>,
}

impl Rows {
    /// Values of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Reads so many values of a photo's row, from value `first` on.
    ///
    /// # Errors
    /// [`data::Error::Pack`] where another program has cut the file short.
    ///
    /// # Panics
    /// Where the photo has no row, or a row has fewer values.
    pub fn read(&self, position: usize, first: usize, out: &mut [f32]) -> Result<()> {
        let row = self.positions.binary_search(&position).expect("every usable photo has a row");
        assert!(first + out.len() <= self.width, "a row has {} values", self.width);
        let mut bytes = vec![0; out.len() * 4];
        let start = HEADER_BYTES + (row * self.width + first) * 4;
        let damaged =
            |error| data::Error::Pack { path: self.path.clone(), detail: format!("cannot be read ({error})") };
        read_exact_at(&self.file, &mut bytes, start as u64).map_err(damaged)?;
        out.iter_mut().zip(bytes.as_chunks::<4>().0).for_each(|(out, bytes)| *out = f32::from_le_bytes(*bytes));
        Ok(())
    }

    fn open(path: &Path, width: usize, positions: &[usize]) -> Option<Self> {
        let mut file = regular::open(path).ok()?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header).ok()?;
        let (fields, digest) = header[..FIELDS_BYTES + 32].split_at(FIELDS_BYTES);
        let bytes = (HEADER_BYTES + positions.len() * width * 4) as u64;
        if fields != header_fields(width, positions.len()) || file.metadata().ok()?.len() != bytes {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(fields).update_reader(&mut file).ok()?;
        let whole = hasher.finalize().as_bytes() == digest;
        whole.then(|| Rows { path: path.to_owned(), file, width, positions: positions.to_vec() })
    }
}

fn header_fields(width: usize, rows: usize) -> Vec<u8> {
    [&MAGIC[..], &(width as u64).to_le_bytes(), &(rows as u64).to_le_bytes()].concat()
}

/// Rows on their way into a file: one for each of [`Cache::usable`], in that order.
#[derive(Debug)]
pub struct RowsWriter<'a> {
    cache: &'a Cache,
    path: PathBuf,
    width: usize,
    scratch: Scratch,
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    written: usize,
    _making: Option<File>,
}

impl Cache {
    /// The rows of that kind, if they are there and whole. `kind` tells all that they depend on beside the photos.
    pub fn rows(&self, kind: &str, width: usize) -> Option<Rows> {
        let path = self.rows_path(kind);
        let rows = Rows::open(&path, width, &self.usable)?;
        housekeeping::mark_used(&path);
        Some(rows)
    }

    /// Begins to write rows of that kind, in place of any that are there.
    ///
    /// # Errors
    /// [`data::Error::Cache`] where the folder cannot be written to.
    pub fn write_rows(&self, kind: &str, width: usize) -> Result<RowsWriter<'_>> {
        let path = self.rows_path(kind);
        let making = housekeeping::begin_to_make(&self.options.folder);
        let scratch = Scratch::beside(&path).map_err(|error| self.cache_error(error))?;
        let mut file = BufWriter::new(scratch.file()?);
        file.write_all(&[0; HEADER_BYTES]).map_err(|source| self.failed(source))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&header_fields(width, self.usable.len()));
        Ok(RowsWriter { cache: self, path, width, scratch, file, hasher, written: 0, _making: making })
    }

    /// The photos go by content, so that a copy of the folder finds its rows too.
    fn rows_path(&self, kind: &str) -> PathBuf {
        let mut hasher = blake3::Hasher::new();
        let mut field = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        field(kind.as_bytes());
        field(&pack::VERSION.to_le_bytes());
        field(format!("{:?}", self.prep).as_bytes());
        for &position in &self.usable {
            field(&self.digest(position).unwrap_or_default());
        }
        self.options.folder.join(format!("{}.{}", hasher.finalize().to_hex(), housekeeping::ROWS_EXTENSION))
    }

    fn failed(&self, source: std::io::Error) -> Error {
        data::Error::Cache { action: "write", folder: self.options.folder.clone(), source }.into()
    }

    fn cache_error(&self, error: umbel_predict::Error) -> Error {
        match error {
            umbel_predict::Error::Io { source, .. } => self.failed(source),
            other => other.into(),
        }
    }
}

impl RowsWriter<'_> {
    /// The next rows, whole ones.
    ///
    /// # Errors
    /// [`data::Error::Cache`] where they cannot be written (a full disk).
    pub fn push(&mut self, values: &[f32]) -> Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.hasher.update(&bytes);
        self.written += values.len();
        self.file.write_all(&bytes).map_err(|source| self.cache.failed(source))
    }

    /// Puts the file in its place and opens it.
    ///
    /// # Errors
    /// [`data::Error::Cache`] where that fails.
    ///
    /// # Panics
    /// Where not every photo got its row.
    pub fn finish(self) -> Result<Rows> {
        let RowsWriter { cache, path, width, scratch, mut file, hasher, written, _making } = self;
        assert_eq!(written, cache.usable.len() * width, "every usable photo needs a row");
        let mut header = header_fields(width, cache.usable.len());
        header.extend_from_slice(hasher.finalize().as_bytes());
        let put = |file: &mut BufWriter<File>| {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header)?;
            file.flush()
        };
        put(&mut file).map_err(|source| cache.failed(source))?;
        drop(file);
        scratch.commit().map_err(|error| cache.cache_error(error))?;
        housekeeping::keep_within(&cache.options.folder, cache.options.max_bytes, &[&cache.path, &path]);
        let rows = Rows::open(&path, width, &cache.usable);
        Ok(rows.ok_or_else(|| data::Error::Cache {
            action: "read back what was just written",
            folder: cache.options.folder.clone(),
            source: std::io::ErrorKind::InvalidData.into(),
        })?)
    }
}
