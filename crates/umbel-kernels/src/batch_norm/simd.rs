//! The fast bodies, over some rows at a time.

use super::Forward;
use crate::FusedActivation;
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

/// A channel vector of [`Forward`], and where its activation lets the gradient through.
#[derive(Clone, Copy)]
struct Channel<S: Simd> {
    mean: S::V,
    scale: S::V,
    shift: S::V,
    low: S::V,
    high: S::V,
    masks: bool,
}

impl<S: Simd> Channel<S> {
    #[inline(always)]
    fn new(s: S, forward: &Forward<'_>, c: usize, n: usize) -> Self {
        let (low, high) = forward.activation.bounds();
        Channel {
            mean: s.load(&forward.mean[c..][..n]),
            scale: s.load(&forward.scale[c..][..n]),
            shift: s.load(&forward.shift[c..][..n]),
            low: s.splat(low),
            high: s.splat(high),
            masks: forward.activation != FusedActivation::Linear,
        }
    }

    /// The output before the activation.
    #[inline(always)]
    fn normalized(&self, s: S, centred: S::V) -> S::V {
        s.mul_add(centred, self.scale, self.shift)
    }

    /// The gradient before the activation; to the bit what the output says, since it is computed the same way.
    #[inline(always)]
    fn masked(&self, s: S, centred: S::V, dy: S::V) -> S::V {
        if !self.masks {
            return dy;
        }
        let (y, zero) = (self.normalized(s, centred), s.splat(0.0));
        s.select(s.greater(self.high, y), s.select(s.greater(y, self.low), dy, zero), zero)
    }

    /// Adds the gradient, and its product with the input's distance from the mean. (A closure would be compiled without the
    /// instruction set.)
    #[inline(always)]
    fn add(&self, s: S, (x, dy): (&[f32], &[f32]), (sum, weighted): &mut (S::V, S::V)) {
        let centred = s.sub(s.load(x), self.mean);
        let dy = self.masked(s, centred, s.load(dy));
        *sum = s.add(*sum, dy);
        *weighted = s.mul_add(dy, centred, *weighted);
    }
}

/// `sums[channel] = Σ dy[.., channel]` and `weighted[channel] = Σ dy[.., channel] · (x[.., channel] - mean[channel])`, of the
/// gradient before the activation.
#[inline(always)]
pub(super) fn products<S: Simd>(
    s: S,
    x: &[f32],
    dy: &[f32],
    forward: &Forward<'_>,
    sums: &mut [f32],
    weighted: &mut [f32],
) {
    let channels = sums.len();
    let mut c = 0;
    while c < channels {
        let n = (channels - c).min(S::LANES);
        let channel = Channel::new(s, forward, c, n);
        // Four sums at a time, since one alone would wait for each addition.
        let mut partial = [(s.splat(0.0), s.splat(0.0)); 4];
        let (mut x_fours, mut dy_fours) = (x.chunks_exact(4 * channels), dy.chunks_exact(4 * channels));
        for (x, dy) in x_fours.by_ref().zip(dy_fours.by_ref()) {
            for (k, partial) in partial.iter_mut().enumerate() {
                let at = k * channels + c;
                channel.add(s, (&x[at..][..n], &dy[at..][..n]), partial);
            }
        }
        let left = x_fours.remainder().chunks_exact(channels).zip(dy_fours.remainder().chunks_exact(channels));
        for (x, dy) in left {
            channel.add(s, (&x[c..][..n], &dy[c..][..n]), &mut partial[0]);
        }
        let [one, two, three, four] = partial;
        s.store(&mut sums[c..][..n], s.add(s.add(one.0, two.0), s.add(three.0, four.0)));
        s.store(&mut weighted[c..][..n], s.add(s.add(one.1, two.1), s.add(three.1, four.1)));
        c += n;
    }
}

/// `y = activation((x - mean) · scale + shift)`, channel by channel.
#[inline(always)]
pub(super) fn normalize<S: Simd>(s: S, x: &[f32], forward: &Forward<'_>, y: &mut [f32]) {
    let channels = forward.mean.len();
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        let mut c = 0;
        while c < channels {
            let n = (channels - c).min(S::LANES);
            let channel = Channel::new(s, forward, c, n);
            let value = channel.normalized(s, s.sub(s.load(&x[c..][..n]), channel.mean));
            // In this order a NaN stays one.
            s.store(&mut y[c..][..n], s.min(channel.high, s.max(channel.low, value)));
            c += n;
        }
    }
}

/// `dx = dy · of_dy + (x - mean) · of_x + constant`, channel by channel, of the gradient before the activation.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn combine<S: Simd>(
    s: S,
    x: &[f32],
    dy: &[f32],
    forward: &Forward<'_>,
    of_dy: &[f32],
    of_x: &[f32],
    constant: &[f32],
    dx: &mut [f32],
) {
    let channels = forward.mean.len();
    let rows = x.chunks_exact(channels).zip(dy.chunks_exact(channels)).zip(dx.chunks_exact_mut(channels));
    for ((x, dy), dx) in rows {
        let mut c = 0;
        while c < channels {
            let n = (channels - c).min(S::LANES);
            let channel = Channel::new(s, forward, c, n);
            let centred = s.sub(s.load(&x[c..][..n]), channel.mean);
            let dy = channel.masked(s, centred, s.load(&dy[c..][..n]));
            let value = s.mul_add(centred, s.load(&of_x[c..][..n]), s.load(&constant[c..][..n]));
            let value = s.mul_add(dy, s.load(&of_dy[c..][..n]), value);
            s.store(&mut dx[c..][..n], value);
            c += n;
        }
    }
}
