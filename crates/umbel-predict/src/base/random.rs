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
    Mix,
    Balance,
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

    /// Beta-distributed with both parameters `alpha` (above 0), within [0, 1]: the ratio of two gamma variates.
    pub fn beta(&mut self, alpha: f64) -> f64 {
        let (a, b) = (self.log_gamma_variate(alpha), self.log_gamma_variate(alpha));
        // By their logarithms: for a small alpha both may be too small to be told from 0.
        1.0 / (1.0 + (b - a).exp())
    }

    /// The logarithm of a gamma variate of this shape and scale 1 (Marsaglia & Tsang 2000, "A simple method for generating
    /// gamma variables", with their way to shapes below 1).
    fn log_gamma_variate(&mut self, shape: f64) -> f64 {
        let boost = if shape < 1.0 { self.open_uniform().ln() / shape } else { 0.0 };
        let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = self.normal();
            let v = (1.0 + c * normal).powi(3);
            if v > 0.0 && self.open_uniform().ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
                return d.ln() + v.ln() + boost;
            }
        }
    }

    /// Normal with mean 0 and deviation 1 (Box & Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.open_uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.open_uniform()).cos()
    }

    /// Uniform in (0, 1), 53 bits.
    fn open_uniform(&mut self) -> f64 {
        ((self.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Fisher-Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beta_variates_have_their_mean_and_variance() {
        for alpha in [0.05, 0.2, 1.0, 4.0] {
            let mut stream = Stream::new(1, Purpose::Mix, 0, 0);
            let drawn: Vec<f64> = (0..20_000).map(|_| stream.beta(alpha)).collect();
            assert!(drawn.iter().all(|x| (0.0..=1.0).contains(x)), "{alpha}");
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: {mean}");
            assert!((variance - expected).abs() < 0.03 * expected, "{alpha}: {variance}, not {expected}");
        }
    }
}
