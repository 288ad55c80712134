//! How much a step does, and what to call it.

use super::step::{ConvStep, DenseStep, DepthwiseStep, Merge, Op};
use crate::nn::layers::Activation;

/// A step's work on one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Such as `conv2d 3x3, 16 to 32, 90x90, relu, max-pooled`.
    pub what: String,
    /// Multiplications of the products of the forward pass, as the plain form has them; 0 for what mostly moves data.
    pub products: usize,
}

impl Op {
    /// The work of a step with so many inputs that gives so many values.
    pub fn work(&self, inputs: usize, output: usize) -> Work {
        let moves = |what: String| Work { what, products: 0 };
        let values = output;
        match self {
            Op::Rescale { .. } => moves(format!("rescaling, {values}")),
            Op::Conv2d(conv) => {
                let ConvStep { windows, channels_in: from, channels_out: to, activation, pool, folded, .. } = conv;
                let ((rows, columns), size) = (windows.window, size(windows.size));
                let norm = if folded.is_some() { ", batch norm" } else { "" };
                let pool = if *pool { ", max-pooled" } else { "" };
                let by = by(*activation);
                let what = format!("conv2d {rows}x{columns}, {from} to {to}, {size}{norm}{by}{pool}");
                Work { what, products: windows.out.0 * windows.out.1 * conv.kernel_len() }
            }
            Op::Depthwise(conv) => {
                let DepthwiseStep { windows, channels, activation, folded, .. } = conv;
                let ((rows, columns), size) = (windows.window, size(windows.size));
                let norm = if folded.is_some() { ", batch norm" } else { "" };
                let what = format!("depthwise {rows}x{columns}, {channels}, {size}{norm}{}", by(*activation));
                Work { what, products: windows.out.0 * windows.out.1 * conv.kernel_len() }
            }
            Op::Pad(_) => moves(format!("padding, {values}")),
            Op::MaxPool(pool) => moves(format!("max-pooling, {}, {}", size(pool.windows.size), pool.channels)),
            Op::AveragePool(pool) => moves(format!("mean-pooling, {}, {}", size(pool.windows.size), pool.channels)),
            Op::GlobalAverage { pixels, channels } => moves(format!("global mean, {pixels} pixels, {channels}")),
            Op::BatchNorm { norm, .. } => moves(format!("batch norm, {values}, {} channels", norm.channels)),
            Op::Normalize(norm) => moves(format!("batch norm (fixed), {values}, {} channels", norm.channels)),
            Op::LayerNorm(norm) => moves(format!("layer norm, {values}, {} channels", norm.channels)),
            Op::Activation { activation, .. } => moves(format!("{}, {values}", name(*activation))),
            Op::Dropout { .. } => moves(format!("dropout, {values}")),
            Op::StochasticDepth { .. } => moves(format!("stochastic depth, {values}")),
            Op::Dense(DenseStep { inputs, activation, .. }) => {
                Work { what: format!("dense {inputs} to {values}{}", by(*activation)), products: inputs * values }
            }
            Op::Merge(Merge::Add { activation }) => moves(format!("sum of {inputs}, {values}{}", by(*activation))),
            Op::Merge(Merge::Multiply) => moves(format!("product, {values}")),
            Op::Merge(Merge::ScaleChannels { pixels, channels }) => moves(format!("gate, {pixels} pixels, {channels}")),
            Op::Merge(Merge::Concatenate { .. }) => moves(format!("concatenation of {inputs}, {values}")),
        }
    }
}

fn size((height, width): (usize, usize)) -> String {
    format!("{height}x{width}")
}

fn name(activation: Activation) -> String {
    format!("{activation:?}").to_lowercase()
}

fn by(activation: Activation) -> String {
    match activation {
        Activation::Linear => String::new(),
        other => format!(", {}", name(other)),
    }
}
