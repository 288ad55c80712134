//! The kinds of vectors that operations are compiled for, and the macros that compile a body for each. There are fewer than
//! instruction sets: some add products of bf16 alone.

#[cfg(target_arch = "x86_64")]
use super::{Avx2, Avx512, Avx512Bf16};
use super::{Kind, Portable, Simd};

/// What computes in `f32`.
#[derive(Clone, Copy)]
pub(crate) enum Vector {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

/// What computes in bf16: its own instructions, or two products of `f32` for each pair.
#[derive(Clone, Copy)]
pub(crate) enum PairVector {
    Emulated(Vector),
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16(Avx512Bf16),
}

impl Vector {
    /// The instruction set that has nothing but this.
    pub fn kind(self) -> Kind {
        match self {
            Vector::Portable(token) => Kind::Portable(token),
            #[cfg(target_arch = "x86_64")]
            Vector::Avx2(token) => Kind::Avx2(token),
            #[cfg(target_arch = "x86_64")]
            Vector::Avx512(token) => Kind::Avx512(token),
        }
    }

    /// Columns of the matrix micro-kernel's tile.
    #[inline]
    pub fn tile_columns(self) -> usize {
        fn columns<S: Simd>(_: S) -> usize {
            S::TILE_VECTORS * S::LANES
        }
        match self {
            Vector::Portable(token) => columns(token),
            #[cfg(target_arch = "x86_64")]
            Vector::Avx2(token) => columns(token),
            #[cfg(target_arch = "x86_64")]
            Vector::Avx512(token) => columns(token),
        }
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
            match isa.vector() {
                $crate::isa::Vector::Portable(token) => $body(token, $($arg),*),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the token proves that this CPU has what the function is compiled for.
                $crate::isa::Vector::Avx2(token) => unsafe { avx2(token, $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::isa::Vector::Avx512(token) => unsafe { avx512(token, $($arg),*) },
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
            use $crate::isa::{Emulated, PairVector, Vector};
            match isa.pairs() {
                PairVector::Emulated(Vector::Portable(token)) => $body(Emulated(token), $($arg),*),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the token proves that this CPU has what the function is compiled for.
                PairVector::Emulated(Vector::Avx2(token)) => unsafe { avx2(token, $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                PairVector::Emulated(Vector::Avx512(token)) => unsafe { avx512(token, $($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                PairVector::Avx512Bf16(token) => unsafe { avx512_bf16(token, $($arg),*) },
            }
        }
    )*};
}
pub(crate) use per_pairs;
