//! Checks a graph: names every layer and follows the shape of one picture through it.

use std::collections::{HashMap, HashSet};

use super::limits;

use super::super::layers::{Activation, Layer, MAX_VALUES, Mistake, Parameter, Shape};
use super::{Graph, INPUT, Node, Source, source_before};
use crate::{Error, Result};

/// A layer as it stands in a checked graph.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedLayer<'a> {
    /// The layer's own, or Keras' automatic one (`conv2d`, `conv2d_1`, ...); unique in the graph.
    pub name: String,
    /// The settings.
    pub layer: &'a Layer,
    /// Where its inputs come from; one, but for the layers that merge.
    pub sources: &'a [Source],
    /// What goes in (from the first source).
    pub input: Shape,
    /// What comes out.
    pub output: Shape,
    /// Its weights, in Keras' order. Those of a frozen layer are not trainable.
    pub parameters: Vec<Parameter>,
    /// Whether it is frozen, see [`Graph::set_trainable`].
    pub trainable: bool,
}

impl Graph {
    /// Names every layer and follows the shape of one picture through the graph.
    ///
    /// # Errors
    /// [`Error::Layer`] for the first layer whose settings or input cannot be used, that stands in the wrong place, that
    /// bears another's name, or that nothing reads; [`Error::Setting`] for an empty graph or input.
    pub fn resolve(&self) -> Result<Vec<ResolvedLayer<'_>>> {
        self.check_ends()?;
        let names = names(self.nodes.iter().map(|node| (node.name.as_deref(), &node.layer)))?;
        let mut resolved: Vec<ResolvedLayer<'_>> = Vec::with_capacity(self.nodes.len());
        let mut values = 0usize;
        for (index, (node, name)) in self.nodes.iter().zip(names).enumerate() {
            let layer = self.resolve_layer(index, node, name.clone(), &resolved);
            resolved.push(layer.map_err(|mistake| layer_error(index, &name, mistake))?);
            values = values.saturating_add(resolved[index].output.count());
            limits::check_values(values).map_err(|mistake| layer_error(index, &name, mistake))?;
        }
        self.check_read(&resolved)?;
        match resolved.last() {
            Some(last) => check_last(last).map_err(|mistake| layer_error(resolved.len() - 1, &last.name, mistake))?,
            None => unreachable!("check_ends refuses an empty graph"),
        }
        Ok(resolved)
    }

    fn resolve_layer<'a>(
        &self,
        index: usize,
        node: &'a Node,
        name: String,
        before: &[ResolvedLayer<'_>],
    ) -> std::result::Result<ResolvedLayer<'a>, Mistake> {
        self.check_place(index, node, &name, before)?;
        let (height, width, channels) = self.input;
        let shape = |source: &Source| match *source {
            Source::Input => Shape::Picture { height, width, channels },
            Source::Layer(index) => before[index].output,
        };
        let shapes: Vec<Shape> = node.sources.iter().map(shape).collect();
        let rules = node.layer.rules();
        let output = rules.merged(&shapes)?;
        let mut parameters = rules.parameters(shapes[0]);
        parameters.iter_mut().for_each(|parameter| parameter.trainable &= node.trainable);
        check_sizes(output, &parameters)?;
        limits::check_growth(self.input, output)?;
        let (layer, sources, trainable) = (&node.layer, node.sources.as_slice(), node.trainable);
        Ok(ResolvedLayer { name, layer, sources, input: shapes[0], output, parameters, trainable })
    }

    /// Whether the sources stand above, and the augmentation on top.
    fn check_place(
        &self,
        index: usize,
        node: &Node,
        name: &str,
        before: &[ResolvedLayer<'_>],
    ) -> std::result::Result<(), Mistake> {
        let below = |source: &&Source| matches!(source, Source::Layer(source) if *source >= index);
        if let Some(Source::Layer(source)) = node.sources.iter().find(below) {
            let expected = format!("a layer before it, that is at most {index}");
            return Err(Mistake::new("its input", format!("layer {}", source + 1), expected));
        }
        if node.sources.is_empty() {
            return Err(Mistake::new("the number of its inputs", 0, "1 or more"));
        }
        limits::check_inputs(node.sources.len())?;
        let is_augmentation = |layer: &ResolvedLayer<'_>| matches!(layer.layer, Layer::Augment(_));
        if matches!(node.layer, Layer::Augment(_)) {
            if let Some(last) = before.last().filter(|last| !is_augmentation(last)) {
                let expected = "before every layer that is no augmentation (the photo itself is augmented)";
                return Err(Mistake::new("its place", format!("after {}", last.name), expected));
            }
            if node.sources != [source_before(index)] {
                let expected = "the layer before it, one after another: the photo itself is augmented";
                return Err(Mistake::new("its input", "another", expected));
            }
        } else if let Some(first) = before.first().filter(|first| is_augmentation(first)) {
            let augmented = before.iter().take_while(|layer| is_augmentation(layer)).count();
            let around = |source: &Source| match source {
                Source::Input => true,
                Source::Layer(source) => source + 1 < augmented,
            };
            if node.sources.iter().any(around) {
                let expected = format!("behind the last augmentation layer, {}", before[augmented - 1].name);
                return Err(Mistake::new("its input", format!("before or within {} ...", first.name), expected));
            }
        }
        // Written down, the photo and this layer could not be told apart.
        if name == INPUT && self.nodes.iter().enumerate().any(|(i, node)| node.sources != [source_before(i)]) {
            return Err(Mistake::new("its name", format!("{INPUT:?}"), "another: this one stands for the photo"));
        }
        Ok(())
    }

    /// What nothing reads was forgotten.
    fn check_read(&self, resolved: &[ResolvedLayer<'_>]) -> Result<()> {
        let mut read = vec![false; resolved.len()];
        for source in resolved.iter().flat_map(|layer| layer.sources) {
            if let Source::Layer(index) = source {
                read[*index] = true;
            }
        }
        let (_, but_last) = read.split_last().unwrap_or((&true, &[]));
        match but_last.iter().position(|read| !read) {
            None => Ok(()),
            Some(index) => {
                let expected = "1 or more: name it among another layer's inputs, or leave it out";
                let mistake = Mistake::new("the number of layers that read it", 0, expected);
                Err(layer_error(index, &resolved[index].name, mistake))
            }
        }
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
        if self.nodes.is_empty() {
            return Err(Error::Setting {
                setting: "the number of the model's layers".into(),
                value: "0".into(),
                expected: "1 or more: add at least Flatten and Dense, or [[layer]] in TOML".into(),
            });
        }
        limits::check_layers(self.nodes.len())
    }
}

/// The layers' names: given ones first, so that an automatic one never takes a name that stands further down.
pub(super) fn names<'a>(layers: impl Iterator<Item = (Option<&'a str>, &'a Layer)> + Clone) -> Result<Vec<String>> {
    let mut taken = HashSet::new();
    for (index, (name, _)) in layers.clone().enumerate() {
        let Some(name) = name else { continue };
        let expected = if name.is_empty() || name.contains('/') {
            "a name without / that is not empty"
        } else if !taken.insert(name.to_string()) {
            "a name that no other layer has"
        } else {
            continue;
        };
        let mistake = Mistake::new("its name", format!("{name:?}"), expected);
        return Err(layer_error(index, name, mistake));
    }
    let mut used = HashMap::<&'static str, usize>::new();
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
    Ok(layers.map(|(name, layer)| name.map_or_else(|| automatic(layer), String::from)).collect())
}

pub(super) fn layer_error(index: usize, name: &str, mistake: Mistake) -> Error {
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
