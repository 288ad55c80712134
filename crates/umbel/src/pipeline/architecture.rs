//! From the settings to an architecture: a ready-made one by name, or a TOML file.

use std::path::Path;

use super::{AugmentChoice, TrainConfig};
use crate::base::augmentation::AugmentLayer;
use crate::nn::models::{self, ArchitectureOptions};
use crate::nn::{Layer, Sequential};
use crate::{Error, Result};

/// The tutorial's dropout.
const DROPOUT: f32 = 0.2;

/// The text of the TOML file that `model` names; `None` where it is the name of a ready-made architecture.
pub(super) fn read_toml(model: &str) -> Result<Option<String>> {
    if models::NAMES.contains(&model) {
        return Ok(None);
    }
    let path = Path::new(model);
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    if !is_toml && !path.is_file() {
        return Err(Error::Setting {
            setting: "the model".into(),
            value: format!("{model:?}"),
            expected: format!("one of {}, or the path of a TOML file", models::NAMES.join(", ")),
        });
    }
    let text = std::fs::read_to_string(path);
    text.map(Some).map_err(|source| Error::Io { action: "read the model", path: path.to_owned(), source })
}

/// The architecture for so many classes, from the TOML `text` or by name.
pub(super) fn build(config: &TrainConfig, text: Option<&str>, classes: usize) -> Result<Sequential> {
    let Some(text) = text else { return models::by_name(&config.model, &options(config, classes)) };
    if let Some(dropout) = config.dropout {
        return Err(Error::Setting {
            setting: "dropout".into(),
            value: dropout.to_string(),
            expected: "left out when the model is a TOML file: its own dropout layers count".into(),
        });
    }
    let size = config.prep.image_size as usize;
    let stack = Sequential::from_toml(text, (size, size, 3))?;
    let outputs = stack.classes()?;
    if outputs != classes {
        return Err(Error::ClassCount { outputs, classes });
    }
    match config.augment {
        None => Ok(stack),
        Some(AugmentChoice::None) => with_augmentation(&stack, Vec::new()),
        Some(AugmentChoice::Tutorial) => with_augmentation(&stack, AugmentLayer::tutorial()),
    }
}

/// The augmentation layers that a model of these settings begins with.
pub(super) fn augmentation(config: &TrainConfig, text: Option<&str>) -> Result<Vec<AugmentLayer>> {
    let size = config.prep.image_size as usize;
    let classes = match text {
        Some(text) => Sequential::from_toml(text, (size, size, 3))?.classes()?,
        // Any number will do.
        None => 2,
    };
    let stack = build(config, text, classes)?;
    let layers = stack.resolve()?.into_iter().filter_map(|layer| match layer.layer {
        Layer::Augment(augment) => Some(*augment),
        _ => None,
    });
    Ok(layers.collect())
}

fn options(config: &TrainConfig, classes: usize) -> ArchitectureOptions {
    ArchitectureOptions {
        image_size: config.prep.image_size as usize,
        classes,
        augment: match config.augment.unwrap_or_default() {
            AugmentChoice::Tutorial => AugmentLayer::tutorial(),
            AugmentChoice::None => Vec::new(),
        },
        dropout: config.dropout.unwrap_or(DROPOUT),
    }
}

/// The stack with other augmentation layers in place of its own; all other layers keep their names.
fn with_augmentation(stack: &Sequential, augment: Vec<AugmentLayer>) -> Result<Sequential> {
    let start = augment.into_iter().fold(Sequential::new(stack.input()), Sequential::add);
    let others = stack.resolve()?.into_iter().filter(|layer| !matches!(layer.layer, Layer::Augment(_)));
    Ok(others.fold(start, |stack, layer| stack.add_named(layer.name, layer.layer.clone())))
}
