//! A network lowered to steps, and what a walk over them reads and leaves.

use umbel::PredictError;
use umbel::nn::engine::Watch;
use umbel::nn::steps::{Layout, NormStep, Op, Steps, Use, Value};
use umbel::nn::{Graph, Model, Weights};

use super::{Kinks, Result, forward, narrow, widen};

/// Steps for everything, and what they take and give.
#[derive(Debug)]
pub struct Network {
    pub inference: Steps,
    pub training: Steps,
    pub layout: Layout,
    pub classes: usize,
    pub batch: usize,
    shapes: Vec<(Vec<usize>, bool)>,
}

impl Network {
    pub fn new(architecture: &Graph, batch: usize) -> Result<Self> {
        if batch == 0 {
            let (setting, value, expected) = ("batch".into(), "0".into(), "1 or more".into());
            return Err(PredictError::Setting { setting, value, expected });
        }
        let layers = architecture.resolve()?;
        let (height, width, channels) = architecture.input();
        let [inference, training] =
            [Use::Inference, Use::Training].map(|usage| Steps::of(height * width * channels, &layers, usage));
        let layout = Layout::of(architecture, &training)?;
        let shapes = shapes(Model::new(architecture.clone(), 0)?.weights());
        Ok(Network { inference, training, layout, classes: architecture.classes()?, batch, shapes })
    }

    /// How many pictures came, checked.
    pub fn count(&self, weights: &Weights, images: &[f32]) -> usize {
        assert!(self.shapes == shapes(weights), "the weights are another model's");
        let n = images.len() / self.inference.images;
        assert!(n * self.inference.images == images.len() && n <= self.batch, "no whole number of pictures");
        n
    }

    /// The logits of these pictures.
    pub fn logits(
        &self,
        weights: &Weights,
        images: &[f32],
        kinks: &Kinks,
        trace: &mut Trace,
        watch: &mut Watch<'_>,
    ) -> Vec<f32> {
        let n = self.count(weights, images);
        if n == 0 {
            return Vec::new();
        }
        let (steps, layout) = (&self.inference, &self.layout);
        forward::run(Given { steps, layout, weights, images, n, key: None, kinks }, trace, watch);
        narrow(trace.outputs.last().expect("there is a step"))
    }

    /// What a pass takes: outputs, what is kept of them, and gradients.
    pub fn bytes(&self, steps: &Steps) -> u128 {
        let values =
            |op: &Op, output: usize| if matches!(op, Op::Conv2d(conv) if conv.pool) { 9 * output } else { 3 * output };
        let all: usize = steps.list.iter().map(|step| values(&step.op, step.output)).sum();
        (size_of::<f64>() * all) as u128 * self.batch as u128
    }
}

fn shapes(weights: &Weights) -> Vec<(Vec<usize>, bool)> {
    weights.tensors.iter().map(|tensor| (tensor.shape.clone(), tensor.trainable)).collect()
}

/// What a walk reads.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub steps: &'a Steps,
    pub layout: &'a Layout,
    pub weights: &'a Weights,
    pub images: &'a [f32],
    /// How many pictures.
    pub n: usize,
    /// Names the dropout masks, in training.
    pub key: Option<u64>,
    pub kinks: &'a Kinks,
}

impl Given<'_> {
    pub fn weight(&self, tensor: usize) -> Vec<f64> {
        widen(&self.weights.tensors[tensor].data)
    }

    /// Each channel's factor in a batch norm with its moving statistics.
    pub fn factors(&self, norm: &NormStep) -> Vec<f64> {
        let (gamma, variance) = (self.weight(norm.gamma.tensor), self.weight(norm.moving_variance));
        gamma.iter().zip(variance).map(|(gamma, v)| gamma / (v + f64::from(norm.epsilon)).sqrt()).collect()
    }
}

/// What a walk leaves.
#[derive(Debug, Default)]
pub struct Trace {
    pub images: Vec<f64>,
    /// Of each step.
    pub outputs: Vec<Vec<f64>>,
    pub kept: Vec<Kept>,
    /// Of each step's output.
    pub gradients: Vec<Vec<f64>>,
    /// As [`Layout`] says.
    pub flat: Vec<f64>,
}

impl Trace {
    pub fn value(&self, value: Value) -> &[f64] {
        match value {
            Value::Images => &self.images,
            Value::Step(step) => &self.outputs[step],
        }
    }
}

/// What a step keeps for the way back.
#[derive(Debug, Default)]
pub struct Kept {
    /// What went into the activation.
    pub before: Vec<f64>,
    /// Which value of its window each maximum was.
    pub choice: Vec<u8>,
    /// Batch norm's, of the batch.
    pub mean: Vec<f64>,
    pub inverse_deviation: Vec<f64>,
    /// Stochastic depth's, of each sample.
    pub factors: Vec<f64>,
}
