//! Dense layers in bf16, against the oracle in `f64` on rounded operands.

use umbel_kernels::bf16::rounded;
use umbel_kernels::dense::{DenseShape, bf16, scalar, workspace_len};
use umbel_kernels::{FusedActivation, Isa};

use crate::dense::{SHAPES, shape};
use crate::support::{assert_close, assert_same_bits, dirty, random, wide};

const TOLERANCE: f64 = 1e-4;

#[test]
fn forward_matches_the_oracle_on_rounded_operands() {
    use FusedActivation::*;
    for (i, s) in SHAPES.map(shape).iter().enumerate() {
        let activation = [Linear, Relu, Relu6, HardSwish, Silu][i % 5];
        let (x, w) = (random(1, s.batch * s.inputs), random(2, s.inputs * s.outputs));
        let bias = random(3, s.outputs);
        let bias = (i % 4 != 0).then_some(&bias[..]);
        let mut wanted = vec![0.0; s.batch * s.outputs];
        scalar::forward(s, &rounded(&x), &rounded(&w), bias.map(wide).as_deref(), activation, &mut wanted);
        for isa in Isa::usable() {
            let mut y = dirty(wanted.len());
            bf16::forward(isa, s, &x, &w, bias, activation, &mut y, &mut dirty(workspace_len(s)));
            assert_close(&format!("{} {activation:?} {s:?}", isa.name()), &y, &wanted, TOLERANCE);
        }
    }
}

#[test]
fn backward_matches_the_oracle_on_rounded_operands() {
    for (i, s) in SHAPES.map(shape).iter().enumerate() {
        let activation = [FusedActivation::Linear, FusedActivation::Relu, FusedActivation::Relu6][i % 3];
        let (x, w) = (random(1, s.batch * s.inputs), random(2, s.inputs * s.outputs));
        let (y, dy) = (random(3, s.batch * s.outputs), random(4, s.batch * s.outputs));
        let y: Vec<f32> = y.iter().map(|y| (8.0 * y).clamp(0.0, 6.0)).collect();
        let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; s.outputs]);
        let (x_seen, w_seen, wide_y) = (rounded::<f64>(&x), rounded(&w), wide(&y));
        scalar::backward(s, &x_seen, &w_seen, &wide_y, activation, &mut rounded(&dy), &mut dx, &mut dw, &mut db);
        for isa in Isa::usable() {
            let what = format!("{} {s:?}", isa.name());
            for with_dx in [true, false] {
                let mut workspace = dirty(workspace_len(s));
                let (mut got_dx, mut got_dw, mut got_db) = (dirty(x.len()), dirty(w.len()), dirty(s.outputs));
                let got = with_dx.then_some(&mut got_dx[..]);
                let mut masked = dy.clone();
                bf16::backward(
                    isa,
                    s,
                    &x,
                    &w,
                    &y,
                    activation,
                    &mut masked,
                    got,
                    &mut got_dw,
                    Some(&mut got_db),
                    &mut workspace,
                );
                assert_close(&format!("dw {what}"), &got_dw, &dw, TOLERANCE);
                if with_dx {
                    assert_close(&format!("dx {what}"), &got_dx, &dx, TOLERANCE);
                }
                // The bias' gradient is a sum without products, of what was not rounded.
                let sum = |output: usize| masked.iter().skip(output).step_by(s.outputs).map(|&d| f64::from(d)).sum();
                let sums: Vec<f64> = (0..s.outputs).map(sum).collect();
                assert_close(&format!("db {what}"), &got_db, &sums, TOLERANCE);
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let s = DenseShape { batch: 7, inputs: 1700, outputs: 37 };
    let (x, w) = (random(1, s.batch * s.inputs), random(2, s.inputs * s.outputs));
    let dy: Vec<f32> = random(3, s.batch * s.outputs).iter().map(|x| x / 3.0).collect();
    assert_same_bits(|isa| {
        let mut workspace = dirty(workspace_len(&s));
        let (mut y, mut dy) = (dirty(dy.len()), dy.clone());
        let relu = FusedActivation::Relu;
        bf16::forward(isa, &s, &x, &w, None, relu, &mut y, &mut workspace);
        let (mut dx, mut dw, mut db) = (dirty(x.len()), dirty(w.len()), dirty(s.outputs));
        bf16::backward(isa, &s, &x, &w, &y, relu, &mut dy, Some(&mut dx), &mut dw, Some(&mut db), &mut workspace);
        vec![y, dx, dw, db]
    });
}
