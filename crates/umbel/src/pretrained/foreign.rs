//! Reads the safetensors files of other programs.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::PretrainedFault;
use crate::base::error::FileFault;
use crate::base::regular;
use crate::model_file::FILE_NAME;
use crate::model_file::container::{KIND_KEY, StoredTensor, read_values};
use crate::model_file::header::{self, Dtype, Metadata};
use crate::{Error, PredictError, Result, pretrained};

/// What a file holds.
#[derive(Debug)]
pub(super) struct Foreign {
    /// What it tells of itself.
    pub fields: BTreeMap<String, String>,
    pub tensors: BTreeMap<String, StoredTensor>,
}

/// Reads the tensors of real numbers of a safetensors file that any program made; counters (whole numbers) are left out.
pub(super) fn read(path: &Path) -> Result<Foreign> {
    // A run's folder stands for its model, of which there is more to say than that it is a folder.
    let model = path.join(FILE_NAME);
    let path = if model.is_file() { &model } else { path };
    let wrap = |fault| Error::from(pretrained::Error::Unusable { path: path.to_owned(), fault });
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => wrap(PretrainedFault::NotFound),
        std::io::ErrorKind::IsADirectory => wrap(PretrainedFault::Folder),
        std::io::ErrorKind::InvalidInput => wrap(PretrainedFault::NotSafetensors("it is not a regular file".into())),
        _ => PredictError::Io { action: "read", path: path.to_owned(), source }.into(),
    };
    let file = regular::open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    read_from(std::io::BufReader::new(file), about.len()).map_err(wrap)
}

/// What a file tells of itself; nothing where it cannot be read.
pub(super) fn fields(path: &Path) -> BTreeMap<String, String> {
    let Ok(mut file) = regular::open(path) else { return BTreeMap::new() };
    let header = file.metadata().ok().and_then(|about| header::read(&mut file, about.len()).ok());
    header.map(|header| fields_in(&header)).unwrap_or_default()
}

/// The same of a file's bytes.
pub(super) fn fields_of(mut file: &[u8]) -> BTreeMap<String, String> {
    let bytes = file.len() as u64;
    header::read(&mut file, bytes).map(|header| fields_in(&header)).unwrap_or_default()
}

fn fields_in(header: &Metadata) -> BTreeMap<String, String> {
    header.metadata().clone().into_iter().flatten().collect()
}

/// The same from anything of so many bytes.
pub(super) fn read_from(mut file: impl Read, bytes: u64) -> std::result::Result<Foreign, PretrainedFault> {
    let header = header::read(&mut file, bytes).map_err(foreign)?;
    let fields = fields_in(&header);
    if let Some(kind) = fields.get(KIND_KEY) {
        return Err(PretrainedFault::Own(kind.clone()));
    }
    let mut tensors = BTreeMap::new();
    for name in header.offset_keys() {
        let Some(info) = header.info(&name) else { continue };
        let bytes = info.data_offsets.1 - info.data_offsets.0;
        let data = match info.dtype {
            Dtype::F32 => read_values(&mut file, bytes / 4).map_err(foreign)?.0,
            Dtype::F16 => read_halves(&mut file, bytes, half)?,
            Dtype::BF16 => read_halves(&mut file, bytes, |bits| f32::from_bits(u32::from(bits) << 16))?,
            Dtype::I64 | Dtype::I32 | Dtype::U64 | Dtype::U32 => {
                let skipped = std::io::copy(&mut file.by_ref().take(bytes as u64), &mut std::io::sink());
                skipped.map_err(|error| PretrainedFault::NotSafetensors(error.to_string()))?;
                continue;
            }
            other => return Err(PretrainedFault::Dtype { tensor: name, dtype: other.to_string() }),
        };
        if data.iter().any(|value| !value.is_finite()) {
            return Err(PretrainedFault::NotFinite(name));
        }
        tensors.insert(name, StoredTensor { shape: info.shape.clone(), data });
    }
    Ok(Foreign { fields, tensors })
}

fn foreign(fault: FileFault) -> PretrainedFault {
    match fault {
        FileFault::NotSafetensors(detail) => PretrainedFault::NotSafetensors(detail),
        FileFault::TooLarge(bytes) => PretrainedFault::Memory(bytes),
        other => PretrainedFault::NotSafetensors(other.to_string()),
    }
}

/// So many bytes of 16-bit numbers; that the file has them is known.
fn read_halves(
    file: &mut impl Read,
    bytes: usize,
    value: impl Fn(u16) -> f32,
) -> std::result::Result<Vec<f32>, PretrainedFault> {
    let mut raw = Vec::new();
    raw.try_reserve_exact(bytes).map_err(|_| foreign(FileFault::TooLarge(bytes as u64)))?;
    raw.resize(bytes, 0);
    file.read_exact(&mut raw).map_err(|error| PretrainedFault::NotSafetensors(error.to_string()))?;
    Ok(raw.as_chunks::<2>().0.iter().map(|bytes| value(u16::from_le_bytes(*bytes))).collect())
}

/// IEEE 754's binary16, exactly.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    match exponent {
        // No leading one: down to 2^-24.
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_read_exactly() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:04x}");
        }
        assert!(half(0x7e00).is_nan() && half(0x8000).is_sign_negative());
    }
}
