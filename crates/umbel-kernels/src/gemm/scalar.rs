//! The oracle: three loops.

use num_traits::Float;

/// `c[m, n] = a[m, k] · b[k, n]`, all row-major and dense.
pub fn gemm<T: Float>(m: usize, n: usize, k: usize, a: &[T], b: &[T], c: &mut [T]) {
    for i in 0..m {
        for j in 0..n {
            c[i * n + j] = (0..k).fold(T::zero(), |sum, t| sum + a[i * k + t] * b[t * n + j]);
        }
    }
}
