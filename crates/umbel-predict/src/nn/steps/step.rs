//! What a network is computed by: one call of an engine a step, and what it reads.

use crate::nn::layers::Activation;

/// One call of an engine, forward (and one backward).
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub op: Op,
    /// What it reads; one, but for the steps that merge.
    pub inputs: Vec<Value>,
    /// Values of one sample that come out.
    pub output: usize,
    /// Whether something at or before this step is trained or looked at: the backward pass comes up to here.
    pub needs_gradient: bool,
    /// Whether it is looked at: its output and the gradient of it outlive the backward pass, which ends there.
    pub is_probed: bool,
}

impl Step {
    /// Whether the backward pass runs it.
    pub fn runs_backward(&self) -> bool {
        self.needs_gradient && !self.is_probed
    }
}

/// What flows between the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// The pictures.
    Images,
    /// The output of the step of that number.
    Step(usize),
}

/// A weight: its index among the model's tensors, and among the trainable ones unless it is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Slot {
    pub tensor: usize,
    pub gradient: Option<usize>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Op {
    /// `y = x · scale + offset`: one of each for all, or one for each channel.
    Rescale {
        scale: Vec<f32>,
        offset: Vec<f32>,
    },
    Conv2d(ConvStep),
    Depthwise(DepthwiseStep),
    /// Zeros around a picture.
    Pad(PadStep),
    MaxPool(PoolStep),
    /// Of the pixels that lie inside of the picture.
    AveragePool(PoolStep),
    GlobalAverage {
        pixels: usize,
        channels: usize,
    },
    /// With the statistics of the batch, which the moving ones follow: `moving = momentum · moving + (1 − momentum) · own`.
    BatchNorm {
        norm: NormStep,
        momentum: f32,
        activation: Activation,
    },
    /// With the moving statistics, and not trained.
    Normalize(NormStep),
    /// Each row of so many channels by itself.
    LayerNorm(LayerNormStep),
    /// Along rows of so many values, where it works along rows (softmax).
    Activation {
        activation: Activation,
        row: usize,
    },
    /// `layer` makes the masks of several dropout layers differ.
    Dropout {
        rate: f32,
        layer: u64,
    },
    /// Dropout of whole samples.
    StochasticDepth {
        rate: f32,
        layer: u64,
    },
    Dense(DenseStep),
    Merge(Merge),
}

/// What is made of several inputs, of which one may come twice.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Merge {
    /// Of any number of inputs; with an activation, of two that differ.
    Add { activation: Activation },
    /// Of any number of inputs.
    Multiply,
    /// A picture times a vector of its channels.
    ScaleChannels { pixels: usize, channels: usize },
    /// Each input's share of a row, in values.
    Concatenate { rows: usize, channels: Vec<usize> },
}

/// Windows that slide over a picture, (rows, columns) each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// Height and width of the picture.
    pub size: (usize, usize),
    /// Height and width of what comes out.
    pub out: (usize, usize),
    /// Height and width of a window.
    pub window: (usize, usize),
    /// From one window to the next.
    pub stride: (usize, usize),
    /// Rows above and columns left of the picture, of zeros (or of nothing, in pooling).
    pub pad: (usize, usize),
}

/// Convolution, bias, activation, and 2 x 2 max-pooling where `pool` says so. The kernel is
/// `[rows, columns, channels_in / groups, channels_out]`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ConvStep {
    pub windows: Sliding,
    pub channels_in: usize,
    pub channels_out: usize,
    /// Into how many groups the channels are cut.
    pub groups: usize,
    pub kernel: Slot,
    pub bias: Option<Slot>,
    pub activation: Activation,
    pub pool: bool,
    /// The batch norm that goes into the kernel and bias; it is not trained.
    pub folded: Option<NormStep>,
}

impl ConvStep {
    /// Values of the kernel.
    pub fn kernel_len(&self) -> usize {
        let (rows, columns) = self.windows.window;
        rows * columns * (self.channels_in / self.groups) * self.channels_out
    }
}

/// How a picture lies in a larger one of zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PadStep {
    pub height: usize,
    /// Values of a row before and after.
    pub row: usize,
    pub out_row: usize,
    /// Rows above, and values left.
    pub above: usize,
    pub left: usize,
}

/// Pooling of each channel by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PoolStep {
    pub windows: Sliding,
    pub channels: usize,
}

/// Depthwise convolution, bias and activation. The kernel is `[rows, columns, channels]`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DepthwiseStep {
    pub windows: Sliding,
    pub channels: usize,
    pub kernel: Slot,
    pub bias: Option<Slot>,
    pub activation: Activation,
    /// As in [`ConvStep`].
    pub folded: Option<NormStep>,
}

impl DepthwiseStep {
    /// Values of the kernel.
    pub fn kernel_len(&self) -> usize {
        self.windows.window.0 * self.windows.window.1 * self.channels
    }
}

/// A dense layer with its activation. The kernel is `[inputs, outputs]`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DenseStep {
    pub inputs: usize,
    pub kernel: Slot,
    pub bias: Option<Slot>,
    pub activation: Activation,
}

/// A layer norm with its two tensors.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct LayerNormStep {
    pub channels: usize,
    pub epsilon: f32,
    pub gamma: Slot,
    pub beta: Slot,
}

/// Where batch norm's four tensors are: `gamma` and `beta`, and the moving mean and variance among the model's tensors.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct NormStep {
    pub channels: usize,
    pub epsilon: f32,
    pub gamma: Slot,
    pub beta: Slot,
    pub moving_mean: usize,
    pub moving_variance: usize,
}
