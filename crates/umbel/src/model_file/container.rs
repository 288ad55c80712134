//! One safetensors file of `f32` tensors and text fields, sealed by a digest: the common form of model files and
//! checkpoints. The same contents always give the same bytes; reading allocates nothing before it is known to be there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use crate::base::atomic::{self, Scratch};
use crate::base::error::{FileFault, PretrainedFault};
use crate::{Error, Result};

/// The newest format that is read here, and the one that is written.
pub(crate) const FORMAT: u64 = 1;

const FORMAT_KEY: &str = "umbel.format";
const KIND_KEY: &str = "umbel.kind";
const VERSION_KEY: &str = "umbel.version";
const DIGEST_KEY: &str = "umbel.digest";

/// The safetensors format's own limit.
const MAX_HEADER_BYTES: u64 = 100_000_000;
const CHUNK: usize = 1 << 16;

/// A tensor to be written.
#[derive(Clone, Debug)]
pub(crate) struct TensorRef<'a> {
    pub name: String,
    pub shape: &'a [usize],
    pub data: &'a [f32],
}

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    pub fields: BTreeMap<String, String>,
    pub tensors: BTreeMap<String, StoredTensor>,
}

/// A tensor that was read.
#[derive(Clone, Debug)]
pub(crate) struct StoredTensor {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

impl Contents {
    /// A field parsed from its JSON.
    pub fn field<T: serde::de::DeserializeOwned>(&self, field: &'static str) -> std::result::Result<T, FileFault> {
        let text = self.fields.get(field).ok_or(FileFault::Foreign(field))?;
        serde_json::from_str(text).map_err(|error| FileFault::Field { field, detail: error.to_string() })
    }
}

/// Writes `fields` and `tensors` beside `path`, as umbel's `kind` of file ("model", "checkpoint"); what comes back puts it in
/// place, whole or not at all.
pub(crate) fn prepare(
    path: &Path,
    kind: &str,
    mut fields: BTreeMap<String, String>,
    tensors: &[TensorRef<'_>],
) -> Result<Scratch> {
    fields.insert(FORMAT_KEY.into(), FORMAT.to_string());
    fields.insert(KIND_KEY.into(), kind.into());
    fields.insert(VERSION_KEY.into(), env!("CARGO_PKG_VERSION").into());
    let hashes: BTreeMap<&str, (&[usize], blake3::Hash)> =
        tensors.iter().map(|t| (t.name.as_str(), (t.shape, hash_values(t.data)))).collect();
    fields.insert(DIGEST_KEY.into(), digest(&fields, &hashes));
    let header = header(&fields, tensors);
    atomic::prepare_with(path, |file| {
        let mut out = BufWriter::with_capacity(CHUNK, file);
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        for tensor in tensors {
            each_chunk(tensor.data, |bytes| out.write_all(bytes))?;
        }
        out.flush()
    })
}

/// Reads the file at `path`, which must be umbel's `kind`, whole and undamaged.
pub(crate) fn read(path: &Path, kind: &'static str) -> Result<Contents> {
    let wrap = |fault| Error::ModelFile { path: path.to_owned(), fault };
    let about = std::fs::metadata(path).map_err(|error| read_error(path, error))?;
    if !about.is_file() {
        return Err(wrap(FileFault::NotAFile));
    }
    let mut file = File::open(path).map_err(|error| read_error(path, error))?;
    read_from(&mut file, about.len(), kind).map_err(wrap)
}

/// Reads the `f32` tensors of a safetensors file that any program made; counters (whole numbers) are left out.
pub(crate) fn read_foreign(path: &Path) -> Result<BTreeMap<String, StoredTensor>> {
    let wrap = |fault| Error::Pretrained { path: path.to_owned(), fault };
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => wrap(PretrainedFault::NotFound),
        _ => Error::Io { action: "read", path: path.to_owned(), source },
    };
    let about = std::fs::metadata(path).map_err(io)?;
    if !about.is_file() {
        return Err(wrap(PretrainedFault::NotSafetensors("it is not a regular file".into())));
    }
    let mut file = std::io::BufReader::new(File::open(path).map_err(io)?);
    let foreign = |fault: FileFault| match fault {
        FileFault::NotSafetensors(detail) => PretrainedFault::NotSafetensors(detail),
        other => PretrainedFault::NotSafetensors(other.to_string()),
    };
    let metadata = read_header(&mut file, about.len()).map_err(|fault| wrap(foreign(fault)))?;
    let mut tensors = BTreeMap::new();
    for name in metadata.offset_keys() {
        let Some(info) = metadata.info(&name) else { continue };
        let bytes = info.data_offsets.1 - info.data_offsets.0;
        match info.dtype {
            Dtype::F32 => {
                let (data, _) = read_values(&mut file, bytes / 4).map_err(|fault| wrap(foreign(fault)))?;
                if data.iter().any(|value| !value.is_finite()) {
                    return Err(wrap(PretrainedFault::NotFinite(name)));
                }
                tensors.insert(name, StoredTensor { shape: info.shape.clone(), data });
            }
            Dtype::I64 | Dtype::I32 | Dtype::U64 | Dtype::U32 => {
                std::io::copy(&mut file.by_ref().take(bytes as u64), &mut std::io::sink()).map_err(io)?;
            }
            other => return Err(wrap(PretrainedFault::Dtype { tensor: name, dtype: other.to_string() })),
        }
    }
    Ok(tensors)
}

fn read_error(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        Error::ModelFile { path: path.to_owned(), fault: FileFault::NotFound }
    } else {
        Error::Io { action: "read", path: path.to_owned(), source: error }
    }
}

fn read_from(file: &mut impl Read, length: u64, kind: &'static str) -> std::result::Result<Contents, FileFault> {
    let metadata = read_header(file, length)?;
    let fields: BTreeMap<String, String> = metadata.metadata().clone().unwrap_or_default().into_iter().collect();
    check_origin(&fields, kind)?;
    let mut tensors = BTreeMap::new();
    let mut hashes = BTreeMap::new();
    for name in metadata.offset_keys() {
        let info = metadata.info(&name).ok_or_else(|| FileFault::NotSafetensors(format!("no tensor {name}")))?;
        if info.dtype != Dtype::F32 {
            return Err(FileFault::Weights(format!("tensor {name} is {}, but F32 was expected", info.dtype)));
        }
        let (data, hash) = read_values(file, (info.data_offsets.1 - info.data_offsets.0) / 4)?;
        hashes.insert(name.clone(), (info.shape.clone(), hash));
        tensors.insert(name, StoredTensor { shape: info.shape.clone(), data });
    }
    let hashes = hashes.iter().map(|(name, (shape, hash))| (name.as_str(), (shape.as_slice(), *hash))).collect();
    if fields.get(DIGEST_KEY) != Some(&digest(&fields, &hashes)) {
        return Err(FileFault::Damaged);
    }
    if let Some((name, _)) = tensors.iter().find(|(_, tensor)| tensor.data.iter().any(|value| !value.is_finite())) {
        return Err(FileFault::NotFinite(name.clone()));
    }
    Ok(Contents { fields, tensors })
}

/// The header, once it is sure that the file is as long as it says.
fn read_header(file: &mut impl Read, length: u64) -> std::result::Result<Metadata, FileFault> {
    let bad = |detail: &str| FileFault::NotSafetensors(detail.to_string());
    let mut size = [0; 8];
    file.read_exact(&mut size).map_err(|_| bad("it has no header"))?;
    let size = u64::from_le_bytes(size);
    if size > MAX_HEADER_BYTES {
        return Err(bad("its header would be too large"));
    }
    if length < 8 + size {
        return Err(bad("it ends within its header"));
    }
    let mut header = vec![0; size as usize];
    file.read_exact(&mut header).map_err(|_| bad("it ends within its header"))?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|error| bad(&error.to_string()))?;
    let expected = 8 + size + metadata.data_len() as u64;
    if length != expected {
        return Err(bad(&format!("it has {length} bytes, but its header asks for {expected}")));
    }
    Ok(metadata)
}

fn check_origin(fields: &BTreeMap<String, String>, kind: &'static str) -> std::result::Result<(), FileFault> {
    let text = fields.get(FORMAT_KEY).ok_or(FileFault::Foreign(FORMAT_KEY))?;
    let format: u64 =
        text.parse().map_err(|_| FileFault::Field { field: FORMAT_KEY, detail: format!("{text:?} is no number") })?;
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

fn read_values(file: &mut impl Read, count: usize) -> std::result::Result<(Vec<f32>, blake3::Hash), FileFault> {
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

/// Hands `values` on as little-endian bytes, a piece at a time.
fn each_chunk<E>(
    values: &[f32],
    mut take: impl FnMut(&[u8]) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut chunk = [0; CHUNK];
    for values in values.chunks(CHUNK / 4) {
        for (bytes, value) in chunk.as_chunks_mut::<4>().0.iter_mut().zip(values) {
            *bytes = value.to_le_bytes();
        }
        take(&chunk[..values.len() * 4])?;
    }
    Ok(())
}

fn hash_values(values: &[f32]) -> blake3::Hash {
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

/// The header's JSON in a fixed order, padded to eight bytes as the format asks.
fn header(fields: &BTreeMap<String, String>, tensors: &[TensorRef<'_>]) -> Vec<u8> {
    // `serde_json::Value` writes maps sorted by key; the crate's own writer keeps fields in a hash map's chance order.
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".into(), serde_json::json!(fields));
    let mut start = 0;
    for tensor in tensors {
        let end = start + tensor.data.len() * 4;
        let info = TensorInfo { dtype: Dtype::F32, shape: tensor.shape.to_vec(), data_offsets: (start, end) };
        header.insert(tensor.name.clone(), serde_json::json!(info));
        start = end;
    }
    let mut header = serde_json::Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    header
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
