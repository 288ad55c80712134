//! Inverted residual blocks (Sandler et al. 2018, "MobileNetV2"): wide within, narrow between, depthwise in the middle.

use super::builder::Builder;
use crate::nn::Source;
use crate::nn::layers::{Activation, Conv2d, DepthwiseConv2d};

/// One block: channels within (`None`: those of its input, and no convolution widens them), channels out, kernel and stride
/// of the depthwise convolution, channels that squeeze-and-excitation reduces to (0: there is none).
#[derive(Clone, Copy)]
pub(super) struct Inverted {
    pub within: Option<usize>,
    pub out: usize,
    pub kernel: usize,
    pub stride: usize,
    pub reduced: usize,
    pub activation: Activation,
}

impl Inverted {
    /// Adds the block under timm's names below `name`; `channels` is how many `x` has.
    pub fn add(self, b: &mut Builder, x: Source, name: &str, channels: usize) -> Source {
        let of = |layer: &str| format!("{name}.{layer}");
        // timm counts the norms from the first convolution that is there.
        let (norms, narrow) = match self.within {
            Some(_) => (["bn1", "bn2", "bn3"], "conv_pwl"),
            None => (["", "bn1", "bn2"], "conv_pw"),
        };
        let wide = match self.within {
            Some(within) => b.conv(x, &of("conv_pw"), &of(norms[0]), Conv2d::new(within, 1), self.activation),
            None => x,
        };
        let depthwise = DepthwiseConv2d::new(self.kernel).stride(self.stride);
        let mut inner = b.depthwise(wide, &of("conv_dw"), &of(norms[1]), depthwise, self.activation);
        if self.reduced > 0 {
            inner = b.squeeze_excite(inner, &of("se"), (self.reduced, self.within.unwrap_or(channels)));
        }
        let branch = b.conv(inner, &of(narrow), &of(norms[2]), Conv2d::new(self.out, 1), Activation::Linear);
        if self.stride == 1 && channels == self.out { b.add(name, branch, x) } else { branch }
    }
}

/// Adds stages of blocks, `blocks.<stage>.<block>`; gives the end and how many channels it has.
pub(super) fn stages(b: &mut Builder, x: Source, channels: usize, stages: &[&[Inverted]]) -> (Source, usize) {
    let (mut x, mut channels) = (x, channels);
    for (stage, blocks) in stages.iter().enumerate() {
        for (index, block) in blocks.iter().enumerate() {
            x = block.add(b, x, &format!("blocks.{stage}.{index}"), channels);
            channels = block.out;
        }
    }
    (x, channels)
}
