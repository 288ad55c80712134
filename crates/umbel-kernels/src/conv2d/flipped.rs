//! The weights turned round, as the input gradient reads them.

use rayon::prelude::*;

use super::Conv2dShape;
use crate::Isa;
use crate::extent::volume;
use crate::gemm::{MAX_PANEL_WIDTH, panel_width};

/// Floats of the flipped weights, for the widest panels.
pub(super) fn flipped_len(shape: &Conv2dShape) -> usize {
    let columns = shape.channels_in.next_multiple_of(MAX_PANEL_WIDTH);
    volume(&[shape.kernel.0, shape.kernel.1, shape.channels_out, columns])
}

/// The weights as the input gradient reads them: kernel rows from last to first; in each, the columns grouped by their
/// remainder modulo the stride, each group from last to first; then `[channels_out, channels_in]`, the latter cut into
/// panels (see [`pack`](crate::gemm::pack)), which come outermost.
pub(super) fn flip(isa: Isa, shape: &Conv2dShape, w: &[f32], flipped: &mut [f32]) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let width = panel_width(isa);
    let n_taps = shape.kernel.0 * shape.kernel.1;
    let panels = &mut flipped[..n_taps * co * ci.next_multiple_of(width)];
    panels.par_chunks_mut(co * width).enumerate().for_each(|(index, tap)| {
        let (panel, index) = (index / n_taps, index % n_taps);
        let ky = shape.kernel.0 - 1 - index / shape.kernel.1;
        let mut place = index % shape.kernel.1;
        let mut remainder = 0;
        while place >= group_len(shape, remainder) {
            place -= group_len(shape, remainder);
            remainder += 1;
        }
        let kx = remainder + (group_len(shape, remainder) - 1 - place) * shape.stride.1;
        let source = &w[(ky * shape.kernel.1 + kx) * ci * co..][..ci * co];
        for i in 0..width {
            let row = panel * width + i;
            for o in 0..co {
                tap[o * width + i] = if row < ci { source[row * co + o] } else { 0.0 };
            }
        }
    });
}

/// How many kernel columns have this remainder modulo the stride.
pub(super) fn group_len(shape: &Conv2dShape, remainder: usize) -> usize {
    shape.kernel.1.saturating_sub(remainder).div_ceil(shape.stride.1)
}

/// Elements before the kernel columns of this remainder modulo the stride, in a row of flipped weights with so many terms to an
/// element.
pub(super) fn flipped_before(shape: &Conv2dShape, remainder: usize, terms: usize) -> usize {
    (0..remainder).map(|remainder| (group_len(shape, remainder) * shape.channels_out).div_ceil(terms)).sum()
}
