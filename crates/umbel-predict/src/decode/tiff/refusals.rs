//! How a TIFF's picture may be packed, and what of TIFF is not read here, in words that a person knows.

use crate::base::problem::ProblemKind;
use crate::decode::{DecodeError, damaged};

/// How bytes are made fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// One that is a row of bytes when undone; its number in the file.
    Bytes(u16),
    /// Fax group 4, which tells runs of black and white.
    Fax4,
    Jpeg,
}

/// Its number in the file.
pub(super) const LZW: u16 = 5;

/// How the picture is packed, by its number.
pub(super) fn packing(number: u64) -> Result<Packing, DecodeError> {
    let what = match number {
        1 | 5 | 8 | 32773 | 32946 => return Ok(Packing::Bytes(number as u16)),
        4 => return Ok(Packing::Fax4),
        7 => return Ok(Packing::Jpeg),
        2 => "fax compression (modified Huffman)",
        3 => "fax compression (group 3)",
        6 => "JPEG compression of the old kind",
        9 | 10 => "JBIG compression",
        34661 => "JBIG compression",
        34676 | 34677 => "LogLuv compression",
        34712 | 33003 | 33005 => "JPEG 2000 compression",
        34887 => "LERC compression",
        34925 => "LZMA compression",
        50000 => "Zstandard compression",
        50001 => "WebP compression",
        50002 | 52546 => "JPEG XL compression",
        other => return Err(unsupported(&format!("compression of a kind that is not known ({other})"))),
    };
    Err(unsupported(what))
}

pub(super) fn unsupported(what: &str) -> DecodeError {
    let detail = format!("a TIFF with {what}, which is not read here; save it as an 8-bit TIFF, PNG or JPEG");
    DecodeError { kind: ProblemKind::Unsupported, detail }
}

pub(super) fn broken(reason: &str) -> DecodeError {
    damaged("TIFF", reason)
}
