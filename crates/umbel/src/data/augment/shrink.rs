//! Shrinks a photo before a warp that would leave pixels out: bilinear interpolation looks at four pixels only.

use std::cell::RefCell;

use crate::data::prep::{Interpolation, Scaler};

/// Up to so many source pixels a step, nothing that matters is left out.
const STEP: f64 = 1.25;

thread_local! {
    static SCRATCH: RefCell<(Scaler, Vec<u8>)> = RefCell::default();
}

/// The size to which a photo of `size` x `size` is to be shrunk before a warp of so many pixels a step; its own where it is
/// to be left as it is.
pub fn size_for(size: usize, step: f64) -> usize {
    if step <= STEP { size } else { ((size as f64 / step).round() as usize).clamp(1, size) }
}

/// Hands `photo`, `size` x `size` RGB, on as one of `to` x `to`.
pub fn with_shrunk<R>(size: usize, photo: &[u8], to: usize, take: impl FnOnce(&[u8]) -> R) -> R {
    SCRATCH.with_borrow_mut(|(scaler, shrunk)| {
        shrunk.resize(to * to * 3, 0);
        let (size, to) = (size as u32, to as u32);
        scaler.scale(Interpolation::BilinearAntialias, photo, (size, size), (0, 0, size, size), shrunk, (to, to));
        take(shrunk)
    })
}
