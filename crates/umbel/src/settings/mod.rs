//! The settings of a run as one table: a row has a setting's key, type, range, default, help and flag, whether a resumed run
//! may change it, and where it does nothing. Recipes, config files and what a user gives are overlays of the same keys.

mod choices;
mod given;
pub mod kind;
mod overlay;
mod refusal;
mod row;
mod rows;

use serde::Serialize;
use toml::Table;

pub use choices::{AugmentChoice, Monitor, OptimizerName, PrecisionChoice, Recipe, ScheduleName};
pub use given::Given;
pub use kind::Kind;
pub use overlay::{checked_file, lay, settle};
pub use refusal::Refusal;
pub use row::{Place, Reproduce, Row, Shown, Stage, Unused};
pub use rows::{find, rows};

use crate::base::toml_words::toml_words;
use crate::{PredictError, Result};

/// Settings as the table that a config.toml is read to. Numbers are as they are written there, so that a single-precision
/// 0.1 is 0.1.
///
/// # Errors
/// [`PredictError::Setting`] where TOML cannot hold them, which is so for paths that are not UTF-8 and for very large seeds.
pub fn table<T: Serialize>(settings: &T) -> Result<Table> {
    let unfit = |error: String| PredictError::Setting {
        setting: "the configuration".into(),
        value: error,
        expected: "paths in UTF-8 and numbers of 63 bits, which TOML can hold".into(),
    };
    let text = toml::to_string(settings).map_err(|error| unfit(error.to_string()))?;
    Ok(toml::from_str(&text).map_err(|error| unfit(toml_words(&error)))?)
}

/// Checks settings whose keys begin with `above` (and a dot, or with nothing) against their rows.
///
/// # Errors
/// [`PredictError::Setting`] with the key below `above`, and that of [`table()`].
pub fn check<T: Serialize>(above: &str, settings: &T) -> Result<()> {
    let settings = table(settings)?;
    for row in rows() {
        let Some(key) = row.key.strip_prefix(above) else { continue };
        let Some(value) = overlay::at(&settings, key) else { continue };
        if !row.kind.allows(value) {
            let (value, expected) = (row.kind.word(value), row.kind.expected());
            return Err(PredictError::Setting { setting: key.into(), value, expected }.into());
        }
    }
    Ok(())
}
