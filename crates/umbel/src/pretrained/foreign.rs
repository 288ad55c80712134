//! Reads the safetensors files of other programs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::base::error::{FileFault, PretrainedFault};
use crate::model_file::container::{StoredTensor, read_values};
use crate::model_file::header::{F32, Header};
use crate::{Error, PredictError, Result};

/// Reads the `f32` tensors of a safetensors file that any program made; counters (whole numbers) are left out.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, StoredTensor>> {
    let wrap = |fault| Error::Pretrained { path: path.to_owned(), fault };
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => wrap(PretrainedFault::NotFound),
        _ => PredictError::Io { action: "read", path: path.to_owned(), source }.into(),
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
    let header = Header::read(&mut file, about.len()).map_err(|fault| wrap(foreign(fault)))?;
    let mut tensors = BTreeMap::new();
    for (name, info) in header.in_order() {
        match info.dtype.as_str() {
            F32 => {
                let (data, _) = read_values(&mut file, info.bytes() / 4).map_err(|fault| wrap(foreign(fault)))?;
                if data.iter().any(|value| !value.is_finite()) {
                    return Err(wrap(PretrainedFault::NotFinite(name.into())));
                }
                tensors.insert(name.into(), StoredTensor { shape: info.shape.clone(), data });
            }
            "I64" | "I32" | "U64" | "U32" => {
                std::io::copy(&mut file.by_ref().take(info.bytes() as u64), &mut std::io::sink()).map_err(io)?;
            }
            other => return Err(wrap(PretrainedFault::Dtype { tensor: name.into(), dtype: other.into() })),
        }
    }
    Ok(tensors)
}
