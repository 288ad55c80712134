//! Ready-made architectures, by name.

use super::Sequential;
use crate::Result;
use crate::base::augmentation::AugmentLayer;

/// What every ready-made architecture can be told.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ArchitectureOptions {
    pub image_size: usize,
    pub classes: usize,
    pub augment: Vec<AugmentLayer>,
    /// Share of values dropped before the head; 0 leaves the layer out.
    pub dropout: f32,
}

/// Names that [`by_name`] knows.
pub const NAMES: &[&str] = &["cnn"];

/// The architecture of that name.
pub fn by_name(name: &str, options: &ArchitectureOptions) -> Result<Sequential> {
    todo!()
}
