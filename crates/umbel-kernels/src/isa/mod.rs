//! What this CPU can do: a token per instruction set that proves it is there, and the vector type behind it.

/// Proof that an instruction set is usable on this CPU. Only the constructors here make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Portable code on arrays of eight, vectorised by the compiler for the build's baseline (SSE2, NEON).
    Scalar,
    Avx2,
    Avx512,
}

/// `UMBEL_ISA` named an instruction set that does not exist or that this CPU lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableIsa {
    /// What was asked for.
    pub asked: String,
    /// The names that can be used here, slowest first.
    pub usable: Vec<&'static str>,
}

impl Isa {
    /// Portable code, there on every CPU.
    pub fn scalar() -> Self {
        Isa(Kind::Scalar)
    }
    /// The best that this CPU has.
    pub fn best() -> Self {
        todo!()
    }
    /// Every instruction set usable here, slowest first.
    pub fn usable() -> Vec<Self> {
        todo!()
    }
    /// The best one, lowered to what the environment variable `UMBEL_ISA` names (`scalar`, `avx2`, `avx512`) if it is set.
    pub fn from_env() -> Result<Self, UnusableIsa> {
        todo!()
    }
    /// `scalar`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        todo!()
    }
}
