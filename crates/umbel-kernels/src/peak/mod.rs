//! What this computer can do at best: arithmetic that waits for no memory, and memory traffic that waits for no arithmetic.
//! Measured, so that a profile can say how near a kernel comes.

mod simd;

use std::time::Instant;

use rayon::prelude::*;

use crate::Isa;
use crate::isa::per_isa;

per_isa! {
    fn chains(rounds: usize, values: &mut [f32], operations: &mut u64) = simd::chains;
    fn triad(a: &mut [f32], b: &[f32], c: &[f32], factor: f32) = simd::triad;
}

/// Rounds of one sample: a few milliseconds.
const ROUNDS: usize = 1_000_000;
/// Values of each of three arrays: 64 MiB, more than the caches hold.
const VALUES: usize = 16 << 20;
/// Whatever else runs only ever slows a sample down, so the best of so many counts.
const SAMPLES: usize = 7;

/// Floating-point operations a second (a multiplication and an addition are two) of all threads of rayon's current pool
/// together.
pub fn arithmetic(isa: Isa) -> f64 {
    let sample = || {
        let start = Instant::now();
        let operations: u64 = rayon::broadcast(|context| {
            let mut values = [0.0; simd::CHAINS];
            for (chain, value) in values.iter_mut().enumerate() {
                *value = (context.index() + chain) as f32;
            }
            let mut operations = 0;
            chains(isa, ROUNDS, &mut values, &mut operations);
            // The result is looked at, so that nobody leaves the work out.
            std::hint::black_box(values);
            operations
        })
        .into_iter()
        .sum();
        operations as f64 / start.elapsed().as_secs_f64()
    };
    (0..SAMPLES).map(|_| sample()).fold(0.0, f64::max)
}

/// Bytes a second between the processor and its memory, read and written, over all threads of rayon's current pool: the
/// triad of STREAM (McCalpin, 1995), `a = b + factor · c`, counted as two reads and a write. Needs 192 MiB.
pub fn memory(isa: Isa) -> f64 {
    let [mut a, b, c] = [0.0f32, 1.0, 2.0].map(|value| vec![value; VALUES]);
    let mut sample = |factor| {
        let start = Instant::now();
        let piece = VALUES / 64;
        let pieces = a.par_chunks_mut(piece).zip(b.par_chunks(piece)).zip(c.par_chunks(piece));
        pieces.for_each(|((a, b), c)| triad(isa, a, b, c, factor));
        std::hint::black_box(&a);
        (3 * VALUES * size_of::<f32>()) as f64 / start.elapsed().as_secs_f64()
    };
    (0..SAMPLES).map(|round| sample(round as f32)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_count_what_they_compute() {
        for isa in Isa::usable() {
            let (mut values, mut operations) = ([1.0; simd::CHAINS], 0);
            chains(isa, 3, &mut values, &mut operations);
            assert!(operations > 0 && operations.is_multiple_of(3 * 2 * simd::CHAINS as u64), "{operations}");
            // Three rounds of x = x · 0.5 + 1 from 1.
            assert_eq!(values, [1.875; simd::CHAINS]);
        }
    }

    #[test]
    fn the_triad_is_one() {
        for isa in Isa::usable() {
            let (mut a, b, c) = ([0.0; 37], [1.0; 37], [2.0; 37]);
            triad(isa, &mut a, &b, &c, 3.0);
            assert_eq!(a, [7.0; 37]);
        }
    }
}
