//! HEIC is named, not read.

use image::DynamicImage;

use crate::decode::{DecodeError, Limits, kinds};

/// Refuses it, with the way out.
pub(in crate::decode) fn decode(_: &[u8], _: &Limits) -> Result<DynamicImage, DecodeError> {
    Err(kinds::unread("HEIC", "heic"))
}
