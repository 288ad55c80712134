//! The forward pass.

use rayon::prelude::*;
use umbel_kernels::conv2d::{self, Conv2dShape};
use umbel_kernels::dense::{self, DenseShape};
use umbel_kernels::pool::{self, PoolShape};
use umbel_kernels::{Isa, activation, batch_norm, dropout};

use super::Memory;
use super::arena::Arena;
use super::compile::{ConvStep, NormStep, Op};
use super::program::{PlacedStep, Program, kernel_len, norm_shape};
use crate::nn::Weights;

/// So many values are rescaled by one task; a constant, so that work is cut the same way on any number of threads.
const CHUNK: usize = 1 << 15;

/// What the pass is for.
pub(super) enum Mode<'a> {
    Inference(&'a Weights),
    /// Batch norm's moving statistics move. The key names the dropout masks.
    Training(&'a mut Weights, u64),
    /// The inference pass, with what a backward pass reads kept.
    Probing(&'a Weights),
}

impl Mode<'_> {
    fn weights(&self) -> &Weights {
        match self {
            Mode::Inference(weights) | Mode::Probing(weights) => weights,
            Mode::Training(weights, _) => weights,
        }
    }
}

/// Runs every step for `n` images.
pub(super) fn run(isa: Isa, program: &Program, memory: &mut Memory, mode: &mut Mode<'_>, images: &[f32], n: usize) {
    run_with(isa, program, memory, mode, images, n, |_, _| {});
}

/// The same; `after` each step, its index and the arena, where its output lies until the next step has read it.
pub(super) fn run_with(
    isa: Isa,
    program: &Program,
    memory: &mut Memory,
    mode: &mut Mode<'_>,
    images: &[f32],
    n: usize,
    mut after: impl FnMut(usize, &Arena),
) {
    for (index, step) in program.steps.iter().enumerate() {
        let input = (index == 0).then_some(images);
        forward(isa, step, memory, mode, input, n);
        after(index, &memory.arena);
    }
}

fn forward(isa: Isa, step: &PlacedStep, memory: &mut Memory, mode: &mut Mode<'_>, images: Option<&[f32]>, n: usize) {
    let ranges = [step.x.range(n), step.y.range(n), step.extra.range(n)];
    let [x, y, extra] = memory.arena.disjoint(ranges);
    let x = images.unwrap_or(x);
    let choice = &mut memory.choice[step.choice.range(n)];
    let choice = (!matches!(mode, Mode::Inference(_))).then_some(choice);
    match &step.op {
        Op::Rescale { scale, offset } => rescale(*scale, *offset, x, y),
        Op::Conv2d(conv) => convolve(isa, conv, mode.weights(), n, x, y, choice, extra),
        Op::MaxPool(shape) => {
            pool::max_forward(isa, &PoolShape { batch: n, ..*shape }, x, y, choice);
        }
        Op::AveragePool(shape) => {
            pool::average_forward(isa, &PoolShape { batch: n, ..*shape }, x, y);
        }
        Op::GlobalAverage { pixels, channels } => {
            pool::global_average_forward(isa, n, *pixels, *channels, x, y);
        }
        Op::BatchNorm { norm, momentum } => match mode {
            Mode::Inference(weights) | Mode::Probing(weights) => normalize(isa, norm, weights, n, x, y),
            Mode::Training(weights, _) => {
                let workspace = memory.workspace.all();
                normalize_batch(isa, norm, *momentum, weights, n, x, y, extra, workspace);
            }
        },
        Op::Activation { activation, row } => activation::forward(isa, *activation, *row, x, y),
        Op::Dropout { rate, layer } => match mode {
            Mode::Training(_, key) => {
                dropout::apply(isa, dropout::mix(*key, *layer), *rate, x, y);
            }
            Mode::Inference(_) | Mode::Probing(_) => unreachable!("only programs for training have dropout"),
        },
        Op::Dense { kernel, bias, activation } => {
            let tensors = &mode.weights().tensors;
            let shape = DenseShape { batch: n, inputs: x.len() / n, outputs: y.len() / n };
            let bias = bias.map(|bias| tensors[bias.tensor].data.as_slice());
            let kernel = &tensors[kernel.tensor].data;
            let workspace = memory.workspace.all();
            dense::forward(isa, &shape, x, kernel, bias, *activation, y, workspace);
        }
    }
}

/// `y = x · scale + offset`, rounded after each.
pub(super) fn rescale(scale: f32, offset: f32, x: &[f32], y: &mut [f32]) {
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x * scale + offset;
        }
    });
}

#[allow(clippy::too_many_arguments)]
fn convolve(
    isa: Isa,
    conv: &ConvStep,
    weights: &Weights,
    n: usize,
    x: &[f32],
    y: &mut [f32],
    choice: Option<&mut [u8]>,
    extra: &mut [f32],
) {
    let shape = Conv2dShape { batch: n, ..conv.shape };
    let mut kernel = weights.tensors[conv.kernel.tensor].data.as_slice();
    let mut bias = conv.bias.map(|bias| weights.tensors[bias.tensor].data.as_slice());
    if let Some(norm) = &conv.folded {
        let (folded_kernel, folded_bias) = extra.split_at_mut(kernel_len(&shape));
        fold(norm, weights, kernel, bias, folded_kernel, folded_bias);
        (kernel, bias) = (folded_kernel, Some(&*folded_bias));
    }
    if conv.pool {
        conv2d::forward_pool(isa, &shape, x, kernel, bias, conv.activation, y, choice);
    } else {
        conv2d::forward(isa, &shape, x, kernel, bias, conv.activation, y);
    }
}

/// Puts a batch norm with moving statistics into the kernel and bias of the convolution before it.
fn fold(
    norm: &NormStep,
    weights: &Weights,
    kernel: &[f32],
    bias: Option<&[f32]>,
    folded_kernel: &mut [f32],
    folded_bias: &mut [f32],
) {
    let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
    let (gamma, beta) = (data(norm.gamma.tensor), data(norm.beta.tensor));
    let (mean, variance) = (data(norm.moving_mean), data(norm.moving_variance));
    let factor = |channel: usize| gamma[channel] / (variance[channel] + norm.epsilon).sqrt();
    for (channel, folded) in folded_bias.iter_mut().enumerate() {
        let bias = bias.map_or(0.0, |bias| bias[channel]);
        *folded = (bias - mean[channel]) * factor(channel) + beta[channel];
    }
    // Channels vary fastest: each column of the kernel gets its channel's factor.
    for channel in 0..norm.channels {
        let factor = factor(channel);
        let column = folded_kernel.iter_mut().zip(kernel).skip(channel).step_by(norm.channels);
        column.for_each(|(folded, weight)| *folded = weight * factor);
    }
}

fn normalize(isa: Isa, norm: &NormStep, weights: &Weights, n: usize, x: &[f32], y: &mut [f32]) {
    let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
    batch_norm::forward_inference(
        isa,
        &norm_shape(norm, x.len() / n, n),
        x,
        data(norm.gamma.tensor),
        data(norm.beta.tensor),
        data(norm.moving_mean),
        data(norm.moving_variance),
        y,
    );
}

#[allow(clippy::too_many_arguments)]
fn normalize_batch(
    isa: Isa,
    norm: &NormStep,
    momentum: f32,
    weights: &mut Weights,
    n: usize,
    x: &[f32],
    y: &mut [f32],
    statistics: &mut [f32],
    workspace: &mut [f32],
) {
    let tensors = [norm.gamma.tensor, norm.beta.tensor, norm.moving_mean, norm.moving_variance];
    let [gamma, beta, moving_mean, moving_variance] =
        weights.tensors.get_disjoint_mut(tensors).expect("a batch norm has four tensors");
    let (mean, inverse_deviation) = statistics.split_at_mut(norm.channels);
    batch_norm::forward_training(
        isa,
        &norm_shape(norm, x.len() / n, n),
        momentum,
        x,
        &gamma.data,
        &beta.data,
        y,
        mean,
        inverse_deviation,
        &mut moving_mean.data,
        &mut moving_variance.data,
        workspace,
    );
}
