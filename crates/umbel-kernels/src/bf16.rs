//! The number format bf16: the upper half of an `f32`, which has its range with eight bits of precision.
//!
//! What is multiplied is rounded to it (to nearest, ties to even; a NaN stays one) where it is packed for a product;
//! products are exact in `f32`, and so are sums as far as those of `f32` are. The oracle of every operation in bf16 is
//! therefore that of `f32` on [`rounded`] operands. By AVX512-BF16's instruction, what is too small for a normal `f32`
//! counts as zero.

use num_traits::Float;

use crate::isa::{Pairs, Simd, per_pairs};

pub use crate::half::{round, widen};

/// Every value as the nearest bf16: what a product in bf16 sees of `x`.
pub fn rounded<T: Float>(x: &[f32]) -> Vec<T> {
    x.iter().map(|&x| T::from(widen(round(x))).expect("a float takes every float")).collect()
}

per_pairs! {
    /// `y = x`, rounded.
    pub(crate) fn round_into(x: &[f32], y: &mut [u16]) = round_body;
    /// `pairs[i] = (low[i], high[i])`, rounded; 0 for what is missing of `high`.
    pub(crate) fn join_into(low: &[f32], high: &[f32], pairs: &mut [f32]) = join_body;
}

#[inline(always)]
fn round_body<T: Pairs>(t: T, x: &[f32], y: &mut [u16]) {
    assert_eq!(x.len(), y.len(), "one value for each");
    let lanes = T::S::LANES;
    for (x, y) in x.chunks(lanes).zip(y.chunks_mut(lanes)) {
        let v = t.simd().load(x);
        if y.len() == lanes {
            // SAFETY: a whole vector's halves.
            unsafe { t.store_rounded_at(y.as_mut_ptr(), v) };
        } else {
            const { assert!(T::S::LANES <= 16) };
            let mut all = [0; 16];
            // SAFETY: no vector has more lanes, which is asserted above.
            unsafe { t.store_rounded_at(all.as_mut_ptr(), v) };
            let n = y.len();
            y.copy_from_slice(&all[..n]);
        }
    }
}

#[inline(always)]
fn join_body<T: Pairs>(t: T, low: &[f32], high: &[f32], pairs: &mut [f32]) {
    assert!(low.len() >= pairs.len(), "a value for each pair");
    let s = t.simd();
    let lanes = T::S::LANES;
    for (i, pairs) in pairs.chunks_mut(lanes).enumerate() {
        let high = s.load(high.get(i * lanes..).unwrap_or_default());
        s.store(pairs, t.join(s.load(&low[i * lanes..]), high));
    }
}

/// The same memory as twice as many halves.
pub(crate) fn halves_mut(x: &mut [f32]) -> &mut [u16] {
    // SAFETY: an `f32` is as large as two halves and aligned at least as well, and every pattern of bits is one of each.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), 2 * x.len()) }
}

/// As [`halves_mut`].
pub(crate) fn halves(x: &[f32]) -> &[u16] {
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), 2 * x.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;

    /// What rounding has to get right, beside plain numbers: ties, carries into the exponent, ends of the range.
    const BITS: [u32; 16] = [
        0x3f80_0000,
        0x3f80_7fff,
        0x3f80_8000,
        0x3f80_8001,
        0x3f81_8000,
        0x3fff_8000,
        0xbfff_ffff,
        0x7f7f_ffff,
        0x7f80_0000,
        0xff80_0000,
        0x0000_0000,
        0x8000_0000,
        0x7f80_0001,
        0x7fff_ffff,
        0xffff_ffff,
        0x0080_8000,
    ];

    #[test]
    fn rounds_to_the_nearest_and_ties_to_even() {
        let wanted = [0x3f80, 0x3f80, 0x3f80, 0x3f81, 0x3f82, 0x4000, 0xc000, 0x7f80, 0x7f80, 0xff80, 0x0000, 0x8000];
        for (bits, wanted) in BITS.into_iter().zip(wanted) {
            assert_eq!(round(f32::from_bits(bits)), wanted, "{bits:#x}");
        }
        assert!(widen(round(f32::NAN)).is_nan());
        assert_eq!(rounded::<f64>(&[1.0 + 1.0 / 256.0, -0.75]), [1.0, -0.75]);
    }

    #[test]
    fn every_instruction_set_rounds_alike() {
        let noise = |i: u64| f32::from_bits(crate::dropout::mix(7, i) as u32);
        let mut x: Vec<f32> = BITS.into_iter().map(f32::from_bits).collect();
        // Numbers too small to be normal are another matter, see above.
        x.extend((0..5000).map(noise).filter(|x| !x.is_subnormal()));
        for n in (0..40).chain([x.len()]) {
            let (x, high) = (&x[..n], &x[n / 3..n]);
            for isa in Isa::usable() {
                let mut y = vec![1; n];
                round_into(isa, x, &mut y);
                let mut pairs = vec![1.0; n];
                join_into(isa, x, high, &mut pairs);
                for i in 0..n {
                    let what = format!("{} {:#x}", isa.name(), x[i].to_bits());
                    let same = |a: u16, b: f32| a == round(b) || b.is_nan() && widen(a).is_nan();
                    assert!(same(y[i], x[i]), "{what} became {:#x}", y[i]);
                    let pair = pairs[i].to_bits();
                    assert!(same(pair as u16, x[i]), "{what}");
                    assert!(same((pair >> 16) as u16, high.get(i).copied().unwrap_or(0.0)), "{what}");
                }
            }
        }
    }
}
