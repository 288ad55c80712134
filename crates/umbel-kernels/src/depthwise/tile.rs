//! What the tiles of a correlation share: the row and the pixels that one is for, and how vectors come and go.

use std::ops::Range;

use super::Correlation;
use crate::FusedActivation;
use crate::isa::Simd;

/// Pixels in a tile. Seven divides the sizes that networks for 224 x 224 pixels come down to, and with two vectors of
/// channels all sums stay in the sixteen registers of AVX2.
pub(super) const TILE_PIXELS: usize = 7;
/// What pixels outside of the source read: two vectors of the widest instruction set.
pub(super) static ZEROS: [f32; 32] = [0.0; 32];

/// What all tiles of an output row share.
pub(super) struct Row<'a> {
    pub walk: &'a Correlation,
    pub source: &'a [f32],
    pub w: &'a [f32],
    pub bias: Option<&'a [f32]>,
    /// Applied to what comes out.
    pub clamp: FusedActivation,
    /// The taps downward that lie inside of the source.
    pub taps: Range<usize>,
    pub i: usize,
}

/// Adjacent pixels of a row, the first of them `j`, over some channels. `out` is the first pixel's first channel.
pub(super) struct Part<'a> {
    pub row: &'a Row<'a>,
    pub j: usize,
    pub c: Range<usize>,
    pub out: *mut f32,
}

/// # Safety
/// `n` floats must be readable at `p` where `PARTIAL`, a whole vector elsewhere.
#[inline(always)]
pub(super) unsafe fn load<S: Simd, const PARTIAL: bool>(s: S, p: *const f32, n: usize) -> S::V {
    // SAFETY: the caller's promise.
    unsafe { if PARTIAL { s.load_first(p, n) } else { s.load_at(p) } }
}

/// As [`load`].
///
/// # Safety
/// So many floats must be writable at `p`.
#[inline(always)]
pub(super) unsafe fn store<S: Simd, const PARTIAL: bool>(s: S, p: *mut f32, n: usize, v: S::V) {
    // SAFETY: the caller's promise.
    unsafe { if PARTIAL { s.store_first(p, n, v) } else { s.store_at(p, v) } }
}
