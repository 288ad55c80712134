//! Two-dimensional convolution.

use serde::{Deserialize, Serialize};

use super::form;
use super::pair::{self, IntoPair};
use super::{Activation, Initializer, Mistake, Padding, Parameter, Rules, Shape, windows};

/// Convolution over height and width (Keras' `Conv2D`). Padding is `valid` unless told otherwise, as in Keras.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv2d {
    /// Number of output channels.
    pub filters: usize,
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
    /// Whether a bias is added to every output channel.
    #[serde(default = "form::yes")]
    pub bias: bool,
    /// Into how many groups the channels are cut, each convolved by itself; a divisor of the input's channels and of
    /// `filters`.
    #[serde(default = "form::one", skip_serializing_if = "form::is_one")]
    pub groups: usize,
}

impl Conv2d {
    /// A convolution with `filters` output channels and a `kernel` given as one size or (height, width): stride 1,
    /// padding `valid`, no activation, with a bias, all channels in one group.
    pub fn new(filters: usize, kernel: impl IntoPair) -> Self {
        Conv2d {
            filters,
            kernel: kernel.into_pair(),
            stride: (1, 1),
            padding: Padding::Valid,
            activation: Activation::Linear,
            bias: true,
            groups: 1,
        }
    }

    set! { stride, padding, activation, bias }

    /// Cuts the channels into so many groups: those of one see nothing of the others (Keras' `groups`).
    pub fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }
}

impl Rules for Conv2d {
    fn names(&self) -> (&'static str, &'static str) {
        ("conv2d", "Conv2D")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        Mistake::unless_positive("filters", self.filters)?;
        Mistake::unless_positive("groups", self.groups)?;
        let (height, width, channels) = Mistake::unless_picture(input)?;
        for (count, of) in [(channels, "the input's channels"), (self.filters, "filters")] {
            if !count.is_multiple_of(self.groups) {
                return Err(Mistake::new("groups", self.groups, format!("a divisor of {of}, {count}")));
            }
        }
        let windows = windows("the kernel", (height, width), self.kernel, self.stride, self.padding)?;
        let (height, width) = windows.out;
        Ok(Shape::Picture { height, width, channels: self.filters })
    }

    fn parameters(&self, input: Shape) -> Vec<Parameter> {
        // What one output sees.
        let channels = input.channels() / self.groups;
        // Keras' fans of a convolution: the receptive field times the channels.
        let field = self.kernel.0 * self.kernel.1;
        let glorot = Initializer::GlorotUniform {
            fan_in: field.saturating_mul(channels),
            fan_out: field.saturating_mul(self.filters),
        };
        let shape = vec![self.kernel.0, self.kernel.1, channels, self.filters];
        let mut parameters = vec![Parameter::trained("kernel", shape, glorot)];
        if self.bias {
            parameters.push(Parameter::trained("bias", vec![self.filters], Initializer::Zeros));
        }
        parameters
    }
}
