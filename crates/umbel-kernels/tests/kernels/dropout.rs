//! Dropout: the same mask everywhere, the promised rate, no visible pattern.

use umbel_kernels::Isa;
use umbel_kernels::dropout::{self, mix, scalar};

use crate::support::{assert_close, random, wide};

#[test]
fn matches_the_oracle_on_every_instruction_set() {
    for n in [1, 7, 33, 16_384, 40_001] {
        for rate in [0.0, 0.2, 0.5, 0.99] {
            let x = random(1, n);
            let mut wanted = vec![0.0; n];
            scalar::apply(42, rate, &wide(&x), &mut wanted);
            for isa in Isa::usable() {
                let mut y = vec![f32::NAN; n];
                dropout::apply(isa, 42, rate, &x, &mut y);
                assert_close(isa.name(), &y, &wanted, 1e-6);
            }
        }
    }
}

#[test]
fn keeps_what_was_promised_and_every_key_its_own() {
    let n = 1 << 20;
    let kept = |key| (0..n).filter(|&i| scalar::is_kept(key, 0.3, i)).count() as f64 / n as f64;
    // Four standard deviations.
    for key in 0..3 {
        assert!((kept(key) - 0.7).abs() < 0.0018, "{}", kept(key));
    }
    let agree = |shift: usize, other: u64| {
        let same = (0..n).filter(|&i| scalar::is_kept(0, 0.5, i) == scalar::is_kept(other, 0.5, i + shift)).count();
        (same as f64 / n as f64 - 0.5).abs()
    };
    for (shift, key) in [(1, 0), (2, 0), (16, 0), (64, 0), (16_384, 0), (0, 1), (0, 1 << 40)] {
        assert!(agree(shift, key) < 0.002, "shift {shift}, key {key}");
    }
}

#[test]
fn rate_zero_changes_nothing() {
    let x = random(1, 100);
    let mut y = vec![0.0; 100];
    dropout::apply(Isa::best(), 7, 0.0, &x, &mut y);
    assert_eq!(x, y);
}

#[test]
fn mix_is_splitmix64() {
    // The first outputs of SplitMix64 seeded with 1234567, from the reference implementation (Vigna 2015).
    assert_eq!(mix(1_234_567, 0), 6_457_827_717_110_365_317);
    assert_eq!(mix(1_234_567, 1), 3_203_168_211_198_807_973);
}

#[test]
#[should_panic(expected = "a dropout rate")]
fn rate_one_is_refused() {
    dropout::apply(Isa::best(), 7, 1.0, &[], &mut []);
}
