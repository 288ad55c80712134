//! What this CPU can do: a token per instruction set that proves it is there, and the vector type behind it.
//!
//! An operation's body is written once, generic over `Simd` and marked `#[inline(always)]`; `per_isa!` compiles it
//! once per kind of vector and picks the copy by a plain `match`. An instruction set is a file of its own, which says all of
//! it (`InstructionSet`), and a row in this one.

use crate::Precision;

mod dispatch;
mod portable;
mod simd;
mod terms;

#[cfg(target_arch = "x86_64")]
pub(crate) mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_bf16;

#[cfg(target_arch = "x86_64")]
pub(crate) use {amx::Amx, avx2::Avx2, avx512::Avx512, avx512_bf16::Avx512Bf16};

pub(crate) use dispatch::{PairVector, Vector, per_isa, per_pairs};
pub(crate) use portable::Portable;
pub(crate) use simd::{Simd, Work};
pub(crate) use terms::{Emulated, Pairs, Single, Terms, TermsWork};

/// Proof that an instruction set is usable on this CPU. Only the constructors here make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

/// What an instruction set says of itself. A value is proof that it is there.
trait InstructionSet: Copy {
    const NAME: &'static str;

    /// The token, where the CPU and the operating system have the instructions.
    fn detect() -> Option<Self>;

    /// What computes in `f32`.
    fn vector(self) -> Vector;

    /// What computes in bf16.
    fn pairs(self) -> PairVector;

    /// Whether a training step gains from bf16. It is told by the CPU's kind and not by a measurement, which might say one
    /// thing today and another tomorrow, and with it change the weights.
    fn gains_from_bf16(self) -> bool;
}

/// Makes [`Kind`] of one row for each instruction set.
macro_rules! instruction_sets {
    ($($(#[$meta:meta])* $kind:ident;)*) => {
        /// The instruction sets with their tokens, slowest first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($(#[$meta])* $kind($kind),)*
        }

        impl Kind {
            /// Those usable here, slowest first.
            fn usable() -> Vec<Self> {
                let mut usable = Vec::new();
                $($(#[$meta])* usable.extend($kind::detect().map(Kind::$kind));)*
                usable
            }

            fn name(self) -> &'static str {
                fn name<T: InstructionSet>(_: T) -> &'static str {
                    T::NAME
                }
                match self {
                    $($(#[$meta])* Kind::$kind(token) => name(token),)*
                }
            }

            #[inline]
            fn vector(self) -> Vector {
                match self {
                    $($(#[$meta])* Kind::$kind(token) => token.vector(),)*
                }
            }

            #[inline]
            fn pairs(self) -> PairVector {
                match self {
                    $($(#[$meta])* Kind::$kind(token) => token.pairs(),)*
                }
            }

            fn gains_from_bf16(self) -> bool {
                match self {
                    $($(#[$meta])* Kind::$kind(token) => token.gains_from_bf16(),)*
                }
            }
        }
    };
}

instruction_sets! {
    Portable;
    #[cfg(target_arch = "x86_64")]
    Avx2;
    #[cfg(target_arch = "x86_64")]
    Avx512;
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16;
    #[cfg(target_arch = "x86_64")]
    Amx;
}

/// An instruction set that does not exist, or that this CPU lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableIsa {
    /// What was asked for.
    pub asked: String,
    /// The names that can be used here, slowest first.
    pub usable: Vec<&'static str>,
}

impl std::fmt::Display for UnusableIsa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let usable = self.usable.join(", ");
        write!(f, "the instruction set {} cannot be used on this CPU; usable here: {usable}", self.asked)
    }
}

impl std::error::Error for UnusableIsa {}

impl Isa {
    /// Portable code, there on every CPU.
    pub fn scalar() -> Self {
        Isa(Kind::Portable(Portable))
    }

    /// The best that this CPU has.
    pub fn best() -> Self {
        Isa::usable().pop().unwrap_or(Isa::scalar())
    }

    /// Every instruction set usable here, slowest first.
    pub fn usable() -> Vec<Self> {
        Kind::usable().into_iter().map(Isa).collect()
    }

    /// The instruction set of that name, if it is usable here.
    ///
    /// # Errors
    /// [`UnusableIsa`] where it does not exist, or this CPU lacks it.
    pub fn named(asked: &str) -> Result<Self, UnusableIsa> {
        let usable = Isa::usable();
        match usable.iter().find(|isa| isa.name() == asked) {
            Some(&isa) => Ok(isa),
            None => Err(UnusableIsa { asked: asked.to_owned(), usable: usable.into_iter().map(Isa::name).collect() }),
        }
    }

    /// `scalar`, `avx2`, `avx512`, `avx512_bf16` or `amx`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The one that computes in this precision: that of `f32` where a higher one adds nothing but products of bf16.
    pub fn for_precision(self, precision: Precision) -> Self {
        match precision {
            Precision::F32 => Isa(self.vector().kind()),
            Precision::Bf16 => self,
        }
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn kind(self) -> Kind {
        self.0
    }

    #[inline]
    pub(crate) fn vector(self) -> Vector {
        self.0.vector()
    }

    #[inline]
    pub(crate) fn pairs(self) -> PairVector {
        self.0.pairs()
    }
}

impl Precision {
    /// What this CPU trains fastest with.
    pub fn auto(isa: Isa) -> Self {
        if isa.0.gains_from_bf16() { Precision::Bf16 } else { Precision::F32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_instruction_set() {
        for isa in Isa::usable() {
            assert_eq!(Isa::named(isa.name()), Ok(isa));
        }
        assert_eq!(Isa::usable().last(), Some(&Isa::best()));
    }

    #[test]
    fn only_products_of_bf16_need_more_than_the_instruction_set_of_f32() {
        for isa in Isa::usable() {
            assert_eq!(isa.for_precision(Precision::Bf16), isa);
            let lowered = isa.for_precision(Precision::F32);
            let expected = if ["avx512_bf16", "amx"].contains(&isa.name()) { "avx512" } else { isa.name() };
            assert_eq!(lowered.name(), expected);
            assert_eq!(Precision::auto(lowered), Precision::F32, "nothing is gained by emulation");
        }
        assert_eq!(Precision::named("bf16"), Some(Precision::Bf16));
        assert_eq!(Precision::named("f16"), None);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_usable_ones() {
        let error = Isa::named("mmx").unwrap_err();
        assert_eq!(error.asked, "mmx");
        assert_eq!(error.usable[0], "scalar");
        assert!(error.to_string().contains("usable here: scalar"));
    }
}
