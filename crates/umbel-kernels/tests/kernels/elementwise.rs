//! Residual sums, gates and scaled samples, at lengths around vectors' and tasks' edges.

use umbel_kernels::elementwise::{self, GateShape, scalar};
use umbel_kernels::{FusedActivation, Isa};

use crate::support::{assert_close, assert_gradient, assert_same_bits, dirty, dot, random, wide};

const CLAMPS: [FusedActivation; 3] = [FusedActivation::Linear, FusedActivation::Relu, FusedActivation::Relu6];
const LENGTHS: [usize; 8] = [0, 1, 7, 16, 33, 1000, 16 * 1024, 40_003];

fn gates() -> Vec<GateShape> {
    let shapes = [(1, 1, 1), (2, 49, 33), (3, 10, 16), (5, 7, 3), (0, 4, 4), (2, 0, 5), (1, 3000, 24), (2, 3, 20_001)];
    shapes.map(|(batch, pixels, channels)| GateShape { batch, pixels, channels }).to_vec()
}

fn len(s: &GateShape) -> usize {
    s.batch * s.pixels * s.channels
}

#[test]
fn sums_match_the_oracle() {
    for n in LENGTHS {
        let (a, b, dy) = (random(1, n), random(2, n), random(3, n));
        let a: Vec<f32> = a.iter().map(|a| a * 9.0).collect();
        for activation in CLAMPS.into_iter().chain([FusedActivation::HardSwish, FusedActivation::Silu]) {
            let (mut y, mut d) = (vec![0.0; n], vec![0.0; n]);
            scalar::add(&wide(&a), &wide(&b), activation, &mut y);
            for isa in Isa::usable() {
                let what = format!("{} {activation:?} {n}", isa.name());
                let (mut got, mut got_d) = (dirty(n), dirty(n));
                elementwise::add(isa, &a, &b, activation, &mut got);
                assert_close(&what, &got, &y, 2e-6);
                if activation.is_clamp() {
                    scalar::add_backward(&wide(&got), activation, &wide(&dy), &mut d);
                    elementwise::add_backward(isa, &got, activation, &dy, &mut got_d);
                    assert_close(&what, &got_d, &d, 0.0);
                }
            }
        }
        for isa in Isa::usable() {
            let mut sum = b.clone();
            elementwise::accumulate(isa, &a, &mut sum);
            let wanted: Vec<f64> = a.iter().zip(&b).map(|(a, b)| f64::from(a + b)).collect();
            assert_close(isa.name(), &sum, &wanted, 0.0);
        }
    }
}

#[test]
fn a_linear_sums_gradient_needs_no_output() {
    let (dy, mut d) = (random(1, 70), dirty(70));
    elementwise::add_backward(Isa::best(), &[], FusedActivation::Linear, &dy, &mut d);
    assert_eq!(d, dy);
}

#[test]
#[should_panic(expected = "HardSwish is not a clamp")]
fn a_gradient_that_the_output_does_not_tell_is_refused() {
    elementwise::add_backward(Isa::scalar(), &[1.0; 3], FusedActivation::HardSwish, &[1.0; 3], &mut [0.0; 3]);
}

#[test]
fn scaled_samples_match_the_oracle() {
    for (batch, sample) in [(1, 1), (3, 7), (5, 16), (2, 40_003), (4, 0), (0, 0)] {
        let (x, factors) = (random(1, batch * sample), random(2, batch));
        let mut y = vec![0.0; x.len()];
        scalar::scale_samples(&wide(&factors), &wide(&x), &mut y);
        for isa in Isa::usable() {
            let mut got = dirty(x.len());
            elementwise::scale_samples(isa, &factors, &x, &mut got);
            assert_close(isa.name(), &got, &y, 1e-6);
        }
    }
}

#[test]
fn gates_match_the_oracle() {
    for s in gates() {
        let (x, dy, gates) = (random(1, len(&s)), random(2, len(&s)), random(3, s.batch * s.channels));
        let (mut y, mut dx, mut d_gates) = (vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; gates.len()]);
        scalar::gate(&s, &wide(&x), &wide(&gates), &mut y);
        scalar::gate_backward(&s, &wide(&x), &wide(&gates), &wide(&dy), &mut dx, &mut d_gates);
        for isa in Isa::usable() {
            let what = format!("{} {s:?}", isa.name());
            let (mut got, mut got_dx, mut got_d_gates) = (dirty(x.len()), dirty(x.len()), dirty(gates.len()));
            elementwise::gate(isa, &s, &x, &gates, &mut got);
            assert_close(&what, &got, &y, 1e-6);
            elementwise::gate_backward(isa, &s, &x, &gates, &dy, &mut got_dx, &mut got_d_gates);
            assert_close(&what, &got_dx, &dx, 1e-6);
            assert_close(&what, &got_d_gates, &d_gates, 1e-4);
        }
    }
}

#[test]
fn the_oracle_agrees_with_central_differences() {
    let s = GateShape { batch: 2, pixels: 3, channels: 4 };
    let (x, gates, dy) = (wide(&random(1, 24)), wide(&random(2, 8)), wide(&random(3, 24)));
    let run = |x: &[f64], gates: &[f64]| {
        let mut y = vec![0.0; 24];
        scalar::gate(&s, x, gates, &mut y);
        dot(&y, &dy)
    };
    let (mut dx, mut d_gates) = (vec![0.0; 24], vec![0.0; 8]);
    scalar::gate_backward(&s, &x, &gates, &dy, &mut dx, &mut d_gates);
    assert_gradient("dx", &x, &dx, |x| run(x, &gates));
    assert_gradient("d_gates", &gates, &d_gates, |gates| run(&x, gates));

    // Its own gradient.
    let mut scaled = vec![0.0; 24];
    scalar::scale_samples(&gates, &dy, &mut scaled);
    assert_gradient("scaled", &x, &scaled, |x| {
        let mut y = vec![0.0; 24];
        scalar::scale_samples(&gates, x, &mut y);
        dot(&y, &dy)
    });

    let b = wide(&random(4, 24));
    for activation in CLAMPS {
        let run = |x: &[f64]| {
            let mut y = vec![0.0; 24];
            scalar::add(x, &b, activation, &mut y);
            y
        };
        let mut d = vec![0.0; 24];
        scalar::add_backward(&run(&x), activation, &dy, &mut d);
        assert_gradient("sum", &x, &d, |x| dot(&run(x), &dy));
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let s = GateShape { batch: 5, pixels: 700, channels: 40 };
    let (x, dy, gates) = (random(1, len(&s)), random(2, len(&s)), random(3, s.batch * s.channels));
    assert_same_bits(|isa| {
        let (mut y, mut dx, mut d_gates) = (dirty(x.len()), dirty(x.len()), dirty(gates.len()));
        elementwise::gate(isa, &s, &x, &gates, &mut y);
        elementwise::gate_backward(isa, &s, &y, &gates, &dy, &mut dx, &mut d_gates);
        elementwise::accumulate(isa, &dx, &mut y);
        let mut sum = dirty(x.len());
        elementwise::add(isa, &x, &y, FusedActivation::Relu, &mut sum);
        vec![y, dx, d_gates, sum]
    });
}
