//! Activation functions: as a setting of [`Conv2d`](super::Conv2d) and [`Dense`](super::Dense), and as a layer.

use serde::{Deserialize, Serialize};

use super::{Mistake, Rules, Shape};

/// Activation functions, as in Keras.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Activation {
    #[default]
    Linear,
    Relu,
    Relu6,
    Silu,
    HardSwish,
    Gelu,
    Tanh,
    Sigmoid,
    /// `relu6(x + 3) / 6`, as in Keras and PyTorch.
    HardSigmoid,
    Softmax,
}

impl Activation {
    /// Whether it is a clamp to a range, whose gradient can be told from its output: a convolution, a dense layer, a batch norm
    /// or a sum then applies it itself. Only clamps commute with max-pooling.
    pub fn is_clamp(self) -> bool {
        match self {
            Activation::Linear | Activation::Relu | Activation::Relu6 => true,
            Activation::Silu
            | Activation::HardSwish
            | Activation::Gelu
            | Activation::Tanh
            | Activation::Sigmoid
            | Activation::HardSigmoid
            | Activation::Softmax => false,
        }
    }

    /// Whether the step before it can apply it where no gradient goes back: the clamps, and these two.
    pub fn fuses_in_inference(self) -> bool {
        self.is_clamp() || matches!(self, Activation::Silu | Activation::HardSwish)
    }

    /// Whether its gradient is told from its output, so that its input need not be kept; others are told from the input.
    pub fn is_told_from_output(self) -> bool {
        match self {
            Activation::Relu | Activation::Relu6 | Activation::Tanh | Activation::Sigmoid | Activation::Softmax => true,
            Activation::Linear
            | Activation::Silu
            | Activation::HardSwish
            | Activation::Gelu
            | Activation::HardSigmoid => false,
        }
    }
}

/// An activation as a layer of its own (Keras' `Activation`). `Sequential::add(Activation::Relu)` makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivationLayer {
    /// Which function; softmax works along the last axis.
    pub activation: Activation,
}

impl Rules for ActivationLayer {
    fn names(&self) -> (&'static str, &'static str) {
        ("activation", "Activation")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        Ok(input)
    }
}
