//! Winograd's minimal filtering F(2x2, 3x3): a tile of 2 x 2 outputs from its 4 x 4 inputs in 16 products for each pair of
//! channels instead of 36 (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//! <https://arxiv.org/abs/1509.09308>).
//!
//! Inputs `d`, weights `g` and outputs `y` of a tile are turned by small matrices of 0, ±1 and ±½,
//! `y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A`; summed over the input channels, the middle is 16 matrix products of tiles by
//! channels. Of a max-pooled convolution a tile is just what one window covers.

mod simd;

use rayon::prelude::*;

use super::Conv2dShape;
use super::strips::InputRows;
use super::walk::Walk;
use super::weights::Weights;
use crate::extent::{total, volume};
use crate::gemm::{F32, MAX_PANEL_WIDTH, Product, Start, panel_width, product};
use crate::isa::per_isa;
use crate::parallel::{Shared, whole_lines, with_scratch};
use crate::{FusedActivation, Isa, fused};

/// Matrix products in the middle: the points of a turned tile.
pub(super) const POINTS: usize = 16;
/// With fewer channels, turning tiles takes longer than it saves.
const MIN_CHANNELS: usize = 16;
/// With fewer outputs along an axis, too much of the tiles is wasted.
const MIN_OUTPUTS: usize = 4;
/// More turned weights than these (4 MiB) would have to come from memory for each few tiles.
const MAX_TURNED_FLOATS: usize = 1 << 20;
/// Floats of turned inputs and products that are held at a time, so that they stay in the second-level cache ...
const CHUNK_FLOATS: usize = 64 * 1024;
/// ... of a multiple of so many tiles, which the matrix product's own tiles are filled by.
const CHUNK_STEP: usize = 12;

per_isa! {
    fn turn_weights(from: &simd::Taps<'_>, turned: &mut [f32]) = simd::turn_weights;
    fn turn_inputs(rows: &[f32], pitch: usize, channels: usize, tiles: usize, point: usize, turned: &mut [f32])
        = simd::turn_inputs;
    fn pool_outputs(
        turned: &[f32],
        point: usize,
        channels: usize,
        activation: FusedActivation,
        pooled: &mut [f32],
        choice: &mut [u8],
    ) = simd::pool_outputs;
    fn lay_outputs(turned: &[f32], point: usize, channels: usize, activation: FusedActivation, y: simd::Place<'_>)
        = simd::lay_outputs;
}

/// Whether convolutions of this shape go this way. It does not depend on the batch, lest the bits do.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    shape.kernel == (3, 3)
        && shape.stride == (1, 1)
        && shape.channels_in.min(shape.channels_out) >= MIN_CHANNELS
        && shape.out_height.min(shape.out_width).min(shape.height).min(shape.width) >= MIN_OUTPUTS
        && shape.channels_in.saturating_mul(shape.channels_out) <= MAX_TURNED_FLOATS / POINTS
}

/// Floats of turned weights from `channels_in` to `channels_out`, for the widest panels.
pub(super) fn turned_len(channels_in: usize, channels_out: usize) -> usize {
    volume(&[POINTS, channels_in, channels_out.next_multiple_of(MAX_PANEL_WIDTH)])
}

/// Turns `w`, each output channel times its factor where there are `factors`: `[panels, 16, channels_in, panel width]`.
pub(super) fn turn(isa: Isa, shape: &Conv2dShape, w: &[f32], factors: Option<&[f32]>, turned: &mut [f32]) {
    let (ci, co, width) = (shape.channels_in, shape.channels_out, panel_width(isa));
    let panels = &mut turned[..POINTS * ci * co.next_multiple_of(width)];
    panels.par_chunks_exact_mut(POINTS * ci * width).enumerate().for_each(|(panel, turned)| {
        let first = panel * width;
        let columns = (co - first).min(width);
        let factors = factors.map_or(&[][..], |factors| &factors[first..][..columns]);
        turn_weights(isa, &simd::Taps { w: &w[first..], tap: ci * co, row: co, columns, factors, width }, turned);
    });
}

/// The same for the input gradient, of weights that [`flip`](super::flipped::flip) has turned round and cut into panels.
pub(super) fn turn_flipped(isa: Isa, shape: &Conv2dShape, flipped: &[f32], turned: &mut [f32]) {
    let (co, width) = (shape.channels_out, panel_width(isa));
    let panels = shape.channels_in.div_ceil(width);
    let turned = &mut turned[..panels * POINTS * co * width];
    let pairs = turned.par_chunks_exact_mut(POINTS * co * width).zip(flipped.par_chunks(9 * co * width));
    pairs.for_each(|(turned, w)| {
        turn_weights(isa, &simd::Taps { w, tap: co * width, row: width, columns: width, factors: &[], width }, turned);
    });
}

/// Turned weights and what is done with them.
#[derive(Clone, Copy)]
pub(super) struct Filter<'a> {
    pub turned: &'a [f32],
    pub channels_in: usize,
    pub channels_out: usize,
    pub bias: Option<&'a [f32]>,
}

/// Some adjacent tiles of one row of them.
struct Run {
    /// Tiles of the chunk before.
    before: usize,
    row: usize,
    column: usize,
    len: usize,
}

impl Filter<'_> {
    /// Tiles that are gone over together.
    fn chunk(&self, tiles: usize) -> usize {
        let most = CHUNK_FLOATS / (POINTS * (self.channels_in + self.channels_out));
        tiles.min((most / CHUNK_STEP).max(1) * CHUNK_STEP)
    }

    /// Floats of scratch that so many tiles need.
    pub fn scratch_len(&self, tiles: usize) -> usize {
        let chunk = self.chunk(tiles);
        let (inputs, products) = (volume(&[chunk, self.channels_in]), volume(&[chunk, self.channels_out]));
        volume(&[POINTS, total(&[whole_lines(inputs), products])])
    }

    /// Goes over a grid of tiles, `columns` in a row, chunk by chunk: `finish` gets the place of a run of tiles in the
    /// grid, and their products from the first of them on with the distance between points.
    fn over_tiles(
        &self,
        isa: Isa,
        rows: InputRows<'_>,
        (n_rows, columns): (usize, usize),
        scratch: &mut [f32],
        mut finish: impl FnMut(&Run, &[f32], usize),
    ) {
        let (ci, co, width) = (self.channels_in, self.channels_out, panel_width(isa));
        let tiles = n_rows * columns;
        let chunk = self.chunk(tiles);
        let (in_point, out_point) = (whole_lines(chunk * ci), chunk * co);
        let (inputs, products) = scratch.split_at_mut(POINTS * in_point);
        for first in (0..tiles).step_by(chunk.max(1)) {
            let n = chunk.min(tiles - first);
            for run in runs(first, n, columns) {
                let from = &rows.data[2 * (run.row * rows.pitch + run.column * ci)..];
                turn_inputs(isa, from, rows.pitch, ci, run.len, in_point, &mut inputs[run.before * ci..]);
            }
            for point in 0..POINTS {
                let p = Product {
                    m: n,
                    n: co,
                    k: ci,
                    a: &inputs[point * in_point..],
                    a_row: ci,
                    b: &self.turned[point * ci * width..],
                    b_row: width,
                    b_panel: Some(POINTS * ci * width),
                    c_row: co,
                    // What is added to this point comes out in all four outputs.
                    start: if point == 5 { self.bias.map_or(Start::Zero, Start::Bias) } else { Start::Zero },
                    ..Product::default()
                };
                product(isa, &p, &mut products[point * out_point..][..n * co]);
            }
            for run in runs(first, n, columns) {
                finish(&run, &products[run.before * co..], out_point);
            }
        }
    }

    /// Rows of output, `(rows, columns)` of them, from the input rows under them. `rows` must reach one row and one column
    /// further where their number is odd.
    pub fn rows(
        &self,
        isa: Isa,
        rows: InputRows<'_>,
        (height, width): (usize, usize),
        activation: FusedActivation,
        scratch: &mut [f32],
        y: &mut [f32],
    ) {
        let (co, row_len) = (self.channels_out, width * self.channels_out);
        self.over_tiles(isa, rows, (height.div_ceil(2), width.div_ceil(2)), scratch, |run, products, point| {
            let y = &mut y[2 * run.row * row_len + 2 * run.column * co..];
            let pixels = (width - 2 * run.column).min(2 * run.len);
            let lines = (height - 2 * run.row).min(2);
            lay_outputs(isa, products, point, co, activation, simd::Place { y, row_len, lines, pixels });
        });
    }
}

/// Cuts `n` tiles from `first` on at the ends of the grid's rows.
fn runs(first: usize, n: usize, columns: usize) -> impl Iterator<Item = Run> {
    let mut before = 0;
    std::iter::from_fn(move || {
        let (row, column) = ((first + before) / columns, (first + before) % columns);
        let run = Run { before, row, column, len: (columns - column).min(n - before) };
        before += run.len;
        (run.len > 0).then_some(run)
    })
}

/// Runs `work` with turned weights: those that [`turn`] made before, or fresh ones.
fn with_filter(isa: Isa, shape: &Conv2dShape, weights: Weights<'_>, work: impl FnOnce(Filter<'_>)) {
    let Weights { w, packed, bias, .. } = weights;
    let filter = Filter { turned: w, channels_in: shape.channels_in, channels_out: shape.channels_out, bias };
    if packed {
        return work(filter);
    }
    with_scratch(turned_len(shape.channels_in, shape.channels_out), |turned| {
        turn(isa, shape, w, None, turned);
        work(Filter { turned, ..filter });
    });
}

/// The shape as if its outputs were whole tiles, which is what the input rows must reach for.
fn in_whole_tiles(shape: &Conv2dShape) -> Conv2dShape {
    let (out_height, out_width) = (shape.out_height.next_multiple_of(2), shape.out_width.next_multiple_of(2));
    Conv2dShape { out_height, out_width, ..*shape }
}

/// The tasks of a forward pass over a shape of whole tiles, with scratch for theirs.
fn walk(shape: &Conv2dShape, filter: &Filter<'_>, out_rows: usize) -> Walk {
    let walk = Walk { step: 2, ..Walk::new(shape, out_rows) };
    let tiles = walk.strips.rows.div_ceil(2) * (shape.out_width / 2);
    Walk { scratch: filter.scratch_len(tiles), ..walk }
}

/// See [`forward`](super::forward).
pub(super) fn forward(isa: Isa, shape: &Conv2dShape, x: &[f32], weights: Weights<'_>, y: &mut [f32]) {
    let row_len = shape.out_width * shape.channels_out;
    let y = Shared::new(y);
    with_filter(isa, shape, weights, |filter| {
        walk(&in_whole_tiles(shape), &filter, shape.out_height).for_each::<F32>(
            isa,
            x,
            |image, (first, last), rows, scratch| {
                // SAFETY: no two tasks have the same image and strip.
                let y = unsafe { y.range((image * shape.out_height + first) * row_len, (last - first) * row_len) };
                let activation = weights.activation.in_product();
                filter.rows(isa, rows, (last - first, shape.out_width), activation, scratch, y);
                fused::activate_after_product(isa, weights.activation, y);
            },
        );
    });
}

/// See [`forward_pool`](super::forward_pool).
pub(super) fn forward_pool(
    isa: Isa,
    shape: &Conv2dShape,
    x: &[f32],
    weights: Weights<'_>,
    pooled: &mut [f32],
    choice: Option<&mut [u8]>,
) {
    let (columns, co) = (shape.out_width / 2, shape.channels_out);
    let pooled = Shared::new(pooled);
    let choice = choice.map(Shared::new);
    // A last row or column that is left over is in no window.
    let whole = Conv2dShape { out_height: shape.out_height / 2 * 2, out_width: columns * 2, ..*shape };
    with_filter(isa, shape, weights, |filter| {
        walk(&whole, &filter, whole.out_height).for_each::<F32>(isa, x, |image, (first, last), rows, scratch| {
            let before = image * whole.out_height / 2 + first / 2;
            filter.over_tiles(isa, rows, ((last - first) / 2, columns), scratch, |run, products, point| {
                let (start, len) = (((before + run.row) * columns + run.column) * co, run.len * co);
                // SAFETY: no two tasks have the same image and strip, and tiles come once.
                let pooled = unsafe { pooled.range(start, len) };
                let choice = match &choice {
                    // SAFETY: as above.
                    Some(choice) => unsafe { choice.range(start, len) },
                    None => &mut [],
                };
                pool_outputs(isa, products, point, co, weights.activation, pooled, choice);
            });
        });
    });
}
