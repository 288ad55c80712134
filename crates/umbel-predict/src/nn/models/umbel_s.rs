//! umbel's own small network.

use super::ArchitectureOptions;
use super::builder::Builder;
use super::inverted::{Inverted, stages};
use crate::nn::Graph;
use crate::nn::layers::Activation::Relu;
use crate::nn::layers::{BatchNorm, Conv2d, GlobalAvgPool2d, Padding, Rescaling};

/// A small residual network for a few thousand photos on a CPU: two plain convolutions that halve the picture, six
/// inverted residual blocks, a global average. About 0.3 million parameters, and at 180 x 180 no more multiplications
/// than the tutorial's network.
pub fn umbel_s(options: &ArchitectureOptions) -> Graph {
    let block =
        |within, out, stride| Inverted { within: Some(within), out, kernel: 3, stride, reduced: 0, activation: Relu };
    let blocks: [&[Inverted]; 3] = [
        &[block(64, 32, 1)],
        &[block(96, 64, 2), block(128, 64, 1)],
        &[block(192, 128, 2), block(256, 128, 1), block(256, 128, 1)],
    ];
    let preparation = Rescaling::new(1.0 / 127.5).offset(-1.0);
    let norm = BatchNorm::default().momentum(0.9);
    let (mut b, x) = Builder::new(options, preparation, norm, Padding::Same);
    let x = b.conv(x, "conv_stem", "bn1", Conv2d::new(24, 3).stride(2), Relu);
    let x = b.conv(x, "conv_down", "bn2", Conv2d::new(32, 3).stride(2), Relu);
    let (x, _) = stages(&mut b, x, 32, &blocks);
    let x = b.conv(x, "conv_head", "bn3", Conv2d::new(256, 1), Relu);
    let x = b.graph.named("global_pool", GlobalAvgPool2d, x);
    b.head(x, "classifier", options)
}
