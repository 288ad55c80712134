//! The scratch of a unit of the backward pass.

use super::operand::Walked;
use super::unit::{Columns, Reach, Unit};
use super::winograd::Filter;
use super::{Conv2dShape, pooled};
use crate::parallel::{whole_lines, with_scratch};

/// What a unit's scratch has to hold.
pub(super) struct Room {
    /// Elements that a row of the input must have, to go through the pooling.
    pub least_pitch: usize,
    /// Floats in a row of expanded gradient, where it is needed.
    pub d_pitch: usize,
    /// Whether the expanded gradient is a left matrix too.
    is_left: bool,
    /// To go through the pooling, or for the pixels of an output row.
    pooled: usize,
    row: usize,
}

/// A unit's scratch.
pub(super) struct Parts<'a> {
    pub taps: &'a mut [f32],
    pub d_rows: &'a mut [f32],
    pub left: &'a mut [f32],
    pub more: &'a mut [f32],
}

impl Room {
    pub fn new<O: Walked>(shape: &Conv2dShape, columns: &Columns, reach: Reach, goes_through_pool: bool) -> Self {
        let needs_full = !goes_through_pool || reach != Reach::Weights;
        let (least_pitch, pooled, row) = match goes_through_pool {
            true => (pooled::least_pitch::<O>(shape), pooled::scratch_len::<O>(shape), 0),
            false => (0, 0, O::rows_len(shape.out_width, shape.channels_out)),
        };
        let d_pitch = if needs_full { columns.pitch } else { 0 };
        Room { least_pitch, d_pitch, is_left: reach == Reach::Inputs, pooled, row }
    }

    /// Runs `work` with this thread's scratch.
    pub fn lend<O: Walked>(
        &self,
        shape: &Conv2dShape,
        unit: &Unit,
        filter: Option<Filter<'_>>,
        work: impl FnOnce(Parts<'_>),
    ) {
        let out_rows = unit.last - unit.first;
        let d_len = (unit.gradient_last - unit.gradient_first) as usize * self.d_pitch;
        let left_len = if self.is_left { O::left_len(d_len) } else { 0 };
        let [taps_end, d_end, left_end] =
            [O::taps_len(shape, out_rows, self.least_pitch), d_len, left_len].map(whole_lines);
        let tiles = (unit.input_last - unit.input_first).div_ceil(2) * shape.width.div_ceil(2);
        let tiles_len = filter.map_or(0, |filter| filter.scratch_len(tiles));
        let row_len = O::taps_scratch_len(shape, self.least_pitch);
        let more_len = (out_rows * self.row).max(self.pooled).max(tiles_len).max(row_len);
        with_scratch(taps_end + d_end + left_end + more_len, |scratch| {
            let (taps, scratch) = scratch.split_at_mut(taps_end);
            let (d_rows, scratch) = scratch.split_at_mut(d_end);
            let (left, more) = scratch.split_at_mut(left_end);
            work(Parts { taps, d_rows: &mut d_rows[..d_len], left, more });
        });
    }
}
