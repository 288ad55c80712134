//! The choice of the instruction set, with the library's error where it cannot be, and what is computed with it.

use super::{Isa, Precision};
use crate::{Error, Result};

/// The instruction set to compute with; `UMBEL_ISA` may lower it.
pub fn isa_from_env() -> Result<Isa> {
    Isa::from_env().map_err(|unusable| Error::Setting {
        setting: "UMBEL_ISA".into(),
        value: unusable.asked,
        expected: format!("one of {} on this CPU", unusable.usable.join(", ")),
    })
}

/// How a plan computes: the instruction set, and the precision of what convolutions and dense layers multiply. (Depthwise
/// convolutions, which do little with each number that they read, multiply `f32` in any case.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Arithmetic {
    pub isa: Isa,
    pub precision: Precision,
}

impl Arithmetic {
    /// The best instruction set for this precision; `UMBEL_ISA` may lower it.
    ///
    /// # Errors
    /// Those of [`isa_from_env`].
    pub fn from_env(precision: Precision) -> Result<Self> {
        Ok(Arithmetic { isa: isa_from_env()?.for_precision(precision), precision })
    }
}

impl From<Isa> for Arithmetic {
    /// In `f32`.
    fn from(isa: Isa) -> Self {
        Arithmetic { isa, precision: Precision::F32 }
    }
}
