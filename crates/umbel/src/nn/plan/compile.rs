//! Layers to steps: what one kernel call can do becomes one step, what costs nothing becomes none.

use umbel_kernels::FusedActivation;
use umbel_kernels::conv2d::Conv2dShape;
use umbel_kernels::pool::PoolShape;

use crate::nn::layers::{Activation, Conv2d, Dense, Layer, MaxPool2d, Padding, Parameter, Shape, Windows, windows};
use crate::nn::sequential::ResolvedLayer;

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// No dropout; batch norm uses its moving statistics and is folded into a convolution before it.
    Inference,
    Training,
    /// To look at the output of one step: no dropout, moving statistics, and gradients of what comes after that step.
    Probing(usize),
}

/// One kernel call, forward (and one backward).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub op: Op,
    /// Values of one sample that go in.
    pub input: usize,
    /// Values of one sample that come out.
    pub output: usize,
}

/// A weight: its index among the model's tensors, and among the trainable ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub tensor: usize,
    pub gradient: usize,
}

/// What a step does. The shapes' `batch` is set when the step runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Op {
    Rescale {
        scale: f32,
        offset: f32,
    },
    Conv2d(ConvStep),
    MaxPool(PoolShape),
    AveragePool(PoolShape),
    GlobalAverage {
        pixels: usize,
        channels: usize,
    },
    BatchNorm {
        norm: NormStep,
        momentum: f32,
    },
    Activation {
        activation: umbel_kernels::Activation,
        row: usize,
    },
    /// `layer` makes the masks of several dropout layers differ.
    Dropout {
        rate: f32,
        layer: u64,
    },
    Dense {
        kernel: Slot,
        bias: Option<Slot>,
        activation: FusedActivation,
    },
}

/// Convolution, bias, activation, and 2 x 2 max-pooling where `pool` says so.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ConvStep {
    pub shape: Conv2dShape,
    pub kernel: Slot,
    pub bias: Option<Slot>,
    pub activation: FusedActivation,
    pub pool: bool,
    /// The batch norm that goes into the kernel and bias, in inference.
    pub folded: Option<NormStep>,
}

/// Where batch norm's four tensors are: `gamma`, then moving mean and variance behind `beta`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NormStep {
    pub channels: usize,
    pub epsilon: f32,
    pub gamma: Slot,
    pub beta: Slot,
    pub moving_mean: usize,
    pub moving_variance: usize,
}

impl Op {
    /// Whether it has weights of its own to train.
    pub fn is_trained(&self) -> bool {
        matches!(self, Op::Conv2d(_) | Op::BatchNorm { .. } | Op::Dense { .. })
    }
}

/// The steps of a checked stack; at least one.
pub(super) fn steps(layers: &[ResolvedLayer<'_>], usage: Use) -> Vec<Step> {
    steps_and_places(layers, usage).0
}

/// The steps, and for every layer how many of them are done once its output is there.
pub(super) fn steps_and_places(layers: &[ResolvedLayer<'_>], usage: Use) -> (Vec<Step>, Vec<usize>) {
    let mut compiler = Compiler { usage, steps: Vec::new(), tensors: 0, gradients: 0 };
    let mut places = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        compiler.layer(index, layer);
        places.push(compiler.steps.len());
    }
    if compiler.steps.is_empty() {
        // Nothing to compute; the output still has to come to lie in the arena.
        let count = layers.last().map_or(0, |last| last.output.count());
        compiler.push(Op::Rescale { scale: 1.0, offset: 0.0 }, count, count);
    }
    (compiler.steps, places)
}

struct Compiler {
    usage: Use,
    steps: Vec<Step>,
    tensors: usize,
    gradients: usize,
}

impl Compiler {
    fn push(&mut self, op: Op, input: usize, output: usize) {
        self.steps.push(Step { op, input, output });
    }

    fn layer(&mut self, index: usize, resolved: &ResolvedLayer<'_>) {
        let (input, output) = (resolved.input.count(), resolved.output.count());
        let slots: Vec<Slot> = resolved.parameters.iter().map(|p| self.slot(p)).collect();
        let row = resolved.output.channels();
        match resolved.layer {
            Layer::Augment(_) | Layer::Flatten(_) => {}
            Layer::Rescaling(layer) => {
                self.push(Op::Rescale { scale: layer.scale, offset: layer.offset }, input, output);
            }
            Layer::Conv2d(layer) => self.conv2d(layer, resolved, &slots),
            Layer::Dense(layer) => self.dense(layer, resolved, &slots),
            Layer::MaxPool2d(layer) => self.max_pool(layer, resolved),
            Layer::AvgPool2d(layer) => {
                let (pool, stride) = (layer.pool, layer.effective_stride());
                let shape = pool_shape(resolved, pool, stride, layer.padding);
                self.push(Op::AveragePool(shape), input, output);
            }
            Layer::GlobalAvgPool2d(_) => {
                let pixels = input / output;
                self.push(Op::GlobalAverage { pixels, channels: output }, input, output);
            }
            Layer::BatchNorm(layer) => {
                let norm = NormStep {
                    channels: row,
                    epsilon: layer.epsilon,
                    gamma: slots[0],
                    beta: slots[1],
                    moving_mean: slots[2].tensor,
                    moving_variance: slots[3].tensor,
                };
                self.batch_norm(norm, layer.momentum, input);
            }
            Layer::Activation(layer) => self.activation(layer.activation, row, output),
            Layer::Dropout(layer) => {
                if self.usage == Use::Training && layer.rate > 0.0 {
                    self.push(Op::Dropout { rate: layer.rate, layer: index as u64 }, input, output);
                }
            }
        }
    }

    /// Counts a weight. (A tensor that is not trained gets a gradient index that nobody reads.)
    fn slot(&mut self, parameter: &Parameter) -> Slot {
        let slot = Slot { tensor: self.tensors, gradient: self.gradients };
        self.tensors += 1;
        self.gradients += usize::from(parameter.trainable);
        slot
    }

    fn conv2d(&mut self, layer: &Conv2d, resolved: &ResolvedLayer<'_>, slots: &[Slot]) {
        let (height, width, channels_in) = picture(resolved.input);
        let (out_height, out_width, channels_out) = picture(resolved.output);
        let windows = checked_windows(resolved.input, layer.kernel, layer.stride, layer.padding);
        let shape = Conv2dShape {
            batch: 0,
            height,
            width,
            channels_in,
            channels_out,
            kernel: layer.kernel,
            stride: layer.stride,
            pad: windows.pad,
            out_height,
            out_width,
        };
        let step = ConvStep {
            shape,
            kernel: slots[0],
            bias: slots.get(1).copied(),
            activation: FusedActivation::Linear,
            pool: false,
            folded: None,
        };
        let output = resolved.output.count();
        self.push(Op::Conv2d(step), resolved.input.count(), output);
        self.activation(layer.activation, channels_out, output);
    }

    fn dense(&mut self, layer: &Dense, resolved: &ResolvedLayer<'_>, slots: &[Slot]) {
        let op = Op::Dense { kernel: slots[0], bias: slots.get(1).copied(), activation: FusedActivation::Linear };
        let output = resolved.output.count();
        self.push(op, resolved.input.count(), output);
        self.activation(layer.activation, output, output);
    }

    /// Goes into the step before it where that can do it.
    fn activation(&mut self, activation: Activation, row: usize, count: usize) {
        if activation == Activation::Linear {
            return;
        }
        let before = match self.steps.last_mut().map(|step| &mut step.op) {
            Some(Op::Conv2d(ConvStep { activation, pool: false, .. })) => Some(activation),
            Some(Op::Dense { activation, .. }) => Some(activation),
            _ => None,
        };
        match (before, activation.fused()) {
            (Some(before @ FusedActivation::Linear), Some(fused)) => *before = fused,
            _ => {
                self.push(Op::Activation { activation: activation.kernel(), row }, count, count);
            }
        }
    }

    /// Goes into a convolution before it, in inference.
    fn batch_norm(&mut self, norm: NormStep, momentum: f32, count: usize) {
        if self.usage == Use::Inference
            && let Some(Op::Conv2d(conv)) = self.steps.last_mut().map(|step| &mut step.op)
            && conv.activation == FusedActivation::Linear
            && !conv.pool
            && conv.folded.is_none()
        {
            conv.folded = Some(norm);
            return;
        }
        self.push(Op::BatchNorm { norm, momentum }, count, count);
    }

    /// Goes into a convolution before it where the windows are 2 x 2, side by side and not padded.
    fn max_pool(&mut self, layer: &MaxPool2d, resolved: &ResolvedLayer<'_>) {
        let (pool, stride) = (layer.pool, layer.effective_stride());
        let (height, width, _) = picture(resolved.input);
        let windows = checked_windows(resolved.input, pool, stride, layer.padding);
        let output = resolved.output.count();
        if pool == (2, 2)
            && stride == (2, 2)
            && windows.out == (height / 2, width / 2)
            && let Some(step) = self.steps.last_mut()
            && let Op::Conv2d(conv) = &mut step.op
            && !conv.pool
        {
            conv.pool = true;
            step.output = output;
            return;
        }
        let shape = pool_shape(resolved, pool, stride, layer.padding);
        self.push(Op::MaxPool(shape), resolved.input.count(), output);
    }
}

fn pool_shape(
    resolved: &ResolvedLayer<'_>,
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
) -> PoolShape {
    let (height, width, channels) = picture(resolved.input);
    let (out_height, out_width, _) = picture(resolved.output);
    let pad = checked_windows(resolved.input, window, stride, padding).pad;
    PoolShape { batch: 0, height, width, channels, window, stride, pad, out_height, out_width }
}

fn checked_windows(input: Shape, window: (usize, usize), stride: (usize, usize), padding: Padding) -> Windows {
    let (height, width, _) = picture(input);
    windows("the window", (height, width), window, stride, padding)
        .expect("the windows were checked when the stack was resolved")
}

fn picture(shape: Shape) -> (usize, usize, usize) {
    match shape {
        Shape::Picture { height, width, channels } => (height, width, channels),
        Shape::Vector { .. } => unreachable!("the stack was resolved: this layer takes a picture"),
    }
}
