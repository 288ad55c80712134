//! The weight gradient through 2 x 2 max-pooling. Of four pixels only the one that was taken has a gradient, a different
//! one in each channel, so three of four products would be with zero. Instead the four inputs that a weight may have met
//! are laid side by side (a quad), and each channel picks its own from a register: a quarter of the arithmetic, plus the
//! picking.

use super::operand::Walked;
use super::picked::Picked;
use super::strips::InputRows;
use super::{Conv2dShape, lay_quads};
use crate::Isa;
use crate::extent::{total, volume};
use crate::parallel::whole_lines;

/// Quads are laid for as many rows as fit in so many floats, so that they stay in the second-level cache.
const QUAD_FLOATS: usize = 64 * 1024;

/// Whether this way is there for the shape: a quad is made of neighbours.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    shape.stride == (1, 1) && shape.out_height >= 2 && shape.out_width >= 2
}

/// How the scratch is cut.
struct Layout {
    /// Pooled rows that are gone over together.
    rows: usize,
    pixels: usize,
    /// Terms in a row: pooled pixels, or pairs of them.
    terms: usize,
    quad_row: usize,
    quads: usize,
    gradient: usize,
}

impl Layout {
    fn new<O: Walked>(shape: &Conv2dShape) -> Self {
        let pixels = shape.out_width / 2;
        let terms = pixels.div_ceil(O::TERMS);
        let quad_row = volume(&[2 * O::TERMS * (terms - 1) + shape.kernel.1, shape.channels_in, 4]);
        let input_rows = (QUAD_FLOATS / quad_row).max(shape.kernel.0 + 1);
        let rows = (input_rows - shape.kernel.0) / 2 + 1;
        let rows = rows.min(shape.out_height / 2);
        let quads = whole_lines(volume(&[2 * (rows - 1) + shape.kernel.0, quad_row]));
        let gradient = whole_lines(volume(&[rows, terms, shape.channels_out]));
        Layout { rows, pixels, terms, quad_row, quads, gradient }
    }
}

/// Floats of scratch that [`weight_gradient`] needs.
pub(super) fn scratch_len<O: Walked>(shape: &Conv2dShape) -> usize {
    let layout = Layout::new::<O>(shape);
    total(&[layout.quads, layout.gradient, layout.gradient])
}

/// Elements that a row of the input must hold for [`weight_gradient`].
pub(super) fn least_pitch<O: Walked>(shape: &Conv2dShape) -> usize {
    Layout::new::<O>(shape).quad_row / 4 + O::TERMS * shape.channels_in
}

/// Adds to `dw` and `db` the share of some pooled rows of one image: `dy` and `choice` hold these rows, `x_rows` what
/// [`Operand::taps`] made of the input under them.
#[allow(clippy::too_many_arguments)]
pub(super) fn weight_gradient<O: Walked>(
    isa: Isa,
    shape: &Conv2dShape,
    x_rows: InputRows<'_>,
    dy: &[f32],
    choice: &[u8],
    dw: &mut [f32],
    db: &mut [f32],
    scratch: &mut [f32],
) {
    let layout = Layout::new::<O>(shape);
    let (quads, gradient) = scratch.split_at_mut(layout.quads);
    let (masked, index) = gradient.split_at_mut(layout.gradient);
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let row_len = layout.pixels * co;
    let block_len = layout.rows * row_len;
    for (block, (dy, choice)) in dy.chunks(block_len).zip(choice.chunks(block_len)).enumerate() {
        let rows = dy.len() / row_len;
        let input_rows = 2 * (rows - 1) + shape.kernel.0;
        for (row, quads) in quads.chunks_exact_mut(layout.quad_row).take(input_rows).enumerate() {
            let upper = &x_rows.data[(2 * block * layout.rows + row) * x_rows.pitch..];
            lay_quads(isa, upper, &upper[x_rows.pitch..], O::TERMS * ci, quads);
        }
        let len = rows * layout.terms * co;
        let (masked, index) = (&mut masked[..len], &mut index[..len]);
        O::split_choice(isa, dy, choice, row_len, masked, index, db);
        let picked = Picked {
            quads,
            quad_row: layout.quad_row,
            rows,
            pixels: layout.terms,
            kernel_rows: shape.kernel.0,
            taps: shape.kernel.1 * ci,
            pixel_step: 2 * O::TERMS * ci * 4,
            channels: co,
            dy: masked,
            index,
        };
        O::add_picked(isa, &picked, dw);
    }
}
