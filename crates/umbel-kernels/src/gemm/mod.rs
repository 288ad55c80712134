//! General matrix product: the one micro-kernel that convolution and dense layers are made of.

#[cfg(target_arch = "x86_64")]
mod amx;
mod operand;
pub mod scalar;
mod simd;

pub(crate) use operand::{Bf16, F32, Operand};
pub(crate) use simd::{Product, Start};

use rayon::prelude::*;

use crate::Isa;
use crate::extent::{reach, volume};
#[cfg(target_arch = "x86_64")]
use crate::isa::Kind;
use crate::isa::{per_isa, per_pairs};
use crate::parallel::Spread;

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
    /// [`product`] to rows of C that others may write between.
    pub(crate) fn spread_product(p: &Product<'_>, c: Spread<'_>) = simd::single_product;
}
per_pairs! {
    fn vector_product(p: &Product<'_, u16>, c: Spread<'_>) = simd::product;
}

/// Runs the micro-kernel over all of `c`.
pub(crate) fn product(isa: Isa, p: &Product<'_>, c: &mut [f32]) {
    spread_product(isa, p, c.into());
}

/// [`spread_product`] for pairs of bf16. With AMX, what lies as its tiles want it goes through them.
pub(crate) fn spread_pair_product(isa: Isa, p: &Product<'_, u16>, c: Spread<'_>) {
    #[cfg(target_arch = "x86_64")]
    if let Kind::Amx(token) = isa.kind()
        && amx::fits(p)
    {
        return amx::product(token, p, &c);
    }
    vector_product(isa, p, c);
}

/// Columns of a panel: as many as the micro-kernel's tile has.
pub(crate) fn panel_width(isa: Isa) -> usize {
    isa.vector().tile_columns()
}

/// The largest [`panel_width`] of all instruction sets, of which each is a divisor.
pub(crate) const MAX_PANEL_WIDTH: usize = 32;

/// Cuts `b`, dense rows of `n`, into panels of [`panel_width`] columns, each with its rows adjacent; the last one is filled
/// up with zeros. Long rows are read a few columns at a time, and where their length is a power of two, those columns of
/// all rows fall into the same few places of the cache.
pub(crate) fn pack(isa: Isa, b: &[f32], n: usize, panels: &mut [f32]) {
    let width = panel_width(isa);
    let rows = b.len() / n;
    panels.par_chunks_mut(rows * width).enumerate().for_each(|(index, panel)| {
        let first = index * width;
        let columns = (n - first).min(width);
        for (row, packed) in panel.chunks_exact_mut(width).enumerate() {
            packed[..columns].copy_from_slice(&b[row * n + first..][..columns]);
            packed[columns..].fill(0.0);
        }
    });
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
    assert_eq!(c.len(), volume(&[m, n]), "C must be m x n");
    if m == 0 || n == 0 {
        return;
    }
    assert!(a.data.len() >= reach(&[(m, a.row_stride), (k, a.col_stride)]), "A is too short");
    assert!(b.data.len() >= reach(&[(k, b.row_stride), (n, b.col_stride)]), "B is too short");
    let b = if b.col_stride == 1 || k == 0 {
        b
    } else {
        assert!(workspace.len() >= workspace_len(m, n, k), "the workspace is too small");
        let packed = &mut workspace[..k * n];
        packed.par_chunks_mut(n).enumerate().for_each(|(t, row)| {
            for (j, y) in row.iter_mut().enumerate() {
                *y = b.data[t * b.row_stride + j * b.col_stride];
            }
        });
        MatrixRef { data: packed, row_stride: n, col_stride: 1 }
    };
    c.par_chunks_mut(TASK_ROWS * n).enumerate().for_each(|(task, c)| {
        for first in (0..k.max(1)).step_by(BLOCK_TERMS) {
            let block = Product {
                m: c.len() / n,
                n,
                k: (k - first).min(BLOCK_TERMS),
                a: a.data.get(task * TASK_ROWS * a.row_stride + first * a.col_stride..).unwrap_or_default(),
                a_row: a.row_stride,
                a_col: a.col_stride,
                b: b.data.get(first * b.row_stride..).unwrap_or_default(),
                b_row: b.row_stride,
                c_row: n,
                start: if first == 0 { Start::Zero } else { Start::Accumulate },
                ..Product::default()
            };
            product(isa, &block, c);
        }
    });
}

/// How many `f32` of workspace [`gemm`] needs for this shape.
pub fn workspace_len(_m: usize, n: usize, k: usize) -> usize {
    volume(&[n, k])
}
