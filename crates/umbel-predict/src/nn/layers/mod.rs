//! The layers: settings, output shape, parameters; one file each. Names and defaults are Keras'.

#[macro_use]
mod set;

mod activation;
mod augment;
mod batch_norm;
mod conv2d;
mod dense;
mod depthwise;
mod dropout;
mod flatten;
mod form;
mod layer_norm;
mod merge;
mod normalization;
mod pair;
mod pool;
mod rescaling;
mod separable;
mod shape;
mod stochastic_depth;
mod zero_padding;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use crate::base::augmentation::AugmentLayer;

pub use activation::Activation;
pub(crate) use batch_norm::MOVING_VARIANCE;
pub(crate) use form::NamedLayer;
#[cfg(feature = "train")]
pub(crate) use form::layer_from_toml;
pub use pair::{IntoPair, IntoRange};
pub(crate) use shape::{MAX_VALUES, Mistake, windows};
pub use shape::{Padding, Shape};
pub use zero_padding::IntoMargins;

/// The layers, a row each: the `kind` in TOML and JSON, Keras' own name for it where that differs, the variant and its
/// settings, which come out of their file here. What the loader does to the photos stands in rows of its own.
macro_rules! layers {
    (
        layers: $($kind:literal $(($keras:literal))? => $variant:ident($module:ident::$settings:ident);)*
        augmentations: $($augmentation:literal => $augments_in:ident::$augments:ident;)*
    ) => {
        $(pub use $module::$settings;)*
        $(pub use $augments_in::$augments;)*

        /// One layer: its settings, without name or weights.
        ///
        /// In TOML and JSON a layer is a table with a `kind` (see [`KINDS`]) and the fields of its struct; what is left out has
        /// the struct's default, unknown keys are errors.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "kind")]
        #[allow(missing_docs)]
        pub enum Layer {
            $(#[serde(rename = $kind)] $variant($settings),)*
            /// Done by the loader to the photos, in training only; the engine never sees it.
            #[serde(untagged)]
            Augment(AugmentLayer),
        }

        /// Every `kind`. Keras' own snake-case names (`max_pooling2d`, `batch_normalization`, ...) are read as well.
        pub const KINDS: &[&str] = &[$($kind,)* $($augmentation),*];

        impl Layer {
            /// What this layer's kind says about shapes and weights.
            pub(crate) fn rules(&self) -> &dyn Rules {
                match self {
                    $(Layer::$variant(layer) => layer,)*
                    Layer::Augment(layer) => layer,
                }
            }

            /// Reads the settings of a layer of this kind.
            fn read<'de, D: Deserializer<'de>>(kind: &str, from: D) -> Result<Self, D::Error> {
                match kind {
                    $($kind $(| $keras)? => <$settings>::deserialize(from).map(Layer::$variant),)*
                    $($augmentation => <$augments>::deserialize(from).map(|layer| Layer::Augment(layer.into())),)*
                    _ => Err(D::Error::unknown_variant(kind, KINDS)),
                }
            }

            /// Whether there is such a kind.
            #[cfg(feature = "train")]
            fn is_kind(kind: &str) -> bool {
                KINDS.contains(&kind) || [$($($keras,)?)*].contains(&kind)
            }
        }

        $(impl From<$settings> for Layer {
            fn from(layer: $settings) -> Self {
                Layer::$variant(layer)
            }
        })*
    };
}

layers! {
    layers:
    "conv2d" => Conv2d(conv2d::Conv2d);
    "depthwise_conv2d" => DepthwiseConv2d(depthwise::DepthwiseConv2d);
    "separable_conv2d" => SeparableConv2d(separable::SeparableConv2d);
    "max_pool2d" ("max_pooling2d") => MaxPool2d(pool::MaxPool2d);
    "avg_pool2d" ("average_pooling2d") => AvgPool2d(pool::AvgPool2d);
    "global_avg_pool2d" ("global_average_pooling2d") => GlobalAvgPool2d(pool::GlobalAvgPool2d);
    "zero_padding2d" => ZeroPadding2d(zero_padding::ZeroPadding2d);
    "batch_norm" ("batch_normalization") => BatchNorm(batch_norm::BatchNorm);
    "layer_norm" ("layer_normalization") => LayerNorm(layer_norm::LayerNorm);
    "dropout" => Dropout(dropout::Dropout);
    "flatten" => Flatten(flatten::Flatten);
    "dense" => Dense(dense::Dense);
    "activation" => Activation(activation::ActivationLayer);
    "rescaling" => Rescaling(rescaling::Rescaling);
    "normalization" => Normalization(normalization::Normalization);
    "stochastic_depth" => StochasticDepth(stochastic_depth::StochasticDepth);
    "add" => Add(merge::Add);
    "multiply" => Multiply(merge::Multiply);
    "concatenate" => Concatenate(merge::Concatenate);
    augmentations:
    "random_flip" => augment::RandomFlip;
    "random_rotation" => augment::RandomRotation;
    "random_zoom" => augment::RandomZoom;
    "random_translation" => augment::RandomTranslation;
    "random_contrast" => augment::RandomContrast;
    "random_brightness" => augment::RandomBrightness;
    "random_resized_crop" => augment::RandomResizedCrop;
    "rand_augment" => augment::RandAugment;
    "random_erasing" => augment::RandomErasing;
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
    /// `kernel`, `bias`, `gamma`, `beta`, `moving_mean`, `moving_variance`, `depthwise_kernel` or `pointwise_kernel`.
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

impl From<AugmentLayer> for Layer {
    fn from(layer: AugmentLayer) -> Self {
        Layer::Augment(layer)
    }
}

impl From<Activation> for Layer {
    fn from(activation: Activation) -> Self {
        Layer::Activation(ActivationLayer { activation })
    }
}
