//! The oracle: each function as it is written in a textbook.

use num_traits::Float;

use super::Activation;

fn number<T: Float>(x: f64) -> T {
    T::from(x).expect("every float type holds small constants")
}

/// `y = f(x)`.
pub fn forward<T: Float>(activation: Activation, row: usize, x: &[T], y: &mut [T]) {
    if activation == Activation::Softmax {
        for (x, y) in x.chunks(row).zip(y.chunks_mut(row)) {
            let max = x.iter().fold(T::neg_infinity(), |max, &x| max.max(x));
            let sum = x.iter().fold(T::zero(), |sum, &x| sum + (x - max).exp());
            for (x, y) in x.iter().zip(y) {
                *y = (*x - max).exp() / sum;
            }
        }
        return;
    }
    for (&x, y) in x.iter().zip(y) {
        *y = value(activation, x);
    }
}

/// `dx = f'(x) · dy`.
pub fn backward<T: Float>(activation: Activation, row: usize, x: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
    if activation == Activation::Softmax {
        for ((y, dy), dx) in y.chunks(row).zip(dy.chunks(row)).zip(dx.chunks_mut(row)) {
            let dot = y.iter().zip(dy).fold(T::zero(), |sum, (&y, &dy)| sum + y * dy);
            for ((&y, &dy), dx) in y.iter().zip(dy).zip(dx) {
                *dx = y * (dy - dot);
            }
        }
        return;
    }
    for ((&x, &dy), dx) in x.iter().zip(dy).zip(dx) {
        *dx = dy * slope(activation, x);
    }
}

fn sigmoid<T: Float>(x: T) -> T {
    T::one() / (T::one() + (-x).exp())
}

/// The normal distribution's share below `x`.
fn normal_share<T: Float>(x: T) -> T {
    let x = x.to_f64().expect("floats are numbers");
    number(0.5 * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2)))
}

pub(super) fn value<T: Float>(activation: Activation, x: T) -> T {
    match activation {
        Activation::Linear | Activation::Softmax => x,
        Activation::Relu => x.max(T::zero()),
        Activation::Relu6 => x.max(T::zero()).min(number(6.0)),
        Activation::Silu => x * sigmoid(x),
        Activation::HardSigmoid => (x + number(3.0)).max(T::zero()).min(number(6.0)) / number(6.0),
        Activation::HardSwish => x * (x + number(3.0)).max(T::zero()).min(number(6.0)) / number(6.0),
        Activation::Gelu => x * normal_share(x),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
    }
}

fn slope<T: Float>(activation: Activation, x: T) -> T {
    let one_where = |there| if there { T::one() } else { T::zero() };
    match activation {
        Activation::Linear | Activation::Softmax => T::one(),
        Activation::Relu => one_where(x > T::zero()),
        Activation::Relu6 => one_where(x > T::zero() && x < number(6.0)),
        Activation::Silu => sigmoid(x) * (T::one() + x * (T::one() - sigmoid(x))),
        Activation::HardSigmoid => one_where(x > number(-3.0) && x < number(3.0)) / number(6.0),
        Activation::HardSwish if x > number(-3.0) && x < number(3.0) => (x + x + number(3.0)) / number(6.0),
        Activation::HardSwish => one_where(x > T::zero()),
        Activation::Gelu => {
            let density = (-x * x * number(0.5)).exp() * number(0.398_942_280_401_432_7);
            normal_share(x) + x * density
        }
        Activation::Tanh => T::one() - x.tanh() * x.tanh(),
        Activation::Sigmoid => sigmoid(x) * (T::one() - sigmoid(x)),
    }
}
