//! Flattening.

use serde::{Deserialize, Serialize};

use super::{Mistake, Rules, Shape, form};

/// Makes a vector of a picture, row by row, channels last (Keras' `Flatten`). Costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "form::Nothing")]
pub struct Flatten;

impl Rules for Flatten {
    fn names(&self) -> (&'static str, &'static str) {
        ("flatten", "Flatten")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        Ok(Shape::Vector { length: input.count() })
    }
}
