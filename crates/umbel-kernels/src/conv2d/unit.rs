//! What the backward pass is cut into: a strip of one image, with the rows and columns of output gradient that it needs.

use std::ops::Range;

use super::Conv2dShape;
use super::strips::Strips;

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
