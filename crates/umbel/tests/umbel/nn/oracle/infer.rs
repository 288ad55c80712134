//! Pictures through the oracle.

use umbel::nn::Weights;
use umbel::nn::engine::{Infer, Watch};
use umbel::nn::steps::Op;

use super::network::{Network, Trace};
use super::{Kinks, narrow};

/// At most so many features, as [`Infer::infer_with_features`] says.
const MOST_FEATURES: usize = 512;

#[derive(Debug)]
pub struct Inferring {
    network: Network,
    kinks: Kinks,
    trace: Trace,
    logits: Vec<f32>,
    features: Vec<f32>,
}

impl Inferring {
    pub fn new(network: Network, kinks: Kinks) -> Self {
        Inferring { network, kinks, trace: Trace::default(), logits: Vec::new(), features: Vec::new() }
    }

    /// The means of the channels of one sample's convolutions.
    fn features_of(&self, sample: usize, n: usize) -> Vec<f64> {
        let mut features = Vec::new();
        for (step, y) in self.network.inference.list.iter().zip(&self.trace.outputs) {
            let Op::Conv2d(conv) = &step.op else { continue };
            if features.len() + conv.channels_out > MOST_FEATURES {
                break;
            }
            let pixels: Vec<&[f64]> =
                y[sample * y.len() / n..][..y.len() / n].chunks_exact(conv.channels_out).collect();
            let mean = |channel: usize| pixels.iter().map(|pixel| pixel[channel]).sum::<f64>() / pixels.len() as f64;
            features.extend((0..conv.channels_out).map(mean));
        }
        features
    }
}

impl Infer for Inferring {
    fn batch(&self) -> usize {
        self.network.batch
    }

    fn infer_watched(&mut self, weights: &Weights, images: &[f32], watch: &mut Watch<'_>) -> &[f32] {
        self.logits = self.network.logits(weights, images, &self.kinks, &mut self.trace, watch);
        &self.logits
    }

    fn infer_with_features(&mut self, weights: &Weights, images: &[f32]) -> (&[f32], &[f32]) {
        self.infer(weights, images);
        let n = self.network.count(weights, images);
        self.features = narrow(&(0..n).flat_map(|sample| self.features_of(sample, n)).collect::<Vec<_>>());
        (&self.logits, &self.features)
    }

    fn memory_bytes(&self) -> usize {
        self.network.bytes(&self.network.inference) as usize
    }
}
