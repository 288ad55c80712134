//! The fast bodies, over some rows at a time.

use crate::isa::Simd;

/// `sums[channel] = Σ (rows[.., channel] - mean[channel])²`.
#[inline(always)]
pub(super) fn squares<S: Simd>(s: S, rows: &[f32], mean: &[f32], sums: &mut [f32]) {
    let channels = sums.len();
    let mut c = 0;
    while c < channels {
        let n = (channels - c).min(S::LANES);
        let mean = s.load(&mean[c..][..n]);
        // Four sums at a time, since one alone would wait for each addition.
        let mut partial = [s.splat(0.0); 4];
        let mut fours = rows.chunks_exact(4 * channels);
        for four in fours.by_ref() {
            for (k, sum) in partial.iter_mut().enumerate() {
                let distance = s.sub(s.load(&four[k * channels + c..][..n]), mean);
                *sum = s.mul_add(distance, distance, *sum);
            }
        }
        for row in fours.remainder().chunks_exact(channels) {
            let distance = s.sub(s.load(&row[c..][..n]), mean);
            partial[0] = s.mul_add(distance, distance, partial[0]);
        }
        let sum = s.add(s.add(partial[0], partial[1]), s.add(partial[2], partial[3]));
        s.store(&mut sums[c..][..n], sum);
        c += n;
    }
}

/// `sums[channel] = Σ dy[.., channel] · (x[.., channel] - mean[channel])`.
#[inline(always)]
pub(super) fn products<S: Simd>(s: S, x: &[f32], dy: &[f32], mean: &[f32], sums: &mut [f32]) {
    let channels = sums.len();
    let mut c = 0;
    while c < channels {
        let n = (channels - c).min(S::LANES);
        let mean = s.load(&mean[c..][..n]);
        let mut partial = [s.splat(0.0); 4];
        let (mut x_fours, mut dy_fours) = (x.chunks_exact(4 * channels), dy.chunks_exact(4 * channels));
        for (x, dy) in x_fours.by_ref().zip(dy_fours.by_ref()) {
            for (k, sum) in partial.iter_mut().enumerate() {
                let at = k * channels + c;
                *sum = s.mul_add(s.load(&dy[at..][..n]), s.sub(s.load(&x[at..][..n]), mean), *sum);
            }
        }
        let left = x_fours.remainder().chunks_exact(channels).zip(dy_fours.remainder().chunks_exact(channels));
        for (x, dy) in left {
            partial[0] = s.mul_add(s.load(&dy[c..][..n]), s.sub(s.load(&x[c..][..n]), mean), partial[0]);
        }
        let sum = s.add(s.add(partial[0], partial[1]), s.add(partial[2], partial[3]));
        s.store(&mut sums[c..][..n], sum);
        c += n;
    }
}

/// `y = (x - mean) · scale + shift`, channel by channel.
#[inline(always)]
pub(super) fn normalize<S: Simd>(s: S, x: &[f32], mean: &[f32], scale: &[f32], shift: &[f32], y: &mut [f32]) {
    let channels = mean.len();
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        let mut c = 0;
        while c < channels {
            let n = (channels - c).min(S::LANES);
            let centred = s.sub(s.load(&x[c..][..n]), s.load(&mean[c..][..n]));
            let value = s.mul_add(centred, s.load(&scale[c..][..n]), s.load(&shift[c..][..n]));
            s.store(&mut y[c..][..n], value);
            c += n;
        }
    }
}

/// `dx = dy · of_dy + (x - mean) · of_x + constant`, channel by channel.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn combine<S: Simd>(
    s: S,
    x: &[f32],
    dy: &[f32],
    mean: &[f32],
    of_dy: &[f32],
    of_x: &[f32],
    constant: &[f32],
    dx: &mut [f32],
) {
    let channels = mean.len();
    let rows = x.chunks_exact(channels).zip(dy.chunks_exact(channels)).zip(dx.chunks_exact_mut(channels));
    for ((x, dy), dx) in rows {
        let mut c = 0;
        while c < channels {
            let n = (channels - c).min(S::LANES);
            let centred = s.sub(s.load(&x[c..][..n]), s.load(&mean[c..][..n]));
            let value = s.mul_add(centred, s.load(&of_x[c..][..n]), s.load(&constant[c..][..n]));
            let value = s.mul_add(s.load(&dy[c..][..n]), s.load(&of_dy[c..][..n]), value);
            s.store(&mut dx[c..][..n], value);
            c += n;
        }
    }
}
