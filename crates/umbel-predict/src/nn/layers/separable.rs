//! Depthwise separable convolution.

use serde::{Deserialize, Serialize};

use super::form;
use super::pair::{self, IntoPair};
use super::{Activation, Initializer, Mistake, Padding, Parameter, Rules, Shape, windows};

/// A convolution of each channel by itself, and then one of single pixels that mixes the channels (Keras' `SeparableConv2D`
/// with a depth multiplier of 1; Chollet 2017, "Xception"). Padding is `valid` unless told otherwise, as in Keras.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeparableConv2d {
    /// Output channels.
    pub filters: usize,
    /// Height and width of the kernel that each channel has.
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
    /// Whether a bias is added to every output channel.
    #[serde(default = "form::yes")]
    pub bias: bool,
}

impl SeparableConv2d {
    /// A convolution to `filters` channels with a `kernel` given as one size or (height, width): stride 1, padding `valid`, no
    /// activation, with a bias.
    pub fn new(filters: usize, kernel: impl IntoPair) -> Self {
        SeparableConv2d {
            filters,
            kernel: kernel.into_pair(),
            stride: (1, 1),
            padding: Padding::Valid,
            activation: Activation::Linear,
            bias: true,
        }
    }

    set! { stride, padding, activation, bias }
}

impl Rules for SeparableConv2d {
    fn names(&self) -> (&'static str, &'static str) {
        ("separable_conv2d", "SeparableConv2D")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        Mistake::unless_positive("filters", self.filters)?;
        let (height, width, _) = Mistake::unless_picture(input)?;
        let windows = windows("the kernel", (height, width), self.kernel, self.stride, self.padding)?;
        let (height, width) = windows.out;
        Ok(Shape::Picture { height, width, channels: self.filters })
    }

    fn parameters(&self, input: Shape) -> Vec<Parameter> {
        let (channels, field) = (input.channels(), self.kernel.0 * self.kernel.1);
        // Keras takes the fans from the shapes as if they were convolutions'.
        let by_channel = Initializer::GlorotUniform { fan_in: field.saturating_mul(channels), fan_out: field };
        let by_pixel = Initializer::GlorotUniform { fan_in: channels, fan_out: self.filters };
        let mut parameters = vec![
            Parameter::trained("depthwise_kernel", vec![self.kernel.0, self.kernel.1, channels, 1], by_channel),
            Parameter::trained("pointwise_kernel", vec![1, 1, channels, self.filters], by_pixel),
        ];
        if self.bias {
            parameters.push(Parameter::trained("bias", vec![self.filters], Initializer::Zeros));
        }
        parameters
    }
}
