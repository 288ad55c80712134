//! The fast bodies, over some rows at a time.

use crate::isa::Simd;

/// Sums that are kept at a time, since one alone would wait for each addition.
const SUMS: usize = 4;
/// More lanes than any vector has.
const MOST_LANES: usize = 64;
/// Loaded as far as a row goes, it takes out what lies beyond.
static ONES: [f32; MOST_LANES] = [1.0; MOST_LANES];

/// Mean and inverse deviation of a row, in all lanes.
#[inline(always)]
fn statistics<S: Simd>(s: S, epsilon: f32, x: &[f32]) -> (S::V, S::V) {
    let channels = x.len() as f64;
    let (fours, rest) = x.split_at(x.len() / (SUMS * S::LANES) * SUMS * S::LANES);
    let mut sums = [s.splat(0.0); SUMS];
    for four in fours.chunks_exact(SUMS * S::LANES) {
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum = s.add(*sum, s.load(&four[k * S::LANES..]));
        }
    }
    for x in rest.chunks(S::LANES) {
        sums[0] = s.add(sums[0], s.load(x));
    }
    let mean = s.splat((sum(s, sums) / channels) as f32);
    let mut squares = [s.splat(0.0); SUMS];
    for four in fours.chunks_exact(SUMS * S::LANES) {
        for (k, sum) in squares.iter_mut().enumerate() {
            let distance = s.sub(s.load(&four[k * S::LANES..]), mean);
            *sum = s.mul_add(distance, distance, *sum);
        }
    }
    for x in rest.chunks(S::LANES) {
        let distance = s.mul(s.sub(s.load(x), mean), s.load(&ONES[..x.len()]));
        squares[0] = s.mul_add(distance, distance, squares[0]);
    }
    let variance = sum(s, squares) / channels;
    (mean, s.splat((1.0 / (variance + f64::from(epsilon)).sqrt()) as f32))
}

/// All lanes of all sums together.
#[inline(always)]
fn sum<S: Simd>(s: S, [one, two, three, four]: [S::V; SUMS]) -> f64 {
    const { assert!(S::LANES <= MOST_LANES) };
    let mut lanes = [0.0; MOST_LANES];
    s.store(&mut lanes, s.add(s.add(one, two), s.add(three, four)));
    lanes[..S::LANES].iter().map(|&lane| f64::from(lane)).sum()
}

/// `y = (x - mean) / deviation · gamma + beta`, row by row.
#[inline(always)]
pub(super) fn normalize<S: Simd>(s: S, epsilon: f32, x: &[f32], gamma: &[f32], beta: &[f32], y: &mut [f32]) {
    let channels = gamma.len();
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        let (mean, inverse_deviation) = statistics(s, epsilon, x);
        let parameters = gamma.chunks(S::LANES).zip(beta.chunks(S::LANES));
        for ((x, y), (gamma, beta)) in x.chunks(S::LANES).zip(y.chunks_mut(S::LANES)).zip(parameters) {
            let normal = s.mul(s.sub(s.load(x), mean), inverse_deviation);
            s.store(y, s.mul_add(normal, s.load(gamma), s.load(beta)));
        }
    }
}

/// Of some rows `dx`, and their share of `dgamma` and `dbeta`, which is added.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn gradients<S: Simd>(
    s: S,
    epsilon: f32,
    x: &[f32],
    gamma: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let channels = gamma.len();
    let rows = x.chunks_exact(channels).zip(dy.chunks_exact(channels)).zip(dx.chunks_exact_mut(channels));
    for ((x, dy), dx) in rows {
        let (mean, inverse_deviation) = statistics(s, epsilon, x);
        let (mut sums, mut weighted) = ([s.splat(0.0); SUMS], [s.splat(0.0); SUMS]);
        for c in (0..channels).step_by(S::LANES) {
            let to = (c + S::LANES).min(channels);
            let normal = s.mul(s.sub(s.load(&x[c..to]), mean), inverse_deviation);
            let d = s.load(&dy[c..to]);
            let more = s.mul_add(d, normal, s.load(&dgamma[c..to]));
            s.store(&mut dgamma[c..to], more);
            let more = s.add(s.load(&dbeta[c..to]), d);
            s.store(&mut dbeta[c..to], more);
            // Beyond the row the gradient is zero, and so are its products.
            let d = s.mul(d, s.load(&gamma[c..to]));
            sums[0] = s.add(sums[0], d);
            weighted[0] = s.mul_add(d, normal, weighted[0]);
        }
        let share = 1.0 / channels as f64;
        let (mean_of_d, of_normal) = ((sum(s, sums) * share) as f32, (sum(s, weighted) * share) as f32);
        let (mean_of_d, of_normal) = (s.splat(mean_of_d), s.splat(-of_normal));
        for c in (0..channels).step_by(S::LANES) {
            let to = (c + S::LANES).min(channels);
            let normal = s.mul(s.sub(s.load(&x[c..to]), mean), inverse_deviation);
            let d = s.sub(s.mul(s.load(&dy[c..to]), s.load(&gamma[c..to])), mean_of_d);
            s.store(&mut dx[c..to], s.mul(s.mul_add(normal, of_normal, d), inverse_deviation));
        }
    }
}
