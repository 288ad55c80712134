//! EfficientNet-Lite (Tan & Le 2019, "EfficientNet"; Google's variant of 2020 without squeeze-and-excitation and with
//! ReLU6), with TensorFlow's padding and epsilon, as timm has them. Lite0 is written down; the others are it, wider and deeper.

use super::ArchitectureOptions;
use super::builder::Builder;
use super::inverted::{Inverted, stages};
use crate::nn::Graph;
use crate::nn::layers::Activation::Relu6;
use crate::nn::layers::{BatchNorm, Conv2d, GlobalAvgPool2d, Padding, Rescaling};

/// A stage of Lite0: blocks, how much wider a block is within, channels out, kernel, stride of its first block.
struct Stage(usize, usize, usize, usize, usize);

const STAGES: [Stage; 7] = [
    Stage(1, 1, 16, 3, 1),
    Stage(2, 6, 24, 3, 2),
    Stage(2, 6, 40, 5, 2),
    Stage(3, 6, 80, 3, 2),
    Stage(3, 6, 112, 5, 1),
    Stage(4, 6, 192, 5, 2),
    Stage(1, 6, 320, 3, 1),
];

/// Channels of the first convolution and of the last one, which are the same in all sizes.
const ENDS: (usize, usize) = (32, 1280);

/// 4,652,008 parameters for 1,000 classes.
pub fn tf_efficientnet_lite0(options: &ArchitectureOptions) -> Graph {
    scaled(options, 1.0, 1.0)
}

/// Deeper; made for photos of 240 pixels. 5,416,680 parameters for 1,000 classes.
pub fn tf_efficientnet_lite1(options: &ArchitectureOptions) -> Graph {
    scaled(options, 1.0, 1.1)
}

/// Wider and deeper; made for photos of 260 pixels. 6,092,072 parameters for 1,000 classes.
pub fn tf_efficientnet_lite2(options: &ArchitectureOptions) -> Graph {
    scaled(options, 1.1, 1.2)
}

/// Wider and deeper still; made for photos of 300 pixels. 8,197,096 parameters for 1,000 classes.
pub fn tf_efficientnet_lite3(options: &ArchitectureOptions) -> Graph {
    scaled(options, 1.2, 1.4)
}

/// The largest; made for photos of 380 pixels. 13,006,568 parameters for 1,000 classes.
pub fn tf_efficientnet_lite4(options: &ArchitectureOptions) -> Graph {
    scaled(options, 1.4, 1.8)
}

/// So many times as wide and as deep as Lite0.
fn scaled(options: &ArchitectureOptions, width: f64, depth: f64) -> Graph {
    let (stem, head) = ENDS;
    let (last, mut channels) = (STAGES.len() - 1, stem);
    let mut blocks: Vec<Vec<Inverted>> = Vec::new();
    for (index, Stage(repeats, expansion, out, kernel, stride)) in STAGES.into_iter().enumerate() {
        // The ends are as deep as they were.
        let repeats = if index == 0 || index == last { repeats } else { (repeats as f64 * depth).ceil() as usize };
        let out = widened(out, width);
        let block = |(input, stride)| Inverted {
            within: (expansion > 1).then_some(expansion * input),
            out,
            kernel,
            stride,
            reduced: 0,
            activation: Relu6,
        };
        let inputs = std::iter::once((channels, stride)).chain(std::iter::repeat((out, 1)));
        blocks.push(inputs.take(repeats).map(block).collect());
        channels = out;
    }
    let norm = BatchNorm::default().momentum(0.9);
    let preparation = Rescaling::new(1.0 / 127.5).offset(-1.0);
    let (mut b, x) = Builder::new(options, preparation, norm, Padding::Same);
    let x = b.conv(x, "conv_stem", "bn1", Conv2d::new(stem, 3).stride(2), Relu6);
    let blocks: Vec<&[Inverted]> = blocks.iter().map(Vec::as_slice).collect();
    let (x, _) = stages(&mut b, x, stem, &blocks);
    let x = b.conv(x, "conv_head", "bn2", Conv2d::new(head, 1), Relu6);
    let x = b.graph.named("global_pool", GlobalAvgPool2d, x);
    b.head(x, "classifier", options)
}

/// Channels times `width`: a multiple of 8, and not a tenth less.
fn widened(channels: usize, width: f64) -> usize {
    let wanted = channels as f64 * width;
    let rounded = ((wanted + 4.0) / 8.0) as usize * 8;
    if (rounded as f64) < 0.9 * wanted { rounded + 8 } else { rounded }
}
