//! A tile of seven adjacent pixels by one vector of channels, for the kernels and strides that networks have: each source
//! column is loaded once and goes into every sum that it belongs to, all of which stay in registers together with a kernel row.

use super::axis::Axis;
use super::tile::{Part, Row, TILE_PIXELS, load, store};
use crate::isa::{Simd, Work};

/// Calls `$run!(taps, step)` with the literals that fit the axis, if there are any.
macro_rules! for_size {
    ($across:expr, $run:ident, $otherwise:expr) => {
        match ($across.taps, $across.step) {
            (1, 1) => $run!(1, 1),
            (2, 1) => $run!(2, 1),
            (3, 1) => $run!(3, 1),
            (5, 1) => $run!(5, 1),
            (3, 2) => $run!(3, 2),
            (5, 2) => $run!(5, 2),
            _ => $otherwise,
        }
    };
}

/// Whether there is a tile for such an axis.
pub(super) fn fits(across: &Axis) -> bool {
    macro_rules! yes {
        ($taps:literal, $step:literal) => {
            true
        };
    }
    for_size!(across, yes, false)
}

/// Runs the copy of the tile that fits the axis.
///
/// # Safety
/// The axis must fit, and seven pixels from the part's first one on must lie within the target, with what they read within the
/// source and the weights.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd>(s: S, part: &Part<'_>) {
    macro_rules! run {
        ($taps:literal, $step:literal) => {
            s.vectorize(Tile::<$taps, $step> { part })
        };
    }
    for_size!(part.row.walk.across, run, unreachable!("the caller asks whether it fits"))
}

/// [`Part`] with the axis' size known to the compiler. Made only by [`tile`], whose caller vouches for the part.
struct Tile<'a, const TAPS: usize, const STEP: usize> {
    part: &'a Part<'a>,
}

impl<const TAPS: usize, const STEP: usize> Work for Tile<'_, TAPS, STEP> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let strides = Strides::new::<TAPS, STEP>(self.part);
        let channels = &self.part.c;
        let mut c = channels.start;
        // SAFETY: `tile`'s caller vouches for all channels of the part.
        unsafe {
            while c + S::LANES <= channels.end {
                vector::<S, TAPS, STEP, false>(s, strides, c, S::LANES);
                c += S::LANES;
            }
            if c < channels.end {
                vector::<S, TAPS, STEP, true>(s, strides, c, channels.end - c);
            }
        }
    }
}

/// Where a tile reads and writes, worked out once for all of its channels. All distances are in values.
#[derive(Clone, Copy)]
struct Strides {
    bias: Option<*const f32>,
    bounds: (f32, f32),
    /// The first source column under the first of the taps' rows; it may lie before the source.
    x: *const f32,
    x_row: usize,
    x_column: usize,
    rows: usize,
    /// Which columns lie inside of the source: one bit each.
    inside: u32,
    kernel: *const f32,
    kernel_row: isize,
    kernel_column: isize,
    out: *mut f32,
    out_column: usize,
}

impl Strides {
    fn new<const TAPS: usize, const STEP: usize>(part: &Part<'_>) -> Self {
        let &Row { walk, source, w, bias, clamp, ref taps, i } = part.row;
        let (down, across, channels) = (&walk.down, &walk.across, walk.channels);
        let start = across.start(part.j);
        let first_row = (down.start(i) + taps.start as isize) * across.size as isize;
        let kernel_row = down.first_weight as isize + taps.start as isize * down.weight_step;
        let first_weight = kernel_row * walk.kernel_columns as isize + across.first_weight as isize;
        let columns = (TILE_PIXELS - 1) * STEP + TAPS;
        let inside = |column: &usize| ((start + *column as isize) as usize) < across.size;
        Strides {
            bias: bias.map(<[f32]>::as_ptr),
            bounds: clamp.bounds(),
            x: source.as_ptr().wrapping_offset((first_row + start) * channels as isize),
            x_row: across.size * channels,
            x_column: channels,
            rows: taps.len(),
            inside: (0..columns).filter(inside).fold(0, |all, column| all | 1 << column),
            kernel: w.as_ptr().wrapping_offset(first_weight * channels as isize),
            kernel_row: down.weight_step * (walk.kernel_columns * channels) as isize,
            kernel_column: across.weight_step * channels as isize,
            out: part.out,
            out_column: across.output_step * channels,
        }
    }
}

/// The channels from `c` on: a whole vector, or `n` lanes of one where it is `PARTIAL`.
///
/// # Safety
/// That of [`tile`].
#[inline(always)]
unsafe fn vector<S: Simd, const TAPS: usize, const STEP: usize, const PARTIAL: bool>(
    s: S,
    at: Strides,
    c: usize,
    n: usize,
) {
    // SAFETY: `tile`'s caller promises that all pixels, taps and channels lie within their slices; columns outside of the
    // source are not read.
    unsafe {
        let bias = at.bias.map_or(s.splat(0.0), |bias| load::<S, PARTIAL>(s, bias.add(c), n));
        let mut sums = [bias; TILE_PIXELS];
        let (mut x_row, mut kernel_row) = (at.x.wrapping_add(c), at.kernel.wrapping_add(c));
        for _ in 0..at.rows {
            let mut weight = kernel_row;
            let kernel: [S::V; TAPS] = std::array::from_fn(|_| {
                let w = load::<S, PARTIAL>(s, weight, n);
                weight = weight.wrapping_offset(at.kernel_column);
                w
            });
            let mut x = x_row;
            macro_rules! columns {
                ($($column:literal)*) => {$(
                    if $column < (TILE_PIXELS - 1) * STEP + TAPS {
                        if at.inside & (1 << $column) != 0 {
                            let x = load::<S, PARTIAL>(s, x, n);
                            for (p, sum) in sums.iter_mut().enumerate() {
                                if $column >= p * STEP && $column - p * STEP < TAPS {
                                    *sum = s.mul_add(x, kernel[$column - p * STEP], *sum);
                                }
                            }
                        }
                        x = x.wrapping_add(at.x_column);
                    }
                )*};
            }
            columns!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
            x_row = x_row.wrapping_add(at.x_row);
            kernel_row = kernel_row.wrapping_offset(at.kernel_row);
        }
        let (low, high) = (s.splat(at.bounds.0), s.splat(at.bounds.1));
        let mut out = at.out.wrapping_add(c);
        for &sum in &sums {
            // In this order a NaN stays one.
            store::<S, PARTIAL>(s, out, n, s.min(high, s.max(low, sum)));
            out = out.wrapping_add(at.out_column);
        }
    }
}
