//! EfficientNet-Lite (Tan & Le 2019, "EfficientNet"; Google's variant of 2020 without squeeze-and-excitation and with
//! ReLU6).

use super::ArchitectureOptions;
use super::builder::Builder;
use super::inverted::{Inverted, stages};
use crate::nn::Graph;
use crate::nn::layers::Activation::Relu6;
use crate::nn::layers::{BatchNorm, Conv2d, GlobalAvgPool2d, Padding, Rescaling};

/// EfficientNet-Lite0 with TensorFlow's padding and epsilon, as timm has it. 4,652,008 parameters for 1,000 classes.
pub fn tf_efficientnet_lite0(options: &ArchitectureOptions) -> Graph {
    let block = |within, out, kernel, stride| Inverted {
        within: Some(within),
        out,
        kernel,
        stride,
        reduced: 0,
        activation: Relu6,
    };
    let first = Inverted { within: None, ..block(0, 16, 3, 1) };
    let blocks: [&[Inverted]; 7] = [
        &[first],
        &[block(96, 24, 3, 2), block(144, 24, 3, 1)],
        &[block(144, 40, 5, 2), block(240, 40, 5, 1)],
        &[block(240, 80, 3, 2), block(480, 80, 3, 1), block(480, 80, 3, 1)],
        &[block(480, 112, 5, 1), block(672, 112, 5, 1), block(672, 112, 5, 1)],
        &[block(672, 192, 5, 2), block(1152, 192, 5, 1), block(1152, 192, 5, 1), block(1152, 192, 5, 1)],
        &[block(1152, 320, 3, 1)],
    ];
    let norm = BatchNorm::default().momentum(0.9);
    let preparation = Rescaling::new(1.0 / 127.5).offset(-1.0);
    let (mut b, x) = Builder::new(options, preparation, norm, Padding::Same);
    let x = b.conv(x, "conv_stem", "bn1", Conv2d::new(32, 3).stride(2), Relu6);
    let (x, _) = stages(&mut b, x, 32, &blocks);
    let x = b.conv(x, "conv_head", "bn2", Conv2d::new(1280, 1), Relu6);
    let x = b.graph.named("global_pool", GlobalAvgPool2d, x);
    b.head(x, "classifier", options)
}
