//! What a program is made of: one kernel call a step, and what it reads.

use umbel_kernels::conv2d::Conv2dShape;
use umbel_kernels::depthwise::DepthwiseShape;
use umbel_kernels::grouped::GroupedShape;
use umbel_kernels::pool::PoolShape;
use umbel_kernels::{FusedActivation, Precision};

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// No dropout; batch norm uses its moving statistics and is folded into a convolution before it.
    Inference,
    Training,
    /// To look at one step's output: no dropout, moving statistics that are not folded, and a way back that ends there.
    Probing,
}

/// One kernel call, forward (and one backward).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
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
pub(super) enum Value {
    Images,
    /// The output of the step of that number.
    Step(usize),
}

/// A weight: its index among the model's tensors, and among the trainable ones unless it is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub tensor: usize,
    pub gradient: Option<usize>,
}

/// What a step does. The shapes' `batch` is set when the step runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Op {
    /// One scale and offset for all, or one for each channel.
    Rescale {
        scale: Vec<f32>,
        offset: Vec<f32>,
    },
    Conv2d(ConvStep),
    Depthwise(DepthwiseStep),
    /// Zeros around a picture.
    Pad(PadShape),
    MaxPool(PoolShape),
    AveragePool(PoolShape),
    GlobalAverage {
        pixels: usize,
        channels: usize,
    },
    /// With the statistics of the batch.
    BatchNorm {
        norm: NormStep,
        momentum: f32,
        activation: FusedActivation,
    },
    /// With the moving statistics, and not trained.
    Normalize(NormStep),
    Activation {
        activation: umbel_kernels::Activation,
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
    Add {
        activation: FusedActivation,
    },
    Multiply,
    /// A picture times a vector of its channels.
    ScaleChannels {
        pixels: usize,
        channels: usize,
    },
    /// Each input's share of a row, in values.
    Concatenate {
        rows: usize,
        channels: Vec<usize>,
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
    pub precision: Precision,
    /// The batch norm that goes into the kernel and bias; it is not trained.
    pub folded: Option<NormStep>,
    /// Whether the kernel is packed once for many passes.
    pub packed: bool,
    /// Into how many groups the channels are cut.
    pub groups: usize,
}

impl ConvStep {
    /// The shape with `n` images, where the channels are cut into several groups.
    pub fn grouped(&self, n: usize) -> Option<GroupedShape> {
        let conv = Conv2dShape { batch: n, ..self.shape };
        (self.groups > 1).then_some(GroupedShape { conv, groups: self.groups })
    }
}

/// How a picture lies in a larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PadShape {
    pub height: usize,
    /// Values of a row before and after.
    pub row: usize,
    pub out_row: usize,
    /// Rows above, and values left.
    pub above: usize,
    pub left: usize,
}

/// Depthwise convolution, bias and activation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DepthwiseStep {
    pub shape: DepthwiseShape,
    pub kernel: Slot,
    pub bias: Option<Slot>,
    pub activation: FusedActivation,
    /// As in [`ConvStep`].
    pub folded: Option<NormStep>,
}

/// A dense layer with its activation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DenseStep {
    pub inputs: usize,
    pub precision: Precision,
    pub kernel: Slot,
    pub bias: Option<Slot>,
    pub activation: FusedActivation,
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
    /// Sets the precision of what it multiplies, where there is a choice.
    pub fn multiply_in(&mut self, wanted: Precision) {
        match self {
            Op::Conv2d(conv) => {
                conv.precision = wanted;
                // In bf16, every pass packs its own.
                conv.packed &= wanted == Precision::F32;
            }
            Op::Dense(dense) => dense.precision = wanted,
            _ => {}
        }
    }

    /// Whether it has weights of its own to train.
    pub fn is_trained(&self) -> bool {
        let trains = |kernel: &Slot, bias: &Option<Slot>| {
            kernel.gradient.is_some() || bias.is_some_and(|bias| bias.gradient.is_some())
        };
        match self {
            Op::Conv2d(ConvStep { kernel, bias, .. })
            | Op::Depthwise(DepthwiseStep { kernel, bias, .. })
            | Op::Dense(DenseStep { kernel, bias, .. }) => trains(kernel, bias),
            Op::BatchNorm { .. } => true,
            _ => false,
        }
    }

    /// Whether the backward pass reads the inputs and the output again.
    pub fn backward_needs(&self) -> (bool, bool) {
        use umbel_kernels::Activation as Function;
        match self {
            Op::Conv2d(ConvStep { activation, pool, .. }) => (true, !pool && *activation != FusedActivation::Linear),
            Op::Depthwise(DepthwiseStep { activation, .. }) | Op::Dense(DenseStep { activation, .. }) => {
                (true, *activation != FusedActivation::Linear)
            }
            Op::Activation { activation, .. } => match activation {
                // Told from the output alone, so the input need not be kept.
                Function::Relu | Function::Relu6 | Function::Tanh | Function::Sigmoid | Function::Softmax => {
                    (false, true)
                }
                _ => (true, false),
            },
            Op::Add { activation } => (false, *activation != FusedActivation::Linear),
            Op::BatchNorm { .. } | Op::Multiply | Op::ScaleChannels { .. } => (true, false),
            Op::Rescale { .. }
            | Op::Pad(_)
            | Op::MaxPool(_)
            | Op::AveragePool(_)
            | Op::GlobalAverage { .. }
            | Op::Normalize(_)
            | Op::Dropout { .. }
            | Op::StochasticDepth { .. }
            | Op::Concatenate { .. } => (false, false),
        }
    }

    /// Whether the backward pass adds to a gradient that is there, so that it needs no room of its own.
    pub fn accumulates(&self) -> bool {
        matches!(self, Op::Add { activation: FusedActivation::Linear } | Op::Concatenate { .. })
    }
}
