//! The forward pass.

use rayon::prelude::*;
use umbel_kernels::conv2d::{self, Conv2dShape};
use umbel_kernels::dense::{self, DenseShape};
use umbel_kernels::depthwise::{self, DepthwiseShape};
use umbel_kernels::elementwise::{self, GateShape};
use umbel_kernels::pool::{self, PoolShape};
use umbel_kernels::{FusedActivation, Isa, Precision, activation, batch_norm, dropout, grouped};

use super::Memory;
use super::arena::Arena;
use super::merge;
use super::prepared::Kernel;
use super::program::{PlacedStep, Program, norm_shape};
use super::step::{ConvStep, NormStep, Op, PadShape};
use crate::nn::Weights;

/// So many values are rescaled by one task; a constant, so that work is cut the same way on any number of threads.
pub(super) const CHUNK: usize = 1 << 15;

/// What the pass is for.
pub(super) enum Mode<'a> {
    Inference(&'a Weights),
    /// Batch norm's moving statistics move. The key names the dropout masks.
    Training(&'a mut Weights, u64),
}

impl Mode<'_> {
    fn weights(&self) -> &Weights {
        match self {
            Mode::Inference(weights) => weights,
            Mode::Training(weights, _) => weights,
        }
    }

    /// What names the dropout masks, in training.
    fn key(&self) -> Option<u64> {
        match self {
            Mode::Inference(_) => None,
            Mode::Training(_, key) => Some(*key),
        }
    }
}

/// Runs every step for `n` images.
pub(super) fn run(isa: Isa, program: &Program, memory: &mut Memory, mode: &mut Mode<'_>, images: &[f32], n: usize) {
    run_with(isa, program, memory, mode, images, n, |_, _| {});
}

/// The same; `after` each step, its index and the arena, where its output lies until its last reader has read it.
pub(super) fn run_with(
    isa: Isa,
    program: &Program,
    memory: &mut Memory,
    mode: &mut Mode<'_>,
    images: &[f32],
    n: usize,
    mut after: impl FnMut(usize, &Arena),
) {
    match mode {
        Mode::Inference(weights) => memory.prepared.keep(isa, program, weights),
        Mode::Training(weights, _) => memory.prepared.renew(isa, program, weights),
    }
    for (index, step) in program.steps.iter().enumerate() {
        match &step.op {
            Op::Add { .. } | Op::Multiply | Op::Concatenate { .. } => merge::forward(isa, step, memory, images, n),
            _ => forward(isa, step, memory, mode, images, n),
        }
        after(index, &memory.arena);
    }
}

fn forward(isa: Isa, step: &PlacedStep, memory: &mut Memory, mode: &mut Mode<'_>, images: &[f32], n: usize) {
    let place = |input: usize| step.inputs.get(input).and_then(|input| input.x).unwrap_or_default();
    let ranges = [place(0), place(1), step.y, step.extra].map(|place| place.range(n));
    let [x, factors, y, extra] = memory.arena.disjoint(ranges);
    let x = if step.inputs[0].x.is_none() { images } else { x };
    let choice = &mut memory.choice[step.choice.range(n)];
    // Only a program with a backward pass has room for them.
    let choice = (!choice.is_empty()).then_some(choice);
    let unreachable = "programs for inference have no dropout";
    match &step.op {
        Op::Rescale { scale, offset } => rescale(scale, offset, x, y),
        Op::Conv2d(conv) => {
            let kernel = memory.prepared.conv2d(step, conv, mode.weights());
            match conv.grouped(n) {
                Some(shape) => {
                    let (workspace, Kernel { weights, bias, .. }) = (memory.workspace.all(), kernel);
                    grouped::forward(isa, &shape, x, weights, bias, conv.activation, y, workspace);
                }
                None => convolve(isa, conv, n, &kernel, x, y, choice),
            }
        }
        Op::Depthwise(conv) => {
            let shape = DepthwiseShape { batch: n, ..conv.shape };
            let kernel = memory.prepared.depthwise(step, conv, mode.weights());
            depthwise::forward(isa, &shape, x, kernel.weights, kernel.bias, conv.activation, y);
        }
        Op::Pad(shape) => pad(shape, x, y),
        Op::MaxPool(shape) => {
            pool::max_forward(isa, &PoolShape { batch: n, ..*shape }, x, y, choice);
        }
        Op::AveragePool(shape) => {
            pool::average_forward(isa, &PoolShape { batch: n, ..*shape }, x, y);
        }
        Op::GlobalAverage { pixels, channels } => {
            pool::global_average_forward(isa, n, *pixels, *channels, x, y);
        }
        Op::BatchNorm { norm, momentum, activation } => match mode {
            Mode::Training(weights, _) => {
                let workspace = memory.workspace.all();
                normalize_batch(isa, norm, (*momentum, *activation), weights, n, x, y, extra, workspace);
            }
            Mode::Inference(_) => unreachable!("programs for inference take the moving statistics"),
        },
        Op::Normalize(norm) => normalize(isa, norm, mode.weights(), n, x, y),
        Op::Activation { activation, row } => activation::forward(isa, *activation, *row, x, y),
        Op::Dropout { rate, layer } => {
            dropout::apply(isa, dropout::mix(mode.key().expect(unreachable), *layer), *rate, x, y);
        }
        Op::StochasticDepth { rate, layer } => {
            merge::draw_factors(mode.key().expect(unreachable), *layer, *rate, extra);
            elementwise::scale_samples(isa, extra, x, y);
        }
        Op::Dense(dense) => {
            let tensors = &mode.weights().tensors;
            let shape = DenseShape { batch: n, inputs: dense.inputs, outputs: y.len() / n };
            let bias = dense.bias.map(|bias| tensors[bias.tensor].data.as_slice());
            let kernel = &tensors[dense.kernel.tensor].data;
            let workspace = memory.workspace.all();
            let forward = match dense.precision {
                Precision::F32 => dense::forward,
                Precision::Bf16 => dense::bf16::forward,
            };
            forward(isa, &shape, x, kernel, bias, dense.activation, y, workspace);
        }
        Op::ScaleChannels { pixels, channels } => {
            let shape = GateShape { batch: n, pixels: *pixels, channels: *channels };
            elementwise::gate(isa, &shape, x, factors, y);
        }
        Op::Add { .. } | Op::Multiply | Op::Concatenate { .. } => unreachable!("run hands these to merge"),
    }
}

/// Lays each picture into a larger one of zeros.
fn pad(shape: &PadShape, x: &[f32], y: &mut [f32]) {
    let (image, n) = (shape.height * shape.row, x.len() / (shape.height * shape.row));
    y.par_chunks_exact_mut(y.len() / n).zip(x.par_chunks_exact(image)).for_each(|(y, x)| {
        y.fill(0.0);
        let inside = y.chunks_exact_mut(shape.out_row).skip(shape.above);
        inside.zip(x.chunks_exact(shape.row)).for_each(|(y, x)| y[shape.left..][..x.len()].copy_from_slice(x));
    });
}

/// The way back: the gradient of what lies inside.
pub(super) fn unpad(shape: &PadShape, dy: &[f32], dx: &mut [f32]) {
    let (image, n) = (shape.height * shape.row, dx.len() / (shape.height * shape.row));
    dx.par_chunks_exact_mut(image).zip(dy.par_chunks_exact(dy.len() / n)).for_each(|(dx, dy)| {
        let inside = dy.chunks_exact(shape.out_row).skip(shape.above);
        dx.chunks_exact_mut(shape.row)
            .zip(inside)
            .for_each(|(dx, dy)| dx.copy_from_slice(&dy[shape.left..][..dx.len()]));
    });
}

/// `y = x · scale + offset`, rounded after each; one scale and offset for all, or one for each channel.
fn rescale(scale: &[f32], offset: &[f32], x: &[f32], y: &mut [f32]) {
    let chunk = CHUNK / scale.len().min(CHUNK) * scale.len();
    y.par_chunks_mut(chunk).zip(x.par_chunks(chunk)).for_each(|(y, x)| match (scale, offset) {
        ([scale], [offset]) => y.iter_mut().zip(x).for_each(|(y, x)| *y = x * scale + offset),
        _ => {
            for (y, x) in y.chunks_exact_mut(scale.len()).zip(x.chunks_exact(scale.len())) {
                for (((y, x), scale), offset) in y.iter_mut().zip(x).zip(scale).zip(offset) {
                    *y = x * scale + offset;
                }
            }
        }
    });
}

fn convolve(
    isa: Isa,
    conv: &ConvStep,
    n: usize,
    kernel: &Kernel<'_>,
    x: &[f32],
    y: &mut [f32],
    choice: Option<&mut [u8]>,
) {
    let shape = Conv2dShape { batch: n, ..conv.shape };
    let &Kernel { weights, packed, bias, .. } = kernel;
    let activation = conv.activation;
    match (conv.precision, conv.pool, packed) {
        (Precision::F32, false, false) => conv2d::forward(isa, &shape, x, weights, bias, activation, y),
        (Precision::F32, false, true) => conv2d::forward_packed(isa, &shape, x, weights, bias, activation, y),
        (Precision::F32, true, false) => conv2d::forward_pool(isa, &shape, x, weights, bias, activation, y, choice),
        // What is packed is for inference, which chooses nothing.
        (Precision::F32, true, true) => conv2d::forward_pool_packed(isa, &shape, x, weights, bias, activation, y),
        (Precision::Bf16, false, _) => conv2d::bf16::forward(isa, &shape, x, weights, bias, activation, y),
        (Precision::Bf16, true, _) => conv2d::bf16::forward_pool(isa, &shape, x, weights, bias, activation, y, choice),
    }
}

/// `y = x · factors` along the last axis.
pub(super) fn rescale_rows(factors: &[f32], x: &[f32], y: &mut [f32]) {
    for (y, x) in y.chunks_exact_mut(factors.len()).zip(x.chunks_exact(factors.len())) {
        for ((y, x), factor) in y.iter_mut().zip(x).zip(factors) {
            *y = x * factor;
        }
    }
}

fn normalize(isa: Isa, norm: &NormStep, weights: &Weights, n: usize, x: &[f32], y: &mut [f32]) {
    let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
    batch_norm::forward_inference(
        isa,
        &norm_shape(norm, FusedActivation::Linear, x.len() / n, n),
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
    (momentum, activation): (f32, FusedActivation),
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
        &norm_shape(norm, activation, x.len() / n, n),
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
