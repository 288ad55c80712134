//! Normalization by known statistics.

use serde::{Deserialize, Serialize};

use super::{Mistake, Rules, Shape};

/// `(x − mean) / sqrt(variance)` for each channel, with given figures (Keras' `Normalization` with `mean` and `variance`):
/// how the photos were prepared that a pretrained network has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalization {
    /// One value a channel, in the input's unit (0 to 255 for photos).
    pub mean: Vec<f32>,
    /// One value a channel, more than 0, in the input's unit squared.
    pub variance: Vec<f32>,
}

impl Normalization {
    /// Takes off `mean` and divides by the root of `variance`.
    pub fn new(mean: impl Into<Vec<f32>>, variance: impl Into<Vec<f32>>) -> Self {
        Normalization { mean: mean.into(), variance: variance.into() }
    }

    /// What each channel is multiplied by, and what is added then.
    pub(crate) fn scale_and_offset(&self) -> (Vec<f32>, Vec<f32>) {
        let scale: Vec<f32> = self.variance.iter().map(|variance| 1.0 / variance.sqrt()).collect();
        let offset = self.mean.iter().zip(&scale).map(|(mean, scale)| -mean * scale).collect();
        (scale, offset)
    }
}

impl Rules for Normalization {
    fn names(&self) -> (&'static str, &'static str) {
        ("normalization", "Normalization")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        let channels = input.channels();
        for (what, values) in [("the number of means", &self.mean), ("the number of variances", &self.variance)] {
            if values.len() != channels {
                return Err(Mistake::new(what, values.len(), format!("{channels}, one for each channel of the input")));
            }
        }
        if let Some(mean) = self.mean.iter().find(|mean| !mean.is_finite()) {
            return Err(Mistake::new("mean", mean, "finite numbers"));
        }
        if let Some(variance) = self.variance.iter().find(|variance| !(variance.is_normal() && **variance > 0.0)) {
            return Err(Mistake::new("variance", variance, "finite numbers above 0"));
        }
        Ok(input)
    }
}
