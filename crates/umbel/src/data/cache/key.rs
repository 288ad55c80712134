//! The name of a pack: a digest of all that its content depends on, so that a stale pack is never found.

use rayon::prelude::*;

use super::housekeeping::PACK_EXTENSION;
use super::pack::VERSION;
use super::{Index, PrepSpec};
use crate::data::source::Source;

/// The file name of the pack of `index` under `prep`, its photos read from `source`.
///
/// The folder's own path is part of it: archives unpacked with equal times and sizes would otherwise share a pack. So is
/// the time of the last status change, where the system has one: it moves even when a tool sets a file's time back.
pub fn pack_name((index, source): (&Index, &Source), prep: &PrepSpec) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    field(&VERSION.to_le_bytes());
    field(format!("{prep:?}").as_bytes());
    field(source.identity().as_os_str().as_encoded_bytes());
    let stamps: Vec<_> = index.photos.par_iter().map(|photo| source.stamp(&photo.path)).collect();
    for (photo, stamp) in index.photos.iter().zip(&stamps) {
        field(photo.path.as_bytes());
        field(stamp);
    }
    format!("{}.{PACK_EXTENSION}", hasher.finalize().to_hex())
}
