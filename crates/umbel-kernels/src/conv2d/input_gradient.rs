//! The input gradient of one unit.

use super::Conv2dShape;
use super::flipped::flipped_before;
use super::strips::InputRows;
use super::unit::{Columns, Taps, Unit};
use super::winograd::Filter;
use crate::gemm::{Operand, Product, panel_width};
use crate::{FusedActivation, Isa};

/// Gradient of the unit's input rows: a convolution of the output gradient with the flipped weights. With a stride, the
/// input pixels of equal remainders form one such convolution each.
pub(super) fn input_gradient<O: Operand>(
    isa: Isa,
    shape: &Conv2dShape,
    unit: &Unit,
    columns: &Columns,
    d_rows: &[O::A],
    flipped: &[f32],
    dx: &mut [f32],
) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let width = panel_width(isa);
    let kernel_row = flipped_before(shape, shape.stride.1, O::TERMS) * width;
    let row_len = shape.width * ci;
    let n_rows = unit.input_last - unit.input_first;
    for row in 0..shape.stride.0.min(n_rows) {
        let down = Taps::new(unit.input_first + row, shape.pad.0, shape.stride.0, shape.kernel.0);
        for column in 0..shape.stride.1.min(shape.width) {
            let across = Taps::new(column, shape.pad.1, shape.stride.1, shape.kernel.1);
            let (mut a, mut b) = (0, 0);
            if down.count > 0 && across.count > 0 {
                let d_row = (down.first_output - unit.gradient_first) as usize;
                a = d_row * columns.pitch + (across.first_output + columns.left as isize) as usize * co;
                let remainder = (column + shape.pad.1) % shape.stride.1;
                b = (shape.kernel.0 - 1 - down.last_tap) * kernel_row
                    + flipped_before(shape, remainder, O::TERMS) * width;
            }
            let p = Product {
                m: (shape.width - column).div_ceil(shape.stride.1),
                n: ci,
                k: (across.count * co).div_ceil(O::TERMS),
                a: &d_rows[a..],
                a_row: co,
                a_col: O::TERMS,
                b: &flipped[b..],
                b_row: width,
                b_panel: Some(shape.kernel.0 * kernel_row),
                c_row: shape.stride.1 * ci,
                segments: down.count,
                a_segment: columns.pitch,
                b_segment: shape.stride.0 * kernel_row,
                lines: (n_rows - row).div_ceil(shape.stride.0),
                a_line: columns.pitch,
                c_line: shape.stride.0 * row_len,
                ..Product::default()
            };
            O::product(isa, &p, (&mut dx[row * row_len + column * ci..]).into());
        }
    }
}

/// The same through Winograd's tiles, for the shapes that they are for.
#[allow(clippy::too_many_arguments)]
pub(super) fn tiled_input_gradient(
    isa: Isa,
    shape: &Conv2dShape,
    unit: &Unit,
    columns: &Columns,
    d_rows: &[f32],
    filter: Filter<'_>,
    dx: &mut [f32],
    scratch: &mut [f32],
) {
    let down = Taps::new(unit.input_first, shape.pad.0, shape.stride.0, shape.kernel.0).first_output;
    let across = Taps::new(0, shape.pad.1, shape.stride.1, shape.kernel.1).first_output;
    let row = (down - unit.gradient_first) as usize;
    let column = (across + columns.left as isize) as usize;
    let data = d_rows.get(row * columns.pitch + column * shape.channels_out..).unwrap_or_default();
    let inputs = (unit.input_last - unit.input_first, shape.width);
    filter.rows(isa, InputRows { data, pitch: columns.pitch }, inputs, FusedActivation::Linear, scratch, dx);
}
