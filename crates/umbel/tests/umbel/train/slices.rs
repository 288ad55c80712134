//! The tree of slices over real training: the same bits, however many workers share an update, and whoever computes which slice.

use std::ops::Range;

use umbel::nn::layers::{BatchNorm, Conv2d, Dense, Dropout, GlobalAvgPool2d};
use umbel::nn::models::{ArchitectureOptions, by_name};
use umbel::nn::{
    Cpu, LossSum, Model, OptimizerConfig, Precision, Sequential, Slice, Targets, Train, Training, Updates, Weights,
};
use umbel::train::SliceSums;

use crate::nn::compare::{images, labels};

const CLASSES: u32 = 4;
const BATCH: usize = 2;
const UPDATES: usize = 2;

/// Everything that an update can have.
fn updates(precision: Precision) -> Updates {
    let updates = Updates::by(OptimizerConfig::adam_w());
    Updates { precision, global_clipnorm: 0.5, ema_momentum: 0.9, ..updates }
}

fn model(name: &str) -> Model {
    let options = ArchitectureOptions { image_size: 16, classes: CLASSES as usize, augment: vec![], dropout: 0.2 };
    Model::new(by_name(name, &options).unwrap(), 3).unwrap()
}

fn trainer(model: &Model, precision: Precision) -> Training {
    Cpu::best().training(model.clone(), BATCH, &updates(precision)).unwrap()
}

/// The photos of one update, of which the last slice has one less than the others.
struct Update {
    number: usize,
    slices: usize,
    images: Vec<f32>,
    labels: Vec<u32>,
    image: usize,
}

impl Update {
    fn new(model: &Model, number: usize, slices: usize) -> Self {
        let photos = slices * BATCH - 1;
        let images = images(model.architecture(), photos, number as u64);
        let image = images.len() / photos;
        Update { number, slices, images, labels: labels(CLASSES, photos), image }
    }

    /// A slice into the sums of whoever computes it.
    fn compute(&self, slice: usize, train: &mut dyn Train, sums: &mut SliceSums) {
        let photos = slice * BATCH..((slice + 1) * BATCH).min(self.labels.len());
        let targets = Targets::Labels(&self.labels[photos.clone()]);
        let images = &self.images[photos.start * self.image..photos.end * self.image];
        let key = (self.number * self.slices + slice) as u64;
        let loss = train.backward(Slice { images, targets, key });
        sums.add(slice, train.gradients(), loss);
    }
}

/// What a worker ends with.
#[derive(Debug, PartialEq)]
struct End {
    weights: Weights,
    average: Option<Weights>,
    losses: Vec<LossSum>,
}

/// Some updates by so many workers, each with weights of its own; `shares` says which slices a worker computes.
fn shared(
    model: &Model,
    precision: Precision,
    slices: usize,
    workers: usize,
    shares: impl Fn(usize) -> Vec<usize>,
) -> Vec<End> {
    let mut all: Vec<(Training, Vec<LossSum>)> =
        (0..workers).map(|_| (trainer(model, precision), Vec::new())).collect();
    for number in 0..UPDATES {
        let update = Update::new(model, number, slices);
        let mut parts: Vec<SliceSums> = vec![SliceSums::default(); workers];
        for (worker, ((train, _), sums)) in all.iter_mut().zip(&mut parts).enumerate() {
            shares(worker).into_iter().for_each(|slice| update.compute(slice, train, sums));
        }
        let nodes: Vec<_> = parts.iter_mut().map(SliceSums::take).collect();
        for (worker, ((train, losses), sums)) in all.iter_mut().zip(&mut parts).enumerate() {
            // Each hears its own first, and then the others in an order of its own.
            for from in 0..workers {
                let nodes = nodes[(worker + from) % workers].clone();
                nodes.into_iter().for_each(|(first, node)| sums.insert(first, node));
            }
            losses.push(sums.finish(slices, train.gradients()));
            train.update(0.01);
        }
    }
    let end = |(train, losses): (Training, Vec<LossSum>)| End {
        weights: train.weights().clone(),
        average: train.average().cloned(),
        losses,
    };
    all.into_iter().map(end).collect()
}

/// The slices that follow each other of the share of one worker.
fn contiguous(slices: usize, workers: usize, worker: usize) -> Range<usize> {
    worker * slices / workers..(worker + 1) * slices / workers
}

#[test]
fn an_update_has_the_same_bits_with_one_to_seven_workers() {
    for name in ["cnn", "umbel_s"] {
        let model = model(name);
        for precision in [Precision::F32, Precision::Bf16] {
            for slices in [8, 12] {
                let one = shared(&model, precision, slices, 1, |_| (0..slices).collect());
                assert_ne!(&one[0].weights, model.weights(), "{name}");
                assert_eq!(one[0].losses[0].samples, slices * BATCH - 1, "{name}");
                for workers in 2..8 {
                    let share = |worker| contiguous(slices, workers, worker).collect();
                    for end in shared(&model, precision, slices, workers, share) {
                        assert!(end == one[0], "{name} in {precision:?}: {slices} slices by {workers} workers");
                    }
                }
            }
        }
    }
}

#[test]
fn an_update_has_the_same_bits_where_workers_take_turns() {
    let model = model("umbel_s");
    for slices in [8, 12] {
        let one = shared(&model, Precision::F32, slices, 1, |_| (0..slices).collect());
        for workers in [2, 3, 5] {
            // Backward, too: a worker's own order has no say.
            let turns = |worker| (0..slices).rev().filter(|slice| slice % workers == worker).collect();
            for end in shared(&model, Precision::F32, slices, workers, turns) {
                assert!(end == one[0], "{slices} slices by {workers} workers");
            }
        }
    }
}

/// Batch norm below and above, and dropout.
fn normed() -> Model {
    let stack = Sequential::new((6, 6, 3))
        .add(BatchNorm::default())
        .add(Conv2d::new(4, 3))
        .add(BatchNorm::default())
        .add(Dropout::new(0.0))
        .add(GlobalAvgPool2d)
        .add(Dense::new(CLASSES as usize));
    Model::new(stack, 3).unwrap()
}

#[test]
fn each_slice_starts_from_the_statistics_of_the_update() {
    let model = normed();
    let images = images(model.architecture(), BATCH, 5);
    let labels = labels(CLASSES, BATCH);
    let slice = || Slice { images: &images, targets: (&labels).into(), key: 1 };
    let moved = |train: &Training| -> Vec<Vec<f32>> {
        let tensors = train.weights().tensors.iter().filter(|tensor| tensor.name.contains("/moving_"));
        tensors.map(|tensor| tensor.data.clone()).collect()
    };
    let [mut one, mut two] = [(); 2].map(|()| trainer(&model, Precision::F32));
    let before = moved(&one);
    one.backward(slice());
    one.update(0.01);
    let mut sums = SliceSums::default();
    for number in 0..2 {
        let loss = two.backward(slice());
        sums.add(number, two.gradients(), loss);
    }
    sums.finish(2, two.gradients());
    two.update(0.01);
    assert_eq!(moved(&two), moved(&one), "two equal slices moved them further than one");
    assert!(before.len() == 4 && moved(&one).iter().zip(&before).all(|(after, before)| after != before));
    // Twice as many samples with the same mean: a whole power of two, so that nothing rounds.
    assert_eq!(two.weights(), one.weights());
}

#[test]
fn statistics_that_move_apart_come_back_as_their_mean() {
    let model = normed();
    let update = Update::new(&model, 0, 3);
    let mut train = trainer(&model, Precision::F32);
    let layout = train.layout().clone();
    let (mut sums, mut moved) = (SliceSums::default(), Vec::new());
    for slice in 0..3 {
        update.compute(slice, &mut train, &mut sums);
        moved.push(train.gradients().to_vec());
    }
    sums.finish(3, train.gradients());
    train.update(0.01);
    for (tensor, place) in layout.statistics() {
        for (index, came) in place.clone().zip(&train.weights().tensors[*tensor].data) {
            // The last slice has one photo of the five.
            let mean = (2.0 * moved[0][index] + 2.0 * moved[1][index] + moved[2][index]) / 5.0;
            assert!((came - mean).abs() <= 1e-6 * mean.abs().max(1.0), "{came} and {mean}");
        }
    }
}
