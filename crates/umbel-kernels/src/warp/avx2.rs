//! Eight pixels' places at a time, then two pixels' channels in one vector, whose fourth and eighth lanes nobody looks at.

use std::arch::x86_64::*;

use super::{CHANNELS, Line};

/// Pixels whose places are worked out together.
const GROUP: usize = 8;
/// Floats of two pixels.
const PAIR: usize = 2 * CHANNELS;
/// Floats that a group is written with, of which the next group overwrites the last two.
const WRITTEN: usize = 3 * PAIR + 8;

/// See [`super::row`].
///
/// # Safety
/// The CPU must have AVX2, and `photo` at least [`super::readable_len`] bytes.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn row(size: usize, photo: &[u8], line: Line, out: &mut [f32]) {
    let edge = Edge::new(size);
    let pitch = _mm256_set1_epi32(size as i32);
    let mut column = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for begin in (0..out.len()).step_by(GROUP * CHANNELS) {
        let i = _mm256_cvtepi32_ps(column);
        let place =
            |step: f32, start: f32| _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(step), i), _mm256_set1_ps(start));
        let x = edge.reflect(place(line.x_step, line.x_start));
        let y = edge.reflect(place(line.y_step, line.y_start));
        let (whole_x, whole_y) = (_mm256_cvttps_epi32(x), _mm256_cvttps_epi32(y));
        let right = _mm256_sub_ps(x, _mm256_cvtepi32_ps(whole_x));
        let down = _mm256_sub_ps(y, _mm256_cvtepi32_ps(whole_y));
        let index = _mm256_add_epi32(_mm256_mullo_epi32(whole_y, pitch), whole_x);
        let index = _mm256_mullo_epi32(index, _mm256_set1_epi32(CHANNELS as i32));
        let mut places = [0i32; GROUP];
        // SAFETY: eight numbers.
        unsafe { _mm256_storeu_si256(places.as_mut_ptr().cast(), index) };
        let mut pairs = [_mm256_setzero_ps(); GROUP / 2];
        let mut lanes = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
        for (pair, places) in pairs.iter_mut().zip(places.as_chunks::<2>().0) {
            let shares = (_mm256_permutevar8x32_ps(right, lanes), _mm256_permutevar8x32_ps(down, lanes));
            // SAFETY: `reflect` holds places to the picture, so that a pixel, its right neighbor, and those below begin in it
            // or in the row behind it, all of which may be read with eight bytes.
            *pair = unsafe {
                let [first, second] = [photo.as_ptr().add(places[0] as usize), photo.as_ptr().add(places[1] as usize)];
                two_pixels(first, second, size * CHANNELS, shares)
            };
            lanes = _mm256_add_epi32(lanes, _mm256_set1_epi32(2));
        }
        let store = |to: &mut [f32; WRITTEN]| {
            for (pair, &six) in pairs.iter().enumerate() {
                // SAFETY: there is room for eight floats from the last pair on.
                unsafe { _mm256_storeu_ps(to.as_mut_ptr().add(pair * PAIR), six) };
            }
        };
        match out[begin..].first_chunk_mut() {
            Some(to) => store(to),
            None => {
                let mut last = [0.0; WRITTEN];
                store(&mut last);
                let left = out.len() - begin;
                out[begin..].copy_from_slice(&last[..left]);
            }
        }
        column = _mm256_add_epi32(column, _mm256_set1_epi32(GROUP as i32));
    }
}

/// The pixels at `first` and `second`, each mixed with those to its right, below, and below to the right; six floats.
///
/// # Safety
/// Eight bytes must be readable at both and at `below` bytes behind them.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn two_pixels(first: *const u8, second: *const u8, below: usize, (right, down): (__m256, __m256)) -> __m256 {
    let mix = |a, b, share| _mm256_add_ps(a, _mm256_mul_ps(_mm256_sub_ps(b, a), share));
    let floats = |bytes, order| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_shuffle_epi8(bytes, order)));
    // Of either pixel's eight bytes the first three, or the next.
    let pixel = _mm_setr_epi8(0, 1, 2, 3, 8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0);
    let neighbor = _mm_setr_epi8(3, 4, 5, 6, 11, 12, 13, 14, 0, 0, 0, 0, 0, 0, 0, 0);
    let pairs = |first: *const u8, second: *const u8| {
        // SAFETY: the caller's promise.
        let bytes = unsafe { _mm_unpacklo_epi64(_mm_loadl_epi64(first.cast()), _mm_loadl_epi64(second.cast())) };
        mix(floats(bytes, pixel), floats(bytes, neighbor), right)
    };
    // SAFETY: as above.
    let mixed = mix(pairs(first, second), unsafe { pairs(first.add(below), second.add(below)) }, down);
    _mm256_permutevar8x32_ps(mixed, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7))
}

/// The picture's size in the forms that reflection wants.
#[derive(Clone, Copy)]
struct Edge {
    size: __m256,
    period: __m256,
    last: __m256,
}

impl Edge {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(size: usize) -> Self {
        let size = size as f32;
        Edge { size: _mm256_set1_ps(size), period: _mm256_set1_ps(2.0 * size), last: _mm256_set1_ps(size - 1.0) }
    }

    /// The same arithmetic as the oracle's, both sides for all lanes; a place that is no number becomes 0.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn reflect(self, at: __m256) -> __m256 {
        let Edge { size, period, last } = self;
        let (zero, one) = (_mm256_setzero_ps(), _mm256_set1_ps(1.0));
        let held = |place| _mm256_min_ps(_mm256_max_ps(place, zero), last);
        let outside = _mm256_or_ps(_mm256_cmp_ps::<_CMP_LT_OS>(at, zero), _mm256_cmp_ps::<_CMP_GT_OS>(at, last));
        if _mm256_movemask_ps(outside) == 0 {
            return held(at);
        }
        let negative = |place| _mm256_xor_ps(place, _mm256_set1_ps(-0.0));
        let periods = |way| _mm256_mul_ps(period, _mm256_cvtepi32_ps(_mm256_cvttps_epi32(_mm256_div_ps(way, period))));
        let before = _mm256_add_ps(at, periods(negative(at)));
        let is_far = _mm256_cmp_ps::<_CMP_LT_OS>(before, negative(size));
        let before = _mm256_blendv_ps(_mm256_sub_ps(negative(before), one), _mm256_add_ps(before, period), is_far);
        let behind = _mm256_sub_ps(at, periods(at));
        let is_far = _mm256_cmp_ps::<_CMP_GE_OS>(behind, size);
        let behind = _mm256_blendv_ps(behind, _mm256_sub_ps(_mm256_sub_ps(period, behind), one), is_far);
        let inside = _mm256_blendv_ps(at, behind, _mm256_cmp_ps::<_CMP_GT_OS>(at, last));
        held(_mm256_blendv_ps(inside, before, _mm256_cmp_ps::<_CMP_LT_OS>(at, zero)))
    }
}
