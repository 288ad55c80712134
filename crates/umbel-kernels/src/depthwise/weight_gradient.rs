//! The weight gradient's body: the sums of some adjacent taps stay in registers while it goes over the pixels.

use std::ops::Range;

use super::DepthwiseShape;
use super::axis::Axis;
use super::tile::{ZEROS, load, store};
use crate::extent::volume;
use crate::isa::{Simd, Work};

/// Taps of a kernel row that are summed together: with two vectors of channels, as many as AVX2 has registers for.
const TILE_TAPS: usize = 5;
/// Pixels that are gone over before the next kernel row, so that what they read stays in the first-level cache.
const GROUP_PIXELS: usize = 96;

/// Adds to `dw` the products of image and `dy`, which holds output rows `rows`.
#[inline(always)]
pub(super) fn add<S: Simd>(
    s: S,
    shape: &DepthwiseShape,
    rows: (usize, usize),
    image: &[f32],
    dy: &[f32],
    dw: &mut [f32],
) {
    let channels = shape.channels;
    let down = Axis::forward(shape.height, shape.kernel.0, shape.stride.0, shape.pad.0, shape.out_height);
    let across = Axis::forward(shape.width, shape.kernel.1, shape.stride.1, shape.pad.1, shape.out_width);
    assert!(image.len() >= volume(&[down.size, across.size, channels]), "the image is too short");
    assert!(dy.len() >= volume(&[rows.1 - rows.0, across.outputs, channels]), "the gradient is too short");
    assert!(dw.len() >= volume(&[down.taps, across.taps, channels]), "the weights' gradient is too short");
    let group = (GROUP_PIXELS / across.outputs.max(1)).max(1);
    let mut c = 0;
    while c < channels {
        let n = (channels - c).min(2 * S::LANES);
        let n = if n > S::LANES && n < 2 * S::LANES { S::LANES } else { n };
        for first in (rows.0..rows.1).step_by(group) {
            let last = (first + group).min(rows.1);
            let dy = &dy[(first - rows.0) * across.outputs * channels..];
            for tap_row in 0..down.taps {
                for tap in (0..across.taps).step_by(TILE_TAPS) {
                    let taps = tap..(tap + TILE_TAPS).min(across.taps);
                    let part = Part { down, across, channels, first, last, tap_row, taps, c, n };
                    // SAFETY: the asserts above cover every pixel of the image and of the rows, and every weight.
                    unsafe { strip(s, &part, image, dy, dw) };
                }
            }
        }
        c += n;
    }
}

/// Some adjacent taps of one kernel row, a block of channels, and the output rows to go over.
struct Part {
    down: Axis,
    across: Axis,
    channels: usize,
    first: usize,
    last: usize,
    tap_row: usize,
    taps: Range<usize>,
    /// The first channel, and how many: two vectors, one, or a part of one.
    c: usize,
    n: usize,
}

/// Runs the copy of the body that fits the part. `dy` begins at the part's first row.
///
/// # Safety
/// The part must lie within the image, the gradient and the weights.
#[inline(always)]
unsafe fn strip<S: Simd>(s: S, part: &Part, image: &[f32], dy: &[f32], dw: &mut [f32]) {
    macro_rules! sizes {
        ($vectors:literal, $partial:literal: $($taps:literal)*) => {
            match part.taps.len() {
                $($taps => s.vectorize(Strip::<$taps, $vectors, $partial> { part, image, dy, dw }),)*
                _ => unreachable!("a strip has 1 to 5 taps"),
            }
        };
    }
    match (part.n > S::LANES, part.n < S::LANES) {
        (true, _) => sizes!(2, false: 1 2 3 4 5),
        (false, false) => sizes!(1, false: 1 2 3 4 5),
        (false, true) => sizes!(1, true: 1 2 3 4 5),
    }
}

/// [`Part`] with its size known to the compiler. Made only by [`strip`], whose caller vouches for the part.
struct Strip<'a, const TAPS: usize, const VECTORS: usize, const PARTIAL: bool> {
    part: &'a Part,
    image: &'a [f32],
    dy: &'a [f32],
    dw: &'a mut [f32],
}

impl<const TAPS: usize, const VECTORS: usize, const PARTIAL: bool> Work for Strip<'_, TAPS, VECTORS, PARTIAL> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Strip { part, image, dy, dw } = self;
        let &Part { down, across, channels, c, n, .. } = part;
        let interior = across.interior(part.taps.clone());
        // SAFETY: `strip`'s caller promises that all pixels, taps and channels lie within their slices.
        unsafe {
            let dw = dw.as_mut_ptr().add((part.tap_row * across.taps + part.taps.start) * channels + c);
            let mut sums = [[s.splat(0.0); VECTORS]; TAPS];
            for (t, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = load::<S, PARTIAL>(s, dw.add(t * channels + v * S::LANES), n);
                }
            }
            for i in part.first..part.last {
                let row = down.start(i) + part.tap_row as isize;
                if row < 0 || row >= down.size as isize {
                    continue;
                }
                let x = image.as_ptr().add(row as usize * across.size * channels + c);
                let dy = dy.as_ptr().add((i - part.first) * across.outputs * channels + c);
                let row = Pixels { x, dy, across: &across, first_tap: part.taps.start, channels, n };
                row.add::<S, TAPS, VECTORS, PARTIAL, false>(s, 0..interior.start, &mut sums);
                row.add::<S, TAPS, VECTORS, PARTIAL, true>(s, interior.clone(), &mut sums);
                row.add::<S, TAPS, VECTORS, PARTIAL, false>(s, interior.end..across.outputs, &mut sums);
            }
            for (t, sums) in sums.iter().enumerate() {
                for (v, &sum) in sums.iter().enumerate() {
                    store::<S, PARTIAL>(s, dw.add(t * channels + v * S::LANES), n, sum);
                }
            }
        }
    }
}

/// A row of the image and the row of gradient that meets it.
struct Pixels<'a> {
    x: *const f32,
    dy: *const f32,
    across: &'a Axis,
    first_tap: usize,
    channels: usize,
    n: usize,
}

impl Pixels<'_> {
    /// Adds the products of outputs `outputs` to the taps' sums.
    ///
    /// # Safety
    /// The outputs must lie within the row; where `INSIDE`, with all the taps that are summed.
    #[inline(always)]
    unsafe fn add<S: Simd, const TAPS: usize, const VECTORS: usize, const PARTIAL: bool, const INSIDE: bool>(
        &self,
        s: S,
        outputs: Range<usize>,
        sums: &mut [[S::V; VECTORS]; TAPS],
    ) {
        let &Pixels { x, dy, across, first_tap, channels, n } = self;
        for j in outputs {
            let start = across.start(j) + first_tap as isize;
            let first = x.wrapping_offset(start * channels as isize);
            // SAFETY: the caller promises that output and taps lie within their rows; pixels outside of the image read
            // `ZEROS`, which is as long as two vectors.
            unsafe {
                let mut d = [s.splat(0.0); VECTORS];
                for (v, d) in d.iter_mut().enumerate() {
                    *d = load::<S, PARTIAL>(s, dy.add(j * channels + v * S::LANES), n);
                }
                for (t, sums) in sums.iter_mut().enumerate() {
                    let mut x = first.wrapping_add(t * channels);
                    if !INSIDE && (start + t as isize) as usize >= across.size {
                        x = ZEROS.as_ptr();
                    }
                    for (v, (sum, &d)) in sums.iter_mut().zip(&d).enumerate() {
                        *sum = s.mul_add(load::<S, PARTIAL>(s, x.add(v * S::LANES), n), d, *sum);
                    }
                }
            }
        }
    }
}
