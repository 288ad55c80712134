//! How a convolution is cut: strips of output rows, small enough for the cache, and the zero-padded copy of the input
//! rows that a strip reads.

use super::Conv2dShape;
use crate::extent::{reach, total, volume};

/// Floats of padded input that a strip may hold (it should stay in the second-level cache beside the weights).
const STRIP_FLOATS: usize = 32 * 1024;

/// A forward pass has so many tasks, though its images are few: several threads want to share them evenly.
const ENOUGH_TASKS: usize = 16;

/// The cut of every image, the same for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strips {
    /// Output rows of a strip; even, unless there is but one strip.
    pub rows: usize,
    pub per_image: usize,
}

impl Strips {
    /// Cuts `out_rows` rows of output so that each strip needs about `STRIP_FLOATS` of `floats_per_row`, and that there are
    /// about `least` strips where there are rows enough.
    pub(super) fn new(out_rows: usize, floats_per_row: usize, least: usize) -> Self {
        let fitting = (STRIP_FLOATS / floats_per_row.max(1)).min(out_rows / least.max(1)).max(2) / 2 * 2;
        let per_image = out_rows.div_ceil(fitting).max(1);
        let rows = out_rows.div_ceil(per_image).next_multiple_of(2);
        Strips { rows, per_image: out_rows.div_ceil(rows).max(1) }
    }

    /// The cut for a forward pass, where it changes no bit: each output is summed the same way.
    pub(super) fn forward(shape: &Conv2dShape, out_rows: usize) -> Self {
        Strips::new(out_rows, shape.padded_pitch() * shape.stride.0, ENOUGH_TASKS.div_ceil(shape.batch.max(1)))
    }

    /// The first row of strip `index` and the first of the next.
    pub(super) fn range(&self, index: usize, out_rows: usize) -> (usize, usize) {
        ((index * self.rows).min(out_rows), ((index + 1) * self.rows).min(out_rows))
    }
}

/// One image of a batch.
pub(super) fn image_of<'a>(shape: &Conv2dShape, x: &'a [f32], image: usize) -> &'a [f32] {
    let len = shape.height * shape.width * shape.channels_in;
    &x[image * len..][..len]
}

/// The input rows under a strip: element (row, column, channel) at `row * pitch + column * channels_in + channel`, where
/// row 0 lies under the strip's first output row and column 0 under the first output column, padding included.
#[derive(Clone, Copy)]
pub(super) struct InputRows<'a, A = f32> {
    pub data: &'a [A],
    pub pitch: usize,
}

impl Conv2dShape {
    /// No output pixel reaches beyond the input, so that it can be read in place.
    pub(super) fn stays_inside(&self) -> bool {
        self.pad == (0, 0) && self.rows_under(self.out_height) <= self.height && self.columns_under() <= self.width
    }

    /// Floats in a padded row of input.
    pub(super) fn padded_pitch(&self) -> usize {
        volume(&[self.columns_under(), self.channels_in])
    }

    /// Input columns under a row of output.
    fn columns_under(&self) -> usize {
        total(&[reach(&[(self.out_width.max(1), self.stride.1)]) - 1, self.kernel.1])
    }

    /// Input rows under `out_rows` adjacent rows of output.
    pub(super) fn rows_under(&self, out_rows: usize) -> usize {
        total(&[reach(&[(out_rows.max(1), self.stride.0)]) - 1, self.kernel.0])
    }

    /// Row `index` of one image, counted from the first row of the padding: the floats of padding at its left, and what
    /// of it lies within a padded row. `None` where all of it is padding.
    pub(super) fn row_at<'a>(&self, image: &'a [f32], index: usize) -> Option<(usize, &'a [f32])> {
        let row = index.checked_sub(self.pad.0).filter(|&row| row < self.height)?;
        let (pitch, row_len) = (self.padded_pitch(), self.width * self.channels_in);
        let left = (self.pad.1 * self.channels_in).min(pitch);
        Some((left, &image[row * row_len..][..row_len.min(pitch - left)]))
    }

    /// Floats that [`input_rows`](Self::input_rows) copies for so many rows of output.
    pub(super) fn scratch_len(&self, out_rows: usize) -> usize {
        if self.stays_inside() { 0 } else { volume(&[self.rows_under(out_rows), self.padded_pitch()]) }
    }

    /// The rows under output rows `first .. last` of one image, copied into `scratch` with zeros around where needed.
    pub(super) fn input_rows<'a>(
        &self,
        image: &'a [f32],
        first: usize,
        last: usize,
        scratch: &'a mut [f32],
    ) -> InputRows<'a> {
        let row_len = self.width * self.channels_in;
        if self.stays_inside() {
            return InputRows { data: &image[first * self.stride.0 * row_len..], pitch: row_len };
        }
        let pitch = self.padded_pitch();
        let scratch = &mut scratch[..self.rows_under(last - first) * pitch];
        for (k, padded) in scratch.chunks_exact_mut(pitch).enumerate() {
            match self.row_at(image, first * self.stride.0 + k) {
                Some((left, row)) => {
                    padded[..left].fill(0.0);
                    padded[left..left + row.len()].copy_from_slice(row);
                    padded[left + row.len()..].fill(0.0);
                }
                None => padded.fill(0.0),
            }
        }
        InputRows { data: scratch, pitch }
    }
}
