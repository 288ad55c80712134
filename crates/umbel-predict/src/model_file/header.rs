//! The header of a safetensors file: text fields, and where each tensor's bytes lie.

use std::collections::BTreeMap;
use std::io::Read;

pub use safetensors::Dtype;
pub use safetensors::tensor::{Metadata, TensorInfo};

use crate::base::error::FileFault;

/// A tensor to be written.
#[derive(Clone, Debug)]
pub struct TensorRef<'a> {
    pub name: String,
    pub shape: &'a [usize],
    pub data: Values<'a>,
}

/// The kinds of numbers that are written.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Values<'a> {
    F32(&'a [f32]),
    I8(&'a [i8]),
}

impl Values<'_> {
    fn dtype(self) -> Dtype {
        match self {
            Values::F32(_) => Dtype::F32,
            Values::I8(_) => Dtype::I8,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Values::F32(values) => size_of_val(values),
            Values::I8(values) => values.len(),
        }
    }
}

/// The safetensors format's own limit.
const MAX_BYTES: u64 = 100_000_000;
/// The largest networks have some thousands.
const MOST_TENSORS: usize = 65_536;

/// Reads the header of a file, once it is sure that the file is as long as it says.
///
/// # Errors
/// [`FileFault::NotSafetensors`] and [`FileFault::TooMany`].
pub fn read(file: &mut impl Read, length: u64) -> Result<Metadata, FileFault> {
    let bad = |detail: &str| FileFault::NotSafetensors(detail.to_string());
    let mut size = [0; 8];
    file.read_exact(&mut size).map_err(|_| bad("it has no header"))?;
    let size = u64::from_le_bytes(size);
    if size > MAX_BYTES {
        return Err(bad("its header would be too large"));
    }
    if length < 8 + size {
        return Err(bad("it ends within its header"));
    }
    let mut text = vec![0; size as usize];
    file.read_exact(&mut text).map_err(|_| bad("it ends within its header"))?;
    let header: Metadata = serde_json::from_slice(&text).map_err(|error| bad(&error.to_string()))?;
    let expected = (8 + size).saturating_add(header.data_len() as u64);
    if length != expected {
        return Err(bad(&format!("it has {length} bytes, but its header asks for {expected}")));
    }
    let count = header.offset_keys().len();
    if count > MOST_TENSORS {
        return Err(FileFault::TooMany { count, most: MOST_TENSORS });
    }
    Ok(header)
}

/// The header of a file of `fields` and `tensors`, which lie one behind the other: its JSON in a fixed order, padded to
/// eight bytes as the format asks.
pub fn to_bytes(fields: &BTreeMap<String, String>, tensors: &[TensorRef<'_>]) -> Vec<u8> {
    // A JSON value sorts its keys; the library's own writer keeps fields in a hash map's chance order.
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".into(), serde_json::json!(fields));
    let mut start = 0;
    for tensor in tensors {
        let end = start + tensor.data.bytes();
        let info = TensorInfo { dtype: tensor.data.dtype(), shape: tensor.shape.to_vec(), data_offsets: (start, end) };
        header.insert(tensor.name.clone(), serde_json::json!(info));
        start = end;
    }
    let mut bytes = serde_json::Value::Object(header).to_string().into_bytes();
    bytes.resize(bytes.len().next_multiple_of(8), b' ');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many bytes as a tensor can have; eight tensors of them and a header are more than can be counted.
    const MANY: usize = usize::MAX / 8;

    fn read(json: &str, bytes: usize) -> Result<Metadata, FileFault> {
        let file = [&(json.len() as u64).to_le_bytes(), json.as_bytes()].concat();
        super::read(&mut file.as_slice(), (file.len() + bytes) as u64)
    }

    #[test]
    fn places_that_cannot_be_are_refused() {
        let tensor = |name: &str, shape: &str, from: usize, to: usize| {
            format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
        };
        let bytes_of = |from: usize, to: usize| {
            format!(r#""{from}":{{"dtype":"U8","shape":[{MANY}],"data_offsets":[{from},{to}]}}"#)
        };
        let file = |tensors: &[String]| format!("{{{}}}", tensors.join(","));
        let good = file(&[tensor("b", "[1]", 8, 12), tensor("a", "[2]", 0, 8)]);
        let header = read(&good, 12).unwrap();
        assert_eq!(header.offset_keys(), ["a", "b"]);
        assert!(read(&good, 11).is_err() && read(&good, 13).is_err());
        for bad in [
            file(&[tensor("a", "[2]", 4, 12)]),
            file(&[tensor("a", "[2]", 0, 8), tensor("b", "[1]", 12, 16)]),
            file(&[tensor("a", "[2]", 0, 8), tensor("b", "[2]", 0, 8)]),
            file(&[tensor("a", "[3]", 0, 8)]),
            file(&[tensor("a", "[-1]", 0, 8)]),
            file(&[tensor("a", "[4611686018427387904, 4]", 0, 0)]),
            file(&[tensor("a", "[2]", 8, 0)]),
            file(&(0..8).map(|k| bytes_of(k * MANY, (k + 1) * MANY)).collect::<Vec<_>>()),
        ] {
            for bytes in [0, 8, 12, 16] {
                assert!(matches!(read(&bad, bytes), Err(FileFault::NotSafetensors(_))), "{bad}");
            }
        }
    }
}
