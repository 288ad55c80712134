//! Convolution in bf16, against the oracle in `f64` on rounded operands: what is left are the sums' roundings in `f32`.

use umbel_kernels::bf16::rounded;
use umbel_kernels::conv2d::{Conv2dShape, OutputGradient, bf16, scalar, workspace_len};
use umbel_kernels::{FusedActivation, Isa};

use crate::conv2d::{ACTIVATIONS, Data, activation_of, awkward_shapes, data, out_len, pooled_len, shape};
use crate::support::{assert_close, assert_same_bits, dirty, pick, random, wide};

/// Relative to the larger of 1 and the wanted value.
const TOLERANCE: f64 = 1e-4;

#[test]
fn forward_matches_the_oracle_on_rounded_operands() {
    let activations = [ACTIVATIONS.as_slice(), &[FusedActivation::HardSwish, FusedActivation::Silu]].concat();
    for (i, s) in awkward_shapes().iter().enumerate() {
        let Data { x, w, bias } = data(s);
        let bias = (i % 4 != 0).then_some(&bias[..]);
        let activation = activations[i % activations.len()];
        let mut wanted = vec![0.0; out_len(s)];
        scalar::forward(s, &rounded(&x), &rounded(&w), bias.map(wide).as_deref(), activation, &mut wanted);
        for isa in Isa::usable() {
            let mut y = dirty(out_len(s));
            bf16::forward(isa, s, &x, &w, bias, activation, &mut y);
            assert_close(&format!("{} {activation:?} {s:?}", isa.name()), &y, &wanted, TOLERANCE);
        }
    }
}

#[test]
fn pooled_forward_matches_the_oracle_on_rounded_operands() {
    for (i, s) in awkward_shapes().iter().enumerate() {
        let Data { x, w, bias } = data(s);
        let activation = ACTIVATIONS[i % 3];
        let mut wanted = vec![0.0; pooled_len(s)];
        let mut wanted_choice = vec![0; pooled_len(s)];
        let (x_seen, w_seen, wide_bias) = (rounded::<f64>(&x), rounded(&w), wide(&bias));
        scalar::forward_pool(s, &x_seen, &w_seen, Some(&wide_bias), activation, &mut wanted, &mut wanted_choice);
        for isa in Isa::usable() {
            let what = format!("{} {s:?}", isa.name());
            let mut pooled = dirty(wanted.len());
            let mut choice = vec![99; wanted.len()];
            bf16::forward_pool(isa, s, &x, &w, Some(&bias), activation, &mut pooled, Some(&mut choice));
            assert_close(&what, &pooled, &wanted, TOLERANCE);
            // Near ties may fall either way.
            let different = choice.iter().zip(&wanted_choice).filter(|(a, b)| a != b).count();
            assert!(different * 500 <= choice.len(), "{what}: {different} choices differ");
            let mut again = dirty(wanted.len());
            bf16::forward_pool(isa, s, &x, &w, Some(&bias), activation, &mut again, None);
            assert_eq!(pooled, again, "{what}: without choice");
        }
    }
}

#[test]
fn backward_matches_the_oracle_on_rounded_operands() {
    for (i, s) in awkward_shapes().iter().enumerate() {
        let Data { x, w, .. } = data(s);
        let activation = ACTIVATIONS[i % 3];
        let y: Vec<f32> = random(4, out_len(s)).iter().map(|&y| activation_of(activation, 8.0 * y)).collect();
        let dy = random(5, out_len(s));
        let full = scalar::masked_gradient(&dy, &y, activation);
        check_backward(s, &x, &w, OutputGradient::Full { dy: &dy, y: &y, activation }, &full);

        let dy = random(6, pooled_len(s));
        let choice: Vec<u8> = (0..dy.len()).map(|i| pick(i as u64, 0, 4) as u8).collect();
        let full = scalar::unpooled_gradient(s, &dy, &choice);
        check_backward(s, &x, &w, OutputGradient::Pooled { dy: &dy, choice: &choice }, &full);
    }
}

fn check_backward(s: &Conv2dShape, x: &[f32], w: &[f32], gradient: OutputGradient<'_>, full: &[f32]) {
    let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; s.channels_out]);
    scalar::backward(s, &rounded(x), &rounded(w), &rounded(full), &mut dx, &mut dw, &mut db);
    // The bias' gradient is a sum without products, of what was not rounded.
    db.fill(0.0);
    full.iter().enumerate().for_each(|(i, &d)| db[i % s.channels_out] += f64::from(d));
    for isa in Isa::usable() {
        let what = format!("{} {s:?}", isa.name());
        let mut workspace = dirty(workspace_len(s));
        let (mut got_dx, mut got_dw, mut got_db) = (dirty(x.len()), dirty(w.len()), dirty(s.channels_out));
        bf16::backward(isa, s, x, w, gradient, Some(&mut got_dx), &mut got_dw, Some(&mut got_db), &mut workspace);
        assert_close(&format!("dx {what}"), &got_dx, &dx, TOLERANCE);
        assert_close(&format!("dw {what}"), &got_dw, &dw, TOLERANCE);
        assert_close(&format!("db {what}"), &got_db, &db, TOLERANCE);
        let mut dw_alone = dirty(w.len());
        bf16::backward(isa, s, x, w, gradient, None, &mut dw_alone, None, &mut workspace);
        assert_close(&format!("dw alone {what}"), &dw_alone, &dw, TOLERANCE);
    }
}

#[test]
fn products_see_their_operands_rounded() {
    let s = shape(1, (1, 1), (1, 1), 1, 1, true);
    for isa in Isa::usable() {
        let mut y = [0.0];
        // 1 + 2^-8 is a tie, which falls to the even 1; the bias is not rounded.
        let (x, bias) = ([1.0 + 1.0 / 256.0], [1.0 / 256.0]);
        bf16::forward(isa, &s, &x, &[3.0], Some(&bias), FusedActivation::Linear, &mut y);
        assert_eq!(y, [3.0 + 1.0 / 256.0], "{}", isa.name());
    }
}

#[test]
fn not_a_number_stays_visible() {
    let s = shape(1, (3, 3), (1, 1), 1, 1, true);
    for isa in Isa::usable() {
        let mut y = [0.0; 9];
        bf16::forward(isa, &s, &[f32::NAN; 9], &[1.0], None, FusedActivation::Relu6, &mut y);
        assert!(y.iter().all(|y| y.is_nan()), "{}", isa.name());
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for s in [
        shape(5, (29, 31), (5, 17), 3, 1, true),
        shape(3, (61, 60), (16, 32), 3, 1, true),
        shape(4, (21, 20), (16, 24), 3, 2, true),
        shape(1, (45, 45), (16, 24), 3, 1, true),
    ] {
        let Data { x, w, bias } = data(&s);
        let scaled: Vec<f32> = x.iter().map(|x| x * 0.1237).collect();
        let dy: Vec<f32> = random(6, pooled_len(&s)).iter().map(|x| x / 3.0).collect();
        assert_same_bits(|isa| {
            let mut choice = vec![0; dy.len()];
            let mut pooled = dirty(dy.len());
            let relu = FusedActivation::Relu;
            bf16::forward_pool(isa, &s, &scaled, &w, Some(&bias), relu, &mut pooled, Some(&mut choice));
            let (mut dx, mut dw, mut db) = (dirty(x.len()), dirty(w.len()), dirty(s.channels_out));
            let mut workspace = dirty(workspace_len(&s));
            let gradient = OutputGradient::Pooled { dy: &dy, choice: &choice };
            bf16::backward(isa, &s, &scaled, &w, gradient, Some(&mut dx), &mut dw, Some(&mut db), &mut workspace);
            vec![pooled, dx, dw, db]
        });
    }
}

#[test]
fn the_number_of_threads_changes_no_bit_of_a_matrix_product() {
    for s in [shape(3, (30, 31), (20, 40), 1, 1, true), shape(1, (7, 7), (200, 400), 1, 1, true)] {
        let Data { x, w, bias } = data(&s);
        let dy: Vec<f32> = random(6, out_len(&s)).iter().map(|x| x / 3.0).collect();
        assert_same_bits(|isa| {
            let mut y = dirty(dy.len());
            bf16::forward(isa, &s, &x, &w, Some(&bias), FusedActivation::Relu, &mut y);
            let (mut dx, mut dw, mut db) = (dirty(x.len()), dirty(w.len()), dirty(s.channels_out));
            let mut workspace = dirty(workspace_len(&s));
            let gradient = OutputGradient::Full { dy: &dy, y: &[], activation: FusedActivation::Linear };
            bf16::backward(isa, &s, &x, &w, gradient, Some(&mut dx), &mut dw, Some(&mut db), &mut workspace);
            vec![y, dx, dw, db]
        });
    }
}
