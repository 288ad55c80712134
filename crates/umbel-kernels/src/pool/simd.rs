//! The fast bodies: one output row forward, one image backward, a vector of channels at a time.

use super::PoolShape;
use crate::isa::Simd;

/// The part of a window along one axis that lies inside of the input.
#[derive(Clone, Copy)]
struct Span {
    /// Where in the window it begins.
    offset: usize,
    /// Where in the input it begins.
    start: usize,
    len: usize,
}

impl Span {
    #[inline(always)]
    fn new(output: usize, stride: usize, pad: usize, window: usize, size: usize) -> Self {
        let first = output * stride;
        let start = first.max(pad);
        let end = (first + window).min(size + pad);
        Span { offset: start - first, start: start - pad, len: end.saturating_sub(start) }
    }
}

#[inline(always)]
fn rows(shape: &PoolShape, i: usize) -> Span {
    Span::new(i, shape.stride.0, shape.pad.0, shape.window.0, shape.height)
}

#[inline(always)]
fn columns(shape: &PoolShape, j: usize) -> Span {
    Span::new(j, shape.stride.1, shape.pad.1, shape.window.1, shape.width)
}

/// Output row `i` of one image. `choice` may be empty.
#[inline(always)]
pub(super) fn max_row<S: Simd>(s: S, shape: &PoolShape, i: usize, image: &[f32], y: &mut [f32], choice: &mut [u8]) {
    let channels = shape.channels;
    let down = rows(shape, i);
    for j in 0..shape.out_width {
        let across = columns(shape, j);
        let mut c = 0;
        while c < channels {
            let n = (channels - c).min(S::LANES);
            let mut best = s.splat(0.0);
            let mut taken = s.splat(255.0);
            let mut first = true;
            for a in 0..down.len {
                for b in 0..across.len {
                    let at = ((down.start + a) * shape.width + across.start + b) * channels + c;
                    let v = s.load(&image[at..][..n]);
                    let place = s.splat(((down.offset + a) * shape.window.1 + across.offset + b) as f32);
                    if first {
                        (best, taken, first) = (v, place, false);
                    } else {
                        let more = s.greater(v, best);
                        best = s.select(more, v, best);
                        taken = s.select(more, place, taken);
                    }
                }
            }
            s.store(&mut y[j * channels + c..][..n], best);
            if !choice.is_empty() {
                s.store_bytes(&mut choice[j * channels + c..][..n], taken);
            }
            c += n;
        }
    }
}

/// Adds one image's gradient to `dx`.
#[inline(always)]
pub(super) fn max_image_backward<S: Simd>(s: S, shape: &PoolShape, dy: &[f32], choice: &[u8], dx: &mut [f32]) {
    let channels = shape.channels;
    for i in 0..shape.out_height {
        let down = rows(shape, i);
        for j in 0..shape.out_width {
            let across = columns(shape, j);
            let from = (i * shape.out_width + j) * channels;
            let mut c = 0;
            while c < channels {
                let n = (channels - c).min(S::LANES);
                let d = s.load(&dy[from + c..][..n]);
                let taken = s.load_bytes(&choice[from + c..][..n]);
                for a in 0..down.len {
                    for b in 0..across.len {
                        let place = s.splat(((down.offset + a) * shape.window.1 + across.offset + b) as f32);
                        let at = ((down.start + a) * shape.width + across.start + b) * channels + c;
                        let dx = &mut dx[at..][..n];
                        let here = s.select(s.equal(taken, place), d, s.splat(0.0));
                        let sum = s.add(s.load(dx), here);
                        s.store(dx, sum);
                    }
                }
                c += n;
            }
        }
    }
}

/// Output row `i` of one image.
#[inline(always)]
pub(super) fn average_row<S: Simd>(s: S, shape: &PoolShape, i: usize, image: &[f32], y: &mut [f32]) {
    let channels = shape.channels;
    let down = rows(shape, i);
    for j in 0..shape.out_width {
        let across = columns(shape, j);
        let share = s.splat(1.0 / (down.len * across.len).max(1) as f32);
        let mut c = 0;
        while c < channels {
            let n = (channels - c).min(S::LANES);
            let mut sum = s.splat(0.0);
            for a in 0..down.len {
                for b in 0..across.len {
                    let at = ((down.start + a) * shape.width + across.start + b) * channels + c;
                    sum = s.add(sum, s.load(&image[at..][..n]));
                }
            }
            s.store(&mut y[j * channels + c..][..n], s.mul(sum, share));
            c += n;
        }
    }
}

/// Adds one image's gradient to `dx`.
#[inline(always)]
pub(super) fn average_image_backward<S: Simd>(s: S, shape: &PoolShape, dy: &[f32], dx: &mut [f32]) {
    let channels = shape.channels;
    for i in 0..shape.out_height {
        let down = rows(shape, i);
        for j in 0..shape.out_width {
            let across = columns(shape, j);
            let share = s.splat(1.0 / (down.len * across.len).max(1) as f32);
            let from = (i * shape.out_width + j) * channels;
            let mut c = 0;
            while c < channels {
                let n = (channels - c).min(S::LANES);
                let d = s.mul(s.load(&dy[from + c..][..n]), share);
                for a in 0..down.len {
                    for b in 0..across.len {
                        let at = ((down.start + a) * shape.width + across.start + b) * channels + c;
                        let dx = &mut dx[at..][..n];
                        let sum = s.add(s.load(dx), d);
                        s.store(dx, sum);
                    }
                }
                c += n;
            }
        }
    }
}

/// `y = x * factor`.
#[inline(always)]
pub(super) fn scale<S: Simd>(s: S, factor: f32, x: &[f32], y: &mut [f32]) {
    let factor = s.splat(factor);
    for (y, x) in y.chunks_mut(S::LANES).zip(x.chunks(S::LANES)) {
        s.store(y, s.mul(s.load(x), factor));
    }
}
