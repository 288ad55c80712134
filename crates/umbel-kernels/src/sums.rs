//! The reductions that several operations share: sums over rows, and sums of partial gradients.

use rayon::prelude::*;

use crate::isa::{Simd, per_isa};
use crate::parallel::CHUNK;

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

/// `sum = Σ partials[.. + offset]` over parts of `partial` values, from the first to the last.
pub(crate) fn reduce(partials: &[f32], partial: usize, offset: usize, sum: &mut [f32]) {
    sum.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, sum)| {
        let at = offset + chunk * CHUNK;
        for (slice, values) in partials.chunks_exact(partial).enumerate() {
            let values = &values[at..][..sum.len()];
            if slice == 0 {
                sum.copy_from_slice(values);
            } else {
                for (sum, &value) in sum.iter_mut().zip(values) {
                    *sum += value;
                }
            }
        }
    });
}
