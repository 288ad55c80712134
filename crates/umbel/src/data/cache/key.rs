//! The name of a pack: a digest of all that its content depends on, so that a stale pack is never found.

use std::fs::Metadata;
use std::time::UNIX_EPOCH;

use rayon::prelude::*;

use super::housekeeping::PACK_EXTENSION;
use super::pack::VERSION;
use super::{Index, PrepSpec};

/// The file name of the pack of `index` under `prep`.
///
/// The folder's own path is part of it: archives unpacked with equal times and sizes would otherwise share a pack. So is
/// the time of the last status change, where the system has one: it moves even when a tool sets a file's time back.
pub fn pack_name(index: &Index, prep: &PrepSpec) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    field(&VERSION.to_le_bytes());
    field(format!("{prep:?}").as_bytes());
    let root = std::fs::canonicalize(&index.root).unwrap_or_else(|_| index.root.clone());
    field(root.as_os_str().as_encoded_bytes());
    let stamps: Vec<[u8; 40]> = index
        .photos
        .par_iter()
        .map(|photo| std::fs::metadata(index.root.join(&photo.path)).map_or([0xFF; 40], |data| stamp(&data)))
        .collect();
    for (photo, stamp) in index.photos.iter().zip(&stamps) {
        field(photo.path.as_bytes());
        field(stamp);
    }
    format!("{}.{PACK_EXTENSION}", hasher.finalize().to_hex())
}

/// Size, time of the last change of the content, and of the status.
fn stamp(data: &Metadata) -> [u8; 40] {
    let modified = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |since| since.as_nanos());
    #[cfg(unix)]
    let changed = {
        use std::os::unix::fs::MetadataExt;
        i128::from(data.ctime()) * 1_000_000_000 + i128::from(data.ctime_nsec())
    };
    #[cfg(not(unix))]
    let changed = 0i128;
    let mut stamp = [0; 40];
    stamp[..8].copy_from_slice(&data.len().to_le_bytes());
    stamp[8..24].copy_from_slice(&modified.to_le_bytes());
    stamp[24..].copy_from_slice(&changed.to_le_bytes());
    stamp
}
