//! Portable vectors: arrays that the compiler turns into whatever the build's baseline has.

use super::{InstructionSet, PairVector, Simd, Vector, Work};

const LANES: usize = 8;

/// The token of portable code on arrays of eight, vectorised by the compiler for the build's baseline (SSE2, NEON). It needs no
/// proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Portable;

impl InstructionSet for Portable {
    const NAME: &'static str = "scalar";

    fn detect() -> Option<Self> {
        Some(Portable)
    }
    #[inline(always)]
    fn vector(self) -> Vector {
        Vector::Portable(self)
    }
    #[inline(always)]
    fn pairs(self) -> PairVector {
        PairVector::Emulated(Vector::Portable(self))
    }
    fn gains_from_bf16(self) -> bool {
        // Nothing is gained by emulation.
        false
    }
}

#[inline(always)]
fn zip(a: [f32; LANES], b: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    let mut y = [0.0; LANES];
    for i in 0..LANES {
        y[i] = f(a[i], b[i]);
    }
    y
}

impl Simd for Portable {
    type V = [f32; LANES];
    type Mask = [bool; LANES];

    const LANES: usize = LANES;
    const TILE_ROWS: usize = 4;
    const TILE_VECTORS: usize = 1;

    #[inline(always)]
    fn vectorize<W: Work>(self, work: W) {
        work.run(self)
    }
    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [x; LANES]
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self, a: Self::V) -> Self::V {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // Without the instruction, `f32::mul_add` is a library call, far slower than rounding twice.
        let mut y = c;
        for i in 0..LANES {
            y[i] = if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
                a[i].mul_add(b[i], c[i])
            } else {
                a[i] * b[i] + c[i]
            };
        }
        y
    }
    #[inline(always)]
    fn greater(self, a: Self::V, b: Self::V) -> Self::Mask {
        std::array::from_fn(|i| a[i] > b[i])
    }
    #[inline(always)]
    fn equal(self, a: Self::V, b: Self::V) -> Self::Mask {
        std::array::from_fn(|i| a[i] == b[i])
    }
    #[inline(always)]
    fn select(self, mask: Self::Mask, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if mask[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        // Adding and taking away 1.5 * 2^23 rounds what is smaller than 2^22, which is all that `exp` asks for.
        a.map(|a| (a + 12_582_912.0) - 12_582_912.0)
    }
    #[inline(always)]
    fn exp2_whole(self, a: Self::V) -> Self::V {
        a.map(|a| f32::from_bits(((a as i32 + 127) << 23) as u32))
    }

    #[inline(always)]
    unsafe fn pick_at(self, p: *const f32, index: Self::V) -> Self::V {
        // SAFETY: the caller promises four floats.
        let four = unsafe { p.cast::<[f32; 4]>().read() };
        index.map(|index| four[index.to_bits() as usize % 4])
    }
    #[inline(always)]
    fn round_to_bf16(self, a: Self::V) -> Self::V {
        a.map(|a| f32::from_bits(u32::from(crate::half::round(a)) << 16))
    }
    #[inline(always)]
    fn join_halves(self, low: Self::V, high: Self::V) -> Self::V {
        zip(low, high, |low, high| f32::from_bits(low.to_bits() >> 16 | high.to_bits() & 0xffff_0000))
    }
    #[inline(always)]
    fn low_half(self, a: Self::V) -> Self::V {
        a.map(|a| f32::from_bits(a.to_bits() << 16))
    }
    #[inline(always)]
    fn high_half(self, a: Self::V) -> Self::V {
        a.map(|a| f32::from_bits(a.to_bits() & 0xffff_0000))
    }
    #[inline(always)]
    unsafe fn pick_bytes_at(self, p: *const f32, index: Self::V) -> Self::V {
        // SAFETY: the caller promises four floats.
        let bytes = unsafe { p.cast::<[u8; 16]>().read() };
        index.map(|index| f32::from_ne_bytes(index.to_ne_bytes().map(|byte| bytes[usize::from(byte) % 16])))
    }
    #[inline(always)]
    unsafe fn store_high_halves_at(self, p: *mut u16, v: Self::V) {
        // SAFETY: the caller promises `LANES` halves.
        unsafe { p.cast::<[u16; LANES]>().write_unaligned(v.map(|v| (v.to_bits() >> 16) as u16)) }
    }
    #[inline(always)]
    unsafe fn store_interleaved_at(self, p: *mut f32, four: [Self::V; 4]) {
        for i in 0..LANES {
            // SAFETY: the caller promises four floats for each lane.
            unsafe { p.cast::<[f32; 4]>().add(i).write(four.map(|v| v[i])) };
        }
    }
    #[inline(always)]
    unsafe fn load_at(self, p: *const f32) -> Self::V {
        // SAFETY: the caller promises `LANES` floats; arrays of `f32` need no more alignment than `f32`.
        unsafe { p.cast::<[f32; LANES]>().read() }
    }
    #[inline(always)]
    unsafe fn load_first(self, p: *const f32, n: usize) -> Self::V {
        let mut v = [0.0; LANES];
        // SAFETY: the caller promises `n` floats.
        v[..n].copy_from_slice(unsafe { std::slice::from_raw_parts(p, n) });
        v
    }
    #[inline(always)]
    unsafe fn store_at(self, p: *mut f32, v: Self::V) {
        // SAFETY: as in `load_at`.
        unsafe { p.cast::<[f32; LANES]>().write(v) }
    }
    #[inline(always)]
    unsafe fn store_first(self, p: *mut f32, n: usize, v: Self::V) {
        // SAFETY: the caller promises `n` floats.
        unsafe { std::slice::from_raw_parts_mut(p, n) }.copy_from_slice(&v[..n]);
    }
    #[inline(always)]
    unsafe fn load_bytes_at(self, p: *const u8) -> Self::V {
        // SAFETY: the caller promises `LANES` bytes.
        unsafe { p.cast::<[u8; LANES]>().read() }.map(f32::from)
    }
    #[inline(always)]
    unsafe fn store_bytes_at(self, p: *mut u8, v: Self::V) {
        // SAFETY: the caller promises `LANES` bytes.
        unsafe { p.cast::<[u8; LANES]>().write(v.map(|x| x as u8)) }
    }
}
