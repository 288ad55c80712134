//! What a photo will take, asked for as soon as its header is read and before anything is taken.

use super::{DecodeError, Limits, too_large};
use crate::base::budget::Share;

/// What is done with a picture of this width and height afterward takes so many bytes beside it.
pub type Afterward<'a> = &'a dyn Fn(u32, u32) -> u64;

/// One photo's.
pub(super) struct Claim<'a> {
    pub limits: &'a Limits,
    pub afterward: Afterward<'a>,
    pub share: Option<Share>,
}

impl Claim<'_> {
    /// Waits for room: `decoding` bytes while the picture is decoded and brought to RGB, then the picture and what is made of it.
    pub fn take(&mut self, width: u32, height: u32, decoding: u64) -> Result<(), DecodeError> {
        let Some(memory) = &self.limits.memory else {
            return Ok(());
        };
        let picture = 3 * u64::from(width) * u64::from(height);
        // It may still be turned.
        let afterward = (self.afterward)(width, height).max((self.afterward)(height, width));
        let bytes = decoding.max(picture.saturating_add(afterward));
        // One photo has one share.
        self.share = None;
        let refused = |most| {
            too_large(format!(
                "{width} x {height} pixels of its kind take up to {bytes} bytes of memory, more than the {most} that \
                 pictures may take together; allow more, or save it smaller"
            ))
        };
        self.share = Some(memory.for_picture(bytes).map_err(refused)?);
        Ok(())
    }
}
