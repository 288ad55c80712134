//! Dropout.

use serde::{Deserialize, Serialize};

use super::{Mistake, Rules, Shape};

/// Sets a share of the values to zero and scales up the others, in training only (Keras' `Dropout`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// The share that is dropped, from 0 to less than 1.
    pub rate: f32,
}

impl Dropout {
    /// Drops a share of `rate`.
    pub fn new(rate: f32) -> Self {
        Dropout { rate }
    }
}

impl Rules for Dropout {
    fn names(&self) -> (&'static str, &'static str) {
        ("dropout", "Dropout")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        if !(0.0..1.0).contains(&self.rate) {
            return Err(Mistake::new("rate", self.rate, "from 0 to less than 1"));
        }
        Ok(input)
    }
}
