//! The backward pass: from the gradient of the output to those of the weights.

use std::ops::Range;

use umbel_kernels::conv2d::{self, OutputGradient};
use umbel_kernels::{
    Precision, activation, batch_norm, dense, depthwise, dropout, elementwise, grouped, layer_norm, pool,
};

use super::arena::Arena;
use super::forward::Given;
use super::memory::Memory;
use super::prepared::Kernel;
use super::program::PlacedStep;
use super::{merge, rows, shapes};
use crate::nn::Weights;
use crate::nn::layers::Activation;
use crate::nn::steps::{ConvStep, NormStep, Op, Slot};

/// Runs every step from the last to the first that has something to train at or before it, or to the one that is looked
/// at; `before` each, its index and the arena, where the whole gradient of its output lies.
pub(super) fn run(given: Given<'_>, memory: &mut Memory, mut before: impl FnMut(usize, &Arena)) {
    let steps = given.program.steps.iter().enumerate();
    for (index, step) in steps.rev().filter(|(_, step)| step.runs_backward) {
        before(index, &memory.arena);
        if let Op::Merge(merge) = &step.op {
            merge::backward(given.merging(merge, step), memory);
            continue;
        }
        backward(given, step, memory);
        let input = &step.inputs[0];
        let [sum, dx] = memory.arena.disjoint([input.sum, input.dx].map(|place| place.range(given.n)));
        if !sum.is_empty() {
            elementwise::accumulate(given.isa, dx, sum);
        }
    }
}

fn backward(given: Given<'_>, step: &PlacedStep, memory: &mut Memory) {
    let Given { isa, program, weights, images, n, key } = given;
    let input = &step.inputs[0];
    let places = [input.kept_x, step.kept_y, step.dy, input.dx, step.extra, step.scratch];
    let [x, y, dy, dx, extra, scratch] = memory.arena.disjoint(places.map(|place| place.range(n)));
    let x = if input.x.is_none() { images } else { x };
    let choice = &memory.choice[step.choice.range(n)];
    let workspace = memory.workspace.all();
    let mut to = Gradients { all: &mut memory.gradients, ranges: program.layout.gradients(), scratch };
    match &step.op {
        Op::Rescale { scale, .. } => rows::scale(scale, dy, dx),
        Op::Conv2d(conv) => {
            let shape = shapes::conv2d(conv, n);
            let dx = (!dx.is_empty()).then_some(dx);
            let Kernel { weights: kernel, factors, .. } = memory.prepared.conv2d(step, conv, weights);
            let (dw, mut db) = to.kernel_and_bias(conv.kernel, conv.bias, kernel.len());
            let db_to = db.as_deref_mut();
            match shapes::grouped(conv, n) {
                Some(shape) => {
                    let activation = shapes::fused(conv.activation);
                    grouped::backward(isa, &shape, x, kernel, y, activation, dy, dx, dw, db_to, workspace);
                }
                None => {
                    let gradient = output_gradient(conv, dy, y, choice);
                    let backward = match program.precision {
                        Precision::F32 => conv2d::backward,
                        Precision::Bf16 => conv2d::bf16::backward,
                    };
                    backward(isa, &shape, x, kernel, gradient, dx, dw, db_to, workspace);
                }
            }
            unfold(factors, dw, db);
        }
        Op::Depthwise(conv) => {
            let (shape, activation) = (shapes::depthwise(conv, n), shapes::fused(conv.activation));
            let dx = (!dx.is_empty()).then_some(dx);
            let Kernel { weights: w, factors, .. } = memory.prepared.depthwise(step, conv, weights);
            let (dw, mut db) = to.kernel_and_bias(conv.kernel, conv.bias, w.len());
            depthwise::backward(isa, &shape, x, w, y, activation, dy, dx, dw, db.as_deref_mut(), workspace);
            unfold(factors, dw, db);
        }
        Op::Pad(shape) => rows::unpad(shape, dy, dx),
        Op::MaxPool(step) => pool::max_backward(isa, &shapes::pool(step, n), dy, choice, dx),
        Op::AveragePool(step) => pool::average_backward(isa, &shapes::pool(step, n), dy, dx),
        Op::GlobalAverage { pixels, channels } => pool::global_average_backward(isa, n, *pixels, *channels, dy, dx),
        Op::BatchNorm { norm, activation, .. } => {
            let shape = shapes::norm(norm, *activation, dy.len() / n, n);
            let [gamma, beta] = [norm.gamma, norm.beta].map(|slot| weights.tensors[slot.tensor].data.as_slice());
            let (mean, inverse_deviation) = extra.split_at(norm.channels);
            let Gradients { all, ranges, scratch } = to;
            let dx = if dx.is_empty() { scratch } else { dx };
            let [dgamma, dbeta] =
                [norm.gamma, norm.beta].map(|slot| slot.gradient.expect("a batch norm that is trained"));
            let [dgamma, dbeta] = all.disjoint([ranges[dgamma].clone(), ranges[dbeta].clone()]);
            batch_norm::backward(
                isa,
                &shape,
                x,
                gamma,
                beta,
                mean,
                inverse_deviation,
                dy,
                dx,
                dgamma,
                dbeta,
                workspace,
            );
        }
        Op::Normalize(norm) => normalize(norm, weights, dy, dx, to.scratch),
        Op::LayerNorm(norm) => {
            let shape = shapes::layer_norm(norm, dy.len() / n, n);
            let gamma = &weights.tensors[norm.gamma.tensor].data;
            // What is not wanted, or frozen, goes where nobody reads it.
            let (unwanted, frozen) = to.scratch.split_at_mut(if dx.is_empty() { dy.len() } else { 0 });
            let dx = if dx.is_empty() { unwanted } else { dx };
            to.scratch = frozen;
            let (dgamma, dbeta) = to.kernel_and_bias(norm.gamma, Some(norm.beta), norm.channels);
            let dbeta = dbeta.expect("a layer norm has both");
            layer_norm::backward(isa, &shape, x, gamma, dy, dx, dgamma, dbeta, workspace);
        }
        Op::Activation { activation, row } => {
            // Only one of the two was kept: the one that the kernel reads.
            let (x, y) = if activation.is_told_from_output() { (&*y, &*y) } else { (x, x) };
            activation::backward(isa, shapes::activation(*activation), *row, x, y, dy, dx);
        }
        Op::Dropout { rate, layer } => {
            let key = key.expect("programs without training have no dropout");
            dropout::apply(isa, dropout::mix(key, *layer), *rate, dy, dx);
        }
        Op::StochasticDepth { .. } => elementwise::scale_samples(isa, extra, dy, dx),
        Op::Dense(dense) => {
            let shape = shapes::dense(dense.inputs, dy.len() / n, n);
            let dx = (!dx.is_empty()).then_some(dx);
            let w = &weights.tensors[dense.kernel.tensor].data;
            let (dw, db) = to.kernel_and_bias(dense.kernel, dense.bias, w.len());
            // A linear output was not kept: nothing is read from it.
            let backward = match program.precision {
                Precision::F32 => dense::backward,
                Precision::Bf16 => dense::bf16::backward,
            };
            backward(isa, &shape, x, w, y, shapes::fused(dense.activation), dy, dx, dw, db, workspace);
        }
        Op::Merge(_) => unreachable!("run hands these to merge"),
    }
}

/// From the gradients of a folded kernel and bias to those of the kernel and bias themselves.
fn unfold(factors: Option<&[f32]>, dw: &mut [f32], db: Option<&mut [f32]>) {
    let Some(factors) = factors else { return };
    for gradient in [Some(dw), db].into_iter().flatten() {
        rows::scale_in_place(factors, gradient);
    }
}

/// Through a batch norm with its moving statistics: each channel's factor.
fn normalize(norm: &NormStep, weights: &Weights, dy: &[f32], dx: &mut [f32], factors: &mut [f32]) {
    let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
    let (gamma, variance) = (data(norm.gamma.tensor), data(norm.moving_variance));
    for ((factor, gamma), variance) in factors.iter_mut().zip(gamma).zip(variance) {
        *factor = gamma / (variance + norm.epsilon).sqrt();
    }
    rows::scale(factors, dy, dx);
}

fn output_gradient<'a>(conv: &ConvStep, dy: &'a [f32], y: &'a [f32], choice: &'a [u8]) -> OutputGradient<'a> {
    if conv.pool {
        return OutputGradient::Pooled { dy, choice };
    }
    // A linear output was not kept: nothing is read from it.
    let y = if conv.activation == Activation::Linear { dy } else { y };
    OutputGradient::Full { dy, y, activation: shapes::fused(conv.activation) }
}

/// Where a step's gradients go: into their own places, or into `scratch` where its weights are frozen.
struct Gradients<'a> {
    all: &'a mut Arena,
    ranges: &'a [Range<usize>],
    scratch: &'a mut [f32],
}

impl Gradients<'_> {
    /// Those of a kernel of `len` values and of a bias.
    fn kernel_and_bias(&mut self, kernel: Slot, bias: Option<Slot>, len: usize) -> (&mut [f32], Option<&mut [f32]>) {
        let range = |slot: Slot| slot.gradient.map(|gradient| self.ranges[gradient].clone());
        let (scratch, has_bias) = (&mut *self.scratch, bias.is_some());
        match (range(kernel), bias.and_then(range)) {
            (Some(kernel), Some(bias)) => {
                let [dw, db] = self.all.disjoint([kernel, bias]);
                (dw, Some(db))
            }
            (Some(kernel), None) => (&mut self.all.all()[kernel], has_bias.then_some(scratch)),
            (None, Some(bias)) => (scratch, Some(&mut self.all.all()[bias])),
            (None, None) => {
                let (dw, db) = scratch.split_at_mut(len);
                (dw, has_bias.then_some(db))
            }
        }
    }
}
