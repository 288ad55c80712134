//! The oracle: one line each.

use num_traits::Float;

/// `y += factor · x`.
pub fn add_scaled<T: Float>(factor: T, x: &[T], y: &mut [T]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = *y + factor * x);
}

/// `y = factor · y`.
pub fn scale<T: Float>(factor: T, y: &mut [T]) {
    y.iter_mut().for_each(|y| *y = factor * *y);
}

/// `y += share · (x − y)`.
pub fn blend<T: Float>(share: T, x: &[T], y: &mut [T]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = *y + share * (x - *y));
}

/// The sum of the squares.
pub fn sum_of_squares<T: Float>(x: &[T]) -> T {
    x.iter().fold(T::zero(), |sum, &x| sum + x * x)
}
