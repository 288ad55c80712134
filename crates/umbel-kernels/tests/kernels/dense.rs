//! Dense layers, at sizes around the slices' and tiles' edges.

use umbel_kernels::dense::{self, DenseShape, scalar};
use umbel_kernels::{FusedActivation, Isa};

use crate::support::{assert_close, assert_gradient, assert_same_bits, dirty, dot, random, wide};

pub const SHAPES: [(usize, usize, usize); 14] = [
    (1, 1, 1),
    (2, 3, 5),
    (5, 17, 33),
    (13, 64, 10),
    (32, 129, 128),
    (3, 511, 7),
    (4, 513, 16),
    (2, 1300, 300),
    (33, 67, 257),
    (1, 70, 1000),
    (1, 1100, 251),
    (1, 600, 5),
    (7, 2, 3),
    (0, 5, 4),
];

pub fn shape((batch, inputs, outputs): (usize, usize, usize)) -> DenseShape {
    DenseShape { batch, inputs, outputs }
}

#[test]
fn forward_applies_the_activations_for_inference() {
    for (i, s) in SHAPES.map(shape).iter().enumerate() {
        let activation = [FusedActivation::HardSwish, FusedActivation::Silu][i % 2];
        let (x, w) = (random(1, s.batch * s.inputs), random(2, s.inputs * s.outputs));
        let mut wanted = vec![0.0; s.batch * s.outputs];
        scalar::forward(s, &wide(&x), &wide(&w), None, activation, &mut wanted);
        for isa in Isa::usable() {
            let mut y = dirty(wanted.len());
            dense::forward(isa, s, &x, &w, None, activation, &mut y, &mut dirty(dense::workspace_len(s)));
            assert_close(&format!("{} {activation:?} {s:?}", isa.name()), &y, &wanted, 1e-4);
        }
    }
}

#[test]
fn matches_the_oracle() {
    for (i, s) in SHAPES.map(shape).iter().enumerate() {
        let activation = [FusedActivation::Linear, FusedActivation::Relu, FusedActivation::Relu6][i % 3];
        let (x, w) = (random(1, s.batch * s.inputs), random(2, s.inputs * s.outputs));
        let bias = random(3, s.outputs);
        let dy = random(4, s.batch * s.outputs);
        let (wide_x, wide_w) = (wide(&x), wide(&w));
        let mut y = vec![0.0; dy.len()];
        scalar::forward(s, &wide_x, &wide_w, Some(&wide(&bias)), activation, &mut y);
        let mut masked = wide(&dy);
        let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; s.outputs]);
        scalar::backward(s, &wide_x, &wide_w, &y, activation, &mut masked, &mut dx, &mut dw, &mut db);
        let narrow_y: Vec<f32> = y.iter().map(|&y| y as f32).collect();
        for isa in Isa::usable() {
            let what = format!("{} {s:?}", isa.name());
            let mut workspace = dirty(dense::workspace_len(s));
            let mut got = dirty(y.len());
            dense::forward(isa, s, &x, &w, Some(&bias), activation, &mut got, &mut workspace);
            assert_close(&format!("y {what}"), &got, &y, 1e-4);
            let (mut got_dx, mut got_dw, mut got_db) = (dirty(x.len()), dirty(w.len()), dirty(s.outputs));
            let mut got_dy = dy.clone();
            dense::backward(
                isa,
                s,
                &x,
                &w,
                &narrow_y,
                activation,
                &mut got_dy,
                Some(&mut got_dx),
                &mut got_dw,
                Some(&mut got_db),
                &mut workspace,
            );
            assert_close(&format!("dy {what}"), &got_dy, &masked, 1e-6);
            assert_close(&format!("dx {what}"), &got_dx, &dx, 1e-4);
            assert_close(&format!("dw {what}"), &got_dw, &dw, 1e-4);
            assert_close(&format!("db {what}"), &got_db, &db, 1e-4);
        }
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    let s = shape((3, 4, 5));
    let (x, w, bias) = (wide(&random(1, 12)), wide(&random(2, 20)), wide(&random(3, 5)));
    let dy = wide(&random(4, 15));
    let run = |x: &[f64], w: &[f64], bias: &[f64]| {
        let mut y = vec![0.0; 15];
        scalar::forward(&s, x, w, Some(bias), FusedActivation::Relu, &mut y);
        y
    };
    let (mut dx, mut dw, mut db) = (vec![0.0; 12], vec![0.0; 20], vec![0.0; 5]);
    let y = run(&x, &w, &bias);
    scalar::backward(&s, &x, &w, &y, FusedActivation::Relu, &mut dy.clone(), &mut dx, &mut dw, &mut db);
    assert_gradient("dx", &x, &dx, |x| dot(&run(x, &w, &bias), &dy));
    assert_gradient("dw", &w, &dw, |w| dot(&run(&x, w, &bias), &dy));
    assert_gradient("db", &bias, &db, |bias| dot(&run(&x, &w, bias), &dy));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let s = shape((7, 1700, 37));
    let (x, w) = (random(1, s.batch * s.inputs), random(2, s.inputs * s.outputs));
    let x: Vec<f32> = x.iter().map(|x| x * 0.1237).collect();
    let dy: Vec<f32> = random(3, s.batch * s.outputs).iter().map(|x| x / 3.0).collect();
    assert_same_bits(|isa| {
        let mut workspace = dirty(dense::workspace_len(&s));
        let (mut y, mut dy) = (dirty(dy.len()), dy.clone());
        dense::forward(isa, &s, &x, &w, None, FusedActivation::Relu, &mut y, &mut workspace);
        let (mut dx, mut dw, mut db) = (dirty(x.len()), dirty(w.len()), dirty(s.outputs));
        let relu = FusedActivation::Relu;
        dense::backward(isa, &s, &x, &w, &y, relu, &mut dy, Some(&mut dx), &mut dw, Some(&mut db), &mut workspace);
        vec![y, dx, dw, db]
    });
}
