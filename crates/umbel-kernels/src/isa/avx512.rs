//! AVX-512: sixteen lanes, tails by mask.

use std::arch::x86_64::*;

use super::{InstructionSet, PairVector, Simd, Vector, Work};

/// Proof that this CPU has AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx512 {
    _proof: (),
}

impl InstructionSet for Avx512 {
    const NAME: &'static str = "avx512";

    fn detect() -> Option<Self> {
        let there = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx2")
            && std::is_x86_feature_detected!("fma");
        there.then_some(Avx512 { _proof: () })
    }
    #[inline(always)]
    fn vector(self) -> Vector {
        Vector::Avx512(self)
    }
    #[inline(always)]
    fn pairs(self) -> PairVector {
        PairVector::Emulated(Vector::Avx512(self))
    }
    fn gains_from_bf16(self) -> bool {
        // Nothing is gained by emulation.
        false
    }
}

/// Calls intrinsics. Every call in this file stands on the same ground.
macro_rules! with_proof {
    ($call:expr) => {
        // SAFETY: a token of this file's type exists, so the CPU has the instructions; what a pointer must fulfil, the
        // caller of the method promises.
        unsafe { $call }
    };
}

/// The mask of the first `n <= 16` lanes.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    debug_assert!(n <= 16, "the first {n} of sixteen lanes");
    (1u32.wrapping_shl(n as u32) - 1) as __mmask16
}

impl Simd for Avx512 {
    type V = __m512;
    type Mask = __mmask16;

    const LANES: usize = 16;
    const TILE_ROWS: usize = 12;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn vectorize<W: Work>(self, work: W) {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn inside<W: Work>(simd: Avx512, work: W) {
            work.run(simd)
        }
        with_proof!(inside(self, work))
    }
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        with_proof!(_mm512_set1_ps(x))
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm512_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm512_div_ps(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: Self::V) -> Self::V {
        with_proof!(_mm512_sqrt_ps(a))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm512_max_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm512_min_ps(a, b))
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        with_proof!(_mm512_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn greater(self, a: Self::V, b: Self::V) -> Self::Mask {
        with_proof!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b))
    }
    #[inline(always)]
    fn equal(self, a: Self::V, b: Self::V) -> Self::Mask {
        with_proof!(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b))
    }
    #[inline(always)]
    fn select(self, mask: Self::Mask, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm512_mask_blend_ps(mask, b, a))
    }
    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        with_proof!(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a))
    }
    #[inline(always)]
    fn exp2_whole(self, a: Self::V) -> Self::V {
        with_proof!(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_add_epi32(
            _mm512_cvtps_epi32(a),
            _mm512_set1_epi32(127)
        ))))
    }
    #[inline(always)]
    unsafe fn pick_at(self, p: *const f32, index: Self::V) -> Self::V {
        with_proof!(_mm512_permutevar_ps(_mm512_broadcast_f32x4(_mm_loadu_ps(p)), _mm512_castps_si512(index)))
    }
    #[inline(always)]
    fn round_to_bf16(self, a: Self::V) -> Self::V {
        with_proof!({
            let bits = _mm512_castps_si512(a);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let rounded = _mm512_add_epi32(_mm512_add_epi32(bits, odd), _mm512_set1_epi32(0x7fff));
            let rounded = _mm512_and_si512(rounded, _mm512_set1_epi32(0xffff_0000_u32 as i32));
            // Adding could carry a NaN's bits into its sign.
            let is_nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            _mm512_castsi512_ps(_mm512_mask_set1_epi32(rounded, is_nan, 0x7fc0_0000))
        })
    }
    #[inline(always)]
    fn join_halves(self, low: Self::V, high: Self::V) -> Self::V {
        with_proof!({
            let low = _mm512_srli_epi32::<16>(_mm512_castps_si512(low));
            _mm512_castsi512_ps(_mm512_mask_blend_epi16(0xaaaa_aaaa, low, _mm512_castps_si512(high)))
        })
    }
    #[inline(always)]
    fn low_half(self, a: Self::V) -> Self::V {
        with_proof!(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_castps_si512(a))))
    }
    #[inline(always)]
    fn high_half(self, a: Self::V) -> Self::V {
        with_proof!({
            let upper = _mm512_set1_epi32(0xffff_0000_u32 as i32);
            _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(a), upper))
        })
    }
    #[inline(always)]
    unsafe fn pick_bytes_at(self, p: *const f32, index: Self::V) -> Self::V {
        with_proof!({
            let bytes = _mm512_broadcast_i32x4(_mm_loadu_si128(p.cast()));
            _mm512_castsi512_ps(_mm512_shuffle_epi8(bytes, _mm512_castps_si512(index)))
        })
    }
    #[inline(always)]
    unsafe fn store_high_halves_at(self, p: *mut u16, v: Self::V) {
        with_proof!({
            let halves = _mm512_srli_epi32::<16>(_mm512_castps_si512(v));
            _mm256_storeu_si256(p.cast(), _mm512_cvtepi32_epi16(halves))
        })
    }
    #[inline(always)]
    unsafe fn store_interleaved_at(self, p: *mut f32, four: [Self::V; 4]) {
        with_proof!({
            // In each quarter of a register: 0 4 8 12, 1 5 9 13, ...
            let [a, b, c, d] = four;
            let (ab, cd) = (_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
            let q0 = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
            let q1 = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
            let (ab, cd) = (_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
            let q2 = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
            let q3 = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
            // The quarters in order.
            let low01 = _mm512_shuffle_f32x4::<0b01_00_01_00>(q0, q1);
            let low23 = _mm512_shuffle_f32x4::<0b01_00_01_00>(q2, q3);
            let high01 = _mm512_shuffle_f32x4::<0b11_10_11_10>(q0, q1);
            let high23 = _mm512_shuffle_f32x4::<0b11_10_11_10>(q2, q3);
            _mm512_storeu_ps(p, _mm512_shuffle_f32x4::<0b10_00_10_00>(low01, low23));
            _mm512_storeu_ps(p.add(16), _mm512_shuffle_f32x4::<0b11_01_11_01>(low01, low23));
            _mm512_storeu_ps(p.add(32), _mm512_shuffle_f32x4::<0b10_00_10_00>(high01, high23));
            _mm512_storeu_ps(p.add(48), _mm512_shuffle_f32x4::<0b11_01_11_01>(high01, high23));
        })
    }
    #[inline(always)]
    unsafe fn load_at(self, p: *const f32) -> Self::V {
        with_proof!(_mm512_loadu_ps(p))
    }
    #[inline(always)]
    unsafe fn load_first(self, p: *const f32, n: usize) -> Self::V {
        with_proof!(_mm512_maskz_loadu_ps(first(n), p))
    }
    #[inline(always)]
    unsafe fn store_at(self, p: *mut f32, v: Self::V) {
        with_proof!(_mm512_storeu_ps(p, v))
    }
    #[inline(always)]
    unsafe fn store_first(self, p: *mut f32, n: usize, v: Self::V) {
        with_proof!(_mm512_mask_storeu_ps(p, first(n), v))
    }
    #[inline(always)]
    unsafe fn load_bytes_at(self, p: *const u8) -> Self::V {
        with_proof!(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(p.cast()))))
    }
    #[inline(always)]
    unsafe fn store_bytes_at(self, p: *mut u8, v: Self::V) {
        with_proof!(_mm_storeu_si128(p.cast(), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v))))
    }
}
