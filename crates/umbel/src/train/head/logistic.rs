//! The last layer as multinomial logistic regression on features: mean cross-entropy and half the squared weights times a
//! strength, in coordinates where every feature has mean 0 and deviation 1 over the training photos. These coordinates are
//! folded into the layer's own weights for every evaluation, so the features stay as they are and so does the layer.

use super::features::{Features, head};
use crate::Result;
use crate::base::progress::Interrupt;
use crate::nn::{LossSum, Model, Plan, isa_from_env, sparse_categorical_crossentropy};

/// Photos in hand: what is summed in one piece, too.
const CHUNK: usize = 1024;
/// A feature that deviates less than this says nothing, and gets no weight.
const LEAST_DEVIATION: f64 = 1e-6;

/// The user asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// The function to be minimized, of `[inputs, classes]` weights and `[classes]` biases in one row.
pub struct Objective<'a> {
    features: &'a Features,
    /// Positions and labels, rising, so that a file is read forward.
    samples: Vec<(usize, u32)>,
    head: Model,
    plan: Plan,
    classes: usize,
    means: Vec<f64>,
    /// 1 / deviation, or 0.
    scales: Vec<f64>,
    rows: Vec<f32>,
    labels: Vec<u32>,
    interrupt: &'a Interrupt,
}

impl<'a> Objective<'a> {
    /// For the last layer of `model`, on these photos.
    pub fn new(
        model: &Model,
        features: &'a Features,
        samples: &[(usize, u32)],
        interrupt: &'a Interrupt,
    ) -> Result<Self> {
        let mut samples = samples.to_vec();
        samples.sort_unstable();
        let head = head(model, features.inputs())?;
        let plan = Plan::training(&head, CHUNK.min(samples.len()), isa_from_env()?)?;
        let classes = head.architecture().classes()?;
        let (means, scales) = moments(features, &samples, has_bias(&head));
        let (rows, labels) = (Vec::new(), Vec::new());
        Ok(Objective { features, samples, head, plan, classes, means, scales, rows, labels, interrupt })
    }

    /// Variables of the function.
    pub fn variables(&self) -> usize {
        (self.features.inputs() + 1) * self.classes
    }

    /// The value at `point`, and its gradient.
    pub fn evaluate(
        &mut self,
        point: &[f64],
        strength: f64,
        gradient: &mut [f64],
    ) -> std::result::Result<f64, Stopped> {
        self.put(point);
        let (n, classes) = (self.samples.len() as f64, self.classes);
        gradient.fill(0.0);
        let mut loss = 0.0;
        for chunk in 0..self.samples.len().div_ceil(CHUNK) {
            if self.interrupt.requested() {
                return Err(Stopped);
            }
            let end = self.samples.len().min((chunk + 1) * CHUNK);
            read(self.features, &self.samples[chunk * CHUNK..end], &mut self.rows, &mut self.labels);
            let (sum, parts) = self.plan.gradients(self.head.weights_mut(), &self.rows, &self.labels, 0);
            loss += sum.loss;
            let share = self.labels.len() as f64 / n;
            let values = parts.iter().flatten();
            gradient.iter_mut().zip(values).for_each(|(sum, value)| *sum += share * f64::from(*value));
        }
        let (weights, biases) = gradient.split_at_mut(self.features.inputs() * classes);
        let (own, _) = point.split_at(weights.len());
        let mut squares = 0.0;
        for (input, (row, own)) in weights.chunks_exact_mut(classes).zip(own.chunks_exact(classes)).enumerate() {
            let (mean, scale) = (self.means[input], self.scales[input]);
            for ((value, bias), own) in row.iter_mut().zip(biases.iter()).zip(own) {
                *value = scale * (*value - mean * bias) + strength * own;
                squares += own * own;
            }
        }
        Ok(loss / n + 0.5 * strength * squares)
    }

    /// The last layer's weights and biases at `point`.
    pub fn put(&mut self, point: &[f64]) {
        let (weights, biases) = point.split_at(self.features.inputs() * self.classes);
        let mut biases = biases.to_vec();
        let tensors = &mut self.head.weights_mut().tensors;
        let kernel = tensors[0].data.chunks_exact_mut(self.classes).zip(weights.chunks_exact(self.classes));
        for (input, (kernel, weights)) in kernel.enumerate() {
            for ((kernel, weight), bias) in kernel.iter_mut().zip(weights).zip(&mut biases) {
                let folded = weight * self.scales[input];
                *kernel = folded as f32;
                *bias -= self.means[input] * folded;
            }
        }
        if let Some(bias) = tensors.get_mut(1) {
            bias.data.iter_mut().zip(biases).for_each(|(to, bias)| *to = bias as f32);
        }
    }

    /// Copies the last layer into the model that it was taken from.
    pub fn give_to(&self, model: &mut Model) {
        for own in &self.head.weights().tensors {
            let theirs = model.weights_mut().tensors.iter_mut().find(|theirs| theirs.name == own.name);
            theirs.expect("the head was taken from this model").data.copy_from_slice(&own.data);
        }
    }

    /// Loss and hits of the layer as it stands, on other photos or (`None`) on its own.
    pub fn measure(&mut self, samples: Option<&[(usize, u32)]>) -> LossSum {
        let own = std::mem::take(&mut self.samples);
        let mut total = LossSum::default();
        for chunk in samples.unwrap_or(&own).chunks(self.plan.batch()) {
            read(self.features, chunk, &mut self.rows, &mut self.labels);
            let logits = self.plan.infer(self.head.weights(), &self.rows);
            let sum = sparse_categorical_crossentropy(self.classes, logits, &self.labels, 1, None);
            total.loss += sum.loss;
            total.correct += sum.correct;
            total.samples += sum.samples;
        }
        self.samples = own;
        total
    }
}

fn has_bias(head: &Model) -> bool {
    head.weights().tensors.len() > 1
}

/// Mean and inverse deviation of every feature; without a bias, which alone could make up for it, no mean.
fn moments(features: &Features, samples: &[(usize, u32)], centered: bool) -> (Vec<f64>, Vec<f64>) {
    let inputs = features.inputs();
    let n = samples.len() as f64;
    let (mut sums, mut squares) = (vec![0.0f64; inputs], vec![0.0f64; inputs]);
    let mut row = vec![0.0; inputs];
    for (position, _) in samples {
        features.read(*position, &mut row);
        sums.iter_mut().zip(&row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let means: Vec<f64> = sums.iter().map(|sum| if centered { sum / n } else { 0.0 }).collect();
    for (position, _) in samples {
        features.read(*position, &mut row);
        let away = row.iter().zip(&means).map(|(value, mean)| f64::from(*value) - mean);
        squares.iter_mut().zip(away).for_each(|(sum, away)| *sum += away * away);
    }
    let scale = |square: &f64| {
        let deviation = (square / n).sqrt();
        if deviation > LEAST_DEVIATION { 1.0 / deviation } else { 0.0 }
    };
    (means, squares.iter().map(scale).collect())
}

fn read(features: &Features, samples: &[(usize, u32)], rows: &mut Vec<f32>, labels: &mut Vec<u32>) {
    let inputs = features.inputs();
    rows.resize(samples.len() * inputs, 0.0);
    labels.clear();
    for (&(position, label), row) in samples.iter().zip(rows.chunks_exact_mut(inputs)) {
        features.read(position, row);
        labels.push(label);
    }
}
