//! How much of a pretrained network is trained on.

use crate::Result;
use crate::base::choice::choices;
use crate::nn::Graph;
use crate::nn::graph::stage;
use crate::nn::layers::Layer;

/// Which layers of a pretrained network are trained; the others stay as they came, and cost no backward pass where nothing
/// below them is trained. Batch norm stays as it came in any case, with its moving statistics: a few photos of one's own
/// are a poor estimate beside those of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tune {
    /// The last layer, which tells the classes: fitted to convergence on features that are computed once.
    Head,
    /// The last stage of blocks and everything behind it, from a fitted last layer on.
    Last,
    /// Everything but batch norm, from a fitted last layer on.
    #[default]
    All,
}

choices! { Tune: Head = "head", Last = "last", All = "all" }

impl Tune {
    /// What is trained, in words.
    pub fn words(self) -> &'static str {
        match self {
            Tune::Head => "last layer only",
            Tune::Last => "last stage of layers",
            Tune::All => "all layers",
        }
    }

    /// Freezes what is not to be trained.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn freeze(self, graph: &mut Graph) -> Result<()> {
        let layers = graph.resolve()?;
        let first = match self {
            Tune::Head => layers.len() - 1,
            Tune::Last => {
                let last = layers.iter().rev().find_map(|layer| stage(&layer.name));
                layers.iter().position(|layer| stage(&layer.name) == last).unwrap_or(0)
            }
            Tune::All => 0,
        };
        let trained = |(index, layer)| index >= first && !matches!(layer, &Layer::BatchNorm(_));
        let trained: Vec<bool> = layers.iter().map(|layer| layer.layer).enumerate().map(trained).collect();
        let mut trained = trained.into_iter();
        Ok(graph.set_trainable(|_| trained.next().unwrap_or(true))?)
    }
}
