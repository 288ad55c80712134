//! Drawn pictures, labels and weights, and how values are compared.

use umbel::base::random::{Purpose, Stream};
use umbel::nn::{Graph, Isa, Model};

use crate::trial::Trial;

/// Noise around a color of each picture's own: pictures of noise alone look all the same to a network.
pub fn images(stack: &Graph, n: usize, seed: u64) -> Vec<f32> {
    let (height, width, channels) = stack.input();
    let mut stream = Stream::new(seed, Purpose::Demo, 0, 0);
    let mut images = Vec::new();
    for _ in 0..n {
        let color: Vec<f32> = (0..channels).map(|_| stream.range(0.0, 155.0)).collect();
        for _ in 0..height * width {
            images.extend(color.iter().map(|value| value + stream.range(0.0, 100.0)));
        }
    }
    images
}

pub fn labels(classes: u32, n: usize) -> Vec<u32> {
    (0..n as u32).map(|i| (i * 7 + 1) % classes).collect()
}

/// Weights where nothing is zero or one by accident.
pub fn model(stack: impl Into<Graph>, seed: u64) -> Model {
    let mut model = Model::new(stack, seed).unwrap();
    let mut stream = Stream::new(seed, Purpose::Demo, 1, 0);
    for tensor in &mut model.weights_mut().tensors {
        for value in &mut tensor.data {
            *value += stream.range(0.0, 0.2);
        }
    }
    model
}

/// Weights after a few steps, one of them with a smaller batch, on so many threads.
pub fn trained(stack: impl Into<Graph>, classes: u32, threads: usize, isa: Isa) -> Model {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut model = Model::new(stack, 11).unwrap();
    let mut plan = Trial::new(&model, 13, isa).unwrap();
    pool.install(|| {
        for step in 0..6 {
            let n = if step == 3 { 5 } else { 13 };
            let images = images(model.architecture(), n, step);
            plan.train_step(model.weights_mut(), 0.01, &images, &labels(classes, n), step);
        }
    });
    model
}

pub fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()))
}

/// Holds values to `tolerance` times the largest expected one, or `least` where all are smaller than that.
pub fn close(what: &str, came: &[f32], expected: &[f64], least: f64, tolerance: f64) {
    assert_eq!(came.len(), expected.len(), "{what}");
    let scale = largest(expected).max(least);
    for (index, (&came, &expected)) in came.iter().zip(expected).enumerate() {
        let error = (f64::from(came) - expected).abs() / scale;
        assert!(error < tolerance, "{what}[{index}]: {came} instead of {expected} ({error:.1e})");
    }
}
