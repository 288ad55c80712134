//! The backward pass. A unit of work is one strip of one image; a slice is a fixed number of adjacent units with its own
//! partial weight gradient. How many slices there are follows from the shape alone, and the partial gradients are added
//! in order, so the result doesn't depend on the threads.

use rayon::prelude::*;

use super::flipped::flipped_len;
use super::input_gradient::{input_gradient, tiled_input_gradient};
use super::masked::Masked;
use super::operand::{PixelRows, Walked};
use super::room::{Parts, Room};
use super::strips::{InputRows, Strips, image_of};
use super::unit::{Columns, Reach, Unit};
use super::winograd::{self, Filter};
use super::{Conv2dShape, OutputGradient, pointwise, pointwise_backward, pooled, unpool_row};
use crate::extent::{total, volume};
use crate::gemm::{Product, Start};
use crate::parallel::{Shared, whole_lines};
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
pub(super) fn backward<O: Walked>(
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
        && (O::IS_F32 || activation == FusedActivation::Linear)
    {
        let gradient = Masked { dy, y, activation };
        return pointwise_backward::backward::<O>(isa, shape, x, w, gradient, dx, dw, db, workspace);
    }
    let layout = Layout::new(shape);
    let (flipped, rest) = workspace.split_at_mut(layout.flipped);
    let (turned, partials) = rest.split_at_mut(layout.turned);
    let partials = &mut partials[..layout.slices * layout.partial];
    let reach = match dx {
        None => Reach::Weights,
        Some(_) if O::IS_F32 && layout.turned > 0 => Reach::InputTiles,
        Some(_) => Reach::Inputs,
    };
    let columns = Columns::new(shape, reach);
    if reach != Reach::Weights {
        O::flip(isa, shape, w, flipped);
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
        OutputGradient::Pooled { .. } | OutputGradient::Full { .. } => None,
    };
    let room = Room::new::<O>(shape, &columns, reach, pooled.is_some());
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
            room.lend::<O>(shape, &unit, filter, |parts| {
                let Parts { taps, d_rows, left, more } = parts;
                if room.d_pitch > 0 {
                    expand(isa, shape, &unit, &columns, gradient, d_rows);
                }
                let d_rows = &*d_rows;
                let out_rows = unit.first..unit.last;
                let x_rows =
                    O::taps(isa, shape, image_of(shape, x, unit.image), out_rows, room.least_pitch, taps, more);
                match pooled {
                    Some((dy, choice)) => {
                        let rows = unit.pooled(shape);
                        let (dy, choice) = (&dy[rows.clone()], &choice[rows]);
                        pooled::weight_gradient::<O>(isa, shape, x_rows, dy, choice, dw, db, more);
                    }
                    None => {
                        let start = if unit.index == first { Start::Zero } else { Start::Accumulate };
                        weight_gradient::<O>(isa, shape, &unit, &columns, x_rows, d_rows, start, dw, db, more);
                    }
                }
                if let Some(dx) = &dx {
                    let row_len = shape.width * shape.channels_in;
                    let start = (unit.image * shape.height + unit.input_first) * row_len;
                    // SAFETY: units own disjoint rows of the input, and each is visited once.
                    let dx = unsafe { dx.range(start, (unit.input_last - unit.input_first) * row_len) };
                    match filter {
                        Some(filter) => tiled_input_gradient(isa, shape, &unit, &columns, d_rows, filter, dx, more),
                        None => {
                            let d_rows = O::left(isa, d_rows, left);
                            input_gradient::<O>(isa, shape, &unit, &columns, d_rows, flipped, dx);
                        }
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
                let dy = &dy[at..][..row_len];
                if activation == FusedActivation::Linear {
                    full.copy_from_slice(dy);
                } else {
                    fused::mask_into(isa, dy, &y[at..][..row_len], activation, full);
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
fn weight_gradient<O: Walked>(
    isa: Isa,
    shape: &Conv2dShape,
    unit: &Unit,
    columns: &Columns,
    x_rows: InputRows<'_>,
    d_rows: &[f32],
    start: Start<'_>,
    dw: &mut [f32],
    db: &mut [f32],
    scratch: &mut [f32],
) {
    let channels = shape.channels_out;
    let skipped = (unit.first as isize - unit.gradient_first) as usize;
    let d_rows = d_rows.get(skipped * columns.pitch + columns.left * channels..).unwrap_or_default();
    let (count, pitch, row_len) = (unit.last - unit.first, columns.pitch, shape.out_width * channels);
    let (b, b_segment) = O::pixel_rows(isa, d_rows, PixelRows { count, pitch, row_len, channels }, scratch);
    let m = shape.kernel.1 * shape.channels_in;
    for (ky, dw) in dw.chunks_exact_mut(m * channels).take(shape.kernel.0).enumerate() {
        let p = Product {
            m,
            n: channels,
            k: shape.out_width.div_ceil(O::TERMS),
            a: O::view(x_rows.data.get(ky * x_rows.pitch..).unwrap_or_default()),
            a_row: O::TERMS,
            a_col: O::TERMS * O::TERMS * shape.stride.1 * shape.channels_in,
            b,
            b_row: channels,
            c_row: channels,
            segments: count,
            a_segment: O::TERMS * shape.stride.0 * x_rows.pitch,
            b_segment,
            start,
            ..Product::default()
        };
        O::product(isa, &p, dw.into());
    }
    for row in d_rows.chunks(columns.pitch).take(count) {
        add_rows(isa, &row[..row_len], db);
    }
}
