//! A stack of layers, as in Keras: the graph where every layer reads the one before it, built in Rust layer by layer.

use std::ops::Deref;

use super::Graph;
use super::layers::Layer;

/// A graph that is a chain. Everything that a [`Graph`] can be asked, it can; where a graph is wanted, it becomes one.
///
/// ```
/// use umbel_predict::nn::Sequential;
/// use umbel_predict::nn::layers::{Conv2d, Dense, GlobalAvgPool2d};
/// let stack = Sequential::new((180, 180, 3)).add(Conv2d::new(16, 3)).add(GlobalAvgPool2d).add(Dense::new(5));
/// assert_eq!(stack.classes()?, 5);
/// # Ok::<(), umbel_predict::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sequential {
    graph: Graph,
}

impl Sequential {
    /// An empty stack for pictures of `height` x `width` x `channels`.
    pub fn new(input: (usize, usize, usize)) -> Self {
        Sequential { graph: Graph::new(input) }
    }

    /// Adds a layer: `Sequential::new((180, 180, 3)).add(Rescaling::new(1.0 / 255.0)).add(Conv2d::new(16, 3) ...)`.
    #[allow(clippy::should_implement_trait)]
    pub fn add(mut self, layer: impl Into<Layer>) -> Self {
        self.graph.layer(layer, self.graph.last());
        self
    }

    /// Adds a layer under a name of its own, which its weights will bear too.
    pub fn add_named(mut self, name: impl Into<String>, layer: impl Into<Layer>) -> Self {
        self.graph.named(name, layer, self.graph.last());
        self
    }
}

/// Keras' `Sequential` is a model like any other, too.
impl Deref for Sequential {
    type Target = Graph;
    fn deref(&self) -> &Graph {
        &self.graph
    }
}

impl From<Sequential> for Graph {
    fn from(stack: Sequential) -> Self {
        stack.graph
    }
}
