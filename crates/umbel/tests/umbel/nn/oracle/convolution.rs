//! Convolutions of every kind.

use umbel::nn::steps::{ConvStep, DepthwiseStep, Sliding};
use umbel_kernels::FusedActivation::Linear;
use umbel_kernels::conv2d::{self, Conv2dShape};
use umbel_kernels::depthwise::{self, DepthwiseShape};
use umbel_kernels::grouped::{self, GroupedShape};

/// What is computed before batch norm, activation and pooling.
pub enum Convolution {
    Plain(Conv2dShape),
    Grouped(GroupedShape),
    Depthwise(DepthwiseShape),
}

/// Of the input, the kernel and the bias.
pub struct Gradients {
    pub x: Vec<f64>,
    pub kernel: Vec<f64>,
    pub bias: Vec<f64>,
}

impl Convolution {
    pub fn of(step: &ConvStep, n: usize) -> Self {
        let Sliding { size, out, window, stride, pad } = step.windows;
        let conv = Conv2dShape {
            batch: n,
            height: size.0,
            width: size.1,
            channels_in: step.channels_in,
            channels_out: step.channels_out,
            kernel: window,
            stride,
            pad,
            out_height: out.0,
            out_width: out.1,
        };
        match step.groups {
            1 => Convolution::Plain(conv),
            groups => Convolution::Grouped(GroupedShape { conv, groups }),
        }
    }

    pub fn depthwise(step: &DepthwiseStep, n: usize) -> Self {
        let Sliding { size, out, window, stride, pad } = step.windows;
        Convolution::Depthwise(DepthwiseShape {
            batch: n,
            height: size.0,
            width: size.1,
            channels: step.channels,
            kernel: window,
            stride,
            pad,
            out_height: out.0,
            out_width: out.1,
        })
    }

    fn channels(&self) -> usize {
        match self {
            Convolution::Plain(shape) => shape.channels_out,
            Convolution::Grouped(shape) => shape.conv.channels_out,
            Convolution::Depthwise(shape) => shape.channels,
        }
    }

    fn output(&self) -> usize {
        let of = |shape: &Conv2dShape| shape.batch * shape.out_height * shape.out_width * shape.channels_out;
        match self {
            Convolution::Plain(shape) => of(shape),
            Convolution::Grouped(shape) => of(&shape.conv),
            Convolution::Depthwise(s) => s.batch * s.out_height * s.out_width * s.channels,
        }
    }

    pub fn forward(&self, x: &[f64], kernel: &[f64], bias: Option<&[f64]>) -> Vec<f64> {
        let mut y = vec![0.0; self.output()];
        match self {
            Convolution::Plain(shape) => conv2d::scalar::forward(shape, x, kernel, bias, Linear, &mut y),
            Convolution::Grouped(shape) => grouped::scalar::forward(shape, x, kernel, bias, Linear, &mut y),
            Convolution::Depthwise(shape) => depthwise::scalar::forward(shape, x, kernel, bias, Linear, &mut y),
        }
        y
    }

    pub fn backward(&self, x: &[f64], kernel: &[f64], dy: &[f64]) -> Gradients {
        let zeros = |len: usize| vec![0.0; len];
        let (mut dx, mut dw, mut db) = (zeros(x.len()), zeros(kernel.len()), zeros(self.channels()));
        match self {
            Convolution::Plain(shape) => conv2d::scalar::backward(shape, x, kernel, dy, &mut dx, &mut dw, &mut db),
            Convolution::Grouped(shape) => grouped::scalar::backward(shape, x, kernel, dy, &mut dx, &mut dw, &mut db),
            Convolution::Depthwise(shape) => {
                depthwise::scalar::backward(shape, x, kernel, dy, &mut dx, &mut dw, &mut db)
            }
        }
        Gradients { x: dx, kernel: dw, bias: db }
    }
}
