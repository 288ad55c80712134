//! A look at one layer.

use umbel::nn::engine::{Probe, Probed};
use umbel::nn::steps::{Layout, Look};
use umbel::nn::{Graph, Weights};

use super::network::{Given, Trace};
use super::{Kinks, Result, backward, forward, narrow};

#[derive(Debug)]
pub struct Probing {
    look: Look,
    layout: Layout,
    kinks: Kinks,
    trace: Trace,
}

impl Probing {
    pub fn new(architecture: &Graph, layer: Option<&str>, kinks: Kinks) -> Result<Self> {
        let look = Look::at(architecture, layer)?;
        Ok(Probing { look, layout: Layout::default(), kinks, trace: Trace::default() })
    }
}

impl Probe for Probing {
    fn layer(&self) -> &str {
        &self.look.layer
    }

    fn logits(&mut self, weights: &Weights, image: &[f32]) -> Vec<f32> {
        let Probing { look: Look { steps, .. }, layout, kinks, trace } = self;
        assert_eq!(image.len(), steps.images, "one picture at a time");
        let given = Given { steps, layout, weights, images: image, n: 1, key: None, kinks };
        forward::run(given, trace, &mut |_| {});
        narrow(trace.outputs.last().expect("there is a step"))
    }

    fn run(&mut self, weights: &Weights, image: &[f32], class: usize) -> Probed {
        let mut logits = vec![0.0; self.logits(weights, image).len()];
        logits[class] = 1.0;
        let Probing { look: Look { steps, step, shape, .. }, layout, kinks, trace } = self;
        let given = Given { steps, layout, weights, images: image, n: 1, key: None, kinks };
        backward::run(given, trace, logits, &mut |_| {});
        let [activation, gradient] = [&trace.outputs, &trace.gradients].map(|of| narrow(&of[*step]));
        Probed { shape: *shape, activation, gradient }
    }
}
