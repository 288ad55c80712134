//! Four pixels' places at a time, then each pixel's channels in one vector, whose fourth lane nobody looks at.

use std::arch::x86_64::*;

use super::{CHANNELS, Line};

/// Pixels whose places are worked out together.
const GROUP: usize = 4;

/// See [`super::row`].
///
/// # Safety
/// The CPU must have AVX2, and `photo` at least [`super::readable_len`] bytes.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn row(size: usize, photo: &[u8], line: Line, out: &mut [f32]) {
    let edge = Edge::new(size);
    let pitch = _mm_set1_epi32(size as i32);
    let mut column = _mm_setr_epi32(0, 1, 2, 3);
    for out in out.chunks_mut(GROUP * CHANNELS) {
        let i = _mm_cvtepi32_ps(column);
        let place = |step: f32, start: f32| _mm_add_ps(_mm_mul_ps(_mm_set1_ps(step), i), _mm_set1_ps(start));
        let x = edge.reflect(place(line.x_step, line.x_start));
        let y = edge.reflect(place(line.y_step, line.y_start));
        let (whole_x, whole_y) = (_mm_cvttps_epi32(x), _mm_cvttps_epi32(y));
        let right = _mm_sub_ps(x, _mm_cvtepi32_ps(whole_x));
        let down = _mm_sub_ps(y, _mm_cvtepi32_ps(whole_y));
        let index = _mm_add_epi32(_mm_mullo_epi32(whole_y, pitch), whole_x);
        let index = _mm_mullo_epi32(index, _mm_set1_epi32(CHANNELS as i32));
        macro_rules! pixels {
            ($($pixel:literal)*) => {$(
                if $pixel * CHANNELS < out.len() {
                    let shares = (_mm_permute_ps::<{ $pixel * 0b01_01_01_01 }>(right), _mm_permute_ps::<{ $pixel * 0b01_01_01_01 }>(down));
                    let first = _mm_extract_epi32::<$pixel>(index) as usize;
                    // SAFETY: `reflect` holds places to the picture, so that this pixel, its right neighbor, and those
                    // below begin in it or in the row behind it, all of which may be read with eight bytes.
                    let mixed = unsafe { pixel(photo.as_ptr().add(first), size * CHANNELS, shares) };
                    match out.get_mut($pixel * CHANNELS..$pixel * CHANNELS + 4) {
                        // SAFETY: four floats; the next pixel overwrites the last.
                        Some(four) => unsafe { _mm_storeu_ps(four.as_mut_ptr(), mixed) },
                        None => {
                            let mut four = [0.0; 4];
                            // SAFETY: as above.
                            unsafe { _mm_storeu_ps(four.as_mut_ptr(), mixed) };
                            out[$pixel * CHANNELS..].copy_from_slice(&four[..CHANNELS]);
                        }
                    }
                }
            )*};
        }
        pixels!(0 1 2 3);
        column = _mm_add_epi32(column, _mm_set1_epi32(GROUP as i32));
    }
}

/// The pixel at `first` mixed with those to its right, below, and below to the right.
///
/// # Safety
/// Eight bytes must be readable at `first` and at `below` bytes behind it.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn pixel(first: *const u8, below: usize, (right, down): (__m128, __m128)) -> __m128 {
    let mix = |a, b, share| _mm_add_ps(a, _mm_mul_ps(_mm_sub_ps(b, a), share));
    let floats = |bytes| _mm_cvtepi32_ps(_mm_cvtepu8_epi32(bytes));
    let pair = |at: *const u8| {
        // SAFETY: the caller's promise.
        let bytes = unsafe { _mm_loadl_epi64(at.cast()) };
        mix(floats(bytes), floats(_mm_srli_epi64::<{ 8 * CHANNELS as i32 }>(bytes)), right)
    };
    // SAFETY: as above.
    mix(pair(first), pair(unsafe { first.add(below) }), down)
}

/// The picture's size in the forms that reflection wants.
#[derive(Clone, Copy)]
struct Edge {
    size: __m128,
    period: __m128,
    last: __m128,
}

impl Edge {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(size: usize) -> Self {
        let size = size as f32;
        Edge { size: _mm_set1_ps(size), period: _mm_set1_ps(2.0 * size), last: _mm_set1_ps(size - 1.0) }
    }

    /// The same arithmetic as the oracle's, both sides for all lanes; a place that is no number becomes 0.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn reflect(self, at: __m128) -> __m128 {
        let Edge { size, period, last } = self;
        let (zero, one) = (_mm_setzero_ps(), _mm_set1_ps(1.0));
        let held = |place| _mm_min_ps(_mm_max_ps(place, zero), last);
        let outside = _mm_or_ps(_mm_cmplt_ps(at, zero), _mm_cmpgt_ps(at, last));
        if _mm_movemask_ps(outside) == 0 {
            return held(at);
        }
        let negative = |place| _mm_xor_ps(place, _mm_set1_ps(-0.0));
        let periods = |way| _mm_mul_ps(period, _mm_cvtepi32_ps(_mm_cvttps_epi32(_mm_div_ps(way, period))));
        let before = _mm_add_ps(at, periods(negative(at)));
        let is_far = _mm_cmplt_ps(before, negative(size));
        let before = _mm_blendv_ps(_mm_sub_ps(negative(before), one), _mm_add_ps(before, period), is_far);
        let behind = _mm_sub_ps(at, periods(at));
        let is_far = _mm_cmpge_ps(behind, size);
        let behind = _mm_blendv_ps(behind, _mm_sub_ps(_mm_sub_ps(period, behind), one), is_far);
        let inside = _mm_blendv_ps(at, behind, _mm_cmpgt_ps(at, last));
        held(_mm_blendv_ps(inside, before, _mm_cmplt_ps(at, zero)))
    }
}
