//! The weight gradient through 2 x 2 max-pooling. Of four pixels only the one that was taken has a gradient, a different
//! one in each channel, so three of four products would be with zero. Instead the four inputs that a weight may have met
//! are laid side by side (a quad), and each channel picks its own from a register: a quarter of the arithmetic, plus the
//! picking.

use super::strips::InputRows;
use super::{Conv2dShape, add_picked, lay_quads, split_choice};
use crate::Isa;
use crate::extent::{total, volume};
use crate::parallel::whole_lines;
use crate::sums::add_rows;

/// Quads are laid for as many rows as fit in so many floats, so that they stay in the second-level cache.
const QUAD_FLOATS: usize = 64 * 1024;

/// The quads of some rows, and what their pixels meet.
pub(super) struct Picked<'a> {
    /// `[rows of input, pixels and channels of a row, 4]`: an input, its right, its lower and its lower right neighbour.
    pub quads: &'a [f32],
    /// Floats in a row of quads.
    pub quad_row: usize,
    /// Pooled rows, and pooled pixels in each.
    pub rows: usize,
    pub pixels: usize,
    pub kernel_rows: usize,
    /// Weights of a kernel row for one output channel.
    pub taps: usize,
    /// Floats from a pooled pixel's quads to those of the next.
    pub pixel_step: usize,
    pub channels: usize,
    /// The pooled gradient `[rows, pixels, channels]`, 0 where the activation lets nothing through.
    pub dy: &'a [f32],
    /// Which of the quad was taken, 0 to 3, in the lowest two bits.
    pub index: &'a [f32],
}

/// Whether this way is there for the shape: a quad is made of neighbours.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    shape.stride == (1, 1) && shape.out_height >= 2 && shape.out_width >= 2
}

/// How the scratch is cut.
struct Layout {
    /// Pooled rows that are gone over together.
    rows: usize,
    pixels: usize,
    quad_row: usize,
    quads: usize,
    gradient: usize,
}

impl Layout {
    fn new(shape: &Conv2dShape) -> Self {
        let pixels = shape.out_width / 2;
        let quad_row = volume(&[2 * (pixels - 1) + shape.kernel.1, shape.channels_in, 4]);
        let input_rows = (QUAD_FLOATS / quad_row).max(shape.kernel.0 + 1);
        let rows = (input_rows - shape.kernel.0) / 2 + 1;
        let rows = rows.min(shape.out_height / 2);
        let quads = whole_lines(volume(&[2 * (rows - 1) + shape.kernel.0, quad_row]));
        let gradient = whole_lines(volume(&[rows, pixels, shape.channels_out]));
        Layout { rows, pixels, quad_row, quads, gradient }
    }
}

/// Floats of scratch that [`weight_gradient`] needs.
pub(super) fn scratch_len(shape: &Conv2dShape) -> usize {
    let layout = Layout::new(shape);
    total(&[layout.quads, layout.gradient, layout.gradient])
}

/// Adds to `dw` and `db` the share of some pooled rows of one image: `dy` and `choice` hold these rows, `x_rows` the input
/// under them.
#[allow(clippy::too_many_arguments)]
pub(super) fn weight_gradient(
    isa: Isa,
    shape: &Conv2dShape,
    x_rows: InputRows<'_>,
    dy: &[f32],
    choice: &[u8],
    dw: &mut [f32],
    db: &mut [f32],
    scratch: &mut [f32],
) {
    let layout = Layout::new(shape);
    let (quads, gradient) = scratch.split_at_mut(layout.quads);
    let (masked, index) = gradient.split_at_mut(layout.gradient);
    let ci = shape.channels_in;
    let block_len = layout.rows * layout.pixels * shape.channels_out;
    for (block, (dy, choice)) in dy.chunks(block_len).zip(choice.chunks(block_len)).enumerate() {
        let rows = dy.len() / (layout.pixels * shape.channels_out);
        let input_rows = 2 * (rows - 1) + shape.kernel.0;
        for (row, quads) in quads.chunks_exact_mut(layout.quad_row).take(input_rows).enumerate() {
            let upper = &x_rows.data[(2 * block * layout.rows + row) * x_rows.pitch..];
            lay_quads(isa, upper, &upper[x_rows.pitch..], ci, quads);
        }
        let (masked, index) = (&mut masked[..dy.len()], &mut index[..dy.len()]);
        split_choice(isa, dy, choice, masked, index);
        add_rows(isa, masked, db);
        let picked = Picked {
            quads,
            quad_row: layout.quad_row,
            rows,
            pixels: layout.pixels,
            kernel_rows: shape.kernel.0,
            taps: shape.kernel.1 * ci,
            pixel_step: 2 * ci * 4,
            channels: shape.channels_out,
            dy: masked,
            index,
        };
        add_picked(isa, &picked, dw);
    }
}
