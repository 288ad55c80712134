//! How a layer is written in TOML and in a model file's JSON: a table with `kind`, an optional `name`, and the settings.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::*;
use crate::{Error, Result};

/// Every `kind`. Keras' own snake-case names (`max_pooling2d`, `batch_normalization`, ...) are read as well.
pub const KINDS: &[&str] = &[
    "conv2d",
    "max_pool2d",
    "avg_pool2d",
    "global_avg_pool2d",
    "batch_norm",
    "dropout",
    "flatten",
    "dense",
    "activation",
    "rescaling",
    "random_flip",
    "random_rotation",
    "random_zoom",
    "random_translation",
    "random_contrast",
    "random_brightness",
];

/// A layer with the name that the user gave it, if any.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct NamedLayer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(flatten)]
    pub layer: Layer,
}

/// Reads one `[[layer]]` table; `position` counts from 1. Gives the layer and its name, if it has one.
pub fn layer_from_toml(position: usize, mut table: toml::Table) -> Result<(Layer, Option<String>)> {
    let kind = match table.remove("kind") {
        Some(toml::Value::String(kind)) if canonical(&kind).is_some() => kind,
        other => {
            return Err(Error::Setting {
                setting: format!("kind of layer {position}"),
                value: other.map_or("missing".to_string(), |value| value.to_string()),
                expected: format!("one of {}", KINDS.join(", ")),
            });
        }
    };
    let name = match table.remove("name") {
        None => None,
        Some(toml::Value::String(name)) => Some(name),
        Some(other) => {
            return Err(Error::Setting {
                setting: format!("name of layer {position}"),
                value: other.to_string(),
                expected: "a string".to_string(),
            });
        }
    };
    match settings(&kind, toml::Value::Table(table)) {
        Ok(layer) => Ok((layer, name)),
        Err(cause) => Err(Error::ModelToml { place: format!("layer {position} ({kind})"), cause: Box::new(cause) }),
    }
}

impl<'de> Deserialize<'de> for NamedLayer {
    /// Goes through a JSON value: serde's tagged enums lose `deny_unknown_fields` where they are flattened.
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let mut map = serde_json::Map::deserialize(from)?;
        let kind = match map.remove("kind") {
            Some(serde_json::Value::String(kind)) => kind,
            _ => return Err(D::Error::missing_field("kind")),
        };
        let name = match map.remove("name") {
            None => None,
            Some(name) => Some(String::deserialize(name).map_err(D::Error::custom)?),
        };
        let layer = settings(&kind, serde_json::Value::Object(map))
            .map_err(|cause| D::Error::custom(format_args!("layer kind {kind}: {cause}")))?;
        Ok(NamedLayer { name, layer })
    }
}

impl<'de> Deserialize<'de> for Layer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let named = NamedLayer::deserialize(from)?;
        match named.name {
            None => Ok(named.layer),
            Some(_) => Err(D::Error::unknown_field("name", &[])),
        }
    }
}

/// What an entry of [`KINDS`], or Keras' name for it, stands for.
fn canonical(kind: &str) -> Option<&'static str> {
    let own = match kind {
        "max_pooling2d" => "max_pool2d",
        "average_pooling2d" => "avg_pool2d",
        "global_average_pooling2d" => "global_avg_pool2d",
        "batch_normalization" => "batch_norm",
        other => other,
    };
    KINDS.iter().copied().find(|known| *known == own)
}

/// A table without settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Reads the settings of a layer of this kind.
fn settings<'de, D: Deserializer<'de>>(kind: &str, from: D) -> std::result::Result<Layer, D::Error> {
    fn read<'de, L: Deserialize<'de> + Into<Layer>, D: Deserializer<'de>>(
        from: D,
    ) -> std::result::Result<Layer, D::Error> {
        L::deserialize(from).map(Into::into)
    }
    match canonical(kind) {
        Some("conv2d") => read::<Conv2d, D>(from),
        Some("max_pool2d") => read::<MaxPool2d, D>(from),
        Some("avg_pool2d") => read::<AvgPool2d, D>(from),
        Some("global_avg_pool2d") => Nothing::deserialize(from).map(|_| GlobalAvgPool2d.into()),
        Some("batch_norm") => read::<BatchNorm, D>(from),
        Some("dropout") => read::<Dropout, D>(from),
        Some("flatten") => Nothing::deserialize(from).map(|_| Flatten.into()),
        Some("dense") => read::<Dense, D>(from),
        Some("activation") => read::<ActivationLayer, D>(from),
        Some("rescaling") => read::<Rescaling, D>(from),
        Some("random_flip") => read::<RandomFlip, D>(from),
        Some("random_rotation") => read::<RandomRotation, D>(from),
        Some("random_zoom") => read::<RandomZoom, D>(from),
        Some("random_translation") => read::<RandomTranslation, D>(from),
        Some("random_contrast") => read::<RandomContrast, D>(from),
        Some("random_brightness") => read::<RandomBrightness, D>(from),
        _ => Err(D::Error::unknown_variant(kind, KINDS)),
    }
}
