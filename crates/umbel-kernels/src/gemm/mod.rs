//! General matrix product: the one micro-kernel that convolution and dense layers are made of.

use crate::Isa;

/// A matrix view over a slice: element (i, j) lies at `i * row_stride + j * col_stride`.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct MatrixRef<'a> {
    pub data: &'a [f32],
    pub row_stride: usize,
    pub col_stride: usize,
}

/// `C[m, n] = A[m, k] · B[k, n]`, `c` row-major and dense.
pub fn gemm(isa: Isa, m: usize, n: usize, k: usize, a: MatrixRef<'_>, b: MatrixRef<'_>, c: &mut [f32], workspace: &mut [f32]) {
    todo!()
}

/// How many `f32` of workspace [`gemm`] needs for this shape.
pub fn workspace_len(m: usize, n: usize, k: usize) -> usize {
    todo!()
}
