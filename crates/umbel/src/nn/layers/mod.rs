//! The layers: settings, output shape, parameters; one file each. Names and defaults are Keras'.

use serde::{Deserialize, Serialize};

use crate::base::augmentation::AugmentLayer;

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
    Softmax,
}

/// `same` keeps the size (divided by the stride, rounded up; TensorFlow's rule: the odd pixel goes below and right),
/// `valid` uses whole windows only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Padding {
    Same,
    Valid,
}

/// One layer. (The nn author refines the fields: one struct per kind in a file of its own, `From` into `Layer`.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Layer {
    /// Placeholder of the layout commit.
    Augment(AugmentLayer),
}
