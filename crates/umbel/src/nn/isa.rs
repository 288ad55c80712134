//! The choice of the instruction set, with the library's error where it cannot be.

use super::Isa;
use crate::{Error, Result};

/// The instruction set to compute with; `UMBEL_ISA` may lower it.
pub fn isa_from_env() -> Result<Isa> {
    Isa::from_env().map_err(|unusable| Error::Setting {
        setting: "UMBEL_ISA".into(),
        value: unusable.asked,
        expected: format!("one of {} on this CPU", unusable.usable.join(", ")),
    })
}
