//! What one call of a predictor computes in.

use crate::Result;
use crate::nn::{Engine, Infer, Model, Precision};

/// The model, ready to compute, and the photos that it is given.
#[derive(Debug)]
pub(super) struct Buffers {
    pub infer: Box<dyn Infer>,
    pub images: Vec<f32>,
}

impl Buffers {
    pub fn new(engine: &dyn Engine, model: &Model, batch: usize) -> Result<Self> {
        Ok(Buffers { infer: engine.infer(model, batch, Precision::F32)?, images: Vec::new() })
    }

    /// Takes prepared photos, for what `infer` is given next.
    pub fn load(&mut self, photos: &[&Vec<u8>]) {
        self.images.clear();
        for pixels in photos {
            self.images.extend(pixels.iter().map(|value| f32::from(*value)));
        }
    }
}
