//! Stochastic depth.

use serde::{Deserialize, Serialize};

use super::{Mistake, Rules, Shape};

/// At the end of a residual branch: leaves the whole branch out for a share of the samples and scales it up for the others,
/// in training only (Huang et al. 2016, "Deep Networks with Stochastic Depth"; timm's `DropPath`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StochasticDepth {
    /// The share of samples for which the branch is dropped, from 0 to less than 1.
    pub rate: f32,
}

impl StochasticDepth {
    /// Drops the branch for a share of `rate`.
    pub fn new(rate: f32) -> Self {
        StochasticDepth { rate }
    }
}

impl Rules for StochasticDepth {
    fn names(&self) -> (&'static str, &'static str) {
        ("stochastic_depth", "StochasticDepth")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        if !(0.0..1.0).contains(&self.rate) {
            return Err(Mistake::new("rate", self.rate, "from 0 to less than 1"));
        }
        Ok(input)
    }
}
