//! Profiles: what they say of a step's work, and that they change nothing.

use umbel::nn::cpu::{Phase, Profile};
use umbel::nn::layers::*;
use umbel::nn::{Isa, Model, Sequential, Slice, Train};

use crate::trial::{Trial, inference};

use super::compare::{images, labels};

fn network() -> Sequential {
    Sequential::new((8, 6, 3))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2d::new(4, 3).padding(Padding::Same).activation(Activation::Relu))
        .add(MaxPool2d::default())
        .add(Dropout::new(0.5))
        .add(Flatten)
        .add(Dense::new(5))
}

#[test]
fn a_training_step_is_told_part_by_part() {
    let model = Model::new(network(), 1).unwrap();
    let mut training = Trial::new(&model, 2, Isa::best()).unwrap().training;
    let (images, labels) = (images(model.architecture(), 2, 1), labels(5, 2));
    let mut profile = Profile::of_training(&training);
    for key in 0..3 {
        profile.step(&mut training, Slice { images: &images, targets: (&labels).into(), key }, 0.001);
        // An inference in between (a validation) is none of its business.
        training.judge(&images);
    }
    let laps = profile.laps;
    let convolution = 2 * (8 * 6 * 4) * (3 * 3 * 3) * 2;
    let dense = 2 * (4 * 3 * 4) * 5 * 2;
    let came: Vec<(&str, Phase, u64)> = laps.iter().map(|lap| (lap.what.as_str(), lap.phase, lap.operations)).collect();
    let conv = "conv2d 3x3, 3 to 4, 8x6, relu, max-pooled";
    let expected = [
        ("rescaling, 144", Phase::Forward, 0),
        (conv, Phase::Forward, convolution),
        ("dropout, 48", Phase::Forward, 0),
        ("dense 48 to 5", Phase::Forward, dense),
        ("cross-entropy", Phase::Loss, 0),
        // Two gradients, that of the weights and that of the input; the convolution comes first and has the one.
        ("dense 48 to 5", Phase::Backward, 2 * dense),
        ("dropout, 48", Phase::Backward, 0),
        (conv, Phase::Backward, convolution),
        ("optimizer", Phase::Update, 0),
    ];
    assert_eq!(came, expected);
    let bytes: Vec<u64> = laps.iter().map(|lap| lap.bytes).collect();
    // Two pictures of 144 values in and out, four bytes each.
    assert_eq!(bytes[0], 4 * 2 * (144 + 144));
    // In, out, 112 weights, and a byte a pooled value.
    assert_eq!(bytes[1], 4 * (2 * (144 + 48) + 112) + 2 * 48);
    // 245 + 112 weights: gradient read, weights and two moments read and written.
    assert_eq!(bytes[8], 7 * 4 * (245 + 112));
    assert!(laps.iter().all(|lap| lap.times.len() == 3 && lap.median() <= lap.times.iter().copied().max().unwrap()));
}

#[test]
fn an_inference_is_told_part_by_part() {
    let model = Model::new(network(), 1).unwrap();
    let mut inference = inference(&model, 2, Isa::best()).unwrap();
    let images = images(model.architecture(), 2, 1);
    let mut profile = Profile::of_inference(&inference);
    profile.infer(&mut inference, model.weights(), &images);
    let laps = profile.laps;
    let names: Vec<&str> = laps.iter().map(|lap| lap.what.split([' ', ',']).next().unwrap()).collect();
    assert_eq!(names, ["rescaling", "conv2d", "dense"]);
    assert!(laps.iter().all(|lap| lap.phase == Phase::Forward && lap.times.len() == 1));
}

#[test]
fn a_profile_changes_no_bit() {
    let run = |profiled: bool| {
        let model = Model::new(network(), 1).unwrap();
        let mut training = Trial::new(&model, 2, Isa::best()).unwrap().training;
        let (images, labels) = (images(model.architecture(), 2, 1), labels(5, 2));
        let mut profile = Profile::of_training(&training);
        for key in 0..3 {
            let slice = Slice { images: &images, targets: (&labels).into(), key };
            if profiled {
                profile.step(&mut training, slice, 0.01);
            } else {
                training.backward(slice);
                training.update(0.01);
            }
        }
        training.weights().clone()
    };
    assert!(run(true) == run(false));
}
