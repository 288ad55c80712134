//! Convolution: forward, pooled forward, and both backward passes, over a grid and a random sample of shapes.

use umbel_kernels::conv2d::{self, Conv2dShape, OutputGradient, scalar};
use umbel_kernels::{FusedActivation, Isa};

use crate::support::{assert_close, assert_gradient, assert_same_bits, dirty, dot, pick, random, wide};

pub const ACTIVATIONS: [FusedActivation; 3] = [FusedActivation::Linear, FusedActivation::Relu, FusedActivation::Relu6];

/// A shape with the output size and padding that Keras gives.
pub fn shape(
    batch: usize,
    size: (usize, usize),
    channels: (usize, usize),
    kernel: usize,
    stride: usize,
    same: bool,
) -> Conv2dShape {
    let axis = |size: usize| {
        if same {
            let out = size.div_ceil(stride);
            (out, ((out - 1) * stride + kernel).saturating_sub(size) / 2)
        } else {
            ((size + 1).saturating_sub(kernel).div_ceil(stride), 0)
        }
    };
    let (out_height, top) = axis(size.0);
    let (out_width, left) = axis(size.1);
    Conv2dShape {
        batch,
        height: size.0,
        width: size.1,
        channels_in: channels.0,
        channels_out: channels.1,
        kernel: (kernel, kernel),
        stride: (stride, stride),
        pad: (top, left),
        out_height,
        out_width,
    }
}

pub struct Data {
    pub x: Vec<f32>,
    pub w: Vec<f32>,
    pub bias: Vec<f32>,
}

pub fn data(s: &Conv2dShape) -> Data {
    Data {
        x: random(1, s.batch * s.height * s.width * s.channels_in),
        w: random(2, s.kernel.0 * s.kernel.1 * s.channels_in * s.channels_out),
        bias: random(3, s.channels_out),
    }
}

pub fn out_len(s: &Conv2dShape) -> usize {
    s.batch * s.out_height * s.out_width * s.channels_out
}

pub fn pooled_len(s: &Conv2dShape) -> usize {
    s.batch * (s.out_height / 2) * (s.out_width / 2) * s.channels_out
}

pub fn awkward_shapes() -> Vec<Conv2dShape> {
    let mut shapes = Vec::new();
    for same in [true, false] {
        for stride in [1, 2, 3] {
            for kernel in [1, 2, 3, 5, 7] {
                for (i, channels) in [(1, 1), (3, 16), (5, 17), (16, 3), (17, 33)].into_iter().enumerate() {
                    shapes.push(shape(1 + i % 3, (7 + i, 13 - i), channels, kernel, stride, same));
                }
            }
        }
        shapes.push(shape(5, (9, 30), (16, 32), 3, 1, same));
        shapes.push(shape(2, (12, 14), (33, 64), 3, 1, same));
        shapes.push(shape(2, (11, 25), (64, 5), 3, 2, same));
        shapes.push(shape(1, (1, 1), (3, 4), 1, 1, same));
        shapes.push(shape(1, (3, 3), (1, 2), 3, 1, same));
        shapes.push(shape(1, (1, 40), (2, 3), 1, 1, same));
        // So many weights that they are packed.
        shapes.push(shape(2, (5, 6), (64, 131), 3, 1, same));
        // Large enough for several strips in an image.
        shapes.push(shape(2, (61, 60), (16, 17), 3, 1, same));
        shapes.push(shape(1, (61, 60), (24, 8), 3, 2, same));
    }
    // Plain matrix products: several partial gradients, few pixels with many channels, packed weights. Each once for every
    // activation.
    for s in [
        shape(3, (30, 31), (20, 40), 1, 1, true),
        shape(1, (7, 7), (33, 300), 1, 1, true),
        shape(6, (7, 7), (260, 263), 1, 1, true),
    ] {
        shapes.extend([s; 3]);
    }
    shapes.push(Conv2dShape {
        kernel: (1, 3),
        pad: (0, 1),
        out_height: 7,
        out_width: 9,
        ..shape(2, (7, 9), (3, 5), 1, 1, true)
    });
    shapes.push(Conv2dShape {
        kernel: (3, 2),
        stride: (2, 3),
        pad: (2, 5),
        out_height: 5,
        out_width: 6,
        ..shape(2, (7, 9), (3, 5), 1, 1, true)
    });
    // Winograd's tiles where the input's margin lies uncommonly, and with the most channels that they are for.
    for pad in [(2, 0), (0, 3)] {
        let s = shape(2, (9, 14), (16, 19), 3, 1, true);
        shapes.push(Conv2dShape { pad, out_height: 8, out_width: 15, ..s });
    }
    shapes.push(shape(1, (7, 7), (256, 256), 3, 1, true));
    for seed in 0..60 {
        let at = |what: u64, low, high| pick(seed * 100 + what, low, high);
        let kernel = at(0, 1, 5);
        let size = (at(1, kernel, 20), at(2, kernel, 20));
        shapes.push(shape(at(3, 1, 5), size, (at(4, 1, 20), at(5, 1, 40)), kernel, at(6, 1, 3), at(7, 0, 1) == 0));
    }
    shapes
}

#[test]
fn forward_matches_the_oracle() {
    for (i, s) in awkward_shapes().iter().enumerate() {
        let Data { x, w, bias } = data(s);
        let bias = (i % 4 != 0).then_some(&bias[..]);
        let activation = ACTIVATIONS[i % 3];
        let mut wanted = vec![0.0; out_len(s)];
        scalar::forward(s, &wide(&x), &wide(&w), bias.map(wide).as_deref(), activation, &mut wanted);
        for isa in Isa::usable() {
            let mut y = dirty(out_len(s));
            conv2d::forward(isa, s, &x, &w, bias, activation, &mut y);
            assert_close(&format!("{} {s:?}", isa.name()), &y, &wanted, 1e-4);
        }
    }
}

#[test]
fn packed_weights_give_the_same_bits() {
    for s in [
        shape(2, (9, 30), (16, 33), 3, 1, true),
        shape(2, (9, 30), (16, 16), 3, 1, false),
        shape(2, (9, 30), (5, 70), 3, 2, true),
        shape(3, (7, 5), (24, 40), 1, 1, true),
    ] {
        let Data { x, w, bias } = data(&s);
        let x: Vec<f32> = x.iter().map(|x| x * 0.1237).collect();
        let factors: Vec<f32> = random(7, s.channels_out).iter().map(|f| f / 3.0).collect();
        let scaled: Vec<f32> = w.iter().zip(factors.iter().cycle()).map(|(w, f)| w * f).collect();
        let relu = FusedActivation::Relu;
        for isa in Isa::usable() {
            for (factors, w) in [(None, &w), (Some(&factors[..]), &scaled)] {
                let mut packed = dirty(conv2d::packed_len(&s));
                conv2d::pack(isa, &s, &data(&s).w, factors, &mut packed);
                let (mut y, mut again) = (dirty(out_len(&s)), dirty(out_len(&s)));
                conv2d::forward(isa, &s, &x, w, Some(&bias), relu, &mut y);
                conv2d::forward_packed(isa, &s, &x, &packed, Some(&bias), relu, &mut again);
                assert_eq!(y, again, "{} {s:?}", isa.name());
                let (mut y, mut again) = (dirty(pooled_len(&s)), dirty(pooled_len(&s)));
                conv2d::forward_pool(isa, &s, &x, w, Some(&bias), relu, &mut y, None);
                conv2d::forward_pool_packed(isa, &s, &x, &packed, Some(&bias), relu, &mut again);
                assert_eq!(y, again, "{} pooled {s:?}", isa.name());
            }
        }
    }
}

/// Winograd's sums and differences cost some accuracy: of 144 products of numbers that are no round ones, they leave an error of
/// 1.6e-7 of the sums' size (root mean square).
#[test]
fn tiles_round_little() {
    let s = shape(1, (30, 30), (16, 32), 3, 1, true);
    let Data { x, w, .. } = data(&s);
    let odd = |x: Vec<f32>| -> Vec<f32> { x.iter().map(|x| x * 0.317_829).collect() };
    let (x, w) = (odd(x), odd(w));
    let mut wanted = vec![0.0; out_len(&s)];
    scalar::forward(&s, &wide(&x), &wide(&w), None, FusedActivation::Linear, &mut wanted);
    for isa in Isa::usable() {
        let mut y = dirty(wanted.len());
        conv2d::forward(isa, &s, &x, &w, None, FusedActivation::Linear, &mut y);
        let square = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
        let error = square(&mut y.iter().zip(&wanted).map(|(&y, wanted)| f64::from(y) - wanted));
        let error = (error / square(&mut wanted.iter().copied())).sqrt();
        println!("{}: {error:.1e} of the sums' size", isa.name());
        assert!(error < 5e-7, "{}: {error:e}", isa.name());
    }
}

#[test]
fn forward_applies_the_activations_for_inference() {
    for s in [shape(2, (9, 30), (16, 33), 3, 1, true), shape(3, (7, 5), (24, 40), 1, 1, true)] {
        let Data { x, w, bias } = data(&s);
        for activation in [FusedActivation::HardSwish, FusedActivation::Silu] {
            let mut wanted = vec![0.0; out_len(&s)];
            scalar::forward(&s, &wide(&x), &wide(&w), Some(&wide(&bias)), activation, &mut wanted);
            for isa in Isa::usable() {
                let mut y = dirty(out_len(&s));
                conv2d::forward(isa, &s, &x, &w, Some(&bias), activation, &mut y);
                assert_close(&format!("{} {activation:?} {s:?}", isa.name()), &y, &wanted, 1e-4);
            }
        }
    }
}

#[test]
#[should_panic(expected = "HardSwish cannot be applied after the maximum")]
fn pooling_takes_clamps_only() {
    let s = shape(1, (2, 2), (1, 1), 1, 1, true);
    let hard_swish = FusedActivation::HardSwish;
    conv2d::forward_pool(Isa::scalar(), &s, &[1.0; 4], &[1.0], None, hard_swish, &mut [0.0], None);
}

#[test]
fn pooled_forward_matches_the_oracle() {
    for (i, s) in awkward_shapes().iter().enumerate() {
        let Data { x, w, bias } = data(s);
        let activation = ACTIVATIONS[i % 3];
        let mut wanted = vec![0.0; pooled_len(s)];
        let mut wanted_choice = vec![0; pooled_len(s)];
        let (wide_x, wide_w, wide_bias) = (wide(&x), wide(&w), wide(&bias));
        scalar::forward_pool(s, &wide_x, &wide_w, Some(&wide_bias), activation, &mut wanted, &mut wanted_choice);
        for isa in Isa::usable() {
            let what = format!("{} {s:?}", isa.name());
            let mut pooled = dirty(wanted.len());
            let mut choice = vec![99; wanted.len()];
            conv2d::forward_pool(isa, s, &x, &w, Some(&bias), activation, &mut pooled, Some(&mut choice));
            assert_close(&what, &pooled, &wanted, 1e-4);
            // Inputs are such that sums are exact unless they are long; near ties may then fall either way.
            let different = choice.iter().zip(&wanted_choice).filter(|(a, b)| a != b).count();
            assert!(different * 500 <= choice.len(), "{what}: {different} choices differ");
            let mut again = dirty(wanted.len());
            conv2d::forward_pool(isa, s, &x, &w, Some(&bias), activation, &mut again, None);
            assert_eq!(pooled, again, "{what}: without choice");
        }
    }
}

#[test]
fn backward_matches_the_oracle() {
    for (i, s) in awkward_shapes().iter().enumerate() {
        let Data { x, w, .. } = data(s);
        let activation = ACTIVATIONS[i % 3];
        let y: Vec<f32> = random(4, out_len(s)).iter().map(|&y| activation_of(activation, 8.0 * y)).collect();
        let dy = random(5, out_len(s));
        let full = scalar::masked_gradient(&wide(&dy), &wide(&y), activation);
        check_backward(s, &x, &w, OutputGradient::Full { dy: &dy, y: &y, activation }, &full);

        let dy = random(6, pooled_len(s));
        let choice: Vec<u8> = (0..dy.len()).map(|i| pick(i as u64, 0, 4) as u8).collect();
        let full = scalar::unpooled_gradient(s, &wide(&dy), &choice);
        check_backward(s, &x, &w, OutputGradient::Pooled { dy: &dy, choice: &choice }, &full);
    }
}

pub fn activation_of(activation: FusedActivation, x: f32) -> f32 {
    match activation {
        FusedActivation::Linear => x,
        FusedActivation::Relu => x.max(0.0),
        FusedActivation::Relu6 => x.clamp(0.0, 6.0),
        FusedActivation::HardSwish | FusedActivation::Silu => unreachable!("not in ACTIVATIONS"),
    }
}

fn check_backward(s: &Conv2dShape, x: &[f32], w: &[f32], gradient: OutputGradient<'_>, full: &[f64]) {
    let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; s.channels_out]);
    scalar::backward(s, &wide(x), &wide(w), full, &mut dx, &mut dw, &mut db);
    for isa in Isa::usable() {
        let what = format!("{} {s:?}", isa.name());
        let mut workspace = dirty(conv2d::workspace_len(s));
        let (mut got_dx, mut got_dw, mut got_db) = (dirty(x.len()), dirty(w.len()), dirty(s.channels_out));
        conv2d::backward(isa, s, x, w, gradient, Some(&mut got_dx), &mut got_dw, Some(&mut got_db), &mut workspace);
        assert_close(&format!("dx {what}"), &got_dx, &dx, 1e-4);
        assert_close(&format!("dw {what}"), &got_dw, &dw, 1e-4);
        assert_close(&format!("db {what}"), &got_db, &db, 1e-4);
        let mut dw_alone = dirty(w.len());
        conv2d::backward(isa, s, x, w, gradient, None, &mut dw_alone, None, &mut workspace);
        assert_close(&format!("dw alone {what}"), &dw_alone, &dw, 1e-4);
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    for s in [
        shape(2, (5, 6), (2, 3), 3, 1, true),
        shape(1, (7, 6), (3, 2), 3, 2, true),
        shape(2, (6, 5), (1, 2), 2, 3, false),
    ] {
        let Data { x, w, bias } = data(&s);
        let (x, w, bias) = (wide(&x), wide(&w), wide(&bias));
        let dy = wide(&random(4, out_len(&s)));
        for activation in [FusedActivation::Linear, FusedActivation::Relu] {
            let run = |x: &[f64], w: &[f64], bias: &[f64]| {
                let mut y = vec![0.0; out_len(&s)];
                scalar::forward(&s, x, w, Some(bias), activation, &mut y);
                y
            };
            let full = scalar::masked_gradient(&dy, &run(&x, &w, &bias), activation);
            let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; bias.len()]);
            scalar::backward(&s, &x, &w, &full, &mut dx, &mut dw, &mut db);
            assert_gradient("dx", &x, &dx, |x| dot(&run(x, &w, &bias), &dy));
            assert_gradient("dw", &w, &dw, |w| dot(&run(&x, w, &bias), &dy));
            assert_gradient("db", &bias, &db, |bias| dot(&run(&x, &w, bias), &dy));
        }
        let dy = wide(&random(5, pooled_len(&s)));
        let run = |x: &[f64], w: &[f64]| {
            let (mut y, mut choice) = (vec![0.0; dy.len()], vec![0; dy.len()]);
            scalar::forward_pool(&s, x, w, Some(&bias), FusedActivation::Relu, &mut y, &mut choice);
            (y, choice)
        };
        let full = scalar::unpooled_gradient(&s, &dy, &run(&x, &w).1);
        let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; bias.len()]);
        scalar::backward(&s, &x, &w, &full, &mut dx, &mut dw, &mut db);
        assert_gradient("pooled dx", &x, &dx, |x| dot(&run(x, &w).0, &dy));
        assert_gradient("pooled dw", &w, &dw, |w| dot(&run(&x, w).0, &dy));
    }
}

#[test]
fn of_equals_the_first_is_pooled_and_a_closed_activation_is_marked() {
    let s = shape(1, (4, 4), (1, 1), 1, 1, true);
    let x = [2.0, 2.0, -1.0, -3.0, 2.0, 1.0, -2.0, 0.0, 7.0, 1.0, 1.0, 4.0, 0.0, 0.0, 4.0, 5.0];
    for isa in Isa::usable() {
        let (mut pooled, mut choice) = ([0.0; 4], [9; 4]);
        conv2d::forward_pool(isa, &s, &x, &[1.0], None, FusedActivation::Relu6, &mut pooled, Some(&mut choice));
        assert_eq!((pooled, choice), ([2.0, 0.0, 6.0, 5.0], [0, 4, 4, 3]));
    }
}

#[test]
fn not_a_number_stays_visible() {
    let s = shape(1, (3, 3), (1, 1), 1, 1, true);
    for isa in Isa::usable() {
        let mut y = [0.0; 9];
        conv2d::forward(isa, &s, &[f32::NAN; 9], &[1.0], None, FusedActivation::Relu6, &mut y);
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
            conv2d::forward_pool(isa, &s, &scaled, &w, Some(&bias), relu, &mut pooled, Some(&mut choice));
            let (mut dx, mut dw, mut db) = (dirty(x.len()), dirty(w.len()), dirty(s.channels_out));
            let mut workspace = dirty(conv2d::workspace_len(&s));
            let gradient = OutputGradient::Pooled { dy: &dy, choice: &choice };
            conv2d::backward(isa, &s, &scaled, &w, gradient, Some(&mut dx), &mut dw, Some(&mut db), &mut workspace);
            vec![pooled, dx, dw, db]
        });
    }
}

#[test]
fn the_number_of_threads_changes_no_bit_of_a_matrix_product() {
    for s in [shape(3, (30, 31), (20, 40), 1, 1, true), shape(1, (7, 7), (200, 400), 1, 1, true)] {
        let Data { x, w, bias } = data(&s);
        let scaled: Vec<f32> = x.iter().map(|x| x * 0.1237).collect();
        let dy: Vec<f32> = random(6, out_len(&s)).iter().map(|x| x / 3.0).collect();
        assert_same_bits(|isa| {
            let mut y = dirty(dy.len());
            conv2d::forward(isa, &s, &scaled, &w, Some(&bias), FusedActivation::Relu, &mut y);
            let (mut dx, mut dw, mut db) = (dirty(x.len()), dirty(w.len()), dirty(s.channels_out));
            let mut workspace = dirty(conv2d::workspace_len(&s));
            let gradient = OutputGradient::Full { dy: &dy, y: &[], activation: FusedActivation::Linear };
            conv2d::backward(isa, &s, &scaled, &w, gradient, Some(&mut dx), &mut dw, Some(&mut db), &mut workspace);
            vec![y, dx, dw, db]
        });
    }
}
