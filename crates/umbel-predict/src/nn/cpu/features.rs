//! What a model sees on a picture, in few numbers: the mean of every channel of its convolutions' outputs.

use rayon::prelude::*;

use super::arena::Arena;
use super::program::Program;
use crate::nn::steps::featured;

/// Which steps' outputs are averaged, and how many channels each has.
#[derive(Debug)]
pub(super) struct Features {
    steps: Vec<(usize, usize)>,
}

impl Features {
    /// Those of [`featured`].
    pub fn new(program: &Program) -> Self {
        Features { steps: featured(program.steps.iter().map(|step| &step.op)) }
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
