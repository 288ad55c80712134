//! HEIC is named, not read.

use image::DynamicImage;

use crate::decode::claim::Claim;
use crate::decode::{DecodeError, kinds};

/// Nothing is read of it.
pub(in crate::decode) fn exif(_: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Refuses it, with the way out.
pub(in crate::decode) fn decode(_: &[u8], _: &mut Claim<'_>) -> Result<DynamicImage, DecodeError> {
    Err(kinds::unread("HEIC", "heic"))
}
