//! The backward pass, cut into units and slices as that of `f32`.

use rayon::prelude::*;

use super::super::backward::{Layout, expand};
use super::super::strips::InputRows;
use super::super::unit::{Columns, Reach, Taps, Unit};
use super::super::{Conv2dShape, OutputGradient, pointwise::fits};
use super::{pack, pointwise, pooled};
use crate::bf16::{halves, halves_mut, join_into, round_into};
use crate::gemm::{Product, Start, pair_product, panel_width};
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::sums::{add_rows, reduce};
use crate::{FusedActivation, Isa};

#[allow(clippy::too_many_arguments)]
pub(super) fn backward(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    w: &[f32],
    gradient: OutputGradient<'_>,
    dx: Option<&mut [f32]>,
    dw: &mut [f32],
    db: Option<&mut [f32]>,
    workspace: &mut [f32],
) {
    let layout = Layout::new(shape);
    let (flipped, partials) = workspace.split_at_mut(layout.flipped);
    if let OutputGradient::Full { dy, activation: FusedActivation::Linear, .. } = gradient
        && fits(shape)
    {
        return pointwise::backward(isa, shape, x, w, dy, dx, dw, db, flipped, partials);
    }
    let partials = &mut partials[..layout.slices * layout.partial];
    let reach = if dx.is_some() { Reach::Inputs } else { Reach::Weights };
    let columns = Columns::new(shape, reach);
    if dx.is_some() {
        pack::flip(isa, shape, w, flipped);
    }
    let through_pool = match gradient {
        OutputGradient::Pooled { dy, choice } if super::super::pooled::fits(shape) => Some((dy, choice)),
        _ => None,
    };
    let needs_full = through_pool.is_none() || dx.is_some();
    let room = Room::new(shape, &columns, through_pool.is_some(), needs_full, dx.is_some());
    let dx = dx.map(Shared::new);
    partials.par_chunks_mut(layout.partial).enumerate().for_each(|(slice, partial)| {
        let (dw, db) = partial.split_at_mut(whole_lines(shape.w_len()));
        let db = &mut db[..shape.channels_out];
        db.fill(0.0);
        let first = slice * layout.units / layout.slices;
        let last = (slice + 1) * layout.units / layout.slices;
        if first == last || through_pool.is_some() {
            dw.fill(0.0);
        }
        for unit in first..last {
            let unit = Unit::new(shape, &layout.strips, unit, reach);
            room.lend(shape, &unit, |parts| {
                let Parts { x_rows, d_rows, rounded, more } = parts;
                if needs_full {
                    expand(isa, shape, &unit, &columns, gradient, d_rows);
                }
                let image_len = shape.height * shape.width * shape.channels_in;
                let image = &x[unit.image * image_len..][..image_len];
                let x_rows = room.join_rows(isa, shape, image, &unit, x_rows, more);
                match through_pool {
                    Some((dy, choice)) => {
                        let rows = unit.pooled(shape);
                        pooled::weight_gradient(isa, shape, x_rows, &dy[rows.clone()], &choice[rows], dw, db, more);
                    }
                    None => {
                        let start = if unit.index == first { Start::Zero } else { Start::Accumulate };
                        weight_gradient(isa, shape, &unit, &columns, x_rows, d_rows, start, dw, db, more);
                    }
                }
                if let Some(dx) = &dx {
                    let row_len = shape.width * shape.channels_in;
                    let start = (unit.image * shape.height + unit.input_first) * row_len;
                    // SAFETY: units own disjoint rows of the input, and each is visited once.
                    let dx = unsafe { dx.range(start, (unit.input_last - unit.input_first) * row_len) };
                    let rounded = halves_mut(rounded);
                    round_into(isa, d_rows, &mut rounded[..d_rows.len()]);
                    rounded[d_rows.len()..].fill(0);
                    input_gradient(isa, shape, &unit, &columns, rounded, flipped, dx);
                }
            });
        }
    });
    reduce(partials, layout.partial, 0, dw);
    if let Some(db) = db {
        reduce(partials, layout.partial, whole_lines(shape.w_len()), db);
    }
}

/// What a unit's scratch has to hold.
struct Room {
    /// Pairs in a row of input.
    x_pitch: usize,
    /// Floats in a row of expanded gradient, where it is needed.
    d_pitch: usize,
    /// Whether the expanded gradient is needed rounded.
    rounds: bool,
    /// Pairs of gradient in a row, or all that is needed to go through the pooling.
    pairs_per_row: usize,
    through_pool: usize,
}

/// A unit's scratch.
struct Parts<'a> {
    x_rows: &'a mut [f32],
    d_rows: &'a mut [f32],
    rounded: &'a mut [f32],
    more: &'a mut [f32],
}

impl Room {
    fn new(shape: &Conv2dShape, columns: &Columns, through_pool: bool, needs_full: bool, rounds: bool) -> Self {
        let (mut x_pitch, mut pairs_per_row, mut pool_len) = (shape.padded_pitch(), 0, 0);
        if through_pool {
            x_pitch = x_pitch.max(pooled::pitch(shape));
            pool_len = pooled::scratch_len(shape);
        } else {
            pairs_per_row = shape.out_width.div_ceil(2) * shape.channels_out;
        }
        let d_pitch = if needs_full { columns.pitch } else { 0 };
        Room { x_pitch, d_pitch, rounds, pairs_per_row, through_pool: pool_len }
    }

    /// Runs `work` with this thread's scratch.
    fn lend(&self, shape: &Conv2dShape, unit: &Unit, work: impl FnOnce(Parts<'_>)) {
        let out_rows = unit.last - unit.first;
        let x_len = shape.rows_under(out_rows) * self.x_pitch;
        let d_len = (unit.gradient_last - unit.gradient_first) as usize * self.d_pitch;
        let rounded_len = if self.rounds { d_len / 2 + 1 } else { 0 };
        let more_len = (out_rows * self.pairs_per_row).max(self.through_pool).max(self.padded_len(shape));
        let [x_end, d_end, rounded_end] = [x_len, d_len, rounded_len].map(whole_lines);
        with_scratch(x_end + d_end + rounded_end + more_len, |scratch| {
            let (x_rows, scratch) = scratch.split_at_mut(x_end);
            let (d_rows, scratch) = scratch.split_at_mut(d_end);
            let (rounded, more) = scratch.split_at_mut(rounded_end);
            let (x_rows, d_rows) = (&mut x_rows[..x_len], &mut d_rows[..d_len]);
            work(Parts { x_rows, d_rows, rounded, more });
        });
    }

    /// Floats of a row before its values are joined with those a stride further on.
    fn padded_len(&self, shape: &Conv2dShape) -> usize {
        self.x_pitch + shape.stride.1 * shape.channels_in
    }

    /// The input rows under a unit, with zeros around, each value paired with that of the same channel under the next
    /// output pixel. `scratch` is free again afterwards.
    fn join_rows<'a>(
        &self,
        isa: Isa,
        shape: &Conv2dShape,
        image: &[f32],
        unit: &Unit,
        x_rows: &'a mut [f32],
        scratch: &mut [f32],
    ) -> InputRows<'a> {
        let padded = &mut scratch[..self.padded_len(shape)];
        padded.fill(0.0);
        for (k, pairs) in x_rows.chunks_exact_mut(self.x_pitch).enumerate() {
            match shape.row_at(image, unit.first * shape.stride.0 + k) {
                Some((left, row)) => {
                    padded[left..left + row.len()].copy_from_slice(row);
                    join_into(isa, padded, &padded[shape.stride.1 * shape.channels_in..], pairs);
                }
                None => pairs.fill(0.0),
            }
        }
        InputRows { data: x_rows, pitch: self.x_pitch }
    }
}

/// Adds the strip's share to `dw` (or starts it) and `db`: for each kernel row a product over all pairs of neighboring
/// output pixels.
#[allow(clippy::too_many_arguments)]
fn weight_gradient(
    isa: Isa,
    shape: &Conv2dShape,
    unit: &Unit,
    columns: &Columns,
    x_rows: InputRows<'_>,
    d_rows: &[f32],
    start: Start<'_>,
    dw: &mut [f32],
    db: &mut [f32],
    d_pairs: &mut [f32],
) {
    let channels = shape.channels_out;
    let pairs = shape.out_width.div_ceil(2);
    let skipped = (unit.first as isize - unit.gradient_first) as usize;
    let d_rows = &d_rows[skipped * columns.pitch + columns.left * channels..];
    let rows = d_rows.chunks(columns.pitch).zip(d_pairs.chunks_exact_mut(pairs * channels));
    for (row, d_pairs) in rows.take(unit.last - unit.first) {
        let row = &row[..shape.out_width * channels];
        pointwise::join_pixels(isa, row, channels, d_pairs);
        add_rows(isa, row, db);
    }
    let m = shape.kernel.1 * shape.channels_in;
    for (ky, dw) in dw.chunks_exact_mut(m * channels).take(shape.kernel.0).enumerate() {
        let p = Product {
            m,
            n: channels,
            k: pairs,
            a: halves(&x_rows.data[ky * x_rows.pitch..]),
            a_row: 2,
            a_col: 4 * shape.stride.1 * shape.channels_in,
            b: d_pairs,
            b_row: channels,
            c_row: channels,
            segments: unit.last - unit.first,
            a_segment: 2 * shape.stride.0 * x_rows.pitch,
            b_segment: pairs * channels,
            start,
            ..Product::default()
        };
        pair_product(isa, &p, dw);
    }
}

/// Gradient of the unit's input rows, see [`f32`'s](super::super::backward).
fn input_gradient(
    isa: Isa,
    shape: &Conv2dShape,
    unit: &Unit,
    columns: &Columns,
    d_rows: &[u16],
    flipped: &[f32],
    dx: &mut [f32],
) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let width = panel_width(isa);
    let kernel_row = pack::flipped_pairs(shape) * width;
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
                let before = pack::flipped_before(shape, remainder);
                b = (shape.kernel.0 - 1 - down.last_tap) * kernel_row + before * width;
            }
            let p = Product {
                m: (shape.width - column).div_ceil(shape.stride.1),
                n: ci,
                k: (across.count * co).div_ceil(2),
                a: &d_rows[a..],
                a_row: co,
                a_col: 2,
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
            pair_product(isa, &p, &mut dx[row * row_len + column * ci..]);
        }
    }
}
