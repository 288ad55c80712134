//! Grouped convolution: forward and backward against the oracle, the oracle against central differences, and bits.

use umbel_kernels::conv2d::{Conv2dShape, scalar as plain};
use umbel_kernels::grouped::{self, GroupedShape, scalar};
use umbel_kernels::{FusedActivation, Isa};

use crate::support::{assert_close, assert_gradient, assert_same_bits, dirty, dot, random, wide};

fn shapes() -> Vec<GroupedShape> {
    let mut shapes = Vec::new();
    for (index, (groups, channels_in, channels_out)) in
        [(1, 3, 5), (2, 4, 6), (3, 9, 3), (4, 8, 64), (5, 5, 10), (8, 32, 32), (32, 128, 128)].into_iter().enumerate()
    {
        for (kernel, stride, pad) in [(3, 1, 1), (3, 2, 1), (1, 1, 0), (2, 3, 0), (5, 1, 2)] {
            let (height, width) = (6 + index % 3, 9 - index % 2);
            let out = |size: usize| (size + 2 * pad - kernel) / stride + 1;
            let conv = Conv2dShape {
                batch: 1 + index % 3,
                height,
                width,
                channels_in,
                channels_out,
                kernel: (kernel, kernel),
                stride: (stride, stride),
                pad: (pad, pad),
                out_height: out(height),
                out_width: out(width),
            };
            shapes.push(GroupedShape { conv, groups });
        }
    }
    shapes
}

fn lengths(s: &GroupedShape) -> [usize; 3] {
    let c = &s.conv;
    [
        c.batch * c.height * c.width * c.channels_in,
        c.kernel.0 * c.kernel.1 * (c.channels_in / s.groups) * c.channels_out,
        c.batch * c.out_height * c.out_width * c.channels_out,
    ]
}

#[test]
fn forward_and_backward_match_the_oracle() {
    for s in shapes() {
        let [x_len, w_len, y_len] = lengths(&s);
        let (x, w, bias) = (random(1, x_len), random(2, w_len), random(3, s.conv.channels_out));
        let dy = random(4, y_len);
        for isa in Isa::usable() {
            for activation in [FusedActivation::Linear, FusedActivation::Relu6, FusedActivation::Silu] {
                let what = format!("{s:?}, {activation:?} on {}", isa.name());
                let mut wanted = vec![0.0; y_len];
                scalar::forward(&s, &wide(&x), &wide(&w), Some(&wide(&bias)), activation, &mut wanted);
                let mut y = dirty(y_len);
                let mut workspace = dirty(grouped::forward_workspace_len(&s));
                grouped::forward(isa, &s, &x, &w, Some(&bias), activation, &mut y, &mut workspace);
                assert_close(&format!("y of {what}"), &y, &wanted, 1e-4);
                if !activation.is_clamp() {
                    continue;
                }
                let masked = plain::masked_gradient(&wide(&dy), &wide(&y), activation);
                let [mut dx, mut dw, mut db] = [x_len, w_len, s.conv.channels_out].map(|len| vec![0.0; len]);
                scalar::backward(&s, &wide(&x), &wide(&w), &masked, &mut dx, &mut dw, &mut db);
                let [mut dx_came, mut dw_came, mut db_came] = [x_len, w_len, s.conv.channels_out].map(dirty);
                let mut workspace = dirty(grouped::workspace_len(&s));
                for with_dx in [true, false] {
                    let dx = with_dx.then_some(dx_came.as_mut_slice());
                    let db = Some(db_came.as_mut_slice());
                    grouped::backward(isa, &s, &x, &w, &y, activation, &dy, dx, &mut dw_came, db, &mut workspace);
                    assert_close(&format!("dw of {what}"), &dw_came, &dw, 1e-4);
                    assert_close(&format!("db of {what}"), &db_came, &db_of(&masked, s.conv.channels_out), 1e-4);
                }
                assert_close(&format!("dx of {what}"), &dx_came, &dx, 1e-4);
                assert_close(&format!("the oracle's db of {what}"), &db_came, &db, 1e-4);
            }
        }
    }
}

fn db_of(dy: &[f64], channels: usize) -> Vec<f64> {
    (0..channels).map(|channel| dy.iter().skip(channel).step_by(channels).sum()).collect()
}

#[test]
fn the_oracle_agrees_with_central_differences_and_with_the_plain_convolution() {
    for s in shapes().into_iter().filter(|s| s.conv.channels_out <= 10) {
        let [x_len, w_len, y_len] = lengths(&s);
        let (x, w, dy) = (wide(&random(1, x_len)), wide(&random(2, w_len)), wide(&random(3, y_len)));
        let [mut dx, mut dw, mut db] = [x_len, w_len, s.conv.channels_out].map(|len| vec![0.0; len]);
        scalar::backward(&s, &x, &w, &dy, &mut dx, &mut dw, &mut db);
        let value = |x: &[f64], w: &[f64]| {
            let mut y = vec![0.0; y_len];
            scalar::forward(&s, x, w, None, FusedActivation::Linear, &mut y);
            dot(&y, &dy)
        };
        assert_gradient(&format!("dx of {s:?}"), &x, &dx, |x| value(x, &w));
        assert_gradient(&format!("dw of {s:?}"), &w, &dw, |w| value(&x, w));
        if s.groups == 1 {
            let [mut y, mut wanted] = [vec![0.0; y_len], vec![0.0; y_len]];
            scalar::forward(&s, &x, &w, None, FusedActivation::Relu, &mut y);
            plain::forward(&s.conv, &x, &w, None, FusedActivation::Relu, &mut wanted);
            assert_eq!(y, wanted);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let s = shapes().into_iter().find(|s| s.groups == 8).unwrap();
    let [x_len, w_len, y_len] = lengths(&s);
    let (x, w, dy) = (random(1, x_len), random(2, w_len), random(3, y_len));
    assert_same_bits(|isa| {
        let [mut y, mut dx, mut dw, mut db] = [y_len, x_len, w_len, s.conv.channels_out].map(dirty);
        let mut workspace = dirty(grouped::workspace_len(&s));
        grouped::forward(isa, &s, &x, &w, None, FusedActivation::Relu, &mut y, &mut workspace);
        let (dx_to, db_to) = (Some(dx.as_mut_slice()), Some(db.as_mut_slice()));
        grouped::backward(isa, &s, &x, &w, &y, FusedActivation::Relu, &dy, dx_to, &mut dw, db_to, &mut workspace);
        vec![y, dx, dw, db]
    });
}

#[test]
#[should_panic(expected = "the groups must divide the channels")]
fn groups_that_do_not_divide_the_channels_are_refused() {
    let mut s = shapes()[0];
    s.groups = 2;
    grouped::forward(Isa::best(), &s, &[], &[], None, FusedActivation::Linear, &mut [], &mut []);
}
