//! The element-wise work around the convolution's matrix products, and the loop over a strip's rows.

use crate::FusedActivation;
use crate::isa::Simd;

/// Pools two rows of convolution output (bias already in) into one: `channels` of every second pixel.
#[inline(always)]
pub(super) fn pool_rows<S: Simd>(
    s: S,
    upper: &[f32],
    lower: &[f32],
    channels: usize,
    activation: FusedActivation,
    pooled: &mut [f32],
    choice: &mut [u8],
) {
    let (low, high) = activation.bounds();
    let (low_v, high_v) = (s.splat(low), s.splat(high));
    let pixels = pooled.len() / channels;
    let want_choice = !choice.is_empty();
    for j in 0..pixels {
        let (left, right) = (2 * j * channels, (2 * j + 1) * channels);
        let mut c = 0;
        while c < channels {
            let n = (channels - c).min(S::LANES);
            let mut best = s.load(&upper[left + c..][..n]);
            let mut taken = s.splat(0.0);
            for (k, (row, at)) in [(upper, right), (lower, left), (lower, right)]
                .into_iter()
                .enumerate()
            {
                let v = s.load(&row[at + c..][..n]);
                let more = s.greater(v, best);
                best = s.select(more, v, best);
                taken = s.select(more, s.splat((k + 1) as f32), taken);
            }
            s.store(
                &mut pooled[j * channels + c..][..n],
                s.min(high_v, s.max(low_v, best)),
            );
            if want_choice {
                let passes = s.greater(best, low_v);
                taken = s.select(passes, taken, s.splat(4.0));
                taken = s.select(s.greater(high_v, best), taken, s.splat(4.0));
                s.store_bytes(&mut choice[j * channels + c..][..n], taken);
            }
            c += n;
        }
    }
}

/// Spreads a row of pooled gradient over one of the two rows (`which`, 0 or 1) it was pooled from. `full` holds the row's
/// pixels; an odd last one gets zeros.
#[inline(always)]
pub(super) fn unpool_row<S: Simd>(
    s: S,
    dy: &[f32],
    choice: &[u8],
    which: usize,
    channels: usize,
    full: &mut [f32],
) {
    let zero = s.splat(0.0);
    let (first, second) = (s.splat((2 * which) as f32), s.splat((2 * which + 1) as f32));
    let pixels = dy.len() / channels;
    for j in 0..pixels {
        let (left, right) = full[2 * j * channels..][..2 * channels].split_at_mut(channels);
        let mut c = 0;
        while c < channels {
            let n = (channels - c).min(S::LANES);
            let d = s.load(&dy[j * channels + c..][..n]);
            let taken = s.load_bytes(&choice[j * channels + c..][..n]);
            s.store(
                &mut left[c..][..n],
                s.select(s.equal(taken, first), d, zero),
            );
            s.store(
                &mut right[c..][..n],
                s.select(s.equal(taken, second), d, zero),
            );
            c += n;
        }
    }
    full[2 * pixels * channels..].fill(0.0);
}

/// `masked = dy` where the activation with output `y` lets the gradient through, 0 elsewhere.
#[inline(always)]
pub(super) fn mask_row<S: Simd>(
    s: S,
    dy: &[f32],
    y: &[f32],
    activation: FusedActivation,
    masked: &mut [f32],
) {
    let (low, high) = activation.bounds();
    let (low, high, zero) = (s.splat(low), s.splat(high), s.splat(0.0));
    for ((masked, dy), y) in masked
        .chunks_mut(S::LANES)
        .zip(dy.chunks(S::LANES))
        .zip(y.chunks(S::LANES))
    {
        let y = s.load(y);
        let d = s.select(s.greater(y, low), s.load(dy), zero);
        s.store(masked, s.select(s.greater(high, y), d, zero));
    }
}
