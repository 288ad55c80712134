//! MobileNetV3 (Howard et al. 2019, "Searching for MobileNetV3"), as timm has it.

use super::ArchitectureOptions;
use super::builder::{Builder, imagenet};
use super::inverted::{Inverted, stages};
use crate::nn::Graph;
use crate::nn::layers::Activation::{HardSwish, Relu};
use crate::nn::layers::{BatchNorm, Conv2d, Dense, GlobalAvgPool2d, Padding};

/// MobileNetV3-Small. 2,542,856 parameters for 1,000 classes.
pub fn mobilenetv3_small_100(options: &ArchitectureOptions) -> Graph {
    let first = Inverted { within: None, out: 16, kernel: 3, stride: 2, reduced: 8, activation: Relu };
    let plain = |within, out, stride| Inverted { within: Some(within), out, kernel: 3, stride, ..at_rest(Relu) };
    let excited = |within, out, stride, reduced| Inverted {
        within: Some(within),
        out,
        kernel: 5,
        stride,
        reduced,
        activation: HardSwish,
    };
    let blocks: [&[Inverted]; 5] = [
        &[first],
        &[plain(72, 24, 2), plain(88, 24, 1)],
        &[excited(96, 40, 2, 24), excited(240, 40, 1, 64), excited(240, 40, 1, 64)],
        &[excited(120, 48, 1, 32), excited(144, 48, 1, 40)],
        &[excited(288, 96, 2, 72), excited(576, 96, 1, 144), excited(576, 96, 1, 144)],
    ];
    mobilenet(options, &blocks, 576, 1024)
}

/// MobileNetV3-Large. 5,483,032 parameters for 1,000 classes.
pub fn mobilenetv3_large_100(options: &ArchitectureOptions) -> Graph {
    let first = Inverted { within: None, out: 16, ..at_rest(Relu) };
    let plain = |within, out, stride| Inverted { within: Some(within), out, stride, ..at_rest(Relu) };
    let swish = |within, out, stride| Inverted { within: Some(within), out, stride, ..at_rest(HardSwish) };
    let excited = |within, out, stride, reduced| Inverted { kernel: 5, reduced, ..plain(within, out, stride) };
    let both = |within, out, kernel, stride, reduced| Inverted { kernel, reduced, ..swish(within, out, stride) };
    let blocks: [&[Inverted]; 6] = [
        &[first],
        &[plain(64, 24, 2), plain(72, 24, 1)],
        &[excited(72, 40, 2, 24), excited(120, 40, 1, 32), excited(120, 40, 1, 32)],
        &[swish(240, 80, 2), swish(200, 80, 1), swish(184, 80, 1), swish(184, 80, 1)],
        &[both(480, 112, 3, 1, 120), both(672, 112, 3, 1, 168)],
        &[both(672, 160, 5, 2, 168), both(960, 160, 5, 1, 240), both(960, 160, 5, 1, 240)],
    ];
    mobilenet(options, &blocks, 960, 1280)
}

/// A block with nothing particular about it.
fn at_rest(activation: crate::nn::Activation) -> Inverted {
    Inverted { within: None, out: 0, kernel: 3, stride: 1, reduced: 0, activation }
}

fn mobilenet(options: &ArchitectureOptions, blocks: &[&[Inverted]], last: usize, head: usize) -> Graph {
    let norm = BatchNorm::default().momentum(0.9).epsilon(1e-5);
    let (mut b, x) = Builder::new(options, imagenet(), norm, Padding::Symmetric);
    let x = b.conv(x, "conv_stem", "bn1", Conv2d::new(16, 3).stride(2), HardSwish);
    let (x, _) = stages(&mut b, x, 16, blocks);
    let end = format!("blocks.{}.0", blocks.len());
    let x = b.conv(x, &format!("{end}.conv"), &format!("{end}.bn1"), Conv2d::new(last, 1), HardSwish);
    let x = b.graph.named("global_pool", GlobalAvgPool2d, x);
    let x = b.graph.named("conv_head", Dense::new(head).activation(HardSwish), x);
    b.head(x, "classifier", options)
}
