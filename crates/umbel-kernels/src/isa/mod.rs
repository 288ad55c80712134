//! What this CPU can do: a token per instruction set that proves it is there, and the vector type behind it.
//!
//! An operation's body is written once, generic over `Simd` and marked `#[inline(always)]`; `per_isa!` compiles it
//! once per instruction set and picks the copy by a plain `match`.

use crate::Precision;

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
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use amx::Amx;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512_bf16::Avx512Bf16;
pub(crate) use portable::Portable;
pub(crate) use simd::{Simd, Work};
pub(crate) use terms::{Emulated, Pairs, Single, Terms, TermsWork};

/// Proof that an instruction set is usable on this CPU. Only the constructors here make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

/// The instruction sets with their tokens, slowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Portable code on arrays of eight, vectorised by the compiler for the build's baseline (SSE2, NEON).
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// AVX-512 with products of bf16; all other arithmetic is that of AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16(Avx512Bf16),
    /// The same, with most products of bf16 by AMX' tiles.
    #[cfg(target_arch = "x86_64")]
    Amx(Amx),
}

/// `UMBEL_ISA` named an instruction set that does not exist or that this CPU lacks.
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
        write!(f, "UMBEL_ISA={} cannot be used on this CPU; usable here: {usable}", self.asked)
    }
}

impl std::error::Error for UnusableIsa {}

impl Isa {
    /// Portable code, there on every CPU.
    pub fn scalar() -> Self {
        Isa(Kind::Scalar)
    }

    /// The best that this CPU has.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(token) = Amx::new() {
                return Isa(Kind::Amx(token));
            }
            if let Some(token) = Avx512Bf16::new() {
                return Isa(Kind::Avx512Bf16(token));
            }
            if let Some(token) = Avx512::new() {
                return Isa(Kind::Avx512(token));
            }
            if let Some(token) = Avx2::new() {
                return Isa(Kind::Avx2(token));
            }
        }
        Isa::scalar()
    }

    /// Every instruction set usable here, slowest first.
    pub fn usable() -> Vec<Self> {
        let mut usable = vec![Isa::scalar()];
        #[cfg(target_arch = "x86_64")]
        {
            usable.extend(Avx2::new().map(|token| Isa(Kind::Avx2(token))));
            usable.extend(Avx512::new().map(|token| Isa(Kind::Avx512(token))));
            usable.extend(Avx512Bf16::new().map(|token| Isa(Kind::Avx512Bf16(token))));
            usable.extend(Amx::new().map(|token| Isa(Kind::Amx(token))));
        }
        usable
    }

    /// The best one, lowered to what the environment variable `UMBEL_ISA` names (see [`Isa::name`]) if it is set.
    pub fn from_env() -> Result<Self, UnusableIsa> {
        match std::env::var_os("UMBEL_ISA") {
            None => Ok(Isa::best()),
            Some(asked) => Isa::named(&asked.to_string_lossy()),
        }
    }

    /// The instruction set of that name, if it is usable here.
    fn named(asked: &str) -> Result<Self, UnusableIsa> {
        let usable = Isa::usable();
        match usable.iter().find(|isa| isa.name() == asked) {
            Some(&isa) => Ok(isa),
            None => Err(UnusableIsa { asked: asked.to_owned(), usable: usable.into_iter().map(Isa::name).collect() }),
        }
    }

    /// `scalar`, `avx2`, `avx512`, `avx512_bf16` or `amx`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512Bf16(_) => "avx512_bf16",
            #[cfg(target_arch = "x86_64")]
            Kind::Amx(_) => "amx",
        }
    }

    /// The one that computes in this precision: that of `f32` where a higher one adds nothing but products of bf16.
    pub fn for_precision(self, precision: Precision) -> Self {
        match (precision, self.0) {
            #[cfg(target_arch = "x86_64")]
            (Precision::F32, Kind::Avx512Bf16(token)) => Isa(Kind::Avx512(token.avx512())),
            #[cfg(target_arch = "x86_64")]
            (Precision::F32, Kind::Amx(token)) => Isa(Kind::Avx512(token.avx512_bf16().avx512())),
            _ => self,
        }
    }

    /// Whether a training step gains from bf16 on this CPU. It is told by the CPU's kind and not by a measurement, which
    /// might say one thing today and another tomorrow, and with it change the weights. AMD's cores with AVX512-BF16 (Zen 4
    /// and later) do twice the products of `f32` with it; Intel's were measured by others to gain nothing,
    /// but for AMX, which does sixteen times as many.
    pub(crate) fn gains_from_bf16(self) -> bool {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512Bf16(token) => token.is_twice_as_fast(),
            #[cfg(target_arch = "x86_64")]
            Kind::Amx(_) => true,
            _ => false,
        }
    }

    pub(crate) fn kind(self) -> Kind {
        self.0
    }
}

impl Precision {
    /// What this CPU trains fastest with.
    pub fn auto(isa: Isa) -> Self {
        if isa.gains_from_bf16() { Precision::Bf16 } else { Precision::F32 }
    }
}

/// Declares a function that takes an [`Isa`] first and runs the named generic body, compiled for that instruction set.
macro_rules! per_isa {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $body:path;)*) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name(isa: $crate::Isa, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2(simd: $crate::isa::Avx2, $($arg: $type),*) {
                $body(simd, $($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx512(simd: $crate::isa::Avx512, $($arg: $type),*) {
                $body(simd, $($arg),*)
            }
            match isa.kind() {
                $crate::isa::Kind::Scalar => $body($crate::isa::Portable, $($arg),*),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the token proves that this CPU has what the function is compiled for.
                $crate::isa::Kind::Avx2(token) => unsafe { avx2(token, $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::isa::Kind::Avx512(token) => unsafe { avx512(token, $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::isa::Kind::Avx512Bf16(token) => unsafe { avx512(token.avx512(), $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::isa::Kind::Amx(token) => unsafe { avx512(token.avx512_bf16().avx512(), $($arg),*) },
            }
        }
    )*};
}
pub(crate) use per_isa;

/// The same for a body of bf16 arithmetic, generic over [`Pairs`]: by the instruction where the CPU has it, elsewhere by
/// two products of `f32`.
macro_rules! per_pairs {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $body:path;)*) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name(isa: $crate::Isa, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2(simd: $crate::isa::Avx2, $($arg: $type),*) {
                $body($crate::isa::Emulated(simd), $($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx512(simd: $crate::isa::Avx512, $($arg: $type),*) {
                $body($crate::isa::Emulated(simd), $($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx512_bf16(token: $crate::isa::Avx512Bf16, $($arg: $type),*) {
                $body(token, $($arg),*)
            }
            match isa.kind() {
                $crate::isa::Kind::Scalar => $body($crate::isa::Emulated($crate::isa::Portable), $($arg),*),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the token proves that this CPU has what the function is compiled for.
                $crate::isa::Kind::Avx2(token) => unsafe { avx2(token, $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::isa::Kind::Avx512(token) => unsafe { avx512(token, $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::isa::Kind::Avx512Bf16(token) => unsafe { avx512_bf16(token, $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::isa::Kind::Amx(token) => unsafe { avx512_bf16(token.avx512_bf16(), $($arg),*) },
            }
        }
    )*};
}
pub(crate) use per_pairs;

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
