//! Products of pairs of bf16 by AVX-512's own instructions. They take what is too small for a normal `f32` as zero, and
//! round to nearest whatever the mode.

use std::arch::x86_64::*;
use std::mem::transmute;

use super::{Avx512, InstructionSet, PairVector, Pairs, Simd, Terms, TermsWork, Vector};

/// Proof that this CPU has what [`Avx512`] stands for, and AVX512-BF16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx512Bf16 {
    avx512: Avx512,
}

impl InstructionSet for Avx512Bf16 {
    const NAME: &'static str = "avx512_bf16";

    fn detect() -> Option<Self> {
        let avx512 = Avx512::detect()?;
        std::is_x86_feature_detected!("avx512bf16").then_some(Avx512Bf16 { avx512 })
    }
    #[inline(always)]
    fn vector(self) -> Vector {
        Vector::Avx512(self.avx512)
    }
    #[inline(always)]
    fn pairs(self) -> PairVector {
        PairVector::Avx512Bf16(self)
    }
    fn gains_from_bf16(self) -> bool {
        // AMD's cores (Zen 4 and later) do as many of these instructions as of `f32`'s, each of which multiplies half as much;
        // Intel's were measured by others to gain nothing.
        let vendor = __cpuid(0);
        // "AuthenticAMD"
        (vendor.ebx, vendor.edx, vendor.ecx) == (0x6874_7541, 0x6974_6e65, 0x444d_4163)
    }
}

impl Avx512Bf16 {
    /// For everything but bf16.
    pub(crate) fn avx512(self) -> Avx512 {
        self.avx512
    }
}

/// Calls intrinsics. Every call in this file stands on the same ground.
macro_rules! with_proof {
    ($call:expr) => {
        // SAFETY: a token of this file's type exists, so the CPU has the instructions; what a pointer must fulfil, the
        // caller of the method promises; vectors of equal size are transmuted, of which every pattern of bits is one.
        unsafe { $call }
    };
}

/// 0, 16, 1, 17, ...
const TURNS: [u16; 32] = {
    let mut turns = [0; 32];
    let mut i = 0;
    while i < 32 {
        turns[i] = (i / 2 + 16 * (i % 2)) as u16;
        i += 1;
    }
    turns
};

impl Terms for Avx512Bf16 {
    type S = Avx512;
    type A = u16;
    const LEFT: usize = 2;
    const TILE_ROWS: usize = Avx512::TILE_ROWS;

    #[inline(always)]
    fn simd(self) -> Avx512 {
        self.avx512
    }
    #[inline(always)]
    fn vectorize<W: TermsWork<u16>>(self, work: W) {
        #[target_feature(enable = "avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn inside<W: TermsWork<u16>>(terms: Avx512Bf16, work: W) {
            work.run(terms)
        }
        with_proof!(inside(self, work))
    }
    #[inline(always)]
    unsafe fn splat_at(self, p: *const u16) -> __m512 {
        with_proof!(_mm512_castsi512_ps(_mm512_set1_epi32(p.cast::<i32>().read_unaligned())))
    }
    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        with_proof!(_mm512_dpbf16_ps(c, transmute::<__m512, __m512bh>(a), transmute::<__m512, __m512bh>(b)))
    }
    #[inline(always)]
    unsafe fn pick_at(self, p: *const f32, index: __m512) -> __m512 {
        with_proof!(self.avx512.pick_bytes_at(p, index))
    }
}

impl Pairs for Avx512Bf16 {
    #[inline(always)]
    fn join(self, low: __m512, high: __m512) -> __m512 {
        with_proof!({
            // All of `low`, then all of `high`; then one of each in turns.
            let both = transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low));
            let turns = transmute::<[u16; 32], __m512i>(TURNS);
            _mm512_castsi512_ps(_mm512_permutexvar_epi16(turns, both))
        })
    }
    #[inline(always)]
    unsafe fn store_rounded_at(self, p: *mut u16, v: __m512) {
        with_proof!(_mm256_storeu_si256(p.cast(), transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(v))))
    }
}
