//! Dropout whose mask is a function of a key and the element's position: nothing is stored, the backward pass asks again.

pub mod scalar;
mod simd;

use rayon::prelude::*;

use crate::Isa;
use crate::isa::per_isa;
use crate::parallel::CHUNK;

per_isa! {
    fn apply_chunk(keys: Keys, x: &[f32], y: &mut [f32]) = simd::apply;
}

/// `y = x / (1 - rate)` where the element is kept, 0 elsewhere. Element `i` is kept by a hash of `(key, i)`, the same on
/// every instruction set, with a probability exact to 2^-24. The gradient is the same function:
/// `dx = apply(key, rate, dy)`.
///
/// # Panics
/// Where the slices' lengths differ or `rate` is not in `0 .. 1`.
pub fn apply(isa: Isa, key: u64, rate: f32, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "x and y must be equally long");
    let (threshold, scale) = threshold_and_scale(rate);
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).enumerate().for_each(|(chunk, (y, x))| {
        apply_chunk(isa, Keys::new(key, chunk, threshold, scale), x, y);
    });
}

/// The hash that [`apply`] draws from: 64 well-mixed bits of a key and a counter (SplitMix64's output function, Steele,
/// Lea & Flood 2014, over `key + (counter + 1) · golden ratio`).
pub fn mix(key: u64, counter: u64) -> u64 {
    let mut z = key.wrapping_add(counter.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What decides over the elements of one chunk.
#[derive(Clone, Copy)]
struct Keys {
    /// 64 bits of [`mix`] of the key and the chunk's number.
    first: u32,
    second: u32,
    /// Kept where the hash's upper 24 bits are below.
    threshold: u32,
    scale: f32,
}

impl Keys {
    fn new(key: u64, chunk: usize, threshold: u32, scale: f32) -> Self {
        let mixed = mix(key, chunk as u64);
        Keys { first: mixed as u32, second: (mixed >> 32) as u32, threshold, scale }
    }

    /// Whether element `index` of the chunk is kept: two rounds of a 32-bit mixer (Wellons' lowbias32), which vectorises
    /// where 64-bit products don't.
    #[inline(always)]
    fn keeps(self, index: u32) -> bool {
        let h = mix32(mix32(index.wrapping_mul(0x9e37_79b9) ^ self.first) ^ self.second);
        h >> 8 < self.threshold
    }
}

#[inline(always)]
fn mix32(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(0x7feb_352d);
    h ^= h >> 15;
    h = h.wrapping_mul(0x846c_a68b);
    h ^ (h >> 16)
}

fn threshold_and_scale(rate: f32) -> (u32, f32) {
    assert!((0.0..1.0).contains(&rate), "a dropout rate must be from 0 to below 1, not {rate}");
    let keep = 1.0 - f64::from(rate);
    ((keep * f64::from(1 << 24)).round() as u32, (1.0 / keep) as f32)
}
