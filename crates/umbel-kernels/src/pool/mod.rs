//! Max, average and global average pooling.

pub mod scalar;
mod simd;

use rayon::prelude::*;

use crate::Isa;
use crate::extent::{Sliding, volume};
use crate::isa::per_isa;
use crate::sums::add_rows;

/// Shapes: `x [batch, height, width, channels]`, `y [batch, out_height, out_width, channels]`. Padding never wins a
/// maximum and is not counted in an average (as in Keras). A window that holds nothing but padding gives 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PoolShape {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// At most 15 x 15.
    pub window: (usize, usize),
    pub stride: (usize, usize),
    pub pad: (usize, usize),
    pub out_height: usize,
    pub out_width: usize,
}

impl PoolShape {
    fn image_len(&self) -> usize {
        volume(&[self.height, self.width, self.channels])
    }

    fn out_row_len(&self) -> usize {
        volume(&[self.out_width, self.channels])
    }

    /// What every call demands; false where there is nothing to do.
    fn check(&self, x: &[f32], y: &[f32]) -> bool {
        assert!(self.window.0 <= 15 && self.window.1 <= 15, "a window may be at most 15 x 15: {self:?}");
        let Self { window, stride, pad, .. } = *self;
        Sliding { size: self.height, window: window.0, stride: stride.0, pad: pad.0, outputs: self.out_height }
            .covered();
        Sliding { size: self.width, window: window.1, stride: stride.1, pad: pad.1, outputs: self.out_width }.covered();
        let x_len = volume(&[self.batch, self.height, self.width, self.channels]);
        let y_len = volume(&[self.batch, self.out_height, self.out_width, self.channels]);
        assert_eq!(x.len(), x_len, "x must have the shape's length");
        assert_eq!(y.len(), y_len, "y must have the shape's length");
        !y.is_empty() && !x.is_empty()
    }
}

per_isa! {
    fn max_row(shape: &PoolShape, i: usize, image: &[f32], y: &mut [f32], choice: &mut [u8]) = simd::max_row;
    fn max_image_backward(shape: &PoolShape, dy: &[f32], choice: &[u8], dx: &mut [f32]) = simd::max_image_backward;
    fn average_row(shape: &PoolShape, i: usize, image: &[f32], y: &mut [f32]) = simd::average_row;
    fn average_image_backward(shape: &PoolShape, dy: &[f32], dx: &mut [f32]) = simd::average_image_backward;
    fn scale(factor: f32, x: &[f32], y: &mut [f32]) = simd::scale;
}

/// Maximum of each window; `choice` (shape of `y`) says which element of the window (row by row, the first of equals).
///
/// # Panics
/// Where a slice does not have the shape's length.
pub fn max_forward(isa: Isa, shape: &PoolShape, x: &[f32], y: &mut [f32], choice: Option<&mut [u8]>) {
    if !shape.check(x, y) {
        return;
    }
    let image = |row: usize| &x[row / shape.out_height * shape.image_len()..][..shape.image_len()];
    let rows = y.par_chunks_mut(shape.out_row_len());
    match choice {
        None => rows.enumerate().for_each(|(row, y)| {
            max_row(isa, shape, row % shape.out_height, image(row), y, &mut []);
        }),
        Some(choice) => {
            let len = volume(&[shape.batch, shape.out_height, shape.out_width, shape.channels]);
            assert_eq!(choice.len(), len, "choice must fit y");
            let rows = rows.zip(choice.par_chunks_mut(shape.out_row_len()));
            rows.enumerate().for_each(|(row, (y, choice))| {
                max_row(isa, shape, row % shape.out_height, image(row), y, choice);
            });
        }
    }
}

/// Gradient of [`max_forward`]; `dx` is overwritten.
///
/// # Panics
/// Where a slice does not have the shape's length.
pub fn max_backward(isa: Isa, shape: &PoolShape, dy: &[f32], choice: &[u8], dx: &mut [f32]) {
    assert_eq!(choice.len(), dy.len(), "choice must be as long as dy");
    if !shape.check(dx, dy) {
        dx.fill(0.0);
        return;
    }
    let out_len = shape.out_height * shape.out_row_len();
    let images = dx.par_chunks_mut(shape.image_len()).zip(dy.par_chunks(out_len)).zip(choice.par_chunks(out_len));
    images.for_each(|((dx, dy), choice)| {
        dx.fill(0.0);
        max_image_backward(isa, shape, dy, choice, dx);
    });
}

/// Mean of each window, over the elements that lie inside of the input.
///
/// # Panics
/// Where a slice does not have the shape's length.
pub fn average_forward(isa: Isa, shape: &PoolShape, x: &[f32], y: &mut [f32]) {
    if !shape.check(x, y) {
        return;
    }
    y.par_chunks_mut(shape.out_row_len()).enumerate().for_each(|(row, y)| {
        let image = &x[row / shape.out_height * shape.image_len()..][..shape.image_len()];
        average_row(isa, shape, row % shape.out_height, image, y);
    });
}

/// Gradient of [`average_forward`]; `dx` is overwritten.
///
/// # Panics
/// Where a slice does not have the shape's length.
pub fn average_backward(isa: Isa, shape: &PoolShape, dy: &[f32], dx: &mut [f32]) {
    if !shape.check(dx, dy) {
        dx.fill(0.0);
        return;
    }
    let out_len = shape.out_height * shape.out_row_len();
    dx.par_chunks_mut(shape.image_len()).zip(dy.par_chunks(out_len)).for_each(|(dx, dy)| {
        dx.fill(0.0);
        average_image_backward(isa, shape, dy, dx);
    });
}

/// Mean over all pixels: `x [batch, pixels, channels]` to `y [batch, channels]`.
///
/// # Panics
/// Where a slice does not have its shape's length.
pub fn global_average_forward(isa: Isa, batch: usize, pixels: usize, channels: usize, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), volume(&[batch, pixels, channels]), "x must be batch x pixels x channels");
    assert_eq!(y.len(), volume(&[batch, channels]), "y must be batch x channels");
    if x.is_empty() {
        y.fill(0.0);
        return;
    }
    y.par_chunks_mut(channels).zip(x.par_chunks(pixels * channels)).for_each(|(y, x)| {
        y.fill(0.0);
        add_rows(isa, x, y);
        for y in y {
            *y /= pixels as f32;
        }
    });
}

/// Gradient of [`global_average_forward`]; `dx` is overwritten.
///
/// # Panics
/// Where a slice does not have its shape's length.
pub fn global_average_backward(isa: Isa, batch: usize, pixels: usize, channels: usize, dy: &[f32], dx: &mut [f32]) {
    assert_eq!(dx.len(), volume(&[batch, pixels, channels]), "dx must be batch x pixels x channels");
    assert_eq!(dy.len(), volume(&[batch, channels]), "dy must be batch x channels");
    if dx.is_empty() {
        return;
    }
    dx.par_chunks_mut(pixels * channels).zip(dy.par_chunks(channels)).for_each(|(dx, dy)| {
        let (first, others) = dx.split_at_mut(channels);
        scale(isa, 1.0 / pixels as f32, dy, first);
        others.chunks_exact_mut(channels).for_each(|pixel| pixel.copy_from_slice(first));
    });
}
