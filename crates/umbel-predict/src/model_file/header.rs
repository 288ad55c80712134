//! The header of a safetensors file: text fields, and where each tensor's bytes lie.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::base::error::FileFault;

/// The kind of numbers that umbel's own files hold.
pub const F32: &str = "F32";
/// Bytes of one.
const F32_BYTES: usize = 4;

/// The safetensors format's own limit.
const MAX_BYTES: u64 = 100_000_000;

/// What a header says.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Header {
    /// Text of the program that wrote it.
    #[serde(rename = "__metadata__")]
    pub fields: Option<BTreeMap<String, String>>,
    /// By name.
    #[serde(flatten)]
    pub tensors: BTreeMap<String, TensorInfo>,
}

/// What a header says of one tensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TensorInfo {
    /// The kind of its numbers, in safetensors' names.
    pub dtype: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// First byte and the one behind the last, counted from the header's end.
    pub data_offsets: (usize, usize),
}

impl Header {
    /// Reads the header of a file, once it is sure that the file is as long as it says.
    ///
    /// # Errors
    /// [`FileFault::NotSafetensors`].
    pub fn read(file: &mut impl Read, length: u64) -> Result<Self, FileFault> {
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
        let header: Header = serde_json::from_slice(&text).map_err(|error| bad(&error.to_string()))?;
        let mut end = 0;
        for (name, tensor) in header.in_order() {
            if !tensor.follows(end) {
                return Err(bad(&format!("the place or the size of tensor {name} cannot be")));
            }
            end = tensor.data_offsets.1;
        }
        let expected = 8 + size + end as u64;
        if length != expected {
            return Err(bad(&format!("it has {length} bytes, but its header asks for {expected}")));
        }
        Ok(header)
    }

    /// The tensors in the order in which their bytes lie in the file.
    pub fn in_order(&self) -> Vec<(&str, &TensorInfo)> {
        let mut tensors: Vec<(&str, &TensorInfo)> =
            self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        tensors.sort_by_key(|(_, tensor)| tensor.data_offsets);
        tensors
    }

    /// The header as it is written: its JSON in a fixed order, padded to eight bytes as the format asks.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        // A JSON value sorts the keys within a tensor as well.
        let mut bytes = serde_json::to_value(self)?.to_string().into_bytes();
        bytes.resize(bytes.len().next_multiple_of(8), b' ');
        Ok(bytes)
    }
}

impl TensorInfo {
    /// Bytes of all its numbers.
    pub fn bytes(&self) -> usize {
        self.data_offsets.1 - self.data_offsets.0
    }

    /// Whether its bytes begin where those before it `end`, and are as many as its shape asks for, where the size of its
    /// numbers is known here.
    fn follows(&self, end: usize) -> bool {
        let (from, to) = self.data_offsets;
        let asked = || self.shape.iter().try_fold(F32_BYTES, |bytes, side| bytes.checked_mul(*side));
        from == end && to >= from && (self.dtype != F32 || asked() == Some(to - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, bytes: usize) -> Result<Header, FileFault> {
        let file = [&(json.len() as u64).to_le_bytes(), json.as_bytes()].concat();
        Header::read(&mut file.as_slice(), (file.len() + bytes) as u64)
    }

    #[test]
    fn places_that_cannot_be_are_refused() {
        let tensor = |name: &str, shape: &str, from: usize, to: usize| {
            format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
        };
        let file = |tensors: &[String]| format!("{{{}}}", tensors.join(","));
        let good = file(&[tensor("b", "[1]", 8, 12), tensor("a", "[2]", 0, 8)]);
        let header = read(&good, 12).unwrap();
        assert_eq!(header.in_order().iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "b"]);
        assert!(read(&good, 11).is_err() && read(&good, 13).is_err());
        for bad in [
            file(&[tensor("a", "[2]", 4, 12)]),
            file(&[tensor("a", "[2]", 0, 8), tensor("b", "[1]", 12, 16)]),
            file(&[tensor("a", "[2]", 0, 8), tensor("b", "[2]", 0, 8)]),
            file(&[tensor("a", "[3]", 0, 8)]),
            file(&[tensor("a", "[-1]", 0, 8)]),
            file(&[tensor("a", "[4611686018427387904, 4]", 0, 0)]),
            file(&[tensor("a", "[2]", 8, 0)]),
        ] {
            for bytes in [0, 8, 12, 16] {
                assert!(matches!(read(&bad, bytes), Err(FileFault::NotSafetensors(_))), "{bad}");
            }
        }
    }
}
