//! The layers: settings, output shape, parameters; one file each. Names and defaults are Keras'.

mod activation;
mod augment;
mod batch_norm;
mod conv2d;
mod dense;
mod depthwise;
mod dropout;
mod flatten;
mod form;
mod merge;
mod normalization;
mod pair;
mod pool;
mod rescaling;
mod shape;
mod stochastic_depth;
mod zero_padding;

use serde::Serialize;

use crate::base::augmentation::AugmentLayer;

pub use activation::{Activation, ActivationLayer};
pub use augment::{
    RandAugment, RandomBrightness, RandomContrast, RandomErasing, RandomFlip, RandomResizedCrop, RandomRotation,
    RandomTranslation, RandomZoom,
};
pub use batch_norm::BatchNorm;
pub use conv2d::Conv2d;
pub use dense::Dense;
pub use depthwise::DepthwiseConv2d;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use form::KINDS;
pub(crate) use form::NamedLayer;
#[cfg(feature = "train")]
pub(crate) use form::layer_from_toml;
pub use merge::{Add, Concatenate, Multiply};
pub use normalization::Normalization;
pub use pair::{IntoPair, IntoRange};
pub use pool::{AvgPool2d, GlobalAvgPool2d, MaxPool2d};
pub use rescaling::Rescaling;
pub(crate) use shape::{MAX_VALUES, Mistake, windows};
pub use shape::{Padding, Shape};
pub use stochastic_depth::StochasticDepth;
pub use zero_padding::{IntoMargins, ZeroPadding2d};

/// One layer: its settings, without name or weights.
///
/// In TOML and JSON a layer is a table with a `kind` (see [`KINDS`]) and the fields of its struct; what is left out has
/// the struct's default, unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Layer {
    Conv2d(Conv2d),
    DepthwiseConv2d(DepthwiseConv2d),
    #[serde(rename = "zero_padding2d")]
    ZeroPadding2d(ZeroPadding2d),
    MaxPool2d(MaxPool2d),
    AvgPool2d(AvgPool2d),
    GlobalAvgPool2d(GlobalAvgPool2d),
    BatchNorm(BatchNorm),
    Dropout(Dropout),
    Flatten(Flatten),
    Dense(Dense),
    Activation(ActivationLayer),
    Rescaling(Rescaling),
    Normalization(Normalization),
    StochasticDepth(StochasticDepth),
    Add(Add),
    Multiply(Multiply),
    Concatenate(Concatenate),
    /// Done by the loader to the photos, in training only; the engine never sees it.
    #[serde(untagged)]
    Augment(AugmentLayer),
}

impl Layer {
    /// Keras' automatic name without its number: `conv2d`, `max_pooling2d`, `batch_normalization`.
    pub fn automatic_name(&self) -> &'static str {
        self.rules().names().0
    }

    /// Keras' class name: `Conv2D`, `MaxPooling2D`, `BatchNormalization`.
    pub fn class_name(&self) -> &'static str {
        self.rules().names().1
    }

    /// What this layer's kind says about shapes and weights.
    pub(crate) fn rules(&self) -> &dyn Rules {
        match self {
            Layer::Conv2d(layer) => layer,
            Layer::DepthwiseConv2d(layer) => layer,
            Layer::ZeroPadding2d(layer) => layer,
            Layer::MaxPool2d(layer) => layer,
            Layer::AvgPool2d(layer) => layer,
            Layer::GlobalAvgPool2d(layer) => layer,
            Layer::BatchNorm(layer) => layer,
            Layer::Dropout(layer) => layer,
            Layer::Flatten(layer) => layer,
            Layer::Dense(layer) => layer,
            Layer::Activation(layer) => layer,
            Layer::Rescaling(layer) => layer,
            Layer::Normalization(layer) => layer,
            Layer::StochasticDepth(layer) => layer,
            Layer::Add(layer) => layer,
            Layer::Multiply(layer) => layer,
            Layer::Concatenate(layer) => layer,
            Layer::Augment(layer) => layer,
        }
    }
}

/// What every kind of layer knows about itself.
pub(crate) trait Rules {
    /// Keras' automatic name and class name.
    fn names(&self) -> (&'static str, &'static str);

    /// The output's shape for this input's; checks the settings too.
    fn output(&self, input: Shape) -> Result<Shape, Mistake>;

    /// The output's shape of a layer that may read several; one, unless told otherwise. Never called with none.
    fn merged(&self, inputs: &[Shape]) -> Result<Shape, Mistake> {
        match inputs {
            [input] => self.output(*input),
            _ => {
                Err(Mistake::new("the number of its inputs", inputs.len(), "1: use Add, Multiply or Concatenate first"))
            }
        }
    }

    /// The weights, in Keras' order. Called with an input that [`Rules::output`] took.
    fn parameters(&self, _input: Shape) -> Vec<Parameter> {
        Vec::new()
    }
}

/// One weight of a layer, before it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// `kernel`, `bias`, `gamma`, `beta`, `moving_mean` or `moving_variance`.
    pub name: &'static str,
    /// As in Keras: convolution `[height, width, channels in, channels out]`, dense `[inputs, outputs]`.
    pub shape: Vec<usize>,
    /// Whether the optimizer changes it.
    pub trainable: bool,
    /// What it starts from.
    pub initializer: Initializer,
}

impl Parameter {
    /// Number of values.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    fn trained(name: &'static str, shape: Vec<usize>, initializer: Initializer) -> Self {
        Parameter { name, shape, trainable: true, initializer }
    }

    fn kept(name: &'static str, shape: Vec<usize>, initializer: Initializer) -> Self {
        Parameter { name, shape, trainable: false, initializer }
    }
}

/// What a weight starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initializer {
    /// Every value 0.
    Zeros,
    /// Every value 1.
    Ones,
    /// Uniform in ±sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010).
    GlorotUniform {
        /// Inputs that one output sums over.
        fan_in: usize,
        /// Outputs that one input goes into.
        fan_out: usize,
    },
}

macro_rules! into_layer {
    ($($kind:ident($settings:ty)),* $(,)?) => {
        $(impl From<$settings> for Layer {
            fn from(layer: $settings) -> Self {
                Layer::$kind(layer)
            }
        })*
    };
}

into_layer!(
    Conv2d(Conv2d),
    DepthwiseConv2d(DepthwiseConv2d),
    ZeroPadding2d(ZeroPadding2d),
    MaxPool2d(MaxPool2d),
    AvgPool2d(AvgPool2d),
    GlobalAvgPool2d(GlobalAvgPool2d),
    BatchNorm(BatchNorm),
    Dropout(Dropout),
    Flatten(Flatten),
    Dense(Dense),
    Activation(ActivationLayer),
    Rescaling(Rescaling),
    Normalization(Normalization),
    StochasticDepth(StochasticDepth),
    Add(Add),
    Multiply(Multiply),
    Concatenate(Concatenate),
    Augment(AugmentLayer),
);

impl From<Activation> for Layer {
    fn from(activation: Activation) -> Self {
        Layer::Activation(ActivationLayer { activation })
    }
}
