//! What the tests share: a tiny random generator, comparisons, numeric gradients, and pools of threads.

use umbel_kernels::Isa;
use umbel_kernels::dropout::mix;

/// `n` numbers from -1 to 1, the same for the same seed. Multiples of 2^-10, so that sums are close to exact.
pub fn random(seed: u64, n: usize) -> Vec<f32> {
    (0..n).map(|i| (mix(seed, i as u64) % 2049) as f32 / 1024.0 - 1.0).collect()
}

/// A whole number from `low` to `high`.
pub fn pick(seed: u64, low: usize, high: usize) -> usize {
    low + (mix(seed, 77) % (high - low + 1) as u64) as usize
}

pub fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

/// Every element within `tolerance`, relative to the larger of 1 and the wanted value's size.
#[track_caller]
pub fn assert_close(what: &str, got: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}: length");
    for (i, (&got, &wanted)) in got.iter().zip(wanted).enumerate() {
        let error = (f64::from(got) - wanted).abs() / wanted.abs().max(1.0);
        assert!(error <= tolerance, "{what}: element {i} is {got}, not {wanted}");
    }
}

/// Compares `gradient` with central differences of `f` at `x`.
#[track_caller]
pub fn assert_gradient(what: &str, x: &[f64], gradient: &[f64], mut f: impl FnMut(&[f64]) -> f64) {
    let step = 1e-5;
    let mut moved = x.to_vec();
    for i in 0..x.len() {
        moved[i] = x[i] + step;
        let above = f(&moved);
        moved[i] = x[i] - step;
        let below = f(&moved);
        moved[i] = x[i];
        let wanted = (above - below) / (2.0 * step);
        let error = (gradient[i] - wanted).abs() / wanted.abs().max(1.0);
        assert!(error < 1e-6, "{what}: gradient {i} is {}, not {wanted}", gradient[i]);
    }
}

/// The sum of products: a loss whose gradient is `b`.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Runs `work` on 1, 2, 3 and 8 threads, on every instruction set, and demands the same bits.
#[track_caller]
pub fn assert_same_bits(work: impl Fn(Isa) -> Vec<Vec<f32>> + Sync) {
    for isa in Isa::usable() {
        let mut wanted: Option<Vec<Vec<u32>>> = None;
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let results = pool.install(|| work(isa));
            let bits: Vec<Vec<u32>> = results.iter().map(|r| r.iter().map(|x| x.to_bits()).collect()).collect();
            match &wanted {
                None => wanted = Some(bits),
                Some(wanted) => assert!(*wanted == bits, "{} on {threads} threads", isa.name()),
            }
        }
    }
}

/// A buffer full of what must not survive.
pub fn dirty(n: usize) -> Vec<f32> {
    vec![f32::NAN; n]
}
