//! The backward pass: tasks of some inputs each, whose weights and gradients are gone over while they are in the cache.

use rayon::prelude::*;

use super::{BACKWARD_INPUTS, DenseShape};
use crate::gemm::{Operand, Product};
use crate::parallel::{CHUNK, Shared, whole_lines, with_scratch};
use crate::prefetch::ask_for;
use crate::sums::add_rows;
use crate::{FusedActivation, Isa, fused};

#[allow(clippy::too_many_arguments)]
pub(super) fn backward<O: Operand>(
    isa: Isa,
    shape: &DenseShape,
    x: &[f32],
    w: &[f32],
    y: &[f32],
    activation: FusedActivation,
    dy: &mut [f32],
    dx: Option<&mut [f32]>,
    dw: &mut [f32],
    db: Option<&mut [f32]>,
    workspace: &mut [f32],
) {
    let DenseShape { batch, inputs, outputs } = *shape;
    mask_and_sum(isa, shape, y, activation, dy, db);
    if w.is_empty() {
        dx.into_iter().for_each(|dx| dx.fill(0.0));
        return;
    }
    let dy = &*dy;
    let transposed = &mut workspace[..outputs * batch];
    if dx.is_some() {
        for (sample, dy) in dy.chunks_exact(outputs).enumerate() {
            for (output, &d) in dy.iter().enumerate() {
                transposed[output * batch + sample] = d;
            }
        }
    }
    let transposed = &*transposed;
    let dx = dx.map(Shared::new);
    let dy_len = whole_lines(O::rows_len(batch, outputs));
    with_scratch(dy_len + O::rows_len(outputs, batch), |scratch| {
        let (dy_rows, turned) = scratch.split_at_mut(dy_len);
        let (dy_rows, dy_row) = O::rows(isa, dy, outputs, 0..outputs, dy_rows);
        let (turned, turned_row) = match dx {
            Some(_) => O::rows(isa, transposed, batch, 0..batch, turned),
            None => (&[][..], 0),
        };
        dw.par_chunks_mut(BACKWARD_INPUTS * outputs).enumerate().for_each(|(task, dw)| {
            let first = task * BACKWARD_INPUTS;
            let m = dw.len() / outputs;
            let own_w = &w[first * outputs..][..dw.len()];
            if O::IS_F32 && dx.is_some() {
                ask_for(own_w);
            }
            let left_len = whole_lines(O::rows_len(batch, m).max(O::left_len(own_w.len())));
            with_scratch(left_len + m * batch, |scratch| {
                let (left, product) = scratch.split_at_mut(left_len);
                let (a, a_col) = O::columns(isa, x, inputs, first..first + m, left);
                let weights = Product {
                    m,
                    n: outputs,
                    k: batch.div_ceil(O::TERMS),
                    a,
                    a_row: O::TERMS,
                    a_col,
                    b: dy_rows,
                    b_row: dy_row,
                    c_row: outputs,
                    ..Product::default()
                };
                O::product(isa, &weights, dw.into());
                let Some(dx) = &dx else { return };
                // dxᵀ = w · dyᵀ reads the weights as they lie; only the small result has to be turned.
                let inputs_share = Product {
                    m,
                    n: batch,
                    k: outputs.div_ceil(O::TERMS),
                    a: O::left(isa, own_w, left),
                    a_row: outputs,
                    a_col: O::TERMS,
                    b: turned,
                    b_row: turned_row,
                    c_row: batch,
                    ..Product::default()
                };
                O::product(isa, &inputs_share, (&mut *product).into());
                for sample in 0..batch {
                    // SAFETY: tasks have disjoint inputs.
                    let dx = unsafe { dx.range(sample * inputs + first, m) };
                    for (i, dx) in dx.iter_mut().enumerate() {
                        *dx = product[i * batch + sample];
                    }
                }
            });
        });
    });
}

/// Masks the gradient with the activation's derivative, and sums it over the samples.
fn mask_and_sum(
    isa: Isa,
    shape: &DenseShape,
    y: &[f32],
    activation: FusedActivation,
    dy: &mut [f32],
    db: Option<&mut [f32]>,
) {
    if activation != FusedActivation::Linear {
        assert_eq!(y.len(), dy.len(), "y must be as long as dy");
        let chunks = dy.par_chunks_mut(CHUNK).zip(y.par_chunks(CHUNK));
        chunks.for_each(|(dy, y)| fused::mask(isa, y, activation, dy));
    }
    if let Some(db) = db {
        db.fill(0.0);
        if shape.outputs > 0 {
            add_rows(isa, dy, db);
        }
    }
}
