//! JSON files: written to be read by people, too.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::{atomic, regular};
use crate::{Error, Result, run};

/// Writes `value`, indented, whole or not at all. Numbers read back to the same bits.
pub fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(value).map_err(|error| malformed(path, &error))?;
    Ok(atomic::write_bytes(path, format!("{json}\n").as_bytes())?)
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = regular::read(path, regular::TABLE).map_err(|source| umbel_predict::Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|error| malformed(path, &error))
}

fn malformed(path: &Path, error: &serde_json::Error) -> Error {
    run::Error::Malformed { path: path.to_owned(), detail: error.to_string() }.into()
}
