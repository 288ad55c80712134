//! Classes, image sizes and batches from end to end of what is allowed: all work, and need the memory that was foreseen.

use umbel::nn::layers::*;
use umbel::nn::models::{self, ArchitectureOptions, by_name};
use umbel::nn::{Cpu, Graph, Isa, Model, Sequential, TrainingEngine};

use crate::trial::Trial;

use super::compare::{images, labels};

/// All that the tutorial's network has, with few filters.
fn small(size: usize, classes: usize) -> Sequential {
    Sequential::new((size, size, 3))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2d::new(4, 3).padding(Padding::Same).activation(Activation::Relu))
        .add(MaxPool2d::default())
        .add(Conv2d::new(5, 3).padding(Padding::Same).activation(Activation::Relu))
        .add(MaxPool2d::default())
        .add(Dropout::new(0.2))
        .add(Flatten)
        .add(Dense::new(7).activation(Activation::Relu))
        .add(Dense::new(classes))
}

/// Takes steps on one batch, whose loss must fall, and holds a whole batch's loss to that of its pictures one by one.
fn trains(graph: impl Into<Graph>, classes: u32, batch: usize) {
    let mut model = Model::new(graph, 3).unwrap();
    let what = format!("{:?}, {classes} classes, batch {batch}", model.architecture().input());
    let mut plan = Trial::new(&model, batch, Isa::best()).unwrap();
    assert_eq!(Cpu::best().foreseen_bytes(&model, batch).unwrap(), plan.memory_bytes() as u128, "{what}");
    let (images, labels) = (images(model.architecture(), batch, 1), labels(classes, batch));
    let optimizer = plan.training.optimizer();
    assert_eq!(optimizer.config().state_bytes(model.weights()), optimizer.memory_bytes());

    let before = plan.evaluate(model.weights(), &images, &labels);
    let len = images.len() / batch;
    let single = images.chunks(len).zip(labels.chunks(1)).take(9);
    let one_by_one: f64 = single.map(|(image, label)| plan.evaluate(model.weights(), image, label).loss).sum();
    let n = batch.min(9);
    let together = plan.evaluate(model.weights(), &images[..n * len], &labels[..n]).loss;
    assert!((together - one_by_one).abs() < 1e-4 * one_by_one.abs().max(1.0), "{what}: {together} and {one_by_one}");
    // The more pixels move an output, the smaller the steps that do not go too far.
    let learning_rate = 0.002 * (32.0 / model.architecture().input().0 as f64).powi(2);
    for step in 0..4 {
        plan.train_step(model.weights_mut(), learning_rate, &images, &labels, step);
    }
    let after = plan.evaluate(model.weights(), &images, &labels);
    assert!(after.loss < before.loss, "{what}: {} became {}", before.loss, after.loss);
}

#[test]
fn two_to_a_thousand_classes() {
    for classes in [2, 3, 5, 10, 17, 100, 999, 1000] {
        trains(small(32, classes), classes as u32, 8);
    }
}

#[test]
fn thirty_two_to_five_hundred_and_twelve_pixels() {
    for size in [32, 33, 47, 64, 97, 128, 180, 224, 299, 384, 511, 512] {
        trains(small(size, 3), 3, 3);
    }
}

#[test]
fn one_to_five_hundred_and_twelve_photos_in_a_batch() {
    for batch in [1, 2, 3, 7, 16, 31, 32, 33, 64, 100, 127, 256, 511, 512] {
        trains(small(32, 4), 4, batch);
    }
}

#[test]
fn every_network_foresees_its_memory_at_all_ends() {
    for name in models::names() {
        for (image_size, classes, batch) in [(32, 2, 1), (64, 1000, 2), (96, 5, 3)] {
            let options = ArchitectureOptions { image_size, classes, augment: vec![], dropout: 0.2 };
            let model = Model::new(by_name(name, &options).unwrap(), 0).unwrap();
            let plan = Trial::new(&model, batch, Isa::best()).unwrap();
            let foreseen = Cpu::best().foreseen_bytes(&model, batch).unwrap();
            assert_eq!(foreseen, plan.memory_bytes() as u128, "{name}, {image_size} pixels, batch {batch}");
        }
        // Without taking it: hundreds of gigabytes for some.
        let options = ArchitectureOptions { image_size: 512, classes: 1000, augment: vec![], dropout: 0.2 };
        let model = Model::new(by_name(name, &options).unwrap(), 0).unwrap();
        let [one, all] = [1, 512].map(|batch| Cpu::best().foreseen_bytes(&model, batch).unwrap());
        assert!(all > 4_000_000_000 && all < 512 * one, "{name}: {one} for one, {all} for 512");
    }
}
