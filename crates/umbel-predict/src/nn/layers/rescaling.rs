//! Rescaling.

use serde::{Deserialize, Serialize};

use super::{Mistake, Rules, Shape};

/// `x · scale + offset` (Keras' `Rescaling`): `Rescaling::new(1.0 / 255.0)` brings pixels to 0..1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rescaling {
    /// Multiplied first.
    pub scale: f32,
    /// Added then.
    #[serde(default)]
    pub offset: f32,
}

impl Rescaling {
    /// Multiplies by `scale`.
    pub fn new(scale: f32) -> Self {
        Rescaling { scale, offset: 0.0 }
    }

    /// Sets the offset.
    pub fn offset(mut self, offset: f32) -> Self {
        self.offset = offset;
        self
    }
}

impl Rules for Rescaling {
    fn names(&self) -> (&'static str, &'static str) {
        ("rescaling", "Rescaling")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        for (what, value) in [("scale", self.scale), ("offset", self.offset)] {
            if !value.is_finite() {
                return Err(Mistake::new(what, value, "a finite number"));
            }
        }
        Ok(input)
    }
}
