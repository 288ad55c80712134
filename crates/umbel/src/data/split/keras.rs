//! Keras' split: the listed files, shuffled by numpy's legacy generator, the last part for validation.

use super::{Index, Split};
use crate::Result;

/// Keras' `ALLOWLIST_FORMATS`.
const EXTENSIONS: [&str; 5] = [".bmp", ".gif", ".jpeg", ".jpg", ".png"];

/// Keras 3's `index_directory` and `get_training_or_validation_split`.
pub fn split(index: &Index, val_fraction: f64, seed: u64) -> Result<Split> {
    let seed = u32::try_from(seed).map_err(|_| umbel_predict::Error::Setting {
        setting: "the seed".to_string(),
        value: seed.to_string(),
        expected: "0 to 4294967295 for Keras' split, as in numpy".to_string(),
    })?;
    let listed: Vec<usize> = (0..index.photos.len()).filter(|&i| is_listed(&index.photos[i].path)).collect();
    let mut order: Vec<usize> = keras_permutation(listed.len(), seed).into_iter().map(|i| listed[i]).collect();
    // Python's int() of a product of floats: rounded toward zero.
    let n_val = (val_fraction * listed.len() as f64) as usize;
    let val = order.split_off(listed.len() - n_val);
    Ok(Split { train: order, val, ..Split::default() })
}

fn is_listed(path: &str) -> bool {
    let path = path.to_lowercase();
    EXTENSIONS.iter().any(|extension| path.ends_with(extension))
}

/// Keras' order of `n` files: numpy's legacy `RandomState(seed).shuffle`. The last `int(val_fraction * n)` validate.
pub fn keras_permutation(n: usize, seed: u32) -> Vec<usize> {
    let mut generator = MersenneTwister::new(seed);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, generator.up_to(i));
    }
    order
}

const N: usize = 624;
const M: usize = 397;

/// MT19937 (Matsumoto and Nishimura 1998), seeded by `init_genrand`, as numpy's legacy `RandomState` does for a number.
struct MersenneTwister {
    state: [u32; N],
    next: usize,
}

impl MersenneTwister {
    fn new(seed: u32) -> Self {
        let mut state = [seed; N];
        for i in 1..N {
            let before = state[i - 1];
            state[i] = (before ^ (before >> 30)).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        MersenneTwister { state, next: N }
    }

    fn next_u32(&mut self) -> u32 {
        if self.next == N {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// 0 to `max`, both included: numpy's `random_interval`, which draws masked bits until they fit.
    fn up_to(&mut self, max: usize) -> usize {
        let max = max as u64;
        let mask = u64::MAX.checked_shr(max.leading_zeros()).unwrap_or(0);
        loop {
            let bits = if max <= u64::from(u32::MAX) {
                u64::from(self.next_u32())
            } else {
                u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
            };
            if bits & mask <= max {
                return (bits & mask) as usize;
            }
        }
    }
}
