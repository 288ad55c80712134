//! Max, average and global average pooling.

use crate::Isa;

/// Shapes: `x [batch, height, width, channels]`, `y [batch, out_height, out_width, channels]`. Padding never wins a
/// maximum and is not counted in an average (as in Keras).
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

/// Maximum of each window; `choice` (shape of `y`) says which element of the window (row by row, the first of equals).
pub fn max_forward(isa: Isa, shape: &PoolShape, x: &[f32], y: &mut [f32], choice: Option<&mut [u8]>) {
    todo!()
}

/// Gradient of [`max_forward`]; `dx` is overwritten.
pub fn max_backward(isa: Isa, shape: &PoolShape, dy: &[f32], choice: &[u8], dx: &mut [f32]) {
    todo!()
}

/// Mean of each window, over the elements that lie inside of the input.
pub fn average_forward(isa: Isa, shape: &PoolShape, x: &[f32], y: &mut [f32]) {
    todo!()
}

/// Gradient of [`average_forward`]; `dx` is overwritten.
pub fn average_backward(isa: Isa, shape: &PoolShape, dy: &[f32], dx: &mut [f32]) {
    todo!()
}

/// Mean over all pixels: `x [batch, pixels, channels]` to `y [batch, channels]`.
pub fn global_average_forward(isa: Isa, batch: usize, pixels: usize, channels: usize, x: &[f32], y: &mut [f32]) {
    todo!()
}

/// Gradient of [`global_average_forward`]; `dx` is overwritten.
pub fn global_average_backward(isa: Isa, batch: usize, pixels: usize, channels: usize, dy: &[f32], dx: &mut [f32]) {
    todo!()
}
