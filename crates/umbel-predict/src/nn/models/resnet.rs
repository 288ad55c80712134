//! Residual networks (He et al. 2015, "Deep Residual Learning for Image Recognition").

use super::ArchitectureOptions;
use super::builder::{Builder, imagenet};
use crate::nn::layers::{Activation, BatchNorm, Conv2d, GlobalAvgPool2d, MaxPool2d, Padding};
use crate::nn::{Graph, Source};

/// ResNet-18: two 3x3 convolutions a block. 11,689,512 parameters for 1,000 classes.
pub fn resnet18(options: &ArchitectureOptions) -> Graph {
    resnet(options, [2, 2, 2, 2], Block::Basic)
}

/// ResNet-50 as torchvision and timm have it ("v1.5": a block's stride is in its 3x3 convolution). 25,557,032 parameters
/// for 1,000 classes.
pub fn resnet50(options: &ArchitectureOptions) -> Graph {
    resnet(options, [3, 4, 6, 3], Block::Bottleneck)
}

#[derive(Clone, Copy)]
enum Block {
    Basic,
    Bottleneck,
}

impl Block {
    /// Output channels for each inner one.
    fn expansion(self) -> usize {
        match self {
            Block::Basic => 1,
            Block::Bottleneck => 4,
        }
    }
}

fn resnet(options: &ArchitectureOptions, stages: [usize; 4], block: Block) -> Graph {
    let norm = BatchNorm::default().momentum(0.9).epsilon(1e-5);
    let (mut b, x) = Builder::new(options, imagenet(), norm, Padding::Symmetric);
    let x = b.conv(x, "conv1", "bn1", Conv2d::new(64, 7).stride(2), Activation::Relu);
    let pool = MaxPool2d::new(3).stride(2).padding(Padding::Symmetric);
    let (mut x, mut channels) = (b.graph.named("maxpool", pool, x), 64);
    for (stage, blocks) in stages.into_iter().enumerate() {
        let inner = 64 << stage;
        for index in 0..blocks {
            let name = format!("layer{}.{index}", stage + 1);
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            let branch = match block {
                Block::Basic => basic(&mut b, x, &name, inner, stride),
                Block::Bottleneck => bottleneck(&mut b, x, &name, inner, stride),
            };
            let out = inner * block.expansion();
            let shortcut = if stride == 1 && channels == out {
                x
            } else {
                let conv = Conv2d::new(out, 1).stride(stride);
                let (conv_name, norm_name) = (format!("{name}.downsample.0"), format!("{name}.downsample.1"));
                b.conv(x, &conv_name, &norm_name, conv, Activation::Linear)
            };
            let sum = b.add(&name, branch, shortcut);
            x = b.graph.named(format!("{name}.act"), Activation::Relu, sum);
            channels = out;
        }
    }
    let x = b.graph.named("global_pool", GlobalAvgPool2d, x);
    b.head(x, "fc", options)
}

fn basic(b: &mut Builder, x: Source, name: &str, inner: usize, stride: usize) -> Source {
    let of = |layer: &str| format!("{name}.{layer}");
    let x = b.conv(x, &of("conv1"), &of("bn1"), Conv2d::new(inner, 3).stride(stride), Activation::Relu);
    b.conv(x, &of("conv2"), &of("bn2"), Conv2d::new(inner, 3), Activation::Linear)
}

fn bottleneck(b: &mut Builder, x: Source, name: &str, inner: usize, stride: usize) -> Source {
    let of = |layer: &str| format!("{name}.{layer}");
    let x = b.conv(x, &of("conv1"), &of("bn1"), Conv2d::new(inner, 1), Activation::Relu);
    let x = b.conv(x, &of("conv2"), &of("bn2"), Conv2d::new(inner, 3).stride(stride), Activation::Relu);
    b.conv(x, &of("conv3"), &of("bn3"), Conv2d::new(4 * inner, 1), Activation::Linear)
}
