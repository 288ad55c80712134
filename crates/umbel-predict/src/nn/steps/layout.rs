//! Where an update's numbers lie in one flat buffer: the gradient of every trained tensor, then what moves without one.

use std::ops::Range;

use super::{Step, Steps};
use crate::Result;
use crate::nn::Graph;
use crate::nn::weights::TensorSpec;

/// Each tensor begins at a multiple of so many values, so that an engine can read whole vectors; what lies between is 0.
const ALIGNMENT: usize = 16;

/// The order of [`Train::gradients`](crate::nn::engine::Train::gradients), the same for every engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Of each trainable tensor, in order.
    gradients: Vec<Range<usize>>,
    /// Of each tensor that moves while steps run forward (batch norm's moving statistics), with its index in the model.
    statistics: Vec<(usize, Range<usize>)>,
    len: usize,
}

impl Layout {
    /// Of an architecture and its steps for [`Use::Training`](super::Use::Training).
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn of(architecture: &Graph, steps: &Steps) -> Result<Self> {
        let (specs, mut layout) = (TensorSpec::of(architecture)?, Layout::default());
        for spec in specs.iter().filter(|spec| spec.trainable) {
            let range = layout.take(spec);
            layout.gradients.push(range);
        }
        for facts in steps.list.iter().map(Step::facts).filter(|facts| facts.moves) {
            for tensor in facts.statistics {
                let range = layout.take(&specs[tensor]);
                layout.statistics.push((tensor, range));
            }
        }
        Ok(layout)
    }

    fn take(&mut self, spec: &TensorSpec) -> Range<usize> {
        let start = self.len.next_multiple_of(ALIGNMENT);
        self.len = start + spec.shape.iter().product::<usize>();
        start..self.len
    }

    /// Values of the buffer.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is trained and nothing moves.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the gradient of each trainable tensor lies, in order.
    pub fn gradients(&self) -> &[Range<usize>] {
        &self.gradients
    }

    /// What moves without a gradient: the tensor's index in the model, and its place.
    pub fn statistics(&self) -> &[(usize, Range<usize>)] {
        &self.statistics
    }

    /// The place of a tensor that moves.
    ///
    /// # Panics
    /// Where the tensor of that index does not.
    pub fn statistic(&self, tensor: usize) -> Range<usize> {
        let found = self.statistics.iter().find(|(moves, _)| *moves == tensor);
        found.expect("the layout was made for these steps").1.clone()
    }
}
