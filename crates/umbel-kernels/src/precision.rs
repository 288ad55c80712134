//! What the products of convolutions and dense layers are made of.

use std::fmt;

/// The number format of what is multiplied. Sums, and everything beside convolutions and dense layers, are `f32`, and so is
/// what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// IEEE single precision.
    #[default]
    F32,
    /// See [`bf16`](crate::bf16).
    Bf16,
}

impl Precision {
    /// The precision of that [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        [Precision::F32, Precision::Bf16].into_iter().find(|precision| precision.name() == name)
    }

    /// `f32` or `bf16`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
