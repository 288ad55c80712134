//! Shapes that lie: sizes whose products wrap around, so that a length computed carelessly would be that of slices far too
//! short. Every function that takes a shape refuses them by a check of its own (in release builds too, where arithmetic
//! wraps silently) before anything is read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use umbel_kernels::batch_norm::{self, BatchNormShape};
use umbel_kernels::conv2d::{self, Conv2dShape, OutputGradient};
use umbel_kernels::dense::{self, DenseShape};
use umbel_kernels::depthwise::{self, DepthwiseShape};
use umbel_kernels::elementwise::{self, GateShape};
use umbel_kernels::gemm::{self, MatrixRef};
use umbel_kernels::grouped::{self, GroupedShape};
use umbel_kernels::pool::{self, PoolShape};
use umbel_kernels::{Activation, FusedActivation, Isa, activation, dropout, loss, optimizer, vectors, warp};

const LINEAR: FusedActivation = FusedActivation::Linear;
/// A quarter of all numbers: four times as much wraps around to 0.
const QUARTER: usize = 1 << (usize::BITS - 2);
/// What such a size is refused with.
const BEYOND: &str = "sizes beyond all memory";

/// Runs `call` on every instruction set, and demands that it panics, and by a check that begins so: not by the overflow check
/// that only development builds have, nor by a slice's own.
#[track_caller]
fn refuses(what: &str, message: &str, call: impl Fn(Isa)) {
    for isa in Isa::usable() {
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| call(isa))) else {
            panic!("{what} was not refused ({})", isa.name())
        };
        let text =
            panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let text = text.expect("a panic has a text");
        assert!(text.contains(message), "{what} ({}): {text}", isa.name());
    }
}

fn view(data: &[f32], row_stride: usize, col_stride: usize) -> MatrixRef<'_> {
    MatrixRef { data, row_stride, col_stride }
}

#[test]
fn soundness_a_stride_that_wraps_around_is_refused() {
    // Three strides make 2.
    let third = usize::MAX / 3 + 1;
    assert_eq!(third.wrapping_mul(3), 2);
    refuses("A", BEYOND, |isa| {
        gemm::gemm(isa, 4, 1, 1, view(&[0.0; 4], third, 1), view(&[0.0; 4], 1, 1), &mut [0.0; 4], &mut []);
    });
    refuses("columns of A", BEYOND, |isa| {
        gemm::gemm(isa, 1, 1, 4, view(&[0.0; 4], 1, third), view(&[0.0; 4], 1, 1), &mut [0.0], &mut []);
    });
    refuses("B", BEYOND, |isa| {
        gemm::gemm(isa, 1, 1, 4, view(&[0.0; 4], 1, 1), view(&[0.0; 4], third, 1), &mut [0.0], &mut []);
    });
    refuses("columns of B", BEYOND, |isa| {
        gemm::gemm(isa, 1, 4, 1, view(&[0.0; 4], 1, 1), view(&[0.0; 4], 1, third), &mut [0.0; 4], &mut [0.0; 4]);
    });
    refuses("tasks of A", BEYOND, |isa| {
        // The second task's rows would begin at 0 again.
        let stride = usize::MAX / 48 + 1;
        gemm::gemm(isa, 49, 1, 1, view(&[0.0; 4], stride, 1), view(&[0.0; 4], 1, 1), &mut [0.0; 49], &mut []);
    });
    refuses("C", BEYOND, |isa| {
        gemm::gemm(isa, QUARTER, 4, 1, view(&[], 1, 1), view(&[0.0; 4], 4, 1), &mut [], &mut []);
    });
    refuses("the workspace", BEYOND, |_| _ = gemm::workspace_len(1, QUARTER, 4));
}

fn conv() -> Conv2dShape {
    Conv2dShape {
        batch: 1,
        height: 4,
        width: 4,
        channels_in: 1,
        channels_out: 1,
        kernel: (1, 1),
        stride: (1, 1),
        pad: (0, 0),
        out_height: 4,
        out_width: 4,
    }
}

/// Shapes in which a product, or a place seen from the padding, wraps around.
fn hostile_convolutions() -> Vec<Conv2dShape> {
    let s = conv();
    let wide = Conv2dShape { channels_in: 16, channels_out: 16, kernel: (3, 3), pad: (1, 1), ..s };
    let mut shapes = Vec::new();
    for s in [s, wide] {
        shapes.extend([
            Conv2dShape { height: QUARTER, ..s },
            Conv2dShape { width: QUARTER, ..s },
            Conv2dShape { batch: QUARTER, ..s },
            Conv2dShape { channels_in: QUARTER, ..s },
            Conv2dShape { channels_out: QUARTER, ..s },
            Conv2dShape { out_height: QUARTER, ..s },
            Conv2dShape { out_width: QUARTER, ..s },
            Conv2dShape { batch: 0, height: QUARTER, ..s },
            Conv2dShape { kernel: (QUARTER, 4), ..s },
            Conv2dShape { kernel: (1, usize::MAX), ..s },
            Conv2dShape { stride: (QUARTER, 1), out_height: 5, ..s },
            Conv2dShape { stride: (1, usize::MAX), ..s },
            Conv2dShape { pad: (usize::MAX, 0), ..s },
            Conv2dShape { pad: (0, usize::MAX / 2 + 2), ..s },
        ]);
    }
    shapes
}

#[test]
fn soundness_convolutions_refuse_shapes_that_wrap_around() {
    for s in hostile_convolutions() {
        let what = |of: &str| format!("{of} of {s:?}");
        // Long enough for a shape whose hostile size is told by another check only.
        let (mut x, w, mut y) = (vec![0.0; 256], vec![0.0; 2304], vec![0.0; 256]);
        let lengths = [s.height, s.width, s.batch].iter().any(|&size| size >= QUARTER || size == 0);
        let x_len = if lengths { 0 } else { 16 * s.channels_in.min(16) };
        let w_len = s.kernel.0.min(3) * s.kernel.1.min(3) * s.channels_in.min(16) * s.channels_out.min(16);
        x.truncate(x_len);
        let (w, y) = (&w[..w_len.min(2304)], &mut y[..]);
        for_either(s, &x, w, y, &what);
    }
}

/// All of a convolution's functions. The slices' lengths do not matter: the shape is looked at first.
fn for_either(s: Conv2dShape, x: &[f32], w: &[f32], y: &mut [f32], what: &dyn Fn(&str) -> String) {
    let refused = |of: &str, call: &dyn Fn(Isa)| {
        for isa in Isa::usable() {
            let panic = catch_unwind(AssertUnwindSafe(|| call(isa))).expect_err(&what(of));
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            // Where the length of a slice is told from a size first, it is not that of the slice.
            assert!(text.contains(BEYOND) || text.contains("must have the shape's length"), "{}: {text}", what(of));
        }
    };
    let grouped = GroupedShape { conv: s, groups: 1 };
    let full = OutputGradient::Full { dy: y, y: &[], activation: LINEAR };
    let pooled = OutputGradient::Pooled { dy: &y[..4], choice: &[0; 4] };
    let out = || y.to_vec();
    refused("forward", &|isa| conv2d::forward(isa, &s, x, w, None, LINEAR, &mut out()));
    refused("bf16 forward", &|isa| conv2d::bf16::forward(isa, &s, x, w, None, LINEAR, &mut out()));
    refused("pooled", &|isa| conv2d::forward_pool(isa, &s, x, w, None, LINEAR, &mut [0.0; 4], None));
    refused("bf16 pooled", &|isa| conv2d::bf16::forward_pool(isa, &s, x, w, None, LINEAR, &mut [0.0; 4], None));
    for (of, gradient) in [("backward", full), ("pooled backward", pooled)] {
        refused(of, &|isa| {
            let (mut dx, mut dw) = (x.to_vec(), w.to_vec());
            conv2d::backward(isa, &s, x, w, gradient, Some(&mut dx), &mut dw, None, &mut vec![0.0; 1 << 16]);
        });
        refused(of, &|isa| {
            let (mut dx, mut dw) = (x.to_vec(), w.to_vec());
            conv2d::bf16::backward(isa, &s, x, w, gradient, Some(&mut dx), &mut dw, None, &mut vec![0.0; 1 << 16]);
        });
    }
    refused("grouped", &|isa| grouped::forward(isa, &grouped, x, w, None, LINEAR, &mut out(), &mut vec![0.0; 4096]));
    refused("grouped backward", &|isa| {
        let (mut dx, mut dw) = (x.to_vec(), w.to_vec());
        let mut workspace = vec![0.0; 1 << 16];
        grouped::backward(isa, &grouped, x, w, &[], LINEAR, y, Some(&mut dx), &mut dw, None, &mut workspace);
    });
}

#[test]
fn soundness_lengths_that_wrap_around_are_refused() {
    let s = conv();
    let many = Conv2dShape { channels_out: usize::MAX / 32, ..s };
    refuses("packed weights", BEYOND, |_| _ = conv2d::packed_len(&Conv2dShape { channels_out: QUARTER, ..s }));
    refuses("a convolution's workspace", BEYOND, |_| _ = conv2d::workspace_len(&many));
    let turned = Conv2dShape { channels_in: QUARTER, channels_out: 64, kernel: (3, 3), ..s };
    refuses("turned weights", BEYOND, |_| _ = conv2d::packed_len(&turned));
    refuses("packing", BEYOND, |isa| conv2d::pack(isa, &turned, &[], None, &mut []));
    refuses("packed", BEYOND, |isa| conv2d::forward_packed(isa, &turned, &[], &[], None, LINEAR, &mut []));
    refuses("packed, pooled", BEYOND, |isa| {
        conv2d::forward_pool_packed(isa, &turned, &[], &[], None, LINEAR, &mut []);
    });
    let grouped = GroupedShape { conv: many, groups: 1 };
    refuses("a grouped convolution's workspace", BEYOND, |_| _ = grouped::workspace_len(&grouped));
    refuses("a grouped convolution's workspace forward", BEYOND, |_| {
        _ = grouped::forward_workspace_len(&GroupedShape { conv: Conv2dShape { batch: QUARTER, ..conv() }, groups: 1 });
    });
    let depthwise = DepthwiseShape { kernel: (QUARTER, 4), ..depthwise() };
    refuses("a depthwise convolution's workspace", BEYOND, |_| _ = depthwise::workspace_len(&depthwise));
    let dense = DenseShape { batch: QUARTER, inputs: 1, outputs: 4 };
    refuses("a dense layer's workspace", BEYOND, |_| _ = dense::workspace_len(&dense));
    let norm = BatchNormShape { rows: usize::MAX, channels: 1 << 15, epsilon: 1e-3, activation: LINEAR };
    refuses("batch norm's workspace", BEYOND, |_| _ = batch_norm::workspace_len(&norm));
    refuses("a photo's bytes", BEYOND, |_| _ = warp::readable_len(usize::MAX));
}

fn depthwise() -> DepthwiseShape {
    DepthwiseShape {
        batch: 1,
        height: 4,
        width: 4,
        channels: 1,
        kernel: (1, 1),
        stride: (1, 1),
        pad: (0, 0),
        out_height: 4,
        out_width: 4,
    }
}

#[test]
fn soundness_depthwise_convolutions_refuse_shapes_that_wrap_around() {
    let s = depthwise();
    let kernels =
        [DepthwiseShape { kernel: (3, 3), pad: (1, 1), ..s }, DepthwiseShape { kernel: (7, 7), pad: (3, 3), ..s }];
    for s in [s, kernels[0], kernels[1]] {
        for (hostile, x_len, y_len) in [
            // An empty picture of great height.
            (DepthwiseShape { height: QUARTER, ..s }, 0, 16),
            (DepthwiseShape { height: QUARTER, batch: 9, ..s }, 0, 9 * 16),
            (DepthwiseShape { width: QUARTER, ..s }, 0, 16),
            (DepthwiseShape { batch: QUARTER, ..s }, 0, 0),
            (DepthwiseShape { channels: QUARTER, ..s }, 0, 0),
            (DepthwiseShape { out_height: QUARTER, ..s }, 16, 0),
            (DepthwiseShape { out_width: QUARTER, ..s }, 16, 0),
            (DepthwiseShape { stride: (QUARTER, 1), out_height: 5, ..s }, 16, 20),
            (DepthwiseShape { stride: (1, usize::MAX), ..s }, 16, 16),
            (DepthwiseShape { pad: (usize::MAX / 2 + 2, 0), ..s }, 16, 16),
            (DepthwiseShape { pad: (0, usize::MAX), ..s }, 16, 16),
        ] {
            let what = format!("{hostile:?}");
            let w = vec![0.0; s.kernel.0 * s.kernel.1];
            let x = vec![0.0; x_len];
            refuses(&what, BEYOND, |isa| {
                depthwise::forward(isa, &hostile, &x, &w, None, LINEAR, &mut vec![0.0; y_len]);
            });
            for wants_dx in [true, false] {
                refuses(&what, BEYOND, |isa| {
                    let (mut dx, mut dw, mut dy) = (x.clone(), w.clone(), vec![0.0; y_len]);
                    let dx = wants_dx.then_some(&mut dx[..]);
                    let mut workspace = vec![0.0; 1 << 16];
                    depthwise::backward(isa, &hostile, &x, &w, &[], LINEAR, &mut dy, dx, &mut dw, None, &mut workspace);
                });
            }
        }
    }
}

#[test]
fn soundness_everything_else_refuses_shapes_that_wrap_around() {
    for (shape, x, w, y) in [
        (DenseShape { batch: QUARTER, inputs: 4, outputs: 1 }, 0, 4, 0),
        (DenseShape { batch: 1, inputs: QUARTER, outputs: 4 }, 0, 0, 4),
        (DenseShape { batch: 4, inputs: 1, outputs: QUARTER }, 4, 0, 0),
        (DenseShape { batch: 0, inputs: QUARTER, outputs: 4 }, 0, 0, 0),
    ] {
        let what = format!("{shape:?}");
        let (x, w, y) = (vec![0.0; x], vec![0.0; w], vec![0.0; y]);
        let workspace = || vec![0.0; 4096];
        refuses(&what, BEYOND, |isa| {
            dense::forward(isa, &shape, &x, &w, None, LINEAR, &mut y.clone(), &mut workspace())
        });
        refuses(&what, BEYOND, |isa| {
            dense::bf16::forward(isa, &shape, &x, &w, None, LINEAR, &mut y.clone(), &mut workspace());
        });
        let gradients = || (y.clone(), x.clone(), w.clone());
        refuses(&what, BEYOND, |isa| {
            let (mut dy, mut dx, mut dw) = gradients();
            let dx = Some(&mut dx[..]);
            dense::backward(isa, &shape, &x, &w, &y, LINEAR, &mut dy, dx, &mut dw, None, &mut workspace());
        });
        refuses(&what, BEYOND, |isa| {
            let (mut dy, mut dx, mut dw) = gradients();
            let dx = Some(&mut dx[..]);
            dense::bf16::backward(isa, &shape, &x, &w, &y, LINEAR, &mut dy, dx, &mut dw, None, &mut workspace());
        });
    }

    let pooled = PoolShape {
        batch: 1,
        height: 4,
        width: 4,
        channels: 1,
        window: (2, 2),
        stride: (2, 2),
        pad: (0, 0),
        out_height: 2,
        out_width: 2,
    };
    for shape in [
        PoolShape { height: QUARTER, ..pooled },
        PoolShape { batch: QUARTER, ..pooled },
        PoolShape { channels: QUARTER, ..pooled },
        PoolShape { out_height: QUARTER, out_width: 4, ..pooled },
        PoolShape { stride: (usize::MAX, 2), ..pooled },
        PoolShape { pad: (usize::MAX - 1, 0), ..pooled },
    ] {
        let what = format!("{shape:?}");
        let (x, y) = ([0.0; 16], [0.0; 4]);
        refuses(&what, BEYOND, |isa| pool::max_forward(isa, &shape, &x, &mut { y }, None));
        refuses(&what, BEYOND, |isa| pool::max_backward(isa, &shape, &y, &[0; 4], &mut { x }));
        refuses(&what, BEYOND, |isa| pool::average_forward(isa, &shape, &x, &mut { y }));
        refuses(&what, BEYOND, |isa| pool::average_backward(isa, &shape, &y, &mut { x }));
    }
    refuses("global pooling", BEYOND, |isa| pool::global_average_forward(isa, 1, QUARTER, 4, &[], &mut [0.0; 4]));
    refuses("global pooling", BEYOND, |isa| pool::global_average_backward(isa, 1, QUARTER, 4, &[0.0; 4], &mut []));

    let norm = BatchNormShape { rows: QUARTER, channels: 4, epsilon: 1e-3, activation: LINEAR };
    let four = [0.0; 4];
    refuses("batch norm", BEYOND, |isa| {
        let [mut a, mut b, mut c, mut d] = [four; 4];
        let workspace = &mut [0.0; 64];
        batch_norm::forward_training(
            isa,
            &norm,
            0.9,
            &[],
            &four,
            &four,
            &mut [],
            &mut a,
            &mut b,
            &mut c,
            &mut d,
            workspace,
        );
    });
    refuses("batch norm", BEYOND, |isa| {
        batch_norm::forward_inference(isa, &norm, &[], &four, &four, &four, &four, &mut []);
    });
    refuses("batch norm", BEYOND, |isa| {
        let [mut a, mut b] = [four; 2];
        let workspace = &mut [0.0; 64];
        batch_norm::backward(isa, &norm, &[], &four, &four, &four, &four, &[], &mut [], &mut a, &mut b, workspace);
    });

    for gates in [
        GateShape { batch: 1, pixels: QUARTER, channels: 4 },
        GateShape { batch: QUARTER, pixels: 1, channels: 4 },
        GateShape { batch: 0, pixels: QUARTER, channels: 4 },
    ] {
        let what = format!("{gates:?}");
        refuses(&what, BEYOND, |isa| elementwise::gate(isa, &gates, &[], &[], &mut []));
        refuses(&what, BEYOND, |isa| elementwise::gate_backward(isa, &gates, &[], &[], &[], &mut [], &mut []));
    }

    refuses("labels", BEYOND, |_| {
        _ = loss::sparse_categorical_crossentropy(QUARTER, &[], &[0; 4], 1, None);
    });
    refuses("a picture's size", "a picture of", |isa| {
        let line = warp::Line { x_start: 0.0, x_step: 1.0, y_start: 0.0, y_step: 0.0 };
        warp::row(isa, usize::MAX, &[0; 64], line, &mut [0.0; 3]);
    });
}

/// Functions of plain slices have nothing to multiply: a length that differs is all that can be wrong.
#[test]
fn soundness_slices_of_different_lengths_are_refused() {
    let (long, equally) = ([0.0; 4], "equally long");
    refuses("adding", equally, |isa| elementwise::add(isa, &long, &[0.0; 3], LINEAR, &mut { long }));
    refuses("accumulating", equally, |isa| elementwise::accumulate(isa, &[0.0; 3], &mut { long }));
    refuses("adding vectors", equally, |isa| vectors::add_scaled(isa, 1.0, &[0.0; 3], &mut { long }));
    refuses("blending", equally, |isa| vectors::blend(isa, 1.0, &[0.0; 3], &mut { long }));
    refuses("dropout", equally, |isa| dropout::apply(isa, 1, 0.5, &[0.0; 3], &mut { long }));
    refuses("an activation", equally, |isa| activation::forward(isa, Activation::Relu, 1, &[0.0; 3], &mut { long }));
    refuses("softmax", "whole rows", |isa| {
        activation::forward(isa, Activation::Softmax, usize::MAX, &long, &mut { long });
    });
    let step = optimizer::AdamStep {
        learning_rate: 0.1,
        beta_1: 0.9,
        beta_2: 0.99,
        epsilon: 1e-7,
        weight_decay: 0.0,
        step: 1,
    };
    refuses("adam", equally, |isa| {
        optimizer::adam(isa, &step, &mut { long }, &[0.0; 3], &mut { long }, &mut { long });
    });
    let step = optimizer::SgdStep { learning_rate: 0.1, momentum: 0.9, nesterov: false, weight_decay: 0.0 };
    refuses("sgd", "as long as the weights", |isa| optimizer::sgd(isa, &step, &mut { long }, &[0.0; 3], &mut { long }));
    refuses("samples", "a sample for each", |isa| {
        elementwise::scale_samples(isa, &[1.0; 3], &long, &mut { long });
    });
}
