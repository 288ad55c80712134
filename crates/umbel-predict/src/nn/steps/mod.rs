//! A graph lowered to steps: what one call of an engine can do becomes one step, what costs nothing becomes none. Says what
//! is to be computed and what each step needs for it, and nothing of who computes: no kernels, no buffers, no batch.

mod facts;
mod fuse;
mod layout;
mod look;
mod lower;
mod step;
mod work;

pub use self::facts::Facts;
pub use self::layout::Layout;
pub use self::look::Look;
use self::lower::lower;
pub use self::step::*;
pub use self::work::Work;

use super::graph::ResolvedLayer;

/// What steps are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// No dropout; batch norm uses its moving statistics and is folded into a convolution before it.
    Inference,
    /// With the batch's own statistics and dropout, and a way back to everything that is trained.
    Training,
    /// To look at one step's output: no dropout, moving statistics that are not folded, and a way back that ends there.
    Probing,
}

/// At most so many features tell what is on a picture; of a model with more channels, those of the first convolutions.
const MOST_FEATURES: usize = 512;

/// The steps whose outputs' channels tell by their means what is on a picture, and how many channels each has: as many of the first
/// convolutions as have 512 channels together.
pub fn featured<'a>(ops: impl Iterator<Item = &'a Op>) -> Vec<(usize, usize)> {
    let convolution = |(index, op): (usize, &Op)| match op {
        Op::Conv2d(ConvStep { channels_out, .. }) => Some((index, *channels_out)),
        _ => None,
    };
    let mut width = 0;
    let fits = |(_, channels): &(usize, usize)| {
        width += channels;
        width <= MOST_FEATURES
    };
    ops.enumerate().filter_map(convolution).take_while(fits).collect()
}

/// What a graph became.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// In the order of computation; at least one. The last one gives the logits.
    pub list: Vec<Step>,
    /// What each layer's output is.
    pub values: Vec<Value>,
    /// Values of one picture.
    pub images: usize,
    /// What they are for.
    pub usage: Use,
}

impl Steps {
    /// Lowers a checked graph for images of so many values.
    pub fn of(images: usize, layers: &[ResolvedLayer<'_>], usage: Use) -> Self {
        lower(images, layers, usage)
    }

    /// Values of one sample.
    pub fn count(&self, value: Value) -> usize {
        match value {
            Value::Images => self.images,
            Value::Step(step) => self.list[step].output,
        }
    }

    /// What the last layer reads: the number of the step that gives it, and how many values of one sample that are. `None` where
    /// the last layer is no dense one, or reads the pictures themselves.
    pub fn last_input(&self) -> Option<(usize, usize)> {
        let last = self.list.last().filter(|last| matches!(last.op, Op::Dense(_)))?;
        match last.inputs.first() {
            Some(Value::Step(step)) => Some((*step, self.list[*step].output)),
            Some(Value::Images) | None => None,
        }
    }

    /// Whether the gradient of this value is wanted.
    pub fn wants_gradient(&self, value: Value) -> bool {
        matches!(value, Value::Step(step) if self.list[step].needs_gradient)
    }

    /// For [`Use::Probing`]: ends the backward pass at this step, so that it runs only through what depends on it.
    pub fn probe(&mut self, probed: usize) {
        for index in 0..self.list.len() {
            let depends = |value: &Value| self.wants_gradient(*value);
            let needs_gradient = index == probed || self.list[index].inputs.iter().any(depends);
            self.list[index].needs_gradient = needs_gradient;
            self.list[index].is_probed = index == probed;
        }
    }
}
