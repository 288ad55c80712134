//! The written form of a graph: TOML by hand, JSON in a model file.

use serde::{Deserialize, Serialize};

#[cfg(feature = "train")]
use super::super::layers::layer_from_toml;
use super::super::layers::{Mistake, NamedLayer};
use super::resolve::{layer_error, names};
use super::{Graph, INPUT, Node, Source, limits, source_before};
use crate::{Error, Result};

impl Graph {
    /// Reads a graph from TOML text (`[[layer]]` tables with a `kind`); unknown keys are errors.
    ///
    /// ```
    /// use umbel_predict::nn::Graph;
    /// let text = r#"
    ///     [[layer]]
    ///     kind = "conv2d"
    ///     name = "stem"
    ///     filters = 16
    ///     kernel = 3
    ///     padding = "same"
    ///     activation = "relu"
    ///
    ///     [[layer]]
    ///     kind = "conv2d"
    ///     name = "branch"
    ///     filters = 16
    ///     kernel = 3
    ///     padding = "same"
    ///
    ///     [[layer]]
    ///     kind = "add"
    ///     inputs = ["stem", "branch"]
    ///
    ///     [[layer]]
    ///     kind = "global_avg_pool2d"
    ///
    ///     [[layer]]
    ///     kind = "dense"
    ///     units = 5
    /// "#;
    /// let graph = Graph::from_toml(text, (180, 180, 3))?;
    /// assert_eq!(graph.classes()?, 5);
    /// # Ok::<(), umbel_predict::Error>(())
    /// ```
    ///
    /// A key `input = [height, width, channels]` may stand on top; it has to agree with `input`.
    ///
    /// # Errors
    /// Where the text is no such TOML, or the graph fails the checks of [`Graph::resolve`].
    #[cfg(feature = "train")]
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
        let layers = form.layer.into_iter().enumerate();
        let layers = layers.map(|(index, table)| layer_from_toml(index + 1, table));
        Self::from_layers(input, layers.collect::<Result<_>>()?)
    }

    /// Looks up what the layers name as their inputs, and checks the whole.
    fn from_layers(input: (usize, usize, usize), layers: Vec<NamedLayer>) -> Result<Self> {
        limits::check_layers(layers.len())?;
        let names = names(layers.iter().map(|named| (named.name.as_deref(), &named.layer)))?;
        let mut nodes = Vec::with_capacity(layers.len());
        for (index, NamedLayer { name, layer, inputs, trainable }) in layers.into_iter().enumerate() {
            let sources = match inputs {
                None => vec![source_before(index)],
                Some(inputs) => {
                    limits::check_inputs(inputs.len()).map_err(|mistake| layer_error(index, &names[index], mistake))?;
                    let look_up = |input: &String| look_up(input, &names, index);
                    let sources: std::result::Result<_, _> = inputs.iter().map(look_up).collect();
                    sources.map_err(|mistake| layer_error(index, &names[index], mistake))?
                }
            };
            nodes.push(Node { layer, name, sources, trainable });
        }
        let graph = Graph { input, nodes };
        graph.resolve()?;
        Ok(graph)
    }
}

/// The layer of that name above the layer `index`, or the photo.
fn look_up(input: &str, names: &[String], index: usize) -> std::result::Result<Source, Mistake> {
    if let Some(place) = names[..index].iter().position(|name| name == input) {
        return Ok(Source::Layer(place));
    }
    if input == INPUT {
        return Ok(Source::Input);
    }
    let above = match index {
        0 => "there is none".to_string(),
        _ => format!("the nearest is {:?}", names[index - 1]),
    };
    let expected = format!("{INPUT:?} for the photo, or the name of a layer above it ({above})");
    Err(Mistake::new("its input", format!("{input:?}"), expected))
}

/// What `from_toml` reads before it looks at the layers one by one, to be able to say which is wrong.
#[cfg(feature = "train")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TomlForm {
    input: Option<(usize, usize, usize)>,
    layer: Vec<toml::Table>,
}

/// The form in JSON and TOML.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GraphForm {
    input: (usize, usize, usize),
    layer: Vec<NamedLayer>,
}

impl From<Graph> for GraphForm {
    fn from(graph: Graph) -> Self {
        // A graph that cannot be resolved cannot be read again either, but has to be written all the same.
        let names = names(graph.nodes.iter().map(|node| (node.name.as_deref(), &node.layer))).unwrap_or_default();
        let name = |source: &Source| match *source {
            Source::Input => INPUT.to_string(),
            Source::Layer(index) => names.get(index).cloned().unwrap_or_default(),
        };
        let written = |(index, node): (usize, Node)| NamedLayer {
            inputs: (node.sources != [source_before(index)]).then(|| node.sources.iter().map(name).collect()),
            name: node.name,
            layer: node.layer,
            trainable: node.trainable,
        };
        let layer = graph.nodes.into_iter().enumerate().map(written).collect();
        GraphForm { input: graph.input, layer }
    }
}

impl TryFrom<GraphForm> for Graph {
    type Error = Error;
    fn try_from(form: GraphForm) -> Result<Self> {
        Graph::from_layers(form.input, form.layer)
    }
}
