//! How much of a pretrained network is trained on.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::nn::Graph;
use crate::nn::layers::Layer;

/// Which layers of a pretrained network are trained; the others stay as they came, and cost no backward pass where nothing
/// below them is trained. Batch norm stays as it came in any case, with its moving statistics: a few photos of one's own
/// are a poor estimate beside those of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tune {
    /// The last layer, which tells the classes.
    Head,
    /// The last stage of blocks and everything behind it.
    Last,
    /// Everything but batch norm.
    #[default]
    All,
}

impl Tune {
    /// Freezes what is not to be trained.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn freeze(self, graph: &mut Graph) -> Result<()> {
        let layers = graph.resolve()?;
        let first = match self {
            Tune::Head => layers.len() - 1,
            Tune::Last => {
                let stage = layers.iter().rev().find_map(|layer| stage(&layer.name));
                layers.iter().position(|layer| self::stage(&layer.name) == stage).unwrap_or(0)
            }
            Tune::All => 0,
        };
        let trained = |(index, layer)| index >= first && !matches!(layer, &Layer::BatchNorm(_));
        let trained: Vec<bool> = layers.iter().map(|layer| layer.layer).enumerate().map(trained).collect();
        let mut trained = trained.into_iter();
        graph.set_trainable(|_| trained.next().unwrap_or(true))
    }
}

/// The stage that a layer of a block belongs to: `blocks.6` of `blocks.6.0.conv_pw`, `layer4` of `layer4.1.conv2`.
fn stage(name: &str) -> Option<&str> {
    let mut dots = name.match_indices('.').map(|(at, _)| at);
    if name.starts_with("blocks.") {
        return dots.nth(1).map(|at| &name[..at]);
    }
    if name.starts_with("layer") { dots.next().map(|at| &name[..at]) } else { None }
}
