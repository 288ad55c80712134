//! Depthwise convolution.

use serde::{Deserialize, Serialize};

use super::form;
use super::pair::{self, IntoPair};
use super::{Activation, Initializer, Mistake, Padding, Parameter, Rules, Shape, windows};

/// Convolution of each channel by itself (Keras' `DepthwiseConv2D` with a depth multiplier of 1). Padding is `valid` unless
/// told otherwise, as in Keras.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepthwiseConv2d {
    /// Height and width of the kernel.
    #[serde(deserialize_with = "pair::pair")]
    pub kernel: (usize, usize),
    /// Steps down and right from one output pixel to the next.
    #[serde(default = "pair::one", deserialize_with = "pair::pair")]
    pub stride: (usize, usize),
    /// What happens at the edges.
    #[serde(default)]
    pub padding: Padding,
    /// Applied to the output.
    #[serde(default)]
    pub activation: Activation,
    /// Whether a bias is added to every channel.
    #[serde(default = "form::yes")]
    pub bias: bool,
}

impl DepthwiseConv2d {
    /// A convolution with a `kernel` given as one size or (height, width): stride 1, padding `valid`, no activation, with a
    /// bias.
    pub fn new(kernel: impl IntoPair) -> Self {
        DepthwiseConv2d {
            kernel: kernel.into_pair(),
            stride: (1, 1),
            padding: Padding::Valid,
            activation: Activation::Linear,
            bias: true,
        }
    }

    set! { stride, padding, activation, bias }
}

impl Rules for DepthwiseConv2d {
    fn names(&self) -> (&'static str, &'static str) {
        ("depthwise_conv2d", "DepthwiseConv2D")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        let (height, width, channels) = Mistake::unless_picture(input)?;
        let windows = windows("the kernel", (height, width), self.kernel, self.stride, self.padding)?;
        let (height, width) = windows.out;
        Ok(Shape::Picture { height, width, channels })
    }

    fn parameters(&self, input: Shape) -> Vec<Parameter> {
        let channels = input.channels();
        // Keras takes the fans from the shape as if it were a convolution's.
        let field = self.kernel.0 * self.kernel.1;
        let glorot = Initializer::GlorotUniform { fan_in: field.saturating_mul(channels), fan_out: field };
        let mut parameters =
            vec![Parameter::trained("kernel", vec![self.kernel.0, self.kernel.1, channels, 1], glorot)];
        if self.bias {
            parameters.push(Parameter::trained("bias", vec![channels], Initializer::Zeros));
        }
        parameters
    }
}
