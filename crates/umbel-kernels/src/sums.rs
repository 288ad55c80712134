//! Sums over rows, the one reduction that several operations share.

use crate::isa::{Simd, per_isa};

per_isa! {
    /// `sums[channel] += Σ rows[.., channel]`, rows of `sums.len()` channels.
    pub(crate) fn add_rows(rows: &[f32], sums: &mut [f32]) = add_rows_body;
}

#[inline(always)]
fn add_rows_body<S: Simd>(s: S, rows: &[f32], sums: &mut [f32]) {
    let channels = sums.len();
    let mut c = 0;
    while c < channels {
        let n = (channels - c).min(S::LANES);
        // Four sums at a time, since one alone would wait for each addition.
        let mut partial = [s.splat(0.0); 4];
        let mut fours = rows.chunks_exact(4 * channels);
        for four in fours.by_ref() {
            for (k, sum) in partial.iter_mut().enumerate() {
                *sum = s.add(*sum, s.load(&four[k * channels + c..][..n]));
            }
        }
        for row in fours.remainder().chunks_exact(channels) {
            partial[0] = s.add(partial[0], s.load(&row[c..][..n]));
        }
        let sum = s.add(s.add(partial[0], partial[1]), s.add(partial[2], partial[3]));
        let total = s.add(s.load(&sums[c..][..n]), sum);
        s.store(&mut sums[c..][..n], total);
        c += n;
    }
}
