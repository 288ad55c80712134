//! Reads the safetensors files of other programs.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::PretrainedFault;
use crate::base::error::FileFault;
use crate::base::regular;
use crate::model_file::container::{KIND_KEY, StoredTensor, read_values};
use crate::model_file::header::{self, Dtype};
use crate::{Error, PredictError, Result, pretrained};

/// Reads the `f32` tensors of a safetensors file that any program made; counters (whole numbers) are left out.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, StoredTensor>> {
    let wrap = |fault| Error::from(pretrained::Error::Unusable { path: path.to_owned(), fault });
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => wrap(PretrainedFault::NotFound),
        std::io::ErrorKind::IsADirectory => wrap(PretrainedFault::Folder),
        std::io::ErrorKind::InvalidInput => wrap(PretrainedFault::NotSafetensors("it is not a regular file".into())),
        _ => PredictError::Io { action: "read", path: path.to_owned(), source }.into(),
    };
    let file = regular::open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    let mut file = std::io::BufReader::new(file);
    let foreign = |fault: FileFault| match fault {
        FileFault::NotSafetensors(detail) => PretrainedFault::NotSafetensors(detail),
        other => PretrainedFault::NotSafetensors(other.to_string()),
    };
    let header = header::read(&mut file, about.len()).map_err(|fault| wrap(foreign(fault)))?;
    if let Some(kind) = header.metadata().as_ref().and_then(|fields| fields.get(KIND_KEY)) {
        return Err(wrap(PretrainedFault::Own(kind.clone())));
    }
    let mut tensors = BTreeMap::new();
    for name in header.offset_keys() {
        let Some(info) = header.info(&name) else { continue };
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
