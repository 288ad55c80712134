//! How a forward pass goes over its strips.

use rayon::prelude::*;

use super::Conv2dShape;
use super::operand::Walked;
use super::strips::{InputRows, Strips, image_of};
use crate::Isa;
use crate::parallel::{whole_lines, with_scratch};

/// The tasks of a forward pass: one for each strip of each image.
pub(super) struct Walk {
    pub shape: Conv2dShape,
    pub strips: Strips,
    pub out_rows: usize,
    /// A strip reads what lies under a multiple of so many rows, though its last be fewer.
    pub step: usize,
    /// Floats of scratch that a task needs beside its input rows.
    pub scratch: usize,
}

impl Walk {
    /// Over `out_rows` rows of output, without more scratch.
    pub(super) fn new(shape: &Conv2dShape, out_rows: usize) -> Self {
        Walk { shape: *shape, strips: Strips::forward(shape, out_rows), out_rows, step: 1, scratch: 0 }
    }

    /// Runs `task` for each image and its rows of output `first .. last`, with the rows under them and its scratch. No two
    /// tasks get the same rows.
    pub(super) fn for_each<O: Walked>(
        &self,
        isa: Isa,
        x: &[f32],
        task: impl Fn(usize, (usize, usize), InputRows<'_, O::A>, &mut [f32]) + Sync,
    ) {
        let Walk { shape, strips, .. } = self;
        (0..shape.batch * strips.per_image).into_par_iter().for_each(|index| {
            let image = index / strips.per_image;
            let (first, last) = strips.range(index % strips.per_image, self.out_rows);
            if first == last {
                return;
            }
            let read = (last - first).next_multiple_of(self.step);
            let under = whole_lines(O::rows_under_len(shape, read));
            with_scratch(under + self.scratch, |scratch| {
                let (padded, scratch) = scratch.split_at_mut(under);
                let rows = O::rows_under(isa, shape, image_of(shape, x, image), first..first + read, padded);
                task(image, (first, last), rows, scratch);
            });
        });
    }
}
