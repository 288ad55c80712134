//! Where functions have no slope: there, two engines that round otherwise may rightly tell another gradient.

use std::sync::{Arc, Mutex};

use umbel::nn::layers::Activation;
use umbel::nn::steps::PoolStep;

/// The nearest that any value came to a kink, in parts of the largest value that took the same way.
#[derive(Clone, Debug)]
pub struct Kinks(Arc<Mutex<f64>>);

impl Default for Kinks {
    fn default() -> Self {
        Kinks(Arc::new(Mutex::new(f64::INFINITY)))
    }
}

impl Kinks {
    pub fn nearest(&self) -> f64 {
        *self.0.lock().unwrap()
    }

    /// Sees what goes into an activation.
    pub fn see_activation(&self, activation: Activation, x: &[f64]) {
        let kinks: &[f64] = match activation {
            Activation::Relu => &[0.0],
            Activation::Relu6 => &[0.0, 6.0],
            Activation::HardSwish | Activation::HardSigmoid => &[-3.0, 3.0],
            Activation::Linear
            | Activation::Silu
            | Activation::Gelu
            | Activation::Tanh
            | Activation::Sigmoid
            | Activation::Softmax => &[],
        };
        self.meet(x, x.iter().flat_map(|x| kinks.iter().map(move |kink| (x - kink).abs())));
    }

    /// Sees what goes into max-pooling, whose kinks are where two share a maximum.
    pub fn see_maxima(&self, step: &PoolStep, x: &[f64]) {
        let (windows, channels) = (&step.windows, step.channels);
        let inside = |at: usize, stride: usize, window: usize, pad: usize, size: usize| {
            (at * stride..at * stride + window)
                .filter_map(move |place| place.checked_sub(pad))
                .filter(move |&p| p < size)
        };
        let (height, width) = windows.size;
        let mut gaps = Vec::new();
        for picture in x.chunks_exact(height * width * channels) {
            for place in 0..windows.out.0 * windows.out.1 * channels {
                let (pixel, channel) = (place / channels, place % channels);
                let rows = inside(pixel / windows.out.1, windows.stride.0, windows.window.0, windows.pad.0, height);
                let mut values: Vec<f64> = rows
                    .flat_map(|row| {
                        inside(pixel % windows.out.1, windows.stride.1, windows.window.1, windows.pad.1, width)
                            .map(move |column| picture[(row * width + column) * channels + channel])
                    })
                    .collect();
                values.sort_by(|a, b| b.total_cmp(a));
                if let [first, second, ..] = values[..] {
                    gaps.push(first - second);
                }
            }
        }
        self.meet(x, gaps.into_iter());
    }

    /// A distance of exactly 0 is no danger: a clamp before it made it, in any engine.
    fn meet(&self, x: &[f64], distances: impl Iterator<Item = f64>) {
        let nearest = distances.filter(|&distance| distance > 0.0).fold(f64::INFINITY, f64::min);
        let largest = x.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        let mut known = self.0.lock().unwrap();
        *known = known.min(nearest / largest);
    }
}
