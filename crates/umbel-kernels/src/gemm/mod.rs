//! General matrix product: the one micro-kernel that convolution and dense layers are made of.

pub mod scalar;
mod simd;

pub(crate) use simd::{Product, Start};

use rayon::prelude::*;

use crate::isa::per_isa;
use crate::{FusedActivation, Isa};

/// A matrix view over a slice: element (i, j) lies at `i * row_stride + j * col_stride`.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct MatrixRef<'a> {
    pub data: &'a [f32],
    pub row_stride: usize,
    pub col_stride: usize,
}

/// Rows of C that one task computes.
const TASK_ROWS: usize = 48;
/// Terms summed before going on to the next rows, so that the part of B in use stays in the cache.
const BLOCK_TERMS: usize = 256;

per_isa! {
    /// Runs the micro-kernel over all of `c`.
    pub(crate) fn product(p: &Product<'_>, c: &mut [f32]) = simd::product;
}

/// `C[m, n] = A[m, k] · B[k, n]`, `c` row-major and dense.
///
/// # Panics
/// Where a slice is shorter than its matrix.
#[allow(clippy::too_many_arguments)]
pub fn gemm(
    isa: Isa,
    m: usize,
    n: usize,
    k: usize,
    a: MatrixRef<'_>,
    b: MatrixRef<'_>,
    c: &mut [f32],
    workspace: &mut [f32],
) {
    assert_eq!(c.len(), m * n, "C must be m x n");
    if m == 0 || n == 0 {
        return;
    }
    let b = if b.col_stride == 1 || k == 0 {
        b
    } else {
        assert!(
            workspace.len() >= workspace_len(m, n, k),
            "the workspace is too small"
        );
        let packed = &mut workspace[..k * n];
        packed.par_chunks_mut(n).enumerate().for_each(|(t, row)| {
            for (j, y) in row.iter_mut().enumerate() {
                *y = b.data[t * b.row_stride + j * b.col_stride];
            }
        });
        MatrixRef {
            data: packed,
            row_stride: n,
            col_stride: 1,
        }
    };
    c.par_chunks_mut(TASK_ROWS * n)
        .enumerate()
        .for_each(|(task, c)| {
            for first in (0..k.max(1)).step_by(BLOCK_TERMS) {
                let block = Product {
                    m: c.len() / n,
                    n,
                    k: (k - first).min(BLOCK_TERMS),
                    segments: 1,
                    a: a.data
                        .get(task * TASK_ROWS * a.row_stride + first * a.col_stride..)
                        .unwrap_or_default(),
                    a_row: a.row_stride,
                    a_col: a.col_stride,
                    a_segment: 0,
                    b: b.data.get(first * b.row_stride..).unwrap_or_default(),
                    b_row: b.row_stride,
                    b_segment: 0,
                    c_row: n,
                    start: if first == 0 {
                        Start::Zero
                    } else {
                        Start::Accumulate
                    },
                    activation: FusedActivation::Linear,
                };
                product(isa, &block, c);
            }
        });
}

/// How many `f32` of workspace [`gemm`] needs for this shape.
pub fn workspace_len(_m: usize, n: usize, k: usize) -> usize {
    n * k
}
