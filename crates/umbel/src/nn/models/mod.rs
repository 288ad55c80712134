//! Ready-made architectures, by name.

mod cnn;

use super::Sequential;
use crate::base::augmentation::AugmentLayer;
use crate::{Error, Result};

pub use cnn::cnn;

/// What every ready-made architecture can be told.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ArchitectureOptions {
    /// Height and width of the square pictures.
    pub image_size: usize,
    pub classes: usize,
    pub augment: Vec<AugmentLayer>,
    /// Share of values dropped before the head; 0 leaves the layer out.
    pub dropout: f32,
}

impl Default for ArchitectureOptions {
    /// The tutorial's: 180 x 180, five classes, flip, rotation and zoom, dropout 0.2.
    fn default() -> Self {
        ArchitectureOptions { image_size: 180, classes: 5, augment: AugmentLayer::tutorial(), dropout: 0.2 }
    }
}

/// Names that [`by_name`] knows.
pub const NAMES: &[&str] = &["cnn"];

/// The architecture of that name.
///
/// # Errors
/// [`Error::Setting`] for a name that is none of [`NAMES`], and those of [`Sequential::resolve`] (a picture too small
/// for the architecture, for instance).
pub fn by_name(name: &str, options: &ArchitectureOptions) -> Result<Sequential> {
    let architecture = match name {
        "cnn" => cnn(options),
        other => {
            return Err(Error::Setting {
                setting: "model".into(),
                value: format!("{other:?}"),
                expected: format!("one of {}, or the path of a TOML file", NAMES.join(", ")),
            });
        }
    };
    architecture.resolve()?;
    Ok(architecture)
}
