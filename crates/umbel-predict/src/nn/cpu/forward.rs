//! The forward pass.

use umbel_kernels::dense;
use umbel_kernels::{
    Isa, Precision, activation, batch_norm, conv2d, depthwise, dropout, elementwise, grouped, layer_norm, pool,
};

use super::arena::Arena;
use super::memory::Memory;
use super::merge::{self, Merging};
use super::prepared::Kernel;
use super::program::{PlacedStep, Program};
use super::{rows, shapes};
use crate::nn::Weights;
use crate::nn::layers::Activation;
use crate::nn::steps::{ConvStep, NormStep, Op};

/// What a pass reads beside the memory, forward and backward.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub isa: Isa,
    pub program: &'a Program,
    pub weights: &'a Weights,
    pub images: &'a [f32],
    /// How many images.
    pub n: usize,
    /// Names the dropout masks, in training.
    pub key: Option<u64>,
}

impl<'a> Given<'a> {
    /// For a step that merges.
    pub fn merging(&self, merge: &'a crate::nn::steps::Merge, step: &'a PlacedStep) -> Merging<'a> {
        Merging { isa: self.isa, merge, step, images: self.images, n: self.n }
    }
}

/// Runs every step; `after` each, its index and the arena, where its output lies until its last reader has read it.
pub(super) fn run(given: Given<'_>, memory: &mut Memory, mut after: impl FnMut(usize, &Arena)) {
    let Given { isa, program, weights, .. } = given;
    match given.key {
        None => memory.prepared.keep(isa, program, weights),
        Some(_) => memory.prepared.renew(isa, program, weights),
    }
    for (index, step) in program.steps.iter().enumerate() {
        match &step.op {
            Op::Merge(merge) => merge::forward(given.merging(merge, step), memory),
            _ => forward(given, step, memory),
        }
        after(index, &memory.arena);
    }
}

fn forward(given: Given<'_>, step: &PlacedStep, memory: &mut Memory) {
    let Given { isa, program, weights, images, n, key } = given;
    let place = step.inputs.first().and_then(|input| input.x).unwrap_or_default();
    let [x, y, extra] = memory.arena.disjoint([place, step.y, step.extra].map(|place| place.range(n)));
    let x = if step.inputs[0].x.is_none() { images } else { x };
    let choice = &mut memory.choice[step.choice.range(n)];
    // Only a program with a backward pass has room for them.
    let choice = (!choice.is_empty()).then_some(choice);
    let key = |layer: &u64| dropout::mix(key.expect("programs for inference have no dropout"), *layer);
    match &step.op {
        Op::Rescale { scale, offset } => rows::rescale(scale, offset, x, y),
        Op::Conv2d(conv) => {
            let kernel = memory.prepared.conv2d(step, conv, weights);
            match shapes::grouped(conv, n) {
                Some(shape) => {
                    let (workspace, Kernel { weights, bias, .. }) = (memory.workspace.all(), kernel);
                    grouped::forward(isa, &shape, x, weights, bias, shapes::fused(conv.activation), y, workspace);
                }
                None => convolve(given, conv, &kernel, x, y, choice),
            }
        }
        Op::Depthwise(conv) => {
            let (shape, activation) = (shapes::depthwise(conv, n), shapes::fused(conv.activation));
            let kernel = memory.prepared.depthwise(step, conv, weights);
            depthwise::forward(isa, &shape, x, kernel.weights, kernel.bias, activation, y);
        }
        Op::Pad(shape) => rows::pad(shape, x, y),
        Op::MaxPool(step) => pool::max_forward(isa, &shapes::pool(step, n), x, y, choice),
        Op::AveragePool(step) => pool::average_forward(isa, &shapes::pool(step, n), x, y),
        Op::GlobalAverage { pixels, channels } => pool::global_average_forward(isa, n, *pixels, *channels, x, y),
        Op::BatchNorm { norm, momentum, activation } => {
            let shape = shapes::norm(norm, *activation, x.len() / n, n);
            let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
            let moving = [norm.moving_mean, norm.moving_variance].map(|tensor| program.layout.statistic(tensor));
            let [moving_mean, moving_variance] = memory.gradients.disjoint(moving);
            let (mean, inverse_deviation) = extra.split_at_mut(norm.channels);
            batch_norm::forward_training(
                isa,
                &shape,
                *momentum,
                x,
                data(norm.gamma.tensor),
                data(norm.beta.tensor),
                y,
                mean,
                inverse_deviation,
                moving_mean,
                moving_variance,
                memory.workspace.all(),
            );
        }
        Op::Normalize(norm) => normalize(isa, norm, weights, n, x, y),
        Op::LayerNorm(norm) => {
            let shape = shapes::layer_norm(norm, x.len() / n, n);
            let [gamma, beta] = [norm.gamma, norm.beta].map(|slot| weights.tensors[slot.tensor].data.as_slice());
            layer_norm::forward(isa, &shape, x, gamma, beta, y);
        }
        Op::Activation { activation, row } => activation::forward(isa, shapes::activation(*activation), *row, x, y),
        Op::Dropout { rate, layer } => dropout::apply(isa, key(layer), *rate, x, y),
        Op::StochasticDepth { rate, layer } => {
            merge::draw_factors(key(layer), *rate, extra);
            elementwise::scale_samples(isa, extra, x, y);
        }
        Op::Dense(dense) => {
            let shape = shapes::dense(dense.inputs, y.len() / n, n);
            let bias = dense.bias.map(|bias| weights.tensors[bias.tensor].data.as_slice());
            let kernel = &weights.tensors[dense.kernel.tensor].data;
            let (activation, workspace) = (shapes::fused(dense.activation), memory.workspace.all());
            let forward = match program.precision {
                Precision::F32 => dense::forward,
                Precision::Bf16 => dense::bf16::forward,
            };
            forward(isa, &shape, x, kernel, bias, activation, y, workspace);
        }
        Op::Merge(_) => unreachable!("run hands these to merge"),
    }
}

fn convolve(
    given: Given<'_>,
    conv: &ConvStep,
    kernel: &Kernel<'_>,
    x: &[f32],
    y: &mut [f32],
    choice: Option<&mut [u8]>,
) {
    let (isa, shape) = (given.isa, shapes::conv2d(conv, given.n));
    let &Kernel { weights, packed, bias, .. } = kernel;
    let activation = shapes::fused(conv.activation);
    match (given.program.precision, conv.pool, packed) {
        (Precision::F32, false, false) => conv2d::forward(isa, &shape, x, weights, bias, activation, y),
        (Precision::F32, false, true) => conv2d::forward_packed(isa, &shape, x, weights, bias, activation, y),
        (Precision::F32, true, false) => conv2d::forward_pool(isa, &shape, x, weights, bias, activation, y, choice),
        // What is packed is for inference, which chooses nothing.
        (Precision::F32, true, true) => conv2d::forward_pool_packed(isa, &shape, x, weights, bias, activation, y),
        (Precision::Bf16, false, _) => conv2d::bf16::forward(isa, &shape, x, weights, bias, activation, y),
        (Precision::Bf16, true, _) => conv2d::bf16::forward_pool(isa, &shape, x, weights, bias, activation, y, choice),
    }
}

fn normalize(isa: Isa, norm: &NormStep, weights: &Weights, n: usize, x: &[f32], y: &mut [f32]) {
    let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
    batch_norm::forward_inference(
        isa,
        &shapes::norm(norm, Activation::Linear, x.len() / n, n),
        x,
        data(norm.gamma.tensor),
        data(norm.beta.tensor),
        data(norm.moving_mean),
        data(norm.moving_variance),
        y,
    );
}
