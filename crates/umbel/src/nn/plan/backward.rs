//! The backward pass: from the gradient of the output to those of the weights.

use rayon::prelude::*;
use umbel_kernels::conv2d::{self, Conv2dShape, OutputGradient};
use umbel_kernels::dense::{self, DenseShape};
use umbel_kernels::depthwise::{self, DepthwiseShape};
use umbel_kernels::elementwise;
use umbel_kernels::pool::{self, PoolShape};
use umbel_kernels::{FusedActivation, Isa, Precision, activation, batch_norm, dropout, grouped};

use super::forward::{CHUNK, rescale_rows, unpad};
use super::prepared::Kernel;
use super::program::{PlacedStep, Program, norm_shape};
use super::step::{ConvStep, NormStep, Op, Slot};
use super::{Memory, merge};
use crate::nn::Weights;

/// What the backward pass reads beside the memory.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub weights: &'a Weights,
    pub dropout_key: u64,
    pub images: &'a [f32],
    /// How many images.
    pub n: usize,
}

/// Runs every step from the last to the first that has something to train at or before it, or to the one that is looked
/// at.
pub(super) fn run(isa: Isa, program: &Program, memory: &mut Memory, given: Given<'_>) {
    run_with(isa, program, memory, given, || {});
}

/// The same; `after` each step.
pub(super) fn run_with(isa: Isa, program: &Program, memory: &mut Memory, given: Given<'_>, mut after: impl FnMut()) {
    for step in program.steps.iter().rev().filter(|step| step.runs_backward) {
        match &step.op {
            Op::Add { .. } | Op::Multiply | Op::Concatenate { .. } | Op::ScaleChannels { .. } => {
                merge::backward(isa, step, memory, given.images, given.n);
            }
            _ => {
                backward(isa, step, memory, given);
                let input = &step.inputs[0];
                let [sum, dx] = memory.arena.disjoint([input.sum, input.dx].map(|place| place.range(given.n)));
                if !sum.is_empty() {
                    elementwise::accumulate(isa, dx, sum);
                }
            }
        }
        after();
    }
}

fn backward(isa: Isa, step: &PlacedStep, memory: &mut Memory, given: Given<'_>) {
    let Given { weights, dropout_key, images, n } = given;
    let input = &step.inputs[0];
    let places = [input.kept_x, step.kept_y, step.dy, input.dx, step.extra, step.scratch];
    let [x, y, dy, dx, extra, scratch] = memory.arena.disjoint(places.map(|place| place.range(n)));
    let x = if input.x.is_none() { images } else { x };
    let choice = &memory.choice[step.choice.range(n)];
    let workspace = memory.workspace.all();
    let gradients = &mut memory.gradients;
    match &step.op {
        Op::Rescale { scale, .. } => scale_rows(scale, dy, dx),
        Op::Conv2d(conv) => {
            let shape = Conv2dShape { batch: n, ..conv.shape };
            let dx = (!dx.is_empty()).then_some(dx);
            let Kernel { weights: kernel, factors, .. } = memory.prepared.conv2d(step, conv, weights);
            let (dw, mut db) = kernel_and_bias(gradients, scratch, conv.kernel, conv.bias, kernel.len());
            let db_to = db.as_deref_mut();
            match conv.grouped(n) {
                Some(shape) => {
                    grouped::backward(isa, &shape, x, kernel, y, conv.activation, dy, dx, dw, db_to, workspace);
                }
                None => {
                    let gradient = output_gradient(conv, dy, y, choice);
                    let backward = match conv.precision {
                        Precision::F32 => conv2d::backward,
                        Precision::Bf16 => conv2d::bf16::backward,
                    };
                    backward(isa, &shape, x, kernel, gradient, dx, dw, db_to, workspace);
                }
            }
            unfold(factors, dw, db);
        }
        Op::Depthwise(conv) => {
            let shape = DepthwiseShape { batch: n, ..conv.shape };
            let dx = (!dx.is_empty()).then_some(dx);
            let Kernel { weights: w, factors, .. } = memory.prepared.depthwise(step, conv, weights);
            let (dw, mut db) = kernel_and_bias(gradients, scratch, conv.kernel, conv.bias, w.len());
            depthwise::backward(isa, &shape, x, w, y, conv.activation, dy, dx, dw, db.as_deref_mut(), workspace);
            unfold(factors, dw, db);
        }
        Op::Pad(shape) => unpad(shape, dy, dx),
        Op::MaxPool(shape) => {
            pool::max_backward(isa, &PoolShape { batch: n, ..*shape }, dy, choice, dx);
        }
        Op::AveragePool(shape) => {
            pool::average_backward(isa, &PoolShape { batch: n, ..*shape }, dy, dx);
        }
        Op::GlobalAverage { pixels, channels } => {
            pool::global_average_backward(isa, n, *pixels, *channels, dy, dx);
        }
        Op::BatchNorm { norm, activation, .. } => {
            let shape = norm_shape(norm, *activation, dy.len() / n, n);
            let [gamma, beta] = [norm.gamma, norm.beta].map(|slot| weights.tensors[slot.tensor].data.as_slice());
            let (mean, inverse_deviation) = extra.split_at(norm.channels);
            let dx = if dx.is_empty() { scratch } else { dx };
            let [dgamma, dbeta] =
                [norm.gamma, norm.beta].map(|slot| slot.gradient.expect("a batch norm that is trained"));
            let [dgamma, dbeta] =
                gradients.get_disjoint_mut([dgamma, dbeta]).expect("gamma and beta have a gradient each");
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
        Op::Normalize(norm) => normalize(norm, weights, dy, dx, scratch),
        Op::Activation { activation, row } => {
            // Only one of the two was kept: the one that the kernel reads.
            let (x, y) = if step.op.backward_needs().0 { (x, x) } else { (&*y, &*y) };
            activation::backward(isa, *activation, *row, x, y, dy, dx);
        }
        Op::Dropout { rate, layer } => {
            dropout::apply(isa, dropout::mix(dropout_key, *layer), *rate, dy, dx);
        }
        Op::StochasticDepth { .. } => elementwise::scale_samples(isa, extra, dy, dx),
        Op::Dense(dense) => {
            let shape = DenseShape { batch: n, inputs: dense.inputs, outputs: dy.len() / n };
            let dx = (!dx.is_empty()).then_some(dx);
            let w = &weights.tensors[dense.kernel.tensor].data;
            let (dw, db) = kernel_and_bias(gradients, scratch, dense.kernel, dense.bias, w.len());
            // A linear output was not kept: nothing is read from it.
            let backward = match dense.precision {
                Precision::F32 => dense::backward,
                Precision::Bf16 => dense::bf16::backward,
            };
            backward(isa, &shape, x, w, y, dense.activation, dy, dx, dw, db, workspace);
        }
        Op::Add { .. } | Op::Multiply | Op::Concatenate { .. } | Op::ScaleChannels { .. } => {
            unreachable!("run hands these to merge")
        }
    }
}

/// From the gradients of a folded kernel and bias to those of the kernel and bias themselves.
fn unfold(factors: Option<&[f32]>, dw: &mut [f32], db: Option<&mut [f32]>) {
    let Some(factors) = factors else { return };
    for gradient in [Some(dw), db].into_iter().flatten() {
        let chunk = CHUNK / factors.len().min(CHUNK) * factors.len();
        gradient.par_chunks_mut(chunk).for_each(|gradient| {
            for row in gradient.chunks_exact_mut(factors.len()) {
                row.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
            }
        });
    }
}

/// Through a batch norm with its moving statistics: each channel's factor.
fn normalize(norm: &NormStep, weights: &Weights, dy: &[f32], dx: &mut [f32], factors: &mut [f32]) {
    let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
    let (gamma, variance) = (data(norm.gamma.tensor), data(norm.moving_variance));
    for ((factor, gamma), variance) in factors.iter_mut().zip(gamma).zip(variance) {
        *factor = gamma / (variance + norm.epsilon).sqrt();
    }
    scale_rows(factors, dy, dx);
}

/// `dx = dy · factors` along the last axis, or times one factor for all.
pub(super) fn scale_rows(factors: &[f32], dy: &[f32], dx: &mut [f32]) {
    let chunk = CHUNK / factors.len().min(CHUNK) * factors.len();
    dx.par_chunks_mut(chunk).zip(dy.par_chunks(chunk)).for_each(|(dx, dy)| rescale_rows(factors, dy, dx));
}

fn output_gradient<'a>(conv: &ConvStep, dy: &'a [f32], y: &'a [f32], choice: &'a [u8]) -> OutputGradient<'a> {
    if conv.pool {
        return OutputGradient::Pooled { dy, choice };
    }
    // A linear output was not kept: nothing is read from it.
    let y = if conv.activation == FusedActivation::Linear { dy } else { y };
    OutputGradient::Full { dy, y, activation: conv.activation }
}

/// Where the gradients of a kernel of `len` values and of a bias go: into their own buffers, or into `scratch` where they
/// are frozen.
fn kernel_and_bias<'a>(
    gradients: &'a mut [Vec<f32>],
    scratch: &'a mut [f32],
    kernel: Slot,
    bias: Option<Slot>,
    len: usize,
) -> (&'a mut [f32], Option<&'a mut [f32]>) {
    match (kernel.gradient, bias) {
        (Some(kernel), None) => (&mut gradients[kernel], None),
        (None, None) => (scratch, None),
        (Some(kernel), Some(Slot { gradient: Some(bias), .. })) => {
            let [dw, db] = gradients.get_disjoint_mut([kernel, bias]).expect("kernel and bias have a gradient each");
            (dw, Some(db))
        }
        (None, Some(Slot { gradient: Some(bias), .. })) => (scratch, Some(&mut gradients[bias])),
        (Some(kernel), Some(_)) => (&mut gradients[kernel], Some(scratch)),
        (None, Some(_)) => {
            let (dw, db) = scratch.split_at_mut(len);
            (dw, Some(db))
        }
    }
}
