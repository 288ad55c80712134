//! What a model sees on a picture, in few numbers: the mean of every channel of its convolutions' outputs.

use rayon::prelude::*;

use super::arena::Arena;
use super::program::Program;
use crate::nn::steps::{ConvStep, Op};

/// At most so many features; of a model with more channels, those of the first convolutions.
const MOST: usize = 512;

/// Which steps' outputs are averaged, and how many channels each has.
#[derive(Debug)]
pub(super) struct Features {
    steps: Vec<(usize, usize)>,
}

impl Features {
    /// As many of the first convolutions as have [`MOST`] channels together.
    pub fn new(program: &Program) -> Self {
        let convolution = |(index, op): (usize, &Op)| match op {
            Op::Conv2d(ConvStep { channels_out, .. }) => Some((index, *channels_out)),
            _ => None,
        };
        let mut width = 0;
        let fits = |(_, channels): &(usize, usize)| {
            width += channels;
            width <= MOST
        };
        let ops = program.steps.iter().map(|step| &step.op).enumerate();
        Features { steps: ops.filter_map(convolution).take_while(fits).collect() }
    }

    /// How many numbers there are for one picture.
    pub fn width(&self) -> usize {
        self.steps.iter().map(|(_, channels)| channels).sum()
    }

    /// Takes what the step of this `index` just put into the arena into `all`, `[n, width]`.
    pub fn take(&self, program: &Program, index: usize, arena: &Arena, n: usize, all: &mut [f32]) {
        let Some(place) = self.steps.iter().position(|(step, _)| *step == index) else { return };
        let channels = self.steps[place].1;
        let start: usize = self.steps[..place].iter().map(|(_, channels)| channels).sum();
        let y = &arena[program.steps[index].y.range(n)];
        let samples = y.par_chunks_exact(y.len() / n).zip(all.par_chunks_exact_mut(self.width()));
        samples.for_each(|(y, features)| means(y, &mut features[start..][..channels]));
    }
}

/// The mean of each channel of `y` `[pixels, channels]`, summed in order.
fn means(y: &[f32], means: &mut [f32]) {
    let channels = means.len();
    let mut sums = vec![0.0f64; channels];
    for pixel in y.chunks_exact(channels) {
        sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let pixels = (y.len() / channels) as f64;
    means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = (sum / pixels) as f32);
}
