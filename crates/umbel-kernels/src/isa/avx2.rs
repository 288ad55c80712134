//! AVX2 with FMA: eight lanes, tails by mask vectors.

use std::arch::x86_64::*;

use super::{InstructionSet, PairVector, Simd, Vector, Work};

/// Proof that this CPU has AVX2 and FMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx2 {
    _proof: (),
}

impl InstructionSet for Avx2 {
    const NAME: &'static str = "avx2";

    fn detect() -> Option<Self> {
        let there = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        there.then_some(Avx2 { _proof: () })
    }
    #[inline(always)]
    fn vector(self) -> Vector {
        Vector::Avx2(self)
    }
    #[inline(always)]
    fn pairs(self) -> PairVector {
        PairVector::Emulated(Vector::Avx2(self))
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

/// The mask of the first `n <= 8` lanes.
#[inline(always)]
fn first(n: usize) -> __m256i {
    debug_assert!(n <= 8, "the first {n} of eight lanes");
    with_proof!(_mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)))
}

/// The same four floats in the low half and in the high one. (The intrinsic that is meant for it takes a reference to a
/// vector, which would have to be aligned as one; this becomes the same instruction.)
///
/// # Safety
/// Four floats must be readable at `p`.
#[inline(always)]
unsafe fn both_halves(p: *const f32) -> __m256 {
    with_proof!({
        let four = _mm_loadu_ps(p);
        _mm256_set_m128(four, four)
    })
}

/// Eight numbers as eight bytes, in the low half.
#[inline(always)]
fn bytes(v: __m256) -> __m128i {
    with_proof!({
        let v = _mm256_cvtps_epi32(v);
        let v = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v));
        _mm_packus_epi16(v, v)
    })
}

impl Simd for Avx2 {
    type V = __m256;
    type Mask = __m256;

    const LANES: usize = 8;
    const TILE_ROWS: usize = 6;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn vectorize<W: Work>(self, work: W) {
        #[target_feature(enable = "avx2,fma")]
        fn inside<W: Work>(simd: Avx2, work: W) {
            work.run(simd)
        }
        with_proof!(inside(self, work))
    }
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        with_proof!(_mm256_set1_ps(x))
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm256_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm256_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm256_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm256_div_ps(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: Self::V) -> Self::V {
        with_proof!(_mm256_sqrt_ps(a))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm256_max_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm256_min_ps(a, b))
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        with_proof!(_mm256_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn greater(self, a: Self::V, b: Self::V) -> Self::Mask {
        with_proof!(_mm256_cmp_ps::<_CMP_GT_OQ>(a, b))
    }
    #[inline(always)]
    fn equal(self, a: Self::V, b: Self::V) -> Self::Mask {
        with_proof!(_mm256_cmp_ps::<_CMP_EQ_OQ>(a, b))
    }
    #[inline(always)]
    fn select(self, mask: Self::Mask, a: Self::V, b: Self::V) -> Self::V {
        with_proof!(_mm256_blendv_ps(b, a, mask))
    }
    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        with_proof!(_mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a))
    }
    #[inline(always)]
    fn exp2_whole(self, a: Self::V) -> Self::V {
        with_proof!(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(
            _mm256_cvtps_epi32(a),
            _mm256_set1_epi32(127)
        ))))
    }
    #[inline(always)]
    unsafe fn pick_at(self, p: *const f32, index: Self::V) -> Self::V {
        with_proof!(_mm256_permutevar_ps(both_halves(p), _mm256_castps_si256(index)))
    }
    #[inline(always)]
    fn round_to_bf16(self, a: Self::V) -> Self::V {
        with_proof!({
            let bits = _mm256_castps_si256(a);
            let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
            let rounded = _mm256_add_epi32(_mm256_add_epi32(bits, odd), _mm256_set1_epi32(0x7fff));
            let rounded = _mm256_castsi256_ps(_mm256_and_si256(rounded, _mm256_set1_epi32(0xffff_0000_u32 as i32)));
            // Adding could carry a NaN's bits into its sign.
            let quiet = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc0_0000));
            _mm256_blendv_ps(rounded, quiet, _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a))
        })
    }
    #[inline(always)]
    fn join_halves(self, low: Self::V, high: Self::V) -> Self::V {
        with_proof!({
            let low = _mm256_srli_epi32::<16>(_mm256_castps_si256(low));
            _mm256_castsi256_ps(_mm256_blend_epi16::<0b1010_1010>(low, _mm256_castps_si256(high)))
        })
    }
    #[inline(always)]
    fn low_half(self, a: Self::V) -> Self::V {
        with_proof!(_mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_castps_si256(a))))
    }
    #[inline(always)]
    fn high_half(self, a: Self::V) -> Self::V {
        with_proof!(_mm256_and_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(0xffff_0000_u32 as i32))))
    }
    #[inline(always)]
    unsafe fn pick_bytes_at(self, p: *const f32, index: Self::V) -> Self::V {
        with_proof!({
            let bytes = _mm256_castps_si256(both_halves(p));
            _mm256_castsi256_ps(_mm256_shuffle_epi8(bytes, _mm256_castps_si256(index)))
        })
    }
    #[inline(always)]
    unsafe fn store_high_halves_at(self, p: *mut u16, v: Self::V) {
        with_proof!({
            let halves = _mm256_srli_epi32::<16>(_mm256_castps_si256(v));
            let halves = _mm256_permute4x64_epi64::<0b10_00>(_mm256_packus_epi32(halves, halves));
            _mm_storeu_si128(p.cast(), _mm256_castsi256_si128(halves))
        })
    }
    #[inline(always)]
    unsafe fn store_interleaved_at(self, p: *mut f32, four: [Self::V; 4]) {
        with_proof!({
            // In each half of a register: 0 4, 1 5, 2 6, 3 7.
            let [a, b, c, d] = four;
            let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
            let q0 = _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd)));
            let q1 = _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd)));
            let (ab, cd) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
            let q2 = _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd)));
            let q3 = _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd)));
            // The halves in order.
            _mm256_storeu_ps(p, _mm256_permute2f128_ps::<0x20>(q0, q1));
            _mm256_storeu_ps(p.add(8), _mm256_permute2f128_ps::<0x20>(q2, q3));
            _mm256_storeu_ps(p.add(16), _mm256_permute2f128_ps::<0x31>(q0, q1));
            _mm256_storeu_ps(p.add(24), _mm256_permute2f128_ps::<0x31>(q2, q3));
        })
    }
    #[inline(always)]
    unsafe fn load_at(self, p: *const f32) -> Self::V {
        with_proof!(_mm256_loadu_ps(p))
    }
    #[inline(always)]
    unsafe fn load_first(self, p: *const f32, n: usize) -> Self::V {
        with_proof!(_mm256_maskload_ps(p, first(n)))
    }
    #[inline(always)]
    unsafe fn store_at(self, p: *mut f32, v: Self::V) {
        with_proof!(_mm256_storeu_ps(p, v))
    }
    #[inline(always)]
    unsafe fn store_first(self, p: *mut f32, n: usize, v: Self::V) {
        with_proof!(_mm256_maskstore_ps(p, first(n), v))
    }
    #[inline(always)]
    unsafe fn load_bytes_at(self, p: *const u8) -> Self::V {
        with_proof!(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(p.cast()))))
    }
    #[inline(always)]
    unsafe fn store_bytes_at(self, p: *mut u8, v: Self::V) {
        with_proof!(_mm_storel_epi64(p.cast(), bytes(v)))
    }
}
