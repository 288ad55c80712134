//! Checks of settings that several modules take; each error names the setting, what came and what can be.

use crate::{Error, Result};

/// A count that must not be zero.
pub fn positive(setting: &str, value: usize) -> Result<()> {
    if value > 0 {
        return Ok(());
    }
    Err(Error::Setting { setting: setting.into(), value: "0".into(), expected: "1 or more".into() })
}

/// A finite number in its range.
pub fn within(setting: &str, value: f64, expected: &str, holds: bool) -> Result<()> {
    if holds && value.is_finite() {
        return Ok(());
    }
    Err(Error::Setting { setting: setting.into(), value: value.to_string(), expected: expected.into() })
}

/// Whether a setting is left at its default, so that it need not be written down.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
