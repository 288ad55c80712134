//! Weights as panels of pairs: forward in their own order, and flipped for the input gradient.

use rayon::prelude::*;

use crate::Isa;
use crate::bf16::{join_into, round};
use crate::conv2d::Conv2dShape;
use crate::conv2d::flipped::{flipped_before, group_len};
use crate::extent::volume;
use crate::gemm::panel_width;
use crate::parallel::with_scratch;

/// Pairs of terms under a kernel row.
pub(super) fn row_pairs(shape: &Conv2dShape) -> usize {
    (shape.kernel.1 * shape.channels_in).div_ceil(2)
}

/// Floats of a forward panel, which lie kernel row by kernel row.
pub(super) fn panel_len(isa: Isa, shape: &Conv2dShape) -> usize {
    volume(&[shape.kernel.0, row_pairs(shape), panel_width(isa)])
}

/// Runs `work` with the packed weights.
pub(super) fn with_packed(isa: Isa, shape: &Conv2dShape, w: &[f32], work: impl FnOnce(&[f32])) {
    let panels = shape.channels_out.div_ceil(panel_width(isa));
    with_scratch(volume(&[panels, panel_len(isa, shape)]), |packed| {
        pack(isa, shape, w, packed);
        work(packed);
    });
}

/// Packs `w` for the forward pass; the last panel is filled up with zeros.
fn pack(isa: Isa, shape: &Conv2dShape, w: &[f32], packed: &mut [f32]) {
    let (width, co) = (panel_width(isa), shape.channels_out);
    let (k, pairs) = (shape.kernel.1 * shape.channels_in, row_pairs(shape));
    packed.par_chunks_mut(panel_len(isa, shape)).enumerate().for_each(|(index, panel)| {
        let first = index * width;
        let columns = (co - first).min(width);
        for (at, packed) in panel.chunks_exact_mut(width).enumerate() {
            let (ky, pair) = (at / pairs, at % pairs);
            let row = |term: usize| if term < k { &w[(ky * k + term) * co + first..][..columns] } else { &[] };
            join_into(isa, row(2 * pair), row(2 * pair + 1), &mut packed[..columns]);
            packed[columns..].fill(0.0);
        }
    });
}

/// The weights as the input gradient reads them, see [`flip`](super::super::flipped::flip). The terms of a group of
/// kernel columns are paired as they follow each other. It takes no more room than the flipped weights of `f32`.
pub(super) fn flip(isa: Isa, shape: &Conv2dShape, w: &[f32], flipped: &mut [f32]) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let (width, pairs) = (panel_width(isa), flipped_before(shape, shape.stride.1, 2));
    let panels = &mut flipped[..ci.div_ceil(width) * shape.kernel.0 * pairs * width];
    panels.par_chunks_mut(pairs * width).enumerate().for_each(|(index, row)| {
        let (panel, ky) = (index / shape.kernel.0, shape.kernel.0 - 1 - index % shape.kernel.0);
        let first = panel * width;
        let columns = (ci - first).min(width);
        for remainder in 0..shape.stride.1 {
            let group = group_len(shape, remainder);
            let from = flipped_before(shape, remainder, 2);
            for pair in 0..(group * co).div_ceil(2) {
                // Where the weights of this term lie, for the panel's first input channel.
                let place = |term: usize| {
                    let kx = remainder + (group - 1 - term / co) * shape.stride.1;
                    ((ky * shape.kernel.1 + kx) * ci + first) * co + term % co
                };
                let low = place(2 * pair);
                let high = (2 * pair + 1 < group * co).then(|| place(2 * pair + 1));
                let packed = &mut row[(from + pair) * width..][..width];
                for (i, packed) in packed[..columns].iter_mut().enumerate() {
                    let bits = |at: usize| u32::from(round(w[at + i * co]));
                    *packed = f32::from_bits(bits(low) | high.map_or(0, bits) << 16);
                }
                packed[columns..].fill(0.0);
            }
        }
    });
}
