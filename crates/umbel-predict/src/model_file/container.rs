//! One safetensors file of tensors (`f32`, or `i8` where a rough number will do) and text fields, sealed by a digest: the common form of model files and
//! checkpoints. The same contents always give the same bytes; reading allocates nothing before it is known to be there.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use super::header::{self, Dtype};
pub use super::header::{TensorRef, Values};
#[cfg(feature = "train")]
use crate::base::atomic::{self, Scratch};
use crate::base::error::FileFault;
use crate::base::regular;
use crate::nn::numerics::UNNUMBERED;
use crate::{Error, Result};

/// The newest format that is read here. A file says the lowest one that knows all that is in it, so it goes up with the first thing
/// that a file can hold and older programs must not overlook, and files without such a thing are still read by them.
pub const FORMAT: u64 = 4;

const FORMAT_KEY: &str = "umbel.format";
/// The field that no other program's file has.
pub const KIND_KEY: &str = "umbel.kind";
const VERSION_KEY: &str = "umbel.version";
/// Of the arithmetic; files of before it was written down do not have it.
const NUMERICS_KEY: &str = "umbel.numerics";
const DIGEST_KEY: &str = "umbel.digest";

const CHUNK: usize = 1 << 16;

/// Which kind of file, and how it was made.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// "model" or "checkpoint".
    pub kind: &'static str,
    /// The lowest format number that tells all that is in the file: older programs read it as long as they know that.
    pub format: u64,
    /// By which arithmetic its weights were computed.
    pub numerics: u32,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Contents {
    /// By which arithmetic its weights were computed.
    pub numerics: u32,
    pub fields: BTreeMap<String, String>,
    pub tensors: BTreeMap<String, StoredTensor>,
    /// Those of `i8`.
    pub rough: BTreeMap<String, StoredTensor<i8>>,
}

/// A tensor that was read.
#[derive(Clone, Debug)]
pub struct StoredTensor<T = f32> {
    pub shape: Vec<usize>,
    pub data: Vec<T>,
}

impl Contents {
    /// A field parsed from its JSON.
    pub fn field<T: serde::de::DeserializeOwned>(&self, field: &'static str) -> std::result::Result<T, FileFault> {
        let text = self.fields.get(field).ok_or(FileFault::Foreign(field))?;
        serde_json::from_str(text).map_err(|error| FileFault::Field { field, detail: error.to_string() })
    }

    /// Whether nothing is left of `i8`, which weights never are.
    pub fn no_rough(&self) -> std::result::Result<(), FileFault> {
        match self.rough.keys().next() {
            None => Ok(()),
            Some(name) => Err(FileFault::Weights(format!("tensor {name} is I8, but F32 was expected"))),
        }
    }
}

/// Writes `fields` and `tensors` beside `path`; what comes back puts the file in place, whole or not at all.
#[cfg(feature = "train")]
pub fn prepare(
    path: &Path,
    origin: Origin,
    fields: BTreeMap<String, String>,
    tensors: &[TensorRef<'_>],
) -> Result<Scratch> {
    let sealed = Sealed::new(origin, fields, tensors);
    atomic::prepare_with(path, |file| {
        let mut out = std::io::BufWriter::with_capacity(CHUNK, file);
        sealed.write(&mut out)?;
        out.flush()
    })
}

/// A file's contents with its digest, ready to be written.
#[derive(Debug)]
pub struct Sealed<'a> {
    header: Vec<u8>,
    tensors: &'a [TensorRef<'a>],
}

impl<'a> Sealed<'a> {
    /// Seals `fields` and `tensors`.
    pub fn new(origin: Origin, mut fields: BTreeMap<String, String>, tensors: &'a [TensorRef<'a>]) -> Self {
        fields.insert(FORMAT_KEY.into(), origin.format.to_string());
        fields.insert(KIND_KEY.into(), origin.kind.into());
        fields.insert(NUMERICS_KEY.into(), origin.numerics.to_string());
        fields.insert(VERSION_KEY.into(), env!("CARGO_PKG_VERSION").into());
        let hashes: BTreeMap<&str, (&[usize], blake3::Hash)> =
            tensors.iter().map(|t| (t.name.as_str(), (t.shape, hash_values(t.data)))).collect();
        fields.insert(DIGEST_KEY.into(), digest(&fields, &hashes));
        Sealed { header: header::to_bytes(&fields, tensors), tensors }
    }

    /// Writes header and tensors.
    pub fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        out.write_all(&(self.header.len() as u64).to_le_bytes())?;
        out.write_all(&self.header)?;
        for tensor in self.tensors {
            each_chunk(tensor.data, |bytes| out.write_all(bytes))?;
        }
        Ok(())
    }
}

/// Reads the file at `path`, which must be umbel's `kind`, whole and undamaged.
pub fn read(path: &Path, kind: &'static str) -> Result<Contents> {
    let wrap = |fault| Error::ModelFile { path: path.to_owned(), fault };
    let mut file = regular::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => wrap(FileFault::NotFound),
        ErrorKind::InvalidInput | ErrorKind::IsADirectory => wrap(FileFault::NotAFile),
        _ => Error::Io { action: "read", path: path.to_owned(), source: error },
    })?;
    let about = file.metadata().map_err(|source| Error::Io { action: "read", path: path.to_owned(), source })?;
    read_from(&mut file, about.len(), kind).map_err(wrap)
}

/// Reads what stands in `bytes`, which must be umbel's `kind` of file, whole and undamaged.
pub fn read_bytes(mut bytes: &[u8], kind: &'static str) -> std::result::Result<Contents, FileFault> {
    let length = bytes.len() as u64;
    read_from(&mut bytes, length, kind)
}

fn read_from(file: &mut impl Read, length: u64, kind: &'static str) -> std::result::Result<Contents, FileFault> {
    let header = header::read(file, length)?;
    let fields: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
    check_origin(&fields, kind)?;
    let (mut tensors, mut rough) = (BTreeMap::new(), BTreeMap::new());
    let mut hashes = BTreeMap::new();
    for name in header.offset_keys() {
        let info = header.info(&name).ok_or_else(|| FileFault::NotSafetensors(format!("no tensor {name}")))?;
        let (shape, bytes) = (info.shape.clone(), info.data_offsets.1 - info.data_offsets.0);
        let hash = match info.dtype {
            Dtype::F32 => {
                let (data, hash) = read_values(file, bytes / 4)?;
                tensors.insert(name.clone(), StoredTensor { shape, data });
                hash
            }
            Dtype::I8 => {
                let (data, hash) = read_rough(file, bytes)?;
                rough.insert(name.clone(), StoredTensor { shape, data });
                hash
            }
            other => return Err(FileFault::Weights(format!("tensor {name} is {other}, but F32 or I8 was expected"))),
        };
        hashes.insert(name, (info.shape.as_slice(), hash));
    }
    let hashes = hashes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    if fields.get(DIGEST_KEY) != Some(&digest(&fields, &hashes)) {
        return Err(FileFault::Damaged);
    }
    if let Some((name, _)) = tensors.iter().find(|(_, tensor)| tensor.data.iter().any(|value| !value.is_finite())) {
        return Err(FileFault::NotFinite(name.clone()));
    }
    let numerics = fields.get(NUMERICS_KEY).map_or(Ok(UNNUMBERED), |text| number(NUMERICS_KEY, text))?;
    Ok(Contents { numerics, fields, tensors, rough })
}

fn number<T: std::str::FromStr>(field: &'static str, text: &str) -> std::result::Result<T, FileFault> {
    text.parse().map_err(|_| FileFault::Field { field, detail: format!("{text:?} is no number") })
}

fn check_origin(fields: &BTreeMap<String, String>, kind: &'static str) -> std::result::Result<(), FileFault> {
    let format = number(FORMAT_KEY, fields.get(FORMAT_KEY).ok_or(FileFault::Foreign(FORMAT_KEY))?)?;
    if format > FORMAT {
        let version = fields.get(VERSION_KEY).cloned().unwrap_or_else(|| "unknown version".into());
        return Err(FileFault::Newer { format, reads: FORMAT, version });
    }
    let found = fields.get(KIND_KEY).ok_or(FileFault::Foreign(KIND_KEY))?;
    if found != kind {
        return Err(FileFault::WrongKind { found: found.clone(), expected: kind });
    }
    Ok(())
}

/// The next `count` values, and their hash.
pub fn read_values(file: &mut impl Read, count: usize) -> std::result::Result<(Vec<f32>, blake3::Hash), FileFault> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| FileFault::TooLarge(count as u64 * 4))?;
    let mut hasher = blake3::Hasher::new();
    let mut chunk = [0; CHUNK];
    while values.len() < count {
        let bytes = &mut chunk[..CHUNK.min((count - values.len()) * 4)];
        file.read_exact(bytes).map_err(|error| FileFault::NotSafetensors(error.to_string()))?;
        hasher.update(bytes);
        values.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }
    Ok((values, hasher.finalize()))
}

/// The next `count` bytes as numbers, and their hash.
fn read_rough(file: &mut impl Read, count: usize) -> std::result::Result<(Vec<i8>, blake3::Hash), FileFault> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(count).map_err(|_| FileFault::TooLarge(count as u64))?;
    bytes.resize(count, 0);
    file.read_exact(&mut bytes).map_err(|error| FileFault::NotSafetensors(error.to_string()))?;
    let hash = blake3::hash(&bytes);
    Ok((bytes.into_iter().map(u8::cast_signed).collect(), hash))
}

/// Hands `values` on as little-endian bytes, a piece at a time.
fn each_chunk<E>(
    values: Values<'_>,
    mut take: impl FnMut(&[u8]) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut chunk = [0; CHUNK];
    match values {
        Values::F32(values) => values.chunks(CHUNK / 4).try_for_each(|values| {
            for (bytes, value) in chunk.as_chunks_mut::<4>().0.iter_mut().zip(values) {
                *bytes = value.to_le_bytes();
            }
            take(&chunk[..values.len() * 4])
        }),
        Values::I8(values) => values.chunks(CHUNK).try_for_each(|values| {
            chunk.iter_mut().zip(values).for_each(|(byte, value)| *byte = value.cast_unsigned());
            take(&chunk[..values.len()])
        }),
    }
}

fn hash_values(values: Values<'_>) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let taken: std::result::Result<(), std::convert::Infallible> = each_chunk(values, |bytes| {
        hasher.update(bytes);
        Ok(())
    });
    match taken {
        Ok(()) => hasher.finalize(),
        Err(never) => match never {},
    }
}

/// Over everything but the digest itself; every part is preceded by its length, so that none can pass for another.
fn digest(fields: &BTreeMap<String, String>, tensors: &BTreeMap<&str, (&[usize], blake3::Hash)>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for (key, value) in fields.iter().filter(|(key, _)| *key != DIGEST_KEY) {
        part(key.as_bytes());
        part(value.as_bytes());
    }
    for (name, (shape, hash)) in tensors {
        part(name.as_bytes());
        part(&(shape.len() as u64).to_le_bytes());
        for size in *shape {
            part(&(*size as u64).to_le_bytes());
        }
        part(hash.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
