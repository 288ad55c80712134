//! Depthwise convolution: forward and backward, over a grid and a random sample of shapes.

use umbel_kernels::depthwise::{self, DepthwiseShape, scalar};
use umbel_kernels::{FusedActivation, Isa};

use crate::support::{assert_close, assert_gradient, assert_same_bits, dirty, dot, pick, random, wide};

const CLAMPS: [FusedActivation; 3] = [FusedActivation::Linear, FusedActivation::Relu, FusedActivation::Relu6];

/// A shape with the output size and padding that Keras gives.
fn shape(
    batch: usize,
    size: (usize, usize),
    channels: usize,
    kernel: usize,
    stride: usize,
    same: bool,
) -> DepthwiseShape {
    let axis = |size: usize| {
        if same {
            let out = size.div_ceil(stride);
            (out, ((out - 1) * stride + kernel).saturating_sub(size) / 2)
        } else {
            ((size + 1).saturating_sub(kernel).div_ceil(stride), 0)
        }
    };
    let ((out_height, top), (out_width, left)) = (axis(size.0), axis(size.1));
    DepthwiseShape {
        batch,
        height: size.0,
        width: size.1,
        channels,
        kernel: (kernel, kernel),
        stride: (stride, stride),
        pad: (top, left),
        out_height,
        out_width,
    }
}

/// The padding that PyTorch's `padding=kernel//2` gives: the same before as after, whatever the stride.
fn symmetric(batch: usize, size: usize, channels: usize, kernel: usize, stride: usize) -> DepthwiseShape {
    let pad = kernel / 2;
    let out = (size + 2 * pad - kernel) / stride + 1;
    DepthwiseShape {
        pad: (pad, pad),
        out_height: out,
        out_width: out,
        ..shape(batch, (size, size), channels, kernel, stride, true)
    }
}

fn shapes() -> Vec<DepthwiseShape> {
    let mut shapes = Vec::new();
    for same in [true, false] {
        for stride in [1, 2, 3] {
            for kernel in [1, 2, 3, 5, 7] {
                for (i, channels) in [1, 3, 8, 16, 17, 24, 32, 33, 47, 80].into_iter().enumerate() {
                    shapes.push(shape(1 + i % 3, (7 + i % 4, 13 - i), channels, kernel, stride, same));
                }
            }
        }
        shapes.push(shape(2, (12, 31), 40, 3, 1, same));
        shapes.push(shape(1, (61, 60), 72, 5, 2, same));
        shapes.push(shape(35, (5, 5), 9, 3, 1, same));
    }
    for (size, kernel, stride) in [(7, 3, 1), (14, 5, 2), (15, 3, 2), (9, 7, 3)] {
        shapes.push(symmetric(2, size, 48, kernel, stride));
    }
    // Padding beyond the kernel, and a kernel beyond the input.
    let narrow = shape(2, (7, 9), 5, 3, 1, true);
    shapes.push(DepthwiseShape { kernel: (3, 2), stride: (2, 3), pad: (2, 5), out_height: 5, out_width: 6, ..narrow });
    shapes.push(DepthwiseShape { kernel: (1, 9), pad: (0, 4), out_height: 7, out_width: 9, ..narrow });
    shapes.push(DepthwiseShape { kernel: (9, 9), pad: (4, 4), ..shape(1, (2, 3), 20, 1, 1, true) });
    shapes.push(DepthwiseShape { batch: 0, ..narrow });
    for seed in 0..60 {
        let at = |what: u64, low, high| pick(seed * 100 + what, low, high);
        let kernel = at(0, 1, 6);
        let size = (at(1, kernel, 20), at(2, kernel, 20));
        shapes.push(shape(at(3, 1, 5), size, at(4, 1, 70), kernel, at(5, 1, 3), at(6, 0, 1) == 0));
    }
    shapes
}

fn out_len(s: &DepthwiseShape) -> usize {
    s.batch * s.out_height * s.out_width * s.channels
}

struct Data {
    x: Vec<f32>,
    w: Vec<f32>,
    bias: Vec<f32>,
}

fn data(s: &DepthwiseShape) -> Data {
    Data {
        x: random(1, s.batch * s.height * s.width * s.channels),
        w: random(2, s.kernel.0 * s.kernel.1 * s.channels),
        bias: random(3, s.channels),
    }
}

#[test]
fn forward_matches_the_oracle() {
    let activations = [&CLAMPS[..], &[FusedActivation::HardSwish, FusedActivation::Silu]].concat();
    for (i, s) in shapes().iter().enumerate() {
        let Data { x, w, bias } = data(s);
        let bias = (i % 4 != 0).then_some(&bias[..]);
        let activation = activations[i % 5];
        let mut wanted = vec![0.0; out_len(s)];
        scalar::forward(s, &wide(&x), &wide(&w), bias.map(wide).as_deref(), activation, &mut wanted);
        for isa in Isa::usable() {
            let mut y = dirty(out_len(s));
            depthwise::forward(isa, s, &x, &w, bias, activation, &mut y);
            assert_close(&format!("{} {activation:?} {s:?}", isa.name()), &y, &wanted, 1e-5);
        }
    }
}

#[test]
fn backward_matches_the_oracle() {
    for (i, s) in shapes().iter().enumerate() {
        let Data { x, w, .. } = data(s);
        let activation = CLAMPS[i % 3];
        let (low, high) = [(-99.0, 99.0), (0.0, 99.0), (0.0, 6.0)][i % 3];
        let y: Vec<f32> = random(4, out_len(s)).iter().map(|y| (8.0 * y).clamp(low, high)).collect();
        let dy = random(5, out_len(s));
        let passes = |y: f32| low < y && y < high;
        let masked: Vec<f32> = dy.iter().zip(&y).map(|(&dy, &y)| if passes(y) { dy } else { 0.0 }).collect();
        let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; s.channels]);
        scalar::backward(s, &wide(&x), &wide(&w), &wide(&masked), &mut dx, &mut dw, &mut db);
        for isa in Isa::usable() {
            let what = format!("{} {s:?}", isa.name());
            let mut workspace = dirty(depthwise::workspace_len(s));
            let (mut got_dx, mut got_dw, mut got_db) = (dirty(x.len()), dirty(w.len()), dirty(s.channels));
            let mut gradient = dy.clone();
            let (some_dx, some_db) = (Some(&mut got_dx[..]), Some(&mut got_db[..]));
            #[rustfmt::skip]
            depthwise::backward(
                isa, s, &x, &w, &y, activation, &mut gradient, some_dx, &mut got_dw, some_db, &mut workspace,
            );
            assert_eq!(gradient, masked, "{what}");
            assert_close(&format!("dx {what}"), &got_dx, &dx, 1e-4);
            assert_close(&format!("dw {what}"), &got_dw, &dw, 1e-4);
            assert_close(&format!("db {what}"), &got_db, &db, 1e-4);
            let linear = FusedActivation::Linear;
            let mut dw_alone = dirty(w.len());
            #[rustfmt::skip]
            depthwise::backward(
                isa, s, &x, &w, &[], linear, &mut gradient, None, &mut dw_alone, None, &mut workspace,
            );
            assert_eq!(dw_alone, got_dw, "dw alone {what}");
        }
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    for s in [shape(2, (5, 6), 3, 3, 1, true), shape(1, (7, 6), 2, 3, 2, true), shape(2, (6, 5), 1, 2, 3, false)] {
        let Data { x, w, bias } = data(&s);
        let (x, w, bias) = (wide(&x), wide(&w), wide(&bias));
        let dy = wide(&random(4, out_len(&s)));
        let run = |x: &[f64], w: &[f64], bias: &[f64]| {
            let mut y = vec![0.0; out_len(&s)];
            scalar::forward(&s, x, w, Some(bias), FusedActivation::Linear, &mut y);
            y
        };
        let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; bias.len()]);
        scalar::backward(&s, &x, &w, &dy, &mut dx, &mut dw, &mut db);
        assert_gradient("dx", &x, &dx, |x| dot(&run(x, &w, &bias), &dy));
        assert_gradient("dw", &w, &dw, |w| dot(&run(&x, w, &bias), &dy));
        assert_gradient("db", &bias, &db, |bias| dot(&run(&x, &w, bias), &dy));
    }
}

#[test]
fn not_a_number_stays_visible_and_stays_in_its_channel() {
    let s = shape(1, (3, 3), 2, 3, 1, true);
    let x: Vec<f32> = (0..18).map(|i| if i % 2 == 0 { f32::NAN } else { 1.0 }).collect();
    for isa in Isa::usable() {
        let mut y = [0.0; 18];
        depthwise::forward(isa, &s, &x, &[1.0; 18], None, FusedActivation::Relu6, &mut y);
        assert!(y.iter().enumerate().all(|(i, y)| y.is_nan() == (i % 2 == 0)), "{}: {y:?}", isa.name());
    }
}

#[test]
#[should_panic(expected = "Silu is not a clamp")]
fn a_gradient_that_the_output_does_not_tell_is_refused() {
    let s = shape(1, (3, 3), 1, 3, 1, true);
    let (mut dy, mut dw, mut workspace) = ([1.0; 9], [0.0; 9], dirty(depthwise::workspace_len(&s)));
    let silu = FusedActivation::Silu;
    let isa = Isa::scalar();
    depthwise::backward(isa, &s, &[1.0; 9], &[1.0; 9], &[1.0; 9], silu, &mut dy, None, &mut dw, None, &mut workspace);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for s in [shape(5, (29, 31), 72, 3, 1, true), shape(40, (14, 14), 24, 5, 2, true)] {
        let Data { x, w, bias } = data(&s);
        let x: Vec<f32> = x.iter().map(|x| x * 0.1237).collect();
        assert_same_bits(|isa| {
            let relu = FusedActivation::Relu;
            let mut y = dirty(out_len(&s));
            depthwise::forward(isa, &s, &x, &w, Some(&bias), relu, &mut y);
            let mut dy: Vec<f32> = random(6, y.len()).iter().map(|x| x / 3.0).collect();
            let (mut dx, mut dw, mut db) = (dirty(x.len()), dirty(w.len()), dirty(s.channels));
            let mut workspace = dirty(depthwise::workspace_len(&s));
            let (some_dx, some_db) = (Some(&mut dx[..]), Some(&mut db[..]));
            depthwise::backward(isa, &s, &x, &w, &y, relu, &mut dy, some_dx, &mut dw, some_db, &mut workspace);
            vec![y, dx, dw, db]
        });
    }
}
