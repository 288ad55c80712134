//! What the kernels of a step ask for beside what every engine has to keep: one place for all operations.

use umbel_kernels::{Precision, batch_norm, conv2d, dense, depthwise, grouped, layer_norm};

use super::shapes;
use crate::nn::layers::Activation;
use crate::nn::steps::{Merge, NormStep, Op, Slot, Step, Steps, Use, Value};

/// What a step needs on the CPU.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Scratch of one call, in `f32` values for the whole batch.
    pub workspace: usize,
    /// What the backward pass wants of its own, in values for each sample and for all together. Some kernels write a gradient
    /// whether or not it is wanted: batch norm that of its input, gates those of both inputs, a convolution and a dense layer
    /// that of frozen weights.
    pub scratch: (usize, usize),
    /// Values that are made of its weights before the first step.
    pub prepared: usize,
    /// Whether the kernel is among them, packed once for many passes.
    pub packed: bool,
}

impl Needs {
    /// Of one of these steps, for up to `batch` samples.
    pub fn of(all: &Steps, step: &Step, precision: Precision, batch: usize) -> Self {
        let none = Needs::default();
        let is_inference = all.usage == Use::Inference;
        let wants = |value: &Value| all.wants_gradient(*value);
        let unwanted = if step.inputs.iter().any(wants) { 0 } else { step.output };
        match &step.op {
            Op::Conv2d(conv) => {
                let packed_len = if conv.groups == 1 { conv2d::packed_len(&shapes::conv2d(conv, 0)) } else { 0 };
                let packed = is_inference && precision == Precision::F32 && packed_len > 0;
                Needs {
                    workspace: match (shapes::grouped(conv, batch), is_inference) {
                        (Some(shape), true) => grouped::forward_workspace_len(&shape),
                        (Some(shape), false) => grouped::workspace_len(&shape),
                        (None, true) => 0,
                        (None, false) => conv2d::workspace_len(&shapes::conv2d(conv, batch)),
                    },
                    scratch: (0, frozen(conv.kernel, conv.kernel_len(), conv.bias, conv.channels_out)),
                    prepared: match packed {
                        true => norm(&conv.folded) + packed_len,
                        false => folded(&conv.folded, conv.kernel_len()),
                    },
                    packed,
                }
            }
            Op::Depthwise(conv) => Needs {
                workspace: match is_inference {
                    true => 0,
                    false => depthwise::workspace_len(&shapes::depthwise(conv, batch)),
                },
                scratch: (0, frozen(conv.kernel, conv.kernel_len(), conv.bias, conv.channels)),
                prepared: folded(&conv.folded, conv.kernel_len()),
                ..none
            },
            Op::Dense(layer) => Needs {
                workspace: dense::workspace_len(&shapes::dense(layer.inputs, step.output, batch)),
                scratch: (0, frozen(layer.kernel, layer.inputs * step.output, layer.bias, step.output)),
                ..none
            },
            Op::BatchNorm { norm, .. } => Needs {
                workspace: batch_norm::workspace_len(&shapes::norm(norm, Activation::Linear, step.output, batch)),
                scratch: (unwanted, 0),
                ..none
            },
            Op::LayerNorm(norm) => Needs {
                workspace: layer_norm::workspace_len(&shapes::layer_norm(norm, step.output, batch)),
                scratch: (unwanted, frozen(norm.gamma, norm.channels, Some(norm.beta), norm.channels)),
                ..none
            },
            // The factors that the gradient is multiplied by.
            Op::Normalize(norm) => Needs { scratch: (0, norm.channels), ..none },
            Op::Merge(Merge::ScaleChannels { .. }) => {
                let unwanted = step.inputs.iter().find(|value| !wants(value));
                Needs { scratch: (unwanted.map_or(0, |value| all.count(*value)), 0), ..none }
            }
            Op::Rescale { .. }
            | Op::Pad(_)
            | Op::MaxPool(_)
            | Op::AveragePool(_)
            | Op::GlobalAverage { .. }
            | Op::Activation { .. }
            | Op::Dropout { .. }
            | Op::StochasticDepth { .. }
            | Op::Merge(Merge::Add { .. } | Merge::Multiply | Merge::Concatenate { .. }) => none,
        }
    }
}

/// Values of the gradients of what is frozen of a kernel and a bias of so many values each.
fn frozen(kernel: Slot, weights: usize, bias: Option<Slot>, biases: usize) -> usize {
    let weights = kernel.gradient.map_or(weights, |_| 0);
    weights + bias.filter(|bias| bias.gradient.is_none()).map_or(0, |_| biases)
}

/// Values of a folded batch norm: a factor and a bias for each channel.
fn norm(norm: &Option<NormStep>) -> usize {
    norm.as_ref().map_or(0, |norm| 2 * norm.channels)
}

/// The same with the kernel that it went into, where there is one.
fn folded(folded: &Option<NormStep>, kernel: usize) -> usize {
    folded.as_ref().map_or(0, |_| norm(folded) + kernel)
}
