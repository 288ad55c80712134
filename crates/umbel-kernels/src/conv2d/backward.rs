//! The backward pass. A unit of work is one strip of one image; a slice is a fixed number of adjacent units with its own
//! partial weight gradient. How many slices there are follows from the shape alone, and the partial gradients are added
//! in order, so the result doesn't depend on the threads.

use std::ops::Range;

use rayon::prelude::*;

use super::pointwise_backward::Masked;
use super::strips::{InputRows, Strips};
use super::winograd::{self, Filter};
use super::{Conv2dShape, OutputGradient, pointwise, pointwise_backward, pooled, unpool_row};
use crate::extent::{total, volume};
use crate::gemm::{MAX_PANEL_WIDTH, Product, Start, panel_width, product};
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::sums::{add_rows, reduce};
use crate::{FusedActivation, Isa, fused};

/// At most so many slices ...
const MAX_SLICES: usize = 32;
/// ... and so many floats of partial weight gradients (64 MiB).
const MAX_PARTIAL_FLOATS: usize = 16 << 20;

/// How the work and the workspace are cut.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub strips: Strips,
    pub units: usize,
    pub slices: usize,
    /// Floats of one slice's partial weight and bias gradient.
    pub partial: usize,
    /// Floats of the flipped weights.
    pub flipped: usize,
    /// Floats of the same turned for Winograd's tiles, where the input gradient goes through them.
    pub turned: usize,
}

impl Layout {
    pub fn new(shape: &Conv2dShape) -> Self {
        shape.check_reach();
        let gradient_pitch = (shape.out_width + 2 * shape.kernel.1) * shape.channels_out;
        let input_floats = volume(&[shape.padded_pitch(), shape.stride.0]);
        let strips = Strips::new(shape.out_height, (input_floats + gradient_pitch) / 2, 1);
        let units = volume(&[shape.batch, strips.per_image]);
        let partial = total(&[whole_lines(shape.w_len()), whole_lines(shape.channels_out)]);
        let slices = units.min(MAX_SLICES).min(MAX_PARTIAL_FLOATS / partial).max(1);
        let turned =
            if winograd::fits(shape) { winograd::turned_len(shape.channels_out, shape.channels_in) } else { 0 };
        Layout { strips, units, slices, partial, flipped: flipped_len(shape), turned }
    }
}

pub(super) fn workspace_len(shape: &Conv2dShape) -> usize {
    let layout = Layout::new(shape);
    let here = total(&[layout.flipped, layout.turned, volume(&[layout.slices, layout.partial])]);
    if pointwise::fits(shape) { here.max(pointwise_backward::workspace_len(shape)) } else { here }
}

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
    if let OutputGradient::Full { dy, y, activation } = gradient
        && pointwise::fits(shape)
    {
        return pointwise_backward::backward(isa, shape, x, w, Masked { dy, y, activation }, dx, dw, db, workspace);
    }
    let layout = Layout::new(shape);
    let (flipped, rest) = workspace.split_at_mut(layout.flipped);
    let (turned, partials) = rest.split_at_mut(layout.turned);
    let partials = &mut partials[..layout.slices * layout.partial];
    let reach = match dx {
        None => Reach::Weights,
        Some(_) if layout.turned > 0 => Reach::InputTiles,
        Some(_) => Reach::Inputs,
    };
    let columns = Columns::new(shape, reach);
    if reach != Reach::Weights {
        flip(isa, shape, w, flipped);
    }
    if reach == Reach::InputTiles {
        winograd::turn_flipped(isa, shape, flipped, turned);
    }
    let filter = (reach == Reach::InputTiles).then_some(Filter {
        turned,
        channels_in: shape.channels_out,
        channels_out: shape.channels_in,
        bias: None,
    });
    let pooled = match gradient {
        OutputGradient::Pooled { dy, choice } if pooled::fits(shape) => Some((dy, choice)),
        _ => None,
    };
    let needs_full = pooled.is_none() || dx.is_some();
    let dx = dx.map(Shared::new);
    partials.par_chunks_mut(layout.partial).enumerate().for_each(|(slice, partial)| {
        let (dw, db) = partial.split_at_mut(whole_lines(shape.w_len()));
        let db = &mut db[..shape.channels_out];
        db.fill(0.0);
        let first = slice * layout.units / layout.slices;
        let last = (slice + 1) * layout.units / layout.slices;
        if first == last || pooled.is_some() {
            dw.fill(0.0);
        }
        for unit in first..last {
            let unit = Unit::new(shape, &layout.strips, unit, reach);
            let x_len = whole_lines(shape.rows_under(unit.last - unit.first) * shape.padded_pitch());
            let d_rows = (unit.gradient_last - unit.gradient_first) as usize;
            let d_len = if needs_full { whole_lines(d_rows * columns.pitch) } else { 0 };
            let quads_len = if pooled.is_some() { pooled::scratch_len(shape) } else { 0 };
            let tiles = (unit.input_last - unit.input_first).div_ceil(2) * shape.width.div_ceil(2);
            let tiles_len = filter.map_or(0, |filter| filter.scratch_len(tiles));
            with_scratch(x_len + d_len + quads_len.max(tiles_len), |scratch| {
                let (x_rows, d_rows) = scratch.split_at_mut(x_len);
                let (d_rows, more) = d_rows.split_at_mut(d_len);
                if needs_full {
                    expand(isa, shape, &unit, &columns, gradient, d_rows);
                }
                let image_len = shape.height * shape.width * shape.channels_in;
                let image = &x[unit.image * image_len..][..image_len];
                let x_rows = shape.input_rows(image, unit.first, unit.last, x_rows);
                match pooled {
                    Some((dy, choice)) => {
                        let rows = unit.pooled(shape);
                        pooled::weight_gradient(isa, shape, x_rows, &dy[rows.clone()], &choice[rows], dw, db, more);
                    }
                    None => {
                        let accumulate = unit.index != first;
                        weight_gradient(isa, shape, &unit, &columns, x_rows, d_rows, accumulate, dw, db);
                    }
                }
                if let Some(dx) = &dx {
                    let row_len = shape.width * shape.channels_in;
                    let start = (unit.image * shape.height + unit.input_first) * row_len;
                    // SAFETY: units own disjoint rows of the input, and each is visited once.
                    let dx = unsafe { dx.range(start, (unit.input_last - unit.input_first) * row_len) };
                    match filter {
                        Some(filter) => tiled_input_gradient(isa, shape, &unit, &columns, d_rows, filter, dx, more),
                        None => input_gradient(isa, shape, &unit, &columns, d_rows, flipped, dx),
                    }
                }
            });
        }
    });
    reduce(partials, layout.partial, 0, dw);
    if let Some(db) = db {
        reduce(partials, layout.partial, whole_lines(shape.w_len()), db);
    }
}

/// What the expanded output gradient must hold zeros for, beyond the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing: the weight gradient stays inside.
    Weights,
    /// The outputs that an input at the margin would contribute to.
    Inputs,
    /// The same for inputs in whole tiles of 2 x 2.
    InputTiles,
}

impl Reach {
    /// Inputs along one axis, of which so many are there.
    fn inputs(self, there: usize) -> usize {
        match self {
            Reach::Weights => 0,
            Reach::Inputs => there,
            Reach::InputTiles => there.next_multiple_of(2),
        }
    }
}

/// One strip of one image, and the rows it needs.
pub(super) struct Unit {
    pub index: usize,
    pub image: usize,
    /// The output rows whose weight gradient is this unit's share.
    pub first: usize,
    pub last: usize,
    /// The input rows whose gradient is this unit's share.
    pub input_first: usize,
    pub input_last: usize,
    /// The rows of output gradient that both need; those outside of the output count as zero.
    pub gradient_first: isize,
    pub gradient_last: isize,
}

impl Unit {
    pub fn new(shape: &Conv2dShape, strips: &Strips, index: usize, reach: Reach) -> Self {
        let (image, strip) = (index / strips.per_image, index % strips.per_image);
        let (first, last) = strips.range(strip, shape.out_height);
        let mut unit = Unit {
            index,
            image,
            first,
            last,
            input_first: 0,
            input_last: 0,
            gradient_first: first as isize,
            gradient_last: last as isize,
        };
        if reach != Reach::Weights {
            let is_last = strip + 1 == strips.per_image;
            unit.input_first = (first * shape.stride.0).min(shape.height);
            unit.input_last = if is_last { shape.height } else { (last * shape.stride.0).min(shape.height) };
            for row in unit.input_first..unit.input_first + reach.inputs(unit.input_last - unit.input_first) {
                let taps = Taps::new(row, shape.pad.0, shape.stride.0, shape.kernel.0);
                if taps.count > 0 {
                    unit.gradient_first = unit.gradient_first.min(taps.first_output);
                    unit.gradient_last = unit.gradient_last.max(taps.first_output + taps.count as isize);
                }
            }
        }
        unit
    }

    /// Where the pooled gradient of this unit's rows lies. Strips begin at even rows.
    pub fn pooled(&self, shape: &Conv2dShape) -> Range<usize> {
        let (rows, len) = (shape.out_height / 2, shape.out_width / 2 * shape.channels_out);
        let first = self.image * rows;
        (first + self.first / 2) * len..(first + self.last / 2) * len
    }
}

/// Which outputs an input position contributes to, along one axis: `count` adjacent ones from `first_output` on, the
/// first of them by the kernel position `last_tap`, each next one by the position a stride before.
#[derive(Clone, Copy)]
pub(super) struct Taps {
    pub count: usize,
    pub first_output: isize,
    pub last_tap: usize,
}

impl Taps {
    pub fn new(position: usize, pad: usize, stride: usize, kernel: usize) -> Self {
        let shifted = position + pad;
        let first_tap = shifted % stride;
        let count = kernel.saturating_sub(first_tap).div_ceil(stride);
        Taps {
            count,
            first_output: (shifted / stride) as isize - (count as isize - 1),
            last_tap: first_tap + count.saturating_sub(1) * stride,
        }
    }
}

/// The columns of the expanded output gradient: as many zeros at the left and right as the input gradient reaches for.
pub(super) struct Columns {
    pub left: usize,
    /// Floats in a row.
    pub pitch: usize,
}

impl Columns {
    pub fn new(shape: &Conv2dShape, reach: Reach) -> Self {
        let (mut left, mut right) = (0, shape.out_width as isize);
        for column in 0..reach.inputs(shape.width) {
            let taps = Taps::new(column, shape.pad.1, shape.stride.1, shape.kernel.1);
            if taps.count > 0 {
                left = left.max(-taps.first_output);
                right = right.max(taps.first_output + taps.count as isize);
            }
        }
        Columns { left: left as usize, pitch: (left + right) as usize * shape.channels_out }
    }
}

/// Writes the unit's rows of output gradient, before the activation, with zeros around.
pub(super) fn expand(
    isa: Isa,
    shape: &Conv2dShape,
    unit: &Unit,
    columns: &Columns,
    gradient: OutputGradient<'_>,
    rows: &mut [f32],
) {
    let channels = shape.channels_out;
    let row_len = shape.out_width * channels;
    let left = columns.left * channels;
    for (row, full) in (unit.gradient_first..unit.gradient_last).zip(rows.chunks_exact_mut(columns.pitch)) {
        let Some(row) = usize::try_from(row).ok().filter(|&row| row < shape.out_height) else {
            full.fill(0.0);
            continue;
        };
        full[..left].fill(0.0);
        full[left + row_len..].fill(0.0);
        let full = &mut full[left..left + row_len];
        match gradient {
            OutputGradient::Full { dy, y, activation } => {
                let at = (unit.image * shape.out_height + row) * row_len;
                match activation {
                    FusedActivation::Linear => full.copy_from_slice(&dy[at..][..row_len]),
                    _ => fused::mask_into(isa, &dy[at..][..row_len], &y[at..][..row_len], activation, full),
                }
            }
            OutputGradient::Pooled { dy, choice } => {
                let (pooled_rows, pooled_len) = (shape.out_height / 2, shape.out_width / 2 * channels);
                if row / 2 < pooled_rows {
                    let at = (unit.image * pooled_rows + row / 2) * pooled_len;
                    unpool_row(isa, &dy[at..][..pooled_len], &choice[at..][..pooled_len], row % 2, channels, full);
                } else {
                    full.fill(0.0);
                }
            }
        }
    }
}

/// Adds the strip's share to `dw` (or starts it) and `db`: for each kernel row a product over all output pixels, with the
/// kernel's columns and input channels as rows and the output channels as columns.
#[allow(clippy::too_many_arguments)]
fn weight_gradient(
    isa: Isa,
    shape: &Conv2dShape,
    unit: &Unit,
    columns: &Columns,
    x_rows: InputRows<'_>,
    d_rows: &[f32],
    accumulate: bool,
    dw: &mut [f32],
    db: &mut [f32],
) {
    let channels = shape.channels_out;
    let skipped = (unit.first as isize - unit.gradient_first) as usize;
    let d_rows = d_rows.get(skipped * columns.pitch + columns.left * channels..).unwrap_or_default();
    let m = shape.kernel.1 * shape.channels_in;
    for (ky, dw) in dw.chunks_exact_mut(m * channels).take(shape.kernel.0).enumerate() {
        let p = Product {
            m,
            n: channels,
            k: shape.out_width,
            a: x_rows.data.get(ky * x_rows.pitch..).unwrap_or_default(),
            a_row: 1,
            a_col: shape.stride.1 * shape.channels_in,
            b: d_rows,
            b_row: channels,
            c_row: channels,
            segments: unit.last - unit.first,
            a_segment: shape.stride.0 * x_rows.pitch,
            b_segment: columns.pitch,
            start: if accumulate { Start::Accumulate } else { Start::Zero },
            ..Product::default()
        };
        product(isa, &p, dw);
    }
    for row in d_rows.chunks(columns.pitch).take(unit.last - unit.first) {
        add_rows(isa, &row[..shape.out_width * channels], db);
    }
}

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

/// Gradient of the unit's input rows: a convolution of the output gradient with the flipped weights. With a stride, the
/// input pixels of equal remainders form one such convolution each.
fn input_gradient(
    isa: Isa,
    shape: &Conv2dShape,
    unit: &Unit,
    columns: &Columns,
    d_rows: &[f32],
    flipped: &[f32],
    dx: &mut [f32],
) {
    let (ci, co) = (shape.channels_in, shape.channels_out);
    let width = panel_width(isa);
    let tap_len = co * width;
    let kernel_row = shape.kernel.1 * tap_len;
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
                let before: usize = (0..remainder).map(|r| group_len(shape, r)).sum();
                b = (shape.kernel.0 - 1 - down.last_tap) * kernel_row + before * tap_len;
            }
            let p = Product {
                m: (shape.width - column).div_ceil(shape.stride.1),
                n: ci,
                k: across.count * co,
                a: &d_rows[a..],
                a_row: co,
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
            product(isa, &p, &mut dx[row * row_len + column * ci..]);
        }
    }
}

/// The same through Winograd's tiles, for the shapes that they are for.
#[allow(clippy::too_many_arguments)]
fn tiled_input_gradient(
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
