//! What a convolution wants of its products' operands beyond [`Operand`]: pictures with zeros around, packed weights, and choices
//! of max-pooling.

use std::ops::Range;

use super::Conv2dShape;
use super::flipped;
use super::picked::Picked;
use super::strips::InputRows;
use super::{add_picked, split_choice};
use crate::Isa;
use crate::extent::volume;
use crate::gemm::{self, F32, Operand, panel_width};
use crate::parallel::with_scratch;
use crate::sums::add_rows;

/// Operands that a convolution can walk over. As for [`Operand`], what copies says how many floats of scratch it wants.
pub(super) trait Walked: Operand {
    fn rows_under_len(shape: &Conv2dShape, out_rows: usize) -> usize;
    /// The rows under some output rows of one image, with zeros around, for the left matrix.
    fn rows_under<'a>(
        isa: Isa,
        shape: &Conv2dShape,
        image: &'a [f32],
        out_rows: Range<usize>,
        scratch: &'a mut [f32],
    ) -> InputRows<'a, Self::A>;

    /// Rows of pixels for the right matrix, with the distance between them.
    fn pixel_rows<'a>(isa: Isa, x: &'a [f32], rows: PixelRows, scratch: &'a mut [f32]) -> (&'a [f32], usize);

    fn taps_len(shape: &Conv2dShape, out_rows: usize, least_pitch: usize) -> usize;
    /// Scratch for one row of [`taps`](Self::taps), free again afterwards.
    fn taps_scratch_len(shape: &Conv2dShape, least_pitch: usize) -> usize;
    /// The rows under some output rows of one image, with zeros around, for a left matrix whose terms are output pixels: an
    /// element with all terms that it begins in the place of each input.
    fn taps<'a>(
        isa: Isa,
        shape: &Conv2dShape,
        image: &'a [f32],
        out_rows: Range<usize>,
        least_pitch: usize,
        laid: &'a mut [f32],
        scratch: &mut [f32],
    ) -> InputRows<'a>;

    /// Runs `work` with the weights in panels, or none where that would not pay.
    fn with_panels(isa: Isa, shape: &Conv2dShape, w: &[f32], work: impl FnOnce(Option<&[f32]>));
    /// The weights as the input gradient reads them, see [`flipped`].
    fn flip(isa: Isa, shape: &Conv2dShape, w: &[f32], flipped: &mut [f32]);

    /// Takes rows of choices apart, for [`add_picked`](Self::add_picked); `db` gets the gradient that they let through.
    fn split_choice(
        isa: Isa,
        dy: &[f32],
        choice: &[u8],
        row_len: usize,
        masked: &mut [f32],
        index: &mut [f32],
        db: &mut [f32],
    );
    fn add_picked(isa: Isa, p: &Picked<'_>, dw: &mut [f32]);
}

/// Rows of pixels among others.
#[derive(Clone, Copy)]
pub(super) struct PixelRows {
    pub count: usize,
    pub pitch: usize,
    pub row_len: usize,
    pub channels: usize,
}

/// Weights from so many floats on are packed; fewer stay in the cache as they are.
const PACKED_FLOATS: usize = 64 * 1024;
/// For fewer pixels than these, packing takes longer than it saves.
const PACKED_PIXELS: usize = 256;

impl Walked for F32 {
    fn rows_under_len(shape: &Conv2dShape, out_rows: usize) -> usize {
        shape.scratch_len(out_rows)
    }

    fn rows_under<'a>(
        _isa: Isa,
        shape: &Conv2dShape,
        image: &'a [f32],
        out_rows: Range<usize>,
        scratch: &'a mut [f32],
    ) -> InputRows<'a> {
        shape.input_rows(image, out_rows.start, out_rows.end, scratch)
    }

    fn pixel_rows<'a>(_isa: Isa, x: &'a [f32], rows: PixelRows, _scratch: &'a mut [f32]) -> (&'a [f32], usize) {
        (x, rows.pitch)
    }

    fn taps_len(shape: &Conv2dShape, out_rows: usize, _least_pitch: usize) -> usize {
        shape.scratch_len(out_rows)
    }

    fn taps_scratch_len(_shape: &Conv2dShape, _least_pitch: usize) -> usize {
        0
    }

    fn taps<'a>(
        isa: Isa,
        shape: &Conv2dShape,
        image: &'a [f32],
        out_rows: Range<usize>,
        _least_pitch: usize,
        laid: &'a mut [f32],
        _scratch: &mut [f32],
    ) -> InputRows<'a> {
        Self::rows_under(isa, shape, image, out_rows, laid)
    }

    fn with_panels(isa: Isa, shape: &Conv2dShape, w: &[f32], work: impl FnOnce(Option<&[f32]>)) {
        let few_pixels = volume(&[shape.batch, shape.out_height, shape.out_width]) < PACKED_PIXELS;
        if few_pixels || w.len() < PACKED_FLOATS || shape.channels_out <= panel_width(isa) {
            return work(None);
        }
        with_scratch(panels_len(isa, shape), |panels| {
            gemm::pack(isa, w, shape.channels_out, panels);
            work(Some(panels));
        });
    }

    fn flip(isa: Isa, shape: &Conv2dShape, w: &[f32], flipped: &mut [f32]) {
        flipped::flip(isa, shape, w, flipped);
    }

    fn split_choice(
        isa: Isa,
        dy: &[f32],
        choice: &[u8],
        _row_len: usize,
        masked: &mut [f32],
        index: &mut [f32],
        db: &mut [f32],
    ) {
        split_choice(isa, dy, choice, masked, index);
        add_rows(isa, masked, db);
    }

    fn add_picked(isa: Isa, p: &Picked<'_>, dw: &mut [f32]) {
        add_picked(isa, p, dw);
    }
}

/// Floats of the weights cut into panels on this instruction set.
pub(super) fn panels_len(isa: Isa, shape: &Conv2dShape) -> usize {
    let columns = shape.channels_out.next_multiple_of(panel_width(isa));
    volume(&[shape.kernel.0, shape.kernel.1, shape.channels_in, columns])
}
