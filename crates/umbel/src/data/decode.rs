//! The one door for foreign bytes: a file's bytes become upright RGB, within limits set before decoding.

use std::path::Path;

use super::ProblemKind;

/// What a file may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Limits {
    pub max_file_bytes: u64,
    pub max_pixels: u64,
    pub max_alloc_bytes: u64,
}

impl Default for Limits {
    /// 256 MiB a file, 200 megapixels, 1 GiB of memory.
    fn default() -> Self {
        Limits { max_file_bytes: 256 << 20, max_pixels: 200_000_000, max_alloc_bytes: 1 << 30 }
    }
}

/// Why a photo cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
#[allow(missing_docs)]
pub struct DecodeError {
    pub kind: ProblemKind,
    pub detail: String,
}

/// Decodes JPEG, PNG, GIF (first frame), BMP, WebP, TIFF or PNM, told by content. EXIF orientation is applied; grey,
/// palette, 16-bit and CMYK become 8-bit RGB; transparency is laid over white.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<image::RgbImage, DecodeError> {
    todo!()
}

/// Reads and decodes a file.
pub fn decode_file(path: &Path, limits: &Limits) -> Result<image::RgbImage, DecodeError> {
    todo!()
}
