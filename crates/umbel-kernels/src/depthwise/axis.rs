//! One axis of a correlation: which source positions and which kernel positions each output meets.

use std::ops::Range;

/// Output `i` lies at `first_output + i · output_step`. Its tap `t` is at source position `offset + i · step + t`, where
/// that is below `size` (it may be negative), and at kernel position `first_weight + t · weight_step`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub outputs: usize,
    pub first_output: usize,
    pub output_step: usize,
    pub offset: isize,
    pub step: usize,
    pub taps: usize,
    pub first_weight: usize,
    pub weight_step: isize,
    pub size: usize,
}

impl Axis {
    /// The convolution itself: source is the input, outputs are all.
    pub fn forward(size: usize, kernel: usize, stride: usize, pad: usize, outputs: usize) -> Self {
        Axis {
            outputs,
            first_output: 0,
            output_step: 1,
            offset: -(pad as isize),
            step: stride,
            taps: kernel,
            first_weight: 0,
            weight_step: 1,
            size,
        }
    }

    /// Its input gradient, for the input positions `remainder + i · stride`: source is the output gradient. An input
    /// position meets every `stride`th kernel position, and the larger that is, the earlier is the output.
    pub fn input_gradient(
        size: usize,
        kernel: usize,
        stride: usize,
        pad: usize,
        outputs: usize,
        remainder: usize,
    ) -> Self {
        let first_tap = (remainder + pad) % stride;
        let taps = kernel.saturating_sub(first_tap).div_ceil(stride);
        Axis {
            outputs: size.saturating_sub(remainder).div_ceil(stride),
            first_output: remainder,
            output_step: stride,
            offset: ((remainder + pad) / stride) as isize - (taps as isize - 1),
            step: 1,
            taps,
            first_weight: first_tap + taps.saturating_sub(1) * stride,
            weight_step: -(stride as isize),
            size: outputs,
        }
    }

    /// The source position of output `i`'s first tap.
    pub fn start(&self, i: usize) -> isize {
        self.offset + (i * self.step) as isize
    }

    /// The taps of output `i` that lie inside of the source.
    pub fn inside(&self, i: usize) -> Range<usize> {
        let start = self.start(i);
        let first = (-start).clamp(0, self.taps as isize);
        let last = (self.size as isize - start).clamp(first, self.taps as isize);
        first as usize..last as usize
    }

    /// The source positions that some adjacent outputs read.
    pub fn reads(&self, outputs: Range<usize>) -> Range<usize> {
        let inside = |position: isize| position.clamp(0, self.size as isize) as usize;
        let last = self.start(outputs.end) - self.step as isize + self.taps as isize;
        inside(self.start(outputs.start))..inside(last)
    }

    /// The outputs all of whose taps `within` lie inside of the source.
    pub fn interior(&self, within: Range<usize>) -> Range<usize> {
        let step = self.step as isize;
        let (before, after) = (self.offset + within.start as isize, self.offset + within.end as isize);
        let first = (-before).max(0).unsigned_abs().div_ceil(self.step);
        let room = self.size as isize - after;
        let last = if room < 0 { 0 } else { (room / step) as usize + 1 };
        let last = last.min(self.outputs);
        first.min(last)..last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interior_is_where_every_tap_is_inside() {
        for (size, kernel, stride, pad, outputs) in
            [(7, 3, 1, 1, 7), (8, 5, 2, 1, 4), (1, 5, 1, 2, 1), (3, 2, 3, 0, 1), (4, 3, 2, 5, 7)]
        {
            let forward = Axis::forward(size, kernel, stride, pad, outputs);
            let gradients = (0..stride).map(|r| Axis::input_gradient(size, kernel, stride, pad, outputs, r));
            for axis in gradients.chain([forward]) {
                let interior = axis.interior(0..axis.taps);
                for i in 0..axis.outputs {
                    let read: Vec<isize> = axis.inside(i).map(|tap| axis.start(i) + tap as isize).collect();
                    let reads: Vec<isize> = axis.reads(i..i + 1).map(|position| position as isize).collect();
                    assert_eq!(reads, read, "{axis:?}, output {i}");
                    assert_eq!(interior.contains(&i), axis.inside(i) == (0..axis.taps), "{axis:?}, output {i}");
                }
            }
        }
    }
}
