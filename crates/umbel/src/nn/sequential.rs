//! A stack of layers, as in Keras: built in Rust layer by layer or read from TOML, checked when built.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::layers::{Activation, Layer, MAX_VALUES, Mistake, NamedLayer, Parameter, Shape, layer_from_toml};
use super::summary::{Summary, SummaryLayer};
use crate::base::augmentation::AugmentLayer;
use crate::{Error, Result};

/// The architecture: input shape (height, width, channels) and layers in order.
///
/// As JSON or TOML: `input = [height, width, channels]` and a list `layer` of tables with a `kind` each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "SequentialForm", try_from = "SequentialForm")]
pub struct Sequential {
    input: (usize, usize, usize),
    layers: Vec<Layer>,
    /// The names that were given; the others are made by [`Sequential::resolve`].
    names: Vec<Option<String>>,
}

/// A layer as it stands in a checked stack.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedLayer<'a> {
    /// The layer's own, or Keras' automatic one (`conv2d`, `conv2d_1`, ...); unique in the stack.
    pub name: String,
    /// The settings.
    pub layer: &'a Layer,
    /// What goes in.
    pub input: Shape,
    /// What comes out.
    pub output: Shape,
    /// Its weights, in Keras' order.
    pub parameters: Vec<Parameter>,
}

impl Sequential {
    /// An empty stack for pictures of `height` x `width` x `channels`.
    pub fn new(input: (usize, usize, usize)) -> Self {
        Sequential { input, layers: Vec::new(), names: Vec::new() }
    }

    /// Adds a layer: `Sequential::new((180, 180, 3)).add(Rescaling::new(1.0 / 255.0)).add(Conv2d::new(16, 3) ...)`.
    #[allow(clippy::should_implement_trait)]
    pub fn add(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self.names.push(None);
        self
    }

    /// Adds a layer under a name of its own, which its weights will bear too.
    pub fn add_named(mut self, name: impl Into<String>, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self.names.push(Some(name.into()));
        self
    }

    /// Reads a stack from TOML text (`[[layer]]` tables with a `kind`); unknown keys are errors.
    ///
    /// ```
    /// use umbel::nn::Sequential;
    /// let text = r#"
    ///     [[layer]]
    ///     kind = "conv2d"
    ///     filters = 16
    ///     kernel = 3
    ///     padding = "same"
    ///     activation = "relu"
    ///
    ///     [[layer]]
    ///     kind = "global_avg_pool2d"
    ///
    ///     [[layer]]
    ///     kind = "dense"
    ///     units = 5
    /// "#;
    /// let stack = Sequential::from_toml(text, (180, 180, 3))?;
    /// assert_eq!(stack.classes()?, 5);
    /// # Ok::<(), umbel::Error>(())
    /// ```
    ///
    /// A key `input = [height, width, channels]` may stand on top; it has to agree with `input`.
    ///
    /// # Errors
    /// Where the text is no such TOML, or the stack fails the checks of [`Sequential::resolve`].
    pub fn from_toml(text: &str, input: (usize, usize, usize)) -> Result<Self> {
        let whole = |cause| Error::ModelToml { place: "the text".into(), cause: Box::new(cause) };
        let form: TomlForm = toml::from_str(text).map_err(whole)?;
        if let Some(own) = form.input.filter(|own| *own != input) {
            return Err(Error::Setting {
                setting: "input in the model's TOML".into(),
                value: format!("{own:?}"),
                expected: format!(
                    "{input:?}, the size of the pictures it is built for: change it, leave it out, or change the image size"
                ),
            });
        }
        let mut stack = Sequential::new(input);
        for (index, table) in form.layer.into_iter().enumerate() {
            let (layer, name) = layer_from_toml(index + 1, table)?;
            stack.layers.push(layer);
            stack.names.push(name);
        }
        stack.resolve()?;
        Ok(stack)
    }

    /// Height, width, channels.
    pub fn input(&self) -> (usize, usize, usize) {
        self.input
    }

    /// The layers in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The augmentation layers (they stand first), for the loader.
    pub fn augmentation(&self) -> Vec<AugmentLayer> {
        let augmentation = |layer: &Layer| match layer {
            Layer::Augment(layer) => Some(*layer),
            _ => None,
        };
        self.layers.iter().filter_map(augmentation).collect()
    }

    /// Number of outputs of the last layer. Fails where the shapes do not fit: the error names the layer.
    pub fn classes(&self) -> Result<usize> {
        Ok(self.resolve()?.last().map_or(0, |last| last.output.count()))
    }

    /// The layer table, without drawing any weights.
    pub fn summary(&self) -> Result<Summary> {
        let row = |layer: &ResolvedLayer<'_>| SummaryLayer {
            name: layer.name.clone(),
            kind: layer.layer.class_name().to_string(),
            output: layer.output.axes(),
            parameters: layer.parameters.iter().map(Parameter::count).sum(),
        };
        let resolved = self.resolve()?;
        let trained = resolved.iter().flat_map(|layer| &layer.parameters).filter(|p| p.trainable);
        Ok(Summary {
            parameters: resolved.iter().flat_map(|l| &l.parameters).map(Parameter::count).sum(),
            trainable: trained.map(Parameter::count).sum(),
            layers: resolved.iter().map(row).collect(),
        })
    }

    /// Names every layer and follows the shape of one picture through the stack.
    ///
    /// # Errors
    /// [`Error::Layer`] for the first layer whose settings or input cannot be used, that stands in the wrong place, or
    /// that bears another's name; [`Error::Setting`] for an empty stack or input.
    pub fn resolve(&self) -> Result<Vec<ResolvedLayer<'_>>> {
        self.check_ends()?;
        let names = self.resolve_names()?;
        let (height, width, channels) = self.input;
        let mut shape = Shape::Picture { height, width, channels };
        let mut resolved: Vec<ResolvedLayer<'_>> = Vec::with_capacity(self.layers.len());
        for (index, (layer, name)) in self.layers.iter().zip(names).enumerate() {
            let fail = |mistake| layer_error(index, &name, mistake);
            if let (Layer::Augment(_), Some(before)) = (layer, resolved.last())
                && !matches!(before.layer, Layer::Augment(_))
            {
                return Err(fail(Mistake::new(
                    "its place",
                    format!("after {}", before.name),
                    "before every layer that is no augmentation (the photo itself is augmented)",
                )));
            }
            let output = layer.rules().output(shape).map_err(fail)?;
            let parameters = layer.rules().parameters(shape);
            check_sizes(output, &parameters).map_err(fail)?;
            resolved.push(ResolvedLayer { name, layer, input: shape, output, parameters });
            shape = output;
        }
        match resolved.last() {
            Some(last) => check_last(last).map_err(|mistake| layer_error(resolved.len() - 1, &last.name, mistake))?,
            None => unreachable!("check_ends refuses an empty stack"),
        }
        Ok(resolved)
    }

    fn check_ends(&self) -> Result<()> {
        let (height, width, channels) = self.input;
        let values = Shape::Picture { height, width, channels }.count();
        if values == 0 || values > MAX_VALUES {
            return Err(Error::Setting {
                setting: "the model's input".into(),
                value: format!("{height} x {width} x {channels}"),
                expected: format!("1 or more along each axis, and at most {MAX_VALUES} values"),
            });
        }
        if self.layers.is_empty() {
            return Err(Error::Setting {
                setting: "the number of the model's layers".into(),
                value: "0".into(),
                expected: "1 or more: add at least Flatten and Dense, or [[layer]] in TOML".into(),
            });
        }
        Ok(())
    }

    /// Given names first, so that an automatic one never takes a name that stands further down.
    fn resolve_names(&self) -> Result<Vec<String>> {
        let mut taken = HashSet::new();
        for (index, name) in self.names.iter().enumerate() {
            let Some(name) = name else { continue };
            let expected = if name.is_empty() || name.contains('/') {
                "a name without / that is not empty"
            } else if !taken.insert(name.clone()) {
                "a name that no other layer has"
            } else {
                continue;
            };
            let mistake = Mistake::new("its name", format!("{name:?}"), expected);
            return Err(layer_error(index, name, mistake));
        }
        let mut used = std::collections::HashMap::<&'static str, usize>::new();
        let mut automatic = |layer: &Layer| {
            let base = layer.automatic_name();
            let counter = used.entry(base).or_default();
            loop {
                let name = if *counter == 0 { base.to_string() } else { format!("{base}_{counter}") };
                *counter += 1;
                if taken.insert(name.clone()) {
                    return name;
                }
            }
        };
        let both = self.names.iter().zip(&self.layers);
        Ok(both.map(|(name, layer)| name.clone().unwrap_or_else(|| automatic(layer))).collect())
    }
}

fn layer_error(index: usize, name: &str, mistake: Mistake) -> Error {
    let Mistake { what, value, expected } = mistake;
    Error::Layer { position: index + 1, layer: name.to_string(), what, value, expected }
}

/// Nothing may be larger than can be counted and held.
fn check_sizes(output: Shape, parameters: &[Parameter]) -> std::result::Result<(), Mistake> {
    let limit = || format!("at most {MAX_VALUES} values: use smaller pictures or fewer outputs");
    if output.count() > MAX_VALUES {
        return Err(Mistake::new("the output", output, limit()));
    }
    for parameter in parameters {
        let product = parameter.shape.iter().fold(1usize, |all, &axis| all.saturating_mul(axis));
        if product > MAX_VALUES {
            return Err(Mistake::new("the shape of the weights", format!("{:?}", parameter.shape), limit()));
        }
    }
    Ok(())
}

/// The last layer gives the logits.
fn check_last(last: &ResolvedLayer<'_>) -> std::result::Result<(), Mistake> {
    if let Shape::Picture { .. } = last.output {
        let expected = "a vector with one value a class: end with Flatten or GlobalAvgPool2d, and Dense";
        return Err(Mistake::new("the model's output", last.output, expected));
    }
    let activation = match last.layer {
        Layer::Dense(dense) => dense.activation,
        Layer::Activation(layer) => layer.activation,
        _ => Activation::Linear,
    };
    if activation == Activation::Softmax {
        let expected =
            "linear at the end of a model: the loss is computed from logits, and predictions apply softmax themselves";
        return Err(Mistake::new("the activation", "softmax", expected));
    }
    Ok(())
}

/// What `from_toml` reads before it looks at the layers one by one, to be able to say which is wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TomlForm {
    input: Option<(usize, usize, usize)>,
    layer: Vec<toml::Table>,
}

/// The form in JSON and TOML.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SequentialForm {
    input: (usize, usize, usize),
    layer: Vec<NamedLayer>,
}

impl From<Sequential> for SequentialForm {
    fn from(stack: Sequential) -> Self {
        let pairs = stack.names.into_iter().zip(stack.layers);
        let layer = pairs.map(|(name, layer)| NamedLayer { name, layer }).collect();
        SequentialForm { input: stack.input, layer }
    }
}

impl TryFrom<SequentialForm> for Sequential {
    type Error = Error;
    fn try_from(form: SequentialForm) -> Result<Self> {
        let (names, layers) = form.layer.into_iter().map(|l| (l.name, l.layer)).unzip();
        let stack = Sequential { input: form.input, layers, names };
        stack.resolve()?;
        Ok(stack)
    }
}
