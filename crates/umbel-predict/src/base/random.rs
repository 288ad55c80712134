//! Random numbers as pure functions of what they are for: (seed, purpose, epoch, sample) names a stream, so the same run
//! draws the same numbers with any number of threads, and after a resume.

/// A stream of random numbers (SplitMix64 over a mixed key).
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    counter: u64,
}

/// What a stream is for; streams of different purposes are independent. The numbers are part of every stream's key: a new
/// purpose takes the next one, and none ever changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Purpose {
    Initialise = 0,
    Split = 1,
    Shuffle = 2,
    Augment = 3,
    Dropout = 4,
    Demo = 5,
    Preview = 6,
    Bootstrap = 7,
    Mix = 8,
    Balance = 9,
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

    /// The first numbers of each purpose's stream under seed 7, for epoch 3 and sample 5. They are what runs, splits and
    /// drawings of every version have in common.
    fn first_three(purpose: Purpose) -> [u64; 3] {
        match purpose {
            Purpose::Initialise => [0xc374_1d6d_d3e3_9ef8, 0xd65e_1691_74c2_b20d, 0x71f1_bebb_605d_fcb8],
            Purpose::Split => [0x1498_648e_4ec2_fc76, 0xb4f0_d9c5_d464_5f1a, 0x3d0e_7780_5b3b_e520],
            Purpose::Shuffle => [0xf959_e66a_9e15_bff3, 0xdb61_0a1a_e376_7ba9, 0x69fc_3072_41ce_22ef],
            Purpose::Augment => [0x34dd_7156_6379_851c, 0xca57_b73d_ea2c_e4b9, 0x25a9_22be_9d6c_e8f4],
            Purpose::Dropout => [0xb805_4e90_ecbf_194a, 0xbe8d_d79d_7ab6_ec69, 0xc3b9_18e2_d327_3a46],
            Purpose::Demo => [0x8f52_e4d5_260b_9d66, 0x4c32_a433_f0d0_2eb5, 0x36cd_54eb_d0ee_4839],
            Purpose::Preview => [0xbb95_0a9a_63cb_b94d, 0xf8b8_a75f_2c02_8ba4, 0xa061_0d21_976f_9f41],
            Purpose::Bootstrap => [0x0973_fff4_a3e2_0f11, 0xc783_3dfc_379d_b99f, 0x846c_7b5d_fd7d_d596],
            Purpose::Mix => [0x7b2b_8e92_8d8c_eb93, 0xc3ae_7cc2_813e_6bd4, 0x1d86_678c_c533_272b],
            Purpose::Balance => [0x9120_5b96_e3c9_c893, 0xb34c_3fd9_7640_0ef2, 0xeca0_1028_16e4_23cf],
        }
    }

    #[test]
    fn the_streams_of_every_purpose_are_pinned() {
        let all = [
            Purpose::Initialise,
            Purpose::Split,
            Purpose::Shuffle,
            Purpose::Augment,
            Purpose::Dropout,
            Purpose::Demo,
            Purpose::Preview,
            Purpose::Bootstrap,
            Purpose::Mix,
            Purpose::Balance,
        ];
        for (index, purpose) in all.into_iter().enumerate() {
            assert_eq!(purpose as usize, index, "{purpose:?}");
            let mut stream = Stream::new(7, purpose, 3, 5);
            assert_eq!([(); 3].map(|()| stream.next_u64()), first_three(purpose), "{purpose:?}");
        }
        let mut stream = Stream::new(7, Purpose::Split, 3, 5);
        assert_eq!((stream.below(1000), stream.range(-1.0, 1.0)), (80, 0.413_600_1));
    }

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
