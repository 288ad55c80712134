//! How a layer is written in TOML and in a model file's JSON: a table with `kind`, the optional `name`,
//! `inputs` and `trainable`, and the settings.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::*;
#[cfg(feature = "train")]
use crate::Error;

/// A layer with what the graph knows of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct NamedLayer {
    /// The name that the user gave it, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Names of what it reads; `None`: the layer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_true")]
    pub trainable: bool,
    #[serde(flatten)]
    pub layer: Layer,
}

fn is_true(value: &bool) -> bool {
    *value
}

/// Reads one `[[layer]]` table; `position` counts from 1.
#[cfg(feature = "train")]
pub(crate) fn layer_from_toml(position: usize, mut table: toml::Table) -> crate::Result<NamedLayer> {
    let wrong = |what: &str, value: String, expected: String| Error::Setting {
        setting: format!("{what} of layer {position}"),
        value,
        expected,
    };
    let kind = match table.remove("kind") {
        Some(toml::Value::String(kind)) if Layer::is_kind(&kind) => kind,
        other => {
            let value = other.map_or("missing".to_string(), |value| value.to_string());
            return Err(wrong("kind", value, format!("one of {}", KINDS.join(", "))));
        }
    };
    let name = match table.remove("name") {
        None => None,
        Some(toml::Value::String(name)) => Some(name),
        Some(other) => return Err(wrong("name", other.to_string(), "a string".into())),
    };
    let inputs = match table.remove("inputs").map(|value| (value.to_string(), value.try_into())) {
        None => None,
        Some((_, Ok(inputs))) => Some(inputs),
        Some((text, Err(_))) => return Err(wrong("inputs", text, "a list of names: [\"conv2d\", \"add\"]".into())),
    };
    let trainable = match table.remove("trainable") {
        None => true,
        Some(toml::Value::Boolean(trainable)) => trainable,
        Some(other) => return Err(wrong("trainable", other.to_string(), "true or false".into())),
    };
    match Layer::read(&kind, toml::Value::Table(table)) {
        Ok(layer) => Ok(NamedLayer { name, inputs, trainable, layer }),
        Err(cause) => Err(Error::ModelToml { place: format!("layer {position} ({kind})"), cause: Box::new(cause) }),
    }
}

impl<'de> Deserialize<'de> for NamedLayer {
    /// Goes through a JSON value: serde's tagged enums lose `deny_unknown_fields` where they are flattened.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        fn take<T: serde::de::DeserializeOwned, E: serde::de::Error>(
            map: &mut serde_json::Map<String, serde_json::Value>,
            key: &str,
        ) -> Result<Option<T>, E> {
            map.remove(key).map(serde_json::from_value).transpose().map_err(|e| E::custom(format_args!("{key}: {e}")))
        }
        let mut map = serde_json::Map::deserialize(from)?;
        let kind = match map.remove("kind") {
            Some(serde_json::Value::String(kind)) => kind,
            _ => return Err(D::Error::missing_field("kind")),
        };
        let name = take(&mut map, "name")?;
        let inputs = take(&mut map, "inputs")?;
        let trainable = take(&mut map, "trainable")?.unwrap_or(true);
        let layer = Layer::read(&kind, serde_json::Value::Object(map))
            .map_err(|cause| D::Error::custom(format_args!("layer kind {kind}: {cause}")))?;
        Ok(NamedLayer { name, inputs, trainable, layer })
    }
}

impl<'de> Deserialize<'de> for Layer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let named = NamedLayer::deserialize(from)?;
        match named {
            NamedLayer { name: Some(_), .. } => Err(D::Error::unknown_field("name", &[])),
            NamedLayer { inputs: Some(_), .. } => Err(D::Error::unknown_field("inputs", &[])),
            NamedLayer { trainable: false, .. } => Err(D::Error::unknown_field("trainable", &[])),
            NamedLayer { layer, .. } => Ok(layer),
        }
    }
}

/// What a layer without settings is read from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Has layers without settings read from an empty table.
macro_rules! without_settings {
    ($($layer:ident),*) => {$(
        impl From<Nothing> for $layer {
            fn from(_: Nothing) -> Self {
                $layer
            }
        }
    )*};
}

without_settings!(Flatten, GlobalAvgPool2d, Add, Multiply, Concatenate);

/// How many groups there are where nothing is said.
pub(super) fn one() -> usize {
    1
}

pub(super) fn is_one(groups: &usize) -> bool {
    *groups == 1
}

/// What a switch is that nothing is said of.
pub(super) fn yes() -> bool {
    true
}
