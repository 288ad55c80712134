//! The way forward.

use umbel::nn::engine::{Seen, Watch};
use umbel::nn::layers::Activation;
use umbel::nn::steps::{LayerNormStep, Merge, NormStep, Op, PoolStep, Slot, Step};
use umbel_kernels::FusedActivation::Linear;
use umbel_kernels::batch_norm::{self, BatchNormShape};
use umbel_kernels::dense::{self, DenseShape};
use umbel_kernels::elementwise::{self, GateShape};
use umbel_kernels::layer_norm::{self, LayerNormShape};
use umbel_kernels::pool::{self, PoolShape};
use umbel_kernels::{activation, dropout};

use super::convolution::Convolution;
use super::network::{Given, Kept, Trace};
use super::{narrow, widen};

/// Runs every step; moving statistics in `trace.flat` move.
pub fn run(given: Given<'_>, trace: &mut Trace, watch: &mut Watch<'_>) {
    trace.images = widen(given.images);
    trace.outputs.clear();
    trace.kept.clear();
    for (index, step) in given.steps.list.iter().enumerate() {
        let mut flat = std::mem::take(&mut trace.flat);
        let inputs: Vec<&[f64]> = step.inputs.iter().map(|&input| trace.value(input)).collect();
        let mut kept = Kept::default();
        let y = forward(given, step, &inputs, &mut kept, &mut flat);
        assert_eq!(y.len(), given.n * step.output, "{step:?}");
        watch(Seen::Output(index, &narrow(&y)));
        trace.flat = flat;
        trace.outputs.push(y);
        trace.kept.push(kept);
    }
}

fn forward(given: Given<'_>, step: &Step, inputs: &[&[f64]], kept: &mut Kept, flat: &mut [f64]) -> Vec<f64> {
    let (n, x) = (given.n, inputs[0]);
    let key = |layer: u64| dropout::mix(given.key.expect("there is none in inference"), layer);
    let mut y = vec![0.0; n * step.output];
    match &step.op {
        Op::Rescale { scale, offset } => {
            for (i, (y, x)) in y.iter_mut().zip(x).enumerate() {
                *y = x * f64::from(scale[i % scale.len()]) + f64::from(offset[i % offset.len()]);
            }
        }
        Op::Conv2d(conv) => {
            let y = convolve(given, Convolution::of(conv, n), (conv.kernel, conv.bias), conv.folded.as_ref(), x);
            let y = activate(given, step, (conv.activation, 1), &y, kept);
            if !conv.pool {
                return y;
            }
            return max_pool(given, step, &pool_of(conv.windows.out, conv.channels_out), &y, kept);
        }
        Op::Depthwise(conv) => {
            let whole = Convolution::depthwise(conv, n);
            let y = convolve(given, whole, (conv.kernel, conv.bias), conv.folded.as_ref(), x);
            return activate(given, step, (conv.activation, 1), &y, kept);
        }
        Op::Pad(pad) => {
            let pictures = y.chunks_exact_mut(step.output).zip(x.chunks_exact(pad.height * pad.row));
            for (y, x) in pictures {
                for (row, x) in x.chunks_exact(pad.row).enumerate() {
                    y[(pad.above + row) * pad.out_row + pad.left..][..pad.row].copy_from_slice(x);
                }
            }
        }
        Op::MaxPool(pool) => return max_pool(given, step, pool, x, kept),
        Op::AveragePool(step) => pool::scalar::average_forward(&pool_shape(step, n), x, &mut y),
        Op::GlobalAverage { pixels, channels } => {
            pool::scalar::global_average_forward(n, *pixels, *channels, x, &mut y);
        }
        Op::BatchNorm { norm, momentum, activation } => {
            kept.mean = vec![0.0; norm.channels];
            kept.inverse_deviation = vec![0.0; norm.channels];
            let places = [norm.moving_mean, norm.moving_variance].map(|tensor| given.layout.statistic(tensor));
            let [mut mean, mut variance] = places.clone().map(|place| flat[place].to_vec());
            batch_norm::scalar::forward_training(
                &norm_shape(norm, x.len()),
                *momentum,
                x,
                &given.weight(norm.gamma.tensor),
                &given.weight(norm.beta.tensor),
                &mut y,
                &mut kept.mean,
                &mut kept.inverse_deviation,
                &mut mean,
                &mut variance,
            );
            for (place, moved) in places.into_iter().zip([mean, variance]) {
                flat[place].copy_from_slice(&moved);
            }
            return activate(given, step, (*activation, 1), &y, kept);
        }
        Op::Normalize(norm) => return normalize(given, norm, x),
        Op::LayerNorm(norm) => {
            let [gamma, beta] = [norm.gamma, norm.beta].map(|slot| given.weight(slot.tensor));
            layer_norm::scalar::forward(&layer_norm_shape(norm, x.len()), x, &gamma, &beta, &mut y);
        }
        Op::Activation { activation, row } => return activate(given, step, (*activation, *row), x, kept),
        Op::Dropout { rate, layer } => dropout::scalar::apply(key(*layer), *rate, x, &mut y),
        Op::StochasticDepth { rate, layer } => {
            kept.factors = (0..n).map(|sample| sample_factor(key(*layer), *rate, sample)).collect();
            elementwise::scalar::scale_samples(&kept.factors, x, &mut y);
        }
        Op::Dense(dense) => {
            let shape = DenseShape { batch: n, inputs: dense.inputs, outputs: step.output };
            let (kernel, bias) = (given.weight(dense.kernel.tensor), dense.bias.map(|bias| given.weight(bias.tensor)));
            dense::scalar::forward(&shape, x, &kernel, bias.as_deref(), Linear, &mut y);
            return activate(given, step, (dense.activation, step.output), &y, kept);
        }
        Op::Merge(merge) => return join(given, step, merge, inputs, kept),
    }
    y
}

fn join(given: Given<'_>, step: &Step, merge: &Merge, inputs: &[&[f64]], kept: &mut Kept) -> Vec<f64> {
    let mut y = inputs[0].to_vec();
    match merge {
        Merge::Add { activation } => {
            for x in &inputs[1..] {
                y.iter_mut().zip(*x).for_each(|(y, x)| *y += x);
            }
            activate(given, step, (*activation, 1), &y, kept)
        }
        Merge::Multiply => {
            for x in &inputs[1..] {
                y.iter_mut().zip(*x).for_each(|(y, x)| *y *= x);
            }
            y
        }
        Merge::ScaleChannels { pixels, channels } => {
            let shape = GateShape { batch: given.n, pixels: *pixels, channels: *channels };
            elementwise::scalar::gate(&shape, inputs[0], inputs[1], &mut y);
            y
        }
        Merge::Concatenate { rows, channels } => {
            let row =
                |at: usize| inputs.iter().zip(channels).flat_map(move |(x, &channels)| &x[at * channels..][..channels]);
            (0..given.n * rows).flat_map(row).copied().collect()
        }
    }
}

fn convolve(
    given: Given<'_>,
    convolution: Convolution,
    (kernel, bias): (Slot, Option<Slot>),
    norm: Option<&NormStep>,
    x: &[f64],
) -> Vec<f64> {
    let bias = bias.map(|bias| given.weight(bias.tensor));
    let y = convolution.forward(x, &given.weight(kernel.tensor), bias.as_deref());
    norm.map_or_else(|| y.clone(), |norm| normalize(given, norm, &y))
}

fn normalize(given: Given<'_>, norm: &NormStep, x: &[f64]) -> Vec<f64> {
    let mut y = vec![0.0; x.len()];
    let [gamma, beta, mean, variance] = [norm.gamma.tensor, norm.beta.tensor, norm.moving_mean, norm.moving_variance]
        .map(|tensor| given.weight(tensor));
    batch_norm::scalar::forward_inference(&norm_shape(norm, x.len()), x, &gamma, &beta, &mean, &variance, &mut y);
    y
}

/// Along rows of so many values, for softmax.
fn activate(
    given: Given<'_>,
    step: &Step,
    (activation, row): (Activation, usize),
    x: &[f64],
    kept: &mut Kept,
) -> Vec<f64> {
    if step.runs_backward() {
        given.kinks.see_activation(activation, x);
    }
    let mut y = vec![0.0; x.len()];
    activation::scalar::forward(function(activation), row, x, &mut y);
    kept.before = x.to_vec();
    y
}

fn max_pool(given: Given<'_>, step: &Step, pool: &PoolStep, x: &[f64], kept: &mut Kept) -> Vec<f64> {
    if step.runs_backward() {
        given.kinks.see_maxima(pool, x);
    }
    let mut y = vec![0.0; given.n * step.output];
    kept.choice = vec![0; y.len()];
    pool::scalar::max_forward(&pool_shape(pool, given.n), x, &mut y, &mut kept.choice);
    y
}

/// 2 x 2 max-pooling of a picture of this size.
pub fn pool_of(size: (usize, usize), channels: usize) -> PoolStep {
    let out = (size.0 / 2, size.1 / 2);
    let windows = umbel::nn::steps::Sliding { size, out, window: (2, 2), stride: (2, 2), pad: (0, 0) };
    PoolStep { windows, channels }
}

/// 0 for a share of `rate` of the samples, and what makes up for it for the others.
fn sample_factor(key: u64, rate: f32, sample: usize) -> f64 {
    let drawn = (dropout::mix(key, sample as u64) >> 40) as f64 / f64::from(1u32 << 24);
    if drawn < f64::from(rate) { 0.0 } else { 1.0 / (1.0 - f64::from(rate)) }
}

pub fn function(activation: Activation) -> umbel_kernels::Activation {
    match activation {
        Activation::Linear => umbel_kernels::Activation::Linear,
        Activation::Relu => umbel_kernels::Activation::Relu,
        Activation::Relu6 => umbel_kernels::Activation::Relu6,
        Activation::Silu => umbel_kernels::Activation::Silu,
        Activation::HardSwish => umbel_kernels::Activation::HardSwish,
        Activation::Gelu => umbel_kernels::Activation::Gelu,
        Activation::Tanh => umbel_kernels::Activation::Tanh,
        Activation::Sigmoid => umbel_kernels::Activation::Sigmoid,
        Activation::HardSigmoid => umbel_kernels::Activation::HardSigmoid,
        Activation::Softmax => umbel_kernels::Activation::Softmax,
    }
}

pub fn norm_shape(norm: &NormStep, values: usize) -> BatchNormShape {
    let NormStep { channels, epsilon, .. } = *norm;
    BatchNormShape { rows: values / channels, channels, epsilon, activation: Linear }
}

pub fn layer_norm_shape(norm: &LayerNormStep, values: usize) -> LayerNormShape {
    let LayerNormStep { channels, epsilon, .. } = *norm;
    LayerNormShape { rows: values / channels, channels, epsilon }
}

pub fn pool_shape(step: &PoolStep, n: usize) -> PoolShape {
    let windows = &step.windows;
    PoolShape {
        batch: n,
        height: windows.size.0,
        width: windows.size.1,
        channels: step.channels,
        window: windows.window,
        stride: windows.stride,
        pad: windows.pad,
        out_height: windows.out.0,
        out_width: windows.out.1,
    }
}
