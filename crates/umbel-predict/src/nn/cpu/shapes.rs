//! From steps to what the kernels call the same things, with the batch in it.

use umbel_kernels::FusedActivation;
use umbel_kernels::batch_norm::BatchNormShape;
use umbel_kernels::conv2d::Conv2dShape;
use umbel_kernels::dense::DenseShape;
use umbel_kernels::depthwise::DepthwiseShape;
use umbel_kernels::grouped::GroupedShape;
use umbel_kernels::layer_norm::LayerNormShape;
use umbel_kernels::pool::PoolShape;

use crate::nn::layers::Activation;
use crate::nn::steps::{ConvStep, DepthwiseStep, LayerNormStep, NormStep, PoolStep};

/// A convolution of `n` pictures.
pub(super) fn conv2d(conv: &ConvStep, n: usize) -> Conv2dShape {
    let windows = &conv.windows;
    Conv2dShape {
        batch: n,
        height: windows.size.0,
        width: windows.size.1,
        channels_in: conv.channels_in,
        channels_out: conv.channels_out,
        kernel: windows.window,
        stride: windows.stride,
        pad: windows.pad,
        out_height: windows.out.0,
        out_width: windows.out.1,
    }
}

/// The same where the channels are cut into several groups.
pub(super) fn grouped(step: &ConvStep, n: usize) -> Option<GroupedShape> {
    (step.groups > 1).then_some(GroupedShape { conv: conv2d(step, n), groups: step.groups })
}

/// A depthwise convolution of `n` pictures.
pub(super) fn depthwise(conv: &DepthwiseStep, n: usize) -> DepthwiseShape {
    let windows = &conv.windows;
    DepthwiseShape {
        batch: n,
        height: windows.size.0,
        width: windows.size.1,
        channels: conv.channels,
        kernel: windows.window,
        stride: windows.stride,
        pad: windows.pad,
        out_height: windows.out.0,
        out_width: windows.out.1,
    }
}

/// Pooling of `n` pictures.
pub(super) fn pool(pool: &PoolStep, n: usize) -> PoolShape {
    let windows = &pool.windows;
    PoolShape {
        batch: n,
        height: windows.size.0,
        width: windows.size.1,
        channels: pool.channels,
        window: windows.window,
        stride: windows.stride,
        pad: windows.pad,
        out_height: windows.out.0,
        out_width: windows.out.1,
    }
}

/// A dense layer on `n` samples.
pub(super) fn dense(inputs: usize, outputs: usize, n: usize) -> DenseShape {
    DenseShape { batch: n, inputs, outputs }
}

/// Batch norm of `n` samples of `count` values.
pub(super) fn norm(norm: &NormStep, activation: Activation, count: usize, n: usize) -> BatchNormShape {
    let NormStep { channels, epsilon, .. } = *norm;
    BatchNormShape { rows: n * (count / channels), channels, epsilon, activation: fused(activation) }
}

/// Layer norm of `n` samples of `count` values.
pub(super) fn layer_norm(norm: &LayerNormStep, count: usize, n: usize) -> LayerNormShape {
    LayerNormShape { rows: n * (count / norm.channels), channels: norm.channels, epsilon: norm.epsilon }
}

/// An activation that goes into another operation.
pub(super) fn fused(activation: Activation) -> FusedActivation {
    match activation {
        Activation::Linear => FusedActivation::Linear,
        Activation::Relu => FusedActivation::Relu,
        Activation::Relu6 => FusedActivation::Relu6,
        Activation::HardSwish => FusedActivation::HardSwish,
        Activation::Silu => FusedActivation::Silu,
        Activation::Gelu | Activation::Tanh | Activation::Sigmoid | Activation::HardSigmoid | Activation::Softmax => {
            unreachable!("{activation:?} is a step of its own, see Activation::fuses_in_inference")
        }
    }
}

/// An activation by itself.
pub(super) fn activation(activation: Activation) -> umbel_kernels::Activation {
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
