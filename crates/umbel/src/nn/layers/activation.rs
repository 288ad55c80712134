//! Activation functions: as a setting of [`Conv2d`](super::Conv2d) and [`Dense`](super::Dense), and as a layer.

use serde::{Deserialize, Serialize};
use umbel_kernels::FusedActivation;

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
    /// The one that a convolution or a dense layer applies itself, if it is one of those (in training: if it is a clamp).
    pub(crate) fn fused(self) -> Option<FusedActivation> {
        match self {
            Activation::Linear => Some(FusedActivation::Linear),
            Activation::Relu => Some(FusedActivation::Relu),
            Activation::Relu6 => Some(FusedActivation::Relu6),
            Activation::HardSwish => Some(FusedActivation::HardSwish),
            Activation::Silu => Some(FusedActivation::Silu),
            _ => None,
        }
    }

    /// The kernels' name of it.
    pub(crate) fn kernel(self) -> umbel_kernels::Activation {
        match self {
            Activation::Linear => umbel_kernels::Activation::Linear,
            Activation::Relu => umbel_kernels::Activation::Relu,
            Activation::Relu6 => umbel_kernels::Activation::Relu6,
            Activation::Silu => umbel_kernels::Activation::Silu,
            Activation::HardSwish => umbel_kernels::Activation::HardSwish,
            Activation::Gelu => umbel_kernels::Activation::Gelu,
            Activation::Tanh => umbel_kernels::Activation::Tanh,
            Activation::Sigmoid => umbel_kernels::Activation::Sigmoid,
            Activation::HardSigmoid => umbel_kernels::Activation::HardSigmoid,
            Activation::Softmax => umbel_kernels::Activation::Softmax,
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
