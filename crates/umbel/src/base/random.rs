//! Random numbers as pure functions of what they are for: (seed, purpose, epoch, sample) names a stream, so the same run
//! draws the same numbers with any number of threads, and after a resume.

/// A stream of random numbers (SplitMix64 over a mixed key).
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    counter: u64,
}

/// What a stream is for; streams of different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Purpose {
    Initialise,
    Split,
    Shuffle,
    Augment,
    Dropout,
    Demo,
    Preview,
    Bootstrap,
}

impl Stream {
    /// The stream of `purpose` under `seed`, for one epoch (or tensor, or class) and one sample (or 0).
    pub fn new(seed: u64, purpose: Purpose, epoch: u64, sample: u64) -> Self {
        use umbel_kernels::dropout::mix;
        let key = mix(mix(mix(seed, purpose as u64), epoch), sample);
        Stream { key, counter: 0 }
    }

    /// The stream's key, for kernels that count for themselves (dropout).
    pub fn key(&self) -> u64 {
        self.key
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.counter += 1;
        umbel_kernels::dropout::mix(self.key, self.counter)
    }

    /// Uniform in [0, 1), 24 bits.
    pub fn uniform(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in 0..n (n > 0), without bias worth speaking of (64-bit multiply).
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Fisher-Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}
