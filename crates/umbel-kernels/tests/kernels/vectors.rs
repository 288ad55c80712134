//! Sums, averages and lengths of vectors: against the oracle.

use umbel_kernels::Isa;
use umbel_kernels::vectors::{self, scalar};

use crate::support::{assert_close, random, wide};

#[test]
fn vectors_match_the_oracle() {
    for n in [0, 1, 7, 16, 33, 40_001] {
        let (x, y) = (random(1, n), random(2, n));
        for isa in Isa::usable() {
            let (mut got, mut wanted) = (y.clone(), wide(&y));
            vectors::add_scaled(isa, 0.3, &x, &mut got);
            scalar::add_scaled(f64::from(0.3f32), &wide(&x), &mut wanted);
            assert_close(isa.name(), &got, &wanted, 1e-6);
            vectors::blend(isa, 0.05, &x, &mut got);
            scalar::blend(f64::from(0.05f32), &wide(&x), &mut wanted);
            assert_close(isa.name(), &got, &wanted, 1e-6);
            vectors::scale(isa, -1.7, &mut got);
            scalar::scale(f64::from(-1.7f32), &mut wanted);
            assert_close(isa.name(), &got, &wanted, 1e-6);
        }
        let (got, wanted) = (vectors::sum_of_squares(&x), scalar::sum_of_squares(&wide(&x)));
        assert!((got - wanted).abs() <= 1e-12 * wanted, "{got}, not {wanted}");
    }
}

#[test]
fn a_blend_with_itself_changes_nothing() {
    let x = random(1, 1000);
    for isa in Isa::usable() {
        let mut y = x.clone();
        vectors::blend(isa, 0.1, &x, &mut y);
        assert_eq!(x, y);
    }
}
