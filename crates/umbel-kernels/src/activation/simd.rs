//! The fast bodies. What needs an exponential uses the vector one.

use super::{Activation, FusedActivation};
use crate::isa::Simd;

/// Runs an expression over whole vectors, the last of which may be partial.
macro_rules! each_vector {
    ($s:ident, $S:ident: $y:ident = |$($x:ident),*| $value:expr) => {{
        for (i, y) in $y.chunks_mut($S::LANES).enumerate() {
            $(let $x = $s.load(&$x[i * $S::LANES..][..y.len()]);)*
            $s.store(y, $value);
        }
    }};
}

#[inline(always)]
pub(super) fn forward<S: Simd>(s: S, activation: Activation, row: usize, x: &[f32], y: &mut [f32]) {
    let (zero, one, six) = (s.splat(0.0), s.splat(1.0), s.splat(6.0));
    match activation {
        Activation::Linear => y.copy_from_slice(x),
        Activation::Relu => each_vector!(s, S: y = |x| s.max(zero, x)),
        Activation::Relu6 => each_vector!(s, S: y = |x| s.min(six, s.max(zero, x))),
        Activation::Silu => each_vector!(s, S: y = |x| s.mul(x, sigmoid(s, x))),
        Activation::HardSigmoid => each_vector!(s, S: y = |x| s.mul(six_gates(s, x), s.splat(1.0 / 6.0))),
        Activation::HardSwish => each_vector!(s, S: y = |x| s.mul(s.mul(x, six_gates(s, x)), s.splat(1.0 / 6.0))),
        Activation::Gelu => each_vector!(s, S: y = |x| s.mul(x, normal_share(s, x))),
        Activation::Tanh => each_vector!(s, S: y = |x| {
            // Near zero a polynomial (that of Cephes' `tanhf`), since the quotient would lose the leading digits there.
            let z = s.mul(x, x);
            let mut p = s.splat(-5.704_988_7e-3);
            for c in [2.063_909e-2, -5.373_971_6e-2, 0.133_314_42, -0.333_332_8] {
                p = s.mul_add(p, z, s.splat(c));
            }
            let near = s.mul_add(s.mul(p, z), x, x);
            let far = s.sub(one, s.div(s.splat(2.0), s.add(s.exp(s.add(x, x)), one)));
            s.select(s.greater(s.splat(0.625 * 0.625), z), near, far)
        }),
        Activation::Sigmoid => each_vector!(s, S: y = |x| sigmoid(s, x)),
        Activation::Softmax => {
            for (x, y) in x.chunks(row).zip(y.chunks_mut(row)) {
                let max = x.iter().fold(f32::NEG_INFINITY, |max, &x| if max > x { max } else { x });
                let max_v = s.splat(max);
                each_vector!(s, S: y = |x| s.exp(s.sub(x, max_v)));
                let factor = s.splat(1.0 / y.iter().sum::<f32>());
                for y in y.chunks_mut(S::LANES) {
                    let scaled = s.mul(s.load(y), factor);
                    s.store(y, scaled);
                }
            }
        }
    }
}

/// The two that kernels fuse and that are not clamps.
#[inline(always)]
pub(super) fn in_place<S: Simd>(s: S, activation: FusedActivation, y: &mut [f32]) {
    macro_rules! each {
        (|$x:ident| $value:expr) => {
            for y in y.chunks_mut(S::LANES) {
                let $x = s.load(y);
                s.store(y, $value);
            }
        };
    }
    match activation {
        FusedActivation::Silu => each!(|x| s.mul(x, sigmoid(s, x))),
        FusedActivation::HardSwish => each!(|x| s.mul(s.mul(x, six_gates(s, x)), s.splat(1.0 / 6.0))),
        FusedActivation::Linear | FusedActivation::Relu | FusedActivation::Relu6 => {
            unreachable!("{activation:?} is a clamp")
        }
    }
}

#[inline(always)]
pub(super) fn backward<S: Simd>(
    s: S,
    activation: Activation,
    row: usize,
    x: &[f32],
    y: &[f32],
    dy: &[f32],
    dx: &mut [f32],
) {
    let (zero, one, six) = (s.splat(0.0), s.splat(1.0), s.splat(6.0));
    match activation {
        Activation::Linear => dx.copy_from_slice(dy),
        Activation::Relu => each_vector!(s, S: dx = |x, dy| s.select(s.greater(x, zero), dy, zero)),
        Activation::Relu6 => each_vector!(s, S: dx = |x, dy| {
            s.select(s.greater(x, zero), s.select(s.greater(six, x), dy, zero), zero)
        }),
        Activation::Silu => each_vector!(s, S: dx = |x, dy| {
            let share = sigmoid(s, x);
            let slope = s.mul(share, s.mul_add(x, s.sub(one, share), one));
            s.mul(dy, slope)
        }),
        Activation::HardSigmoid => each_vector!(s, S: dx = |x, dy| {
            let slope = s.select(s.greater(s.splat(3.0), x), s.splat(1.0 / 6.0), zero);
            s.mul(dy, s.select(s.greater(x, s.splat(-3.0)), slope, zero))
        }),
        Activation::HardSwish => each_vector!(s, S: dx = |x, dy| {
            let inside = s.mul(s.add(s.add(x, x), s.splat(3.0)), s.splat(1.0 / 6.0));
            let upper = s.select(s.greater(s.splat(3.0), x), inside, one);
            s.mul(dy, s.select(s.greater(x, s.splat(-3.0)), upper, zero))
        }),
        Activation::Gelu => each_vector!(s, S: dx = |x, dy| {
            let density = s.mul(s.exp(s.mul(s.mul(x, x), s.splat(-0.5))), s.splat(0.398_942_3));
            s.mul(dy, s.mul_add(x, density, normal_share(s, x)))
        }),
        Activation::Tanh => each_vector!(s, S: dx = |y, dy| s.mul(dy, s.sub(one, s.mul(y, y)))),
        Activation::Sigmoid => each_vector!(s, S: dx = |y, dy| s.mul(dy, s.mul(y, s.sub(one, y)))),
        Activation::Softmax => {
            for ((y, dy), dx) in y.chunks(row).zip(dy.chunks(row)).zip(dx.chunks_mut(row)) {
                let dot = s.splat(y.iter().zip(dy).map(|(y, dy)| y * dy).sum());
                each_vector!(s, S: dx = |y, dy| s.mul(y, s.sub(dy, dot)));
            }
        }
    }
}

/// Six times the hard sigmoid.
#[inline(always)]
fn six_gates<S: Simd>(s: S, x: S::V) -> S::V {
    s.min(s.splat(6.0), s.max(s.splat(0.0), s.add(x, s.splat(3.0))))
}

/// Stable at both ends, since the exponential is clamped to what `f32` holds.
#[inline(always)]
fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    s.div(one, s.add(one, s.exp(s.sub(s.splat(0.0), x))))
}

/// The normal distribution's share below `x`, by the error function of Abramowitz & Stegun 7.1.26 (within 1.5e-7).
#[inline(always)]
fn normal_share<S: Simd>(s: S, x: S::V) -> S::V {
    let (zero, half, one) = (s.splat(0.0), s.splat(0.5), s.splat(1.0));
    let x = s.mul(x, s.splat(std::f32::consts::FRAC_1_SQRT_2));
    let positive = s.greater(x, zero);
    let size = s.select(positive, x, s.sub(zero, x));
    let t = s.div(one, s.mul_add(size, s.splat(0.327_591_1), one));
    let mut p = s.splat(1.061_405_4);
    for c in [-1.453_152_1, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        p = s.mul_add(p, t, s.splat(c));
    }
    // Half of the share beyond |x|, on either side.
    let beyond = s.mul(s.mul(half, s.mul(p, t)), s.exp(s.sub(zero, s.mul(x, x))));
    s.select(positive, s.sub(one, beyond), beyond)
}
