//! HEIC, the format of phones' photos: told from other files that begin alike, and decoded where the feature is built in.

#[cfg(feature = "heic")]
#[path = "on.rs"]
mod decoding;
#[cfg(not(feature = "heic"))]
#[path = "off.rs"]
mod decoding;

pub(super) use decoding::{decode, exif};

/// The names that formats of HEVC pictures go by.
const BRANDS: [&[u8; 4]; 6] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"];
/// Names that say no more than that there is a picture.
const ANY: [&[u8; 4]; 3] = [b"mif1", b"mif2", b"msf1"];

/// Whether a file says that it is a HEIC: by the name that it puts first, or, where that says little, by those that follow.
pub(super) fn is_heic(bytes: &[u8]) -> bool {
    let Some((size, b"ftyp", first)) = header(bytes) else { return false };
    let others = bytes.get(16..(size as usize).min(bytes.len()).min(512)).unwrap_or_default();
    BRANDS.contains(&first) || ANY.contains(&first) && others.as_chunks().0.iter().any(|other| BRANDS.contains(&other))
}

/// Size and kind of the first box, and what its content begins with.
fn header(bytes: &[u8]) -> Option<(u32, &[u8; 4], &[u8; 4])> {
    let [size, kind, first] = bytes.get(..12)?.as_chunks::<4>().0 else { return None };
    Some((u32::from_be_bytes(*size), kind, first))
}
