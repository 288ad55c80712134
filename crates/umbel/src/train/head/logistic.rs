//! The last layer as multinomial logistic regression on features: mean cross-entropy and half the squared weights times a
//! strength, in coordinates where every feature has mean 0 and deviation 1 over the training photos. These coordinates are
//! folded into the layer's own weights for every evaluation, so the features stay as they are and so does the layer.

use super::features::{Features, head};
use crate::base::memory;
use crate::base::progress::Interrupt;
use crate::nn::{LossSum, Model, OptimizerConfig, Slice, Train, Updates, sparse_categorical_crossentropy};
use crate::train::slices;
use crate::{Result, train};

/// Photos whose loss and gradient are summed in one piece.
const CHUNK: usize = 1024;
/// A feature that deviates less than this says nothing, and gets no weight.
const LEAST_DEVIATION: f64 = 1e-6;

/// The user asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// The function to be minimized, of `[inputs, classes]` weights and `[classes]` biases in one row.
pub struct Objective<'a> {
    /// What the layer reads, a row a photo.
    rows: Vec<f32>,
    labels: Vec<u32>,
    inputs: usize,
    head: Model,
    train: Box<dyn Train>,
    classes: usize,
    means: Vec<f64>,
    /// 1 / deviation, or 0.
    scales: Vec<f64>,
    interrupt: &'a Interrupt,
}

impl<'a> Objective<'a> {
    /// For the last layer of `model`, on these photos.
    pub fn new(model: &Model, features: &Features, samples: &[(usize, u32)], interrupt: &'a Interrupt) -> Result<Self> {
        let inputs = features.inputs();
        let head = head(model, inputs)?;
        check_memory(samples.len(), (inputs + 1) * head.architecture().classes()?, inputs)?;
        let (rows, labels) = read(features, samples)?;
        // The point is moved by who minimizes, never by an update.
        let updates = Updates::by(OptimizerConfig::sgd(0.0));
        let train = features.engine().train(head.clone(), CHUNK.min(samples.len()), &updates)?;
        let classes = head.architecture().classes()?;
        let (means, scales) = moments(&rows, inputs, has_bias(&head));
        Ok(Objective { rows, labels, inputs, head, train, classes, means, scales, interrupt })
    }

    /// Variables of the function.
    pub fn variables(&self) -> usize {
        (self.inputs + 1) * self.classes
    }

    /// The value at `point`, and its gradient.
    pub fn evaluate(
        &mut self,
        point: &[f64],
        strength: f64,
        gradient: &mut [f64],
    ) -> std::result::Result<f64, Stopped> {
        self.put(point);
        let (n, classes) = (self.labels.len() as f64, self.classes);
        gradient.fill(0.0);
        let mut loss = 0.0;
        for (rows, labels) in self.rows.chunks(CHUNK * self.inputs).zip(self.labels.chunks(CHUNK)) {
            if self.interrupt.requested() {
                return Err(Stopped);
            }
            loss += self.train.backward(Slice { images: rows, targets: labels.into(), key: 0 }).loss;
            let share = labels.len() as f64 / n;
            let places = self.train.layout().gradients().to_vec();
            let all = self.train.gradients();
            let values = places.iter().flat_map(|place| &all[place.clone()]);
            gradient.iter_mut().zip(values).for_each(|(sum, value)| *sum += share * f64::from(*value));
        }
        let (weights, biases) = gradient.split_at_mut(self.inputs * classes);
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
        let (weights, biases) = point.split_at(self.inputs * self.classes);
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
        self.train.load(self.head.weights());
    }

    /// Copies the last layer into the model that it was taken from.
    pub fn give_to(&self, model: &mut Model) {
        for own in &self.head.weights().tensors {
            let theirs = model.weights_mut().tensors.iter_mut().find(|theirs| theirs.name == own.name);
            theirs.expect("the head was taken from this model").data.copy_from_slice(&own.data);
        }
    }

    /// Loss and hits of the layer as it stands, on its own photos.
    pub fn measure(&mut self) -> LossSum {
        let mut total = LossSum::default();
        for (rows, labels) in self.rows.chunks(CHUNK * self.inputs).zip(self.labels.chunks(CHUNK)) {
            add(&mut total, &mut *self.train, self.classes, (rows, labels));
        }
        total
    }

    /// The same on others.
    pub fn measure_on(&mut self, (rows, labels): (&[f32], &[u32])) -> LossSum {
        let mut total = LossSum::default();
        let most = self.train.batch();
        for (rows, labels) in rows.chunks(most * self.inputs).zip(labels.chunks(most)) {
            add(&mut total, &mut *self.train, self.classes, (rows, labels));
        }
        total
    }
}

fn add(total: &mut LossSum, train: &mut dyn Train, classes: usize, (rows, labels): (&[f32], &[u32])) {
    slices::add(total, &sparse_categorical_crossentropy(classes, train.judge(rows), labels, 1, None));
}

/// The features themselves, and what L-BFGS remembers.
fn check_memory(photos: usize, variables: usize, inputs: usize) -> Result<()> {
    const VECTORS: usize = 22;
    let needed_bytes = (photos * inputs * 4 + variables * VECTORS * 8) as u64;
    match memory::available_bytes() {
        Some(available_bytes) if needed_bytes > available_bytes => {
            Err(train::Error::Memory { needed_bytes, available_bytes }.into())
        }
        _ => Ok(()),
    }
}

fn has_bias(head: &Model) -> bool {
    head.weights().tensors.len() > 1
}

/// Mean and inverse deviation of every feature; without a bias, which alone could make up for it, no mean.
fn moments(rows: &[f32], inputs: usize, centered: bool) -> (Vec<f64>, Vec<f64>) {
    let n = (rows.len() / inputs) as f64;
    let (mut sums, mut squares) = (vec![0.0f64; inputs], vec![0.0f64; inputs]);
    for row in rows.chunks_exact(inputs) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let means: Vec<f64> = sums.iter().map(|sum| if centered { sum / n } else { 0.0 }).collect();
    for row in rows.chunks_exact(inputs) {
        let away = row.iter().zip(&means).map(|(value, mean)| f64::from(*value) - mean);
        squares.iter_mut().zip(away).for_each(|(sum, away)| *sum += away * away);
    }
    let scale = |square: &f64| {
        let deviation = (square / n).sqrt();
        if deviation > LEAST_DEVIATION { 1.0 / deviation } else { 0.0 }
    };
    (means, squares.iter().map(scale).collect())
}

/// What the layer reads of these photos (positions in the index, with labels).
pub fn read(features: &Features, samples: &[(usize, u32)]) -> Result<(Vec<f32>, Vec<u32>)> {
    let mut rows = vec![0.0; samples.len() * features.inputs()];
    for ((position, _), row) in samples.iter().zip(rows.chunks_exact_mut(features.inputs())) {
        features.read(*position, row)?;
    }
    Ok((rows, samples.iter().map(|(_, label)| *label).collect()))
}
