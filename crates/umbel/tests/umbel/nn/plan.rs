//! Plans against the reference: gradients, training, determinism, batches of any size, every instruction set.

use umbel::nn::layers::*;
use umbel::nn::models::{ArchitectureOptions, by_name};
use umbel::nn::{Cpu, Infer, Isa, Model, OptimizerConfig, Precision, Sequential, Updates};

use crate::trial::{Trial, inference};

use super::compare::{close, images, labels, largest, model, trained};
use super::reference;

/// Every kind of layer and activation, fused and not, at odd sizes.
pub(super) fn everything() -> Sequential {
    Sequential::new((9, 8, 3))
        .add(RandomFlip::horizontal())
        .add(Rescaling::new(1.0 / 127.5).offset(-1.0))
        .add(Conv2d::new(4, 3).padding(Padding::Same).activation(Activation::Silu))
        .add(BatchNorm::default())
        .add(Activation::HardSwish)
        .add(AvgPool2d::new(2).stride(1).padding(Padding::Same))
        .add(Conv2d::new(5, (3, 2)).stride((2, 1)).activation(Activation::Relu))
        .add(MaxPool2d::new(3).stride(2).padding(Padding::Same))
        .add(Conv2d::new(6, 3).padding(Padding::Same).bias(false))
        .add(Activation::Relu6)
        .add(MaxPool2d::default())
        .add(Dropout::new(0.0))
        .add(Activation::Tanh)
        .add(Flatten)
        .add(Dense::new(7).activation(Activation::Gelu))
        .add(BatchNorm::default())
        .add(Dense::new(6).activation(Activation::Softmax))
        .add(Dense::new(4))
}

/// The rest: no rescaling, batch norm first, global pooling, sigmoid, a convolution that batch norm folds into.
pub(super) fn another() -> Sequential {
    Sequential::new((7, 7, 2))
        .add(BatchNorm::default())
        .add(Conv2d::new(8, 3).padding(Padding::Same))
        .add(BatchNorm::default())
        .add(Activation::Relu)
        .add(MaxPool2d::default())
        .add(Conv2d::new(6, 2).bias(false).activation(Activation::Sigmoid))
        .add(AvgPool2d::default())
        .add(GlobalAvgPool2d)
        .add(Dense::new(5).activation(Activation::Relu))
        .add(Dense::new(3).bias(false))
}

/// Separable convolutions and layer norms: with and without a bias, of pictures and of a vector, first and last.
pub(super) fn separable() -> Sequential {
    Sequential::new((7, 6, 3))
        .add(LayerNorm::default())
        .add(SeparableConv2d::new(5, 3).padding(Padding::Same).activation(Activation::Relu))
        .add(LayerNorm::new().epsilon(0.01))
        .add(SeparableConv2d::new(4, (2, 3)).stride((2, 1)).bias(false).activation(Activation::Silu))
        .add(BatchNorm::default())
        .add(Flatten)
        .add(LayerNorm::default())
        .add(Dense::new(3))
}

#[test]
fn outputs_are_the_reference_on_every_instruction_set() {
    for stack in [everything(), another(), separable()] {
        let model = model(stack, 5);
        let stack = model.architecture();
        let images = images(stack, 3, 2);
        let expected = reference::logits(stack, &reference::widen(model.weights()), &images, false);
        for isa in Isa::usable() {
            let of_inference = inference(&model, 3, isa).unwrap().infer(model.weights(), &images).to_vec();
            let of_training = Trial::new(&model, 3, isa).unwrap().infer(model.weights(), &images).to_vec();
            for came in [of_inference, of_training] {
                close(&format!("logits ({})", isa.name()), &came, &expected, 0.0, 2e-5);
            }
        }
    }
}

#[test]
fn gradients_are_central_differences_on_every_instruction_set() {
    for stack in [everything(), another(), separable()] {
        let model = model(stack, 9);
        let stack = model.architecture();
        let n = 5;
        let (images, labels) = (images(stack, n, 4), labels(3, n));
        let expected = reference::gradients(stack, model.weights(), &images, &labels);
        // Gradients that all but cancel are as good as the sums that they come from.
        let least = 0.05 * expected.iter().map(|tensor| largest(tensor)).fold(0.0, f64::max);
        let loss = reference::loss(stack, &reference::widen(model.weights()), &images, &labels);
        for isa in Isa::usable() {
            let mut weights = model.weights().clone();
            let mut plan = Trial::new(&model, n, isa).unwrap();
            let (sum, came) = plan.gradients(&mut weights, &images, &labels, 1);
            assert!((sum.loss / n as f64 - loss).abs() < 1e-5, "{} {loss}", sum.loss);
            let trained = weights.tensors.iter().filter(|tensor| tensor.trainable);
            for ((tensor, came), expected) in trained.zip(&came).zip(&expected) {
                close(&format!("{} ({})", tensor.name, isa.name()), came, expected, least, 1e-4);
            }
        }
    }
}

/// Of the largest logit, and of the gradient's length: eight bits of precision, in some ten layers. (Each kernel is held to
/// rounded operands much more tightly by its own tests.)
const BF16: f64 = 0.1;

fn length(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

#[test]
fn in_bf16_outputs_and_gradients_are_near_the_reference_on_every_instruction_set() {
    for stack in [everything(), another(), separable()] {
        let model = model(stack, 9);
        let stack = model.architecture();
        let n = 5;
        let (images, labels) = (images(stack, n, 4), labels(3, n));
        let logits = reference::logits(stack, &reference::widen(model.weights()), &images, false);
        let gradients = reference::gradients(stack, model.weights(), &images, &labels);
        for isa in Isa::usable() {
            let precision = Precision::Bf16;
            let what = |name: &str| format!("{name} ({} in bf16)", isa.name());
            let mut half = Cpu::from(isa).inference(&model, n, precision).unwrap();
            let came = half.infer(model.weights(), &images).to_vec();
            close(&what("logits"), &came, &logits, 0.0, BF16);
            let mut single = inference(&model, n, isa).unwrap();
            assert_ne!(single.infer(model.weights(), &images), came, "{}", what("the same as f32"));
            let mut weights = model.weights().clone();
            let updates = Updates { precision, ..Updates::by(OptimizerConfig::adam()) };
            let mut plan = Trial::with(&model, n, isa, &updates).unwrap();
            let (_, came) = plan.gradients(&mut weights, &images, &labels, 1);
            // As one vector: in the smallest tensors rounding is as large as what it leaves, and may decide which of two
            // pixels max-pooling takes.
            let (came, expected) = (came.concat(), gradients.concat());
            let differences = came.iter().zip(&expected).map(|(&came, expected)| f64::from(came) - expected);
            let error = length(differences) / length(expected.iter().copied());
            assert!(error < BF16, "{}", what(&format!("the gradient is off by {error:.3} of its length")));
        }
    }
}

#[test]
fn batch_norm_moves_its_averages_towards_the_batch() {
    let model = Model::new(another(), 1).unwrap();
    let images = images(model.architecture(), 4, 3);
    let mut weights = model.weights().clone();
    let mut plan = Trial::new(&model, 4, Isa::best()).unwrap();
    plan.gradients(&mut weights, &images, &labels(3, 4), 0);
    let channel: Vec<f64> = images.iter().step_by(2).map(|&x| f64::from(x)).collect();
    let mean = channel.iter().sum::<f64>() / channel.len() as f64;
    let moved = weights.get("batch_normalization/moving_mean").unwrap().data[0];
    assert!((f64::from(moved) - 0.01 * mean).abs() < 1e-4, "{moved}, mean {mean}");
}

#[test]
fn training_overfits_a_handful_of_pictures() {
    let options =
        [(OptimizerConfig::adam(), 0.003), (OptimizerConfig::adam_w(), 0.003), (OptimizerConfig::sgd(0.9), 0.01)];
    for (config, rate) in options {
        let stack = by_name("cnn", &ArchitectureOptions { image_size: 16, classes: 4, augment: vec![], dropout: 0.1 });
        let mut model = Model::new(stack.unwrap(), 2).unwrap();
        let images = images(model.architecture(), 8, 6);
        let labels = labels(4, 8);
        let mut plan = Trial::by(&model, 8, Isa::best(), config).unwrap();
        let mut step = |key| plan.train_step(model.weights_mut(), rate, &images, &labels, key);
        let first = step(0);
        assert!((first.loss / 8.0 - 4.0f64.ln()).abs() < 0.5, "{first:?}");
        for key in 1..400 {
            step(key);
        }
        let last = plan.evaluate(model.weights(), &images, &labels);
        assert!(last.loss / 8.0 < 0.01, "{config:?}: {last:?}");
        assert_eq!((last.correct, last.correct_top_k, last.samples), (8, 8, 8));
        assert_eq!(plan.training.optimizer().steps(), 400);
    }
}

/// Dropout, batch norm, and sizes that are no multiples of anything.
fn awkward() -> Sequential {
    Sequential::new((33, 31, 3))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2d::new(16, 3).padding(Padding::Same).activation(Activation::Relu))
        .add(MaxPool2d::default())
        .add(Conv2d::new(20, 3).padding(Padding::Same))
        .add(BatchNorm::default())
        .add(Activation::Silu)
        .add(MaxPool2d::new(3).stride(2))
        .add(Dropout::new(0.3))
        .add(Flatten)
        .add(Dense::new(40).activation(Activation::Relu))
        .add(Dropout::new(0.5))
        .add(Dense::new(6))
}

#[test]
fn weights_are_the_same_bits_on_any_number_of_threads() {
    for isa in Isa::usable() {
        let one = trained(awkward(), 6, 1, isa);
        assert!(one.weights().tensors.iter().all(|t| t.data.iter().all(|v| v.is_finite())));
        for threads in [2, 3] {
            assert!(one == trained(awkward(), 6, threads, isa), "{} with {threads} threads", isa.name());
        }
    }
}

#[test]
fn a_smaller_batch_is_a_smaller_plan() {
    let model = model(everything(), 3);
    let (images, labels) = (images(model.architecture(), 3, 8), labels(4, 3));
    let run = |batch: usize| {
        let mut weights = model.weights().clone();
        let mut plan = Trial::new(&model, batch, Isa::best()).unwrap();
        // Something larger first, that must leave no trace.
        if batch > 3 {
            let more = super::compare::images(model.architecture(), batch, 77);
            plan.infer(&weights, &more);
        }
        let gradients = plan.gradients(&mut weights, &images, &labels, 5);
        (gradients, weights, plan.infer(model.weights(), &images).to_vec())
    };
    assert!(run(3) == run(8));
}

#[test]
fn inference_is_the_training_forward_pass_without_dropout() {
    let stack = by_name("cnn", &ArchitectureOptions { image_size: 20, classes: 3, augment: vec![], dropout: 0.0 });
    let model = model(stack.unwrap(), 4);
    let (images, labels) = (images(model.architecture(), 4, 1), labels(3, 4));
    let mut plan = Trial::new(&model, 4, Isa::best()).unwrap();
    let (training, _) = plan.gradients(&mut model.weights().clone(), &images, &labels, 0);
    assert_eq!(training, plan.evaluate(model.weights(), &images, &labels));
    let mut alone = inference(&model, 4, Isa::best()).unwrap();
    assert_eq!(training, alone.evaluate(model.weights(), &images, &labels));
    assert!(alone.memory_bytes() < plan.memory_bytes() / 2);
}

#[test]
fn inference_never_answers_with_weights_of_before() {
    let (n, graph) = (3, super::graph::everything());
    for isa in Isa::usable() {
        let (mut one, other) = (model(graph.clone(), 1), model(graph.clone(), 2));
        let (images, labels) = (images(one.architecture(), n, 4), labels(3, n));
        let mut plan = Trial::new(&one, n, isa).unwrap();
        let mut answers = Vec::new();
        let mut kept = inference(&one, n, isa).unwrap();
        let mut check = |plan: &mut Trial, model: &Model| {
            let mut fresh = inference(model, n, isa).unwrap();
            let wanted = fresh.infer(model.weights(), &images).to_vec();
            // Prepared for it, and kept.
            for _ in 0..2 {
                assert_eq!(plan.infer(model.weights(), &images), wanted);
                assert_eq!(kept.infer(model.weights(), &images), wanted);
            }
            assert!(!answers.contains(&wanted), "this model answers as one before");
            answers.push(wanted);
        };
        check(&mut plan, &one);
        check(&mut plan, &other);
        // By hand: a kernel, and what a batch norm folds into one.
        for name in ["stem/kernel", "batch_normalization/moving_variance", "batch_normalization_1/beta"] {
            let changed = one.weights_mut().tensors.iter_mut().find(|tensor| tensor.name == name).unwrap();
            changed.data[0] += 0.5;
            check(&mut plan, &one);
        }
        // A copy and what it was copied from.
        let mut copy = one.clone();
        copy.weights_mut().tensors[0].data[0] += 0.5;
        check(&mut plan, &copy);
        one.weights_mut().tensors[0].data[1] += 0.5;
        check(&mut plan, &one);
        // The plan's own steps, as between two passes of validation.
        for step in 0..2 {
            plan.train_step(one.weights_mut(), 0.01, &images, &labels, step);
            check(&mut plan, &one);
        }
    }
}

#[test]
fn dropout_follows_its_key() {
    let stack = Sequential::new((4, 4, 1)).add(Dropout::new(0.5)).add(Flatten).add(Dense::new(2));
    let model = model(stack, 4);
    let (images, labels) = (images(model.architecture(), 2, 1), labels(2, 2));
    let mut plan = Trial::new(&model, 2, Isa::best()).unwrap();
    let mut gradients = |key| plan.gradients(&mut model.weights().clone(), &images, &labels, key).1;
    assert_eq!(gradients(1), gradients(1));
    assert_ne!(gradients(1), gradients(2));
    // Every third pixel or so was dropped, in both pictures: its weights get no gradient.
    let kernel = &gradients(1)[0];
    assert!(kernel.contains(&0.0) && kernel.iter().any(|&g| g != 0.0));
}

#[test]
fn gradients_go_through_the_same_masks_as_the_values() {
    let stack = Sequential::new((5, 5, 2))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2d::new(3, 3).activation(Activation::Tanh))
        .add(Dropout::new(0.4))
        .add(Flatten)
        .add(Dense::new(6).activation(Activation::Sigmoid))
        .add(Dropout::new(0.3))
        .add(Dense::new(3));
    let model = model(stack, 6);
    let (images, labels) = (images(model.architecture(), 2, 3), labels(3, 2));
    let mut plan = Trial::new(&model, 2, Isa::best()).unwrap();
    let mut weights = model.weights().clone();
    let (_, gradients) = plan.gradients(&mut weights, &images, &labels, 8);
    const STEP: f32 = 0.01;
    for (tensor, gradient) in gradients.iter().enumerate() {
        for (place, &gradient) in gradient.iter().enumerate() {
            let value = weights.tensors[tensor].data[place];
            let mut at = |value: f32| {
                weights.tensors[tensor].data[place] = value;
                plan.gradients(&mut weights, &images, &labels, 8).0.loss / 2.0
            };
            let (above, below) = (value + STEP, value - STEP);
            let slope = (at(above) - at(below)) / f64::from(above - below);
            at(value);
            let error = (slope - f64::from(gradient)).abs();
            assert!(error < 2e-4, "tensor {tensor}[{place}]: {gradient}, slope {slope}");
        }
    }
}

#[test]
fn a_model_without_weights_can_be_run() {
    let stack = Sequential::new((1, 1, 3)).add(Flatten);
    let model = Model::new(stack, 0).unwrap();
    let mut plan = Trial::new(&model, 2, Isa::best()).unwrap();
    assert_eq!(plan.infer(model.weights(), &[1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
    let (loss, gradients) = plan.gradients(&mut model.weights().clone(), &[1.0, 2.0, 3.0], &[2], 0);
    assert_eq!((loss.correct, gradients.len()), (1, 0));
    assert_eq!(plan.infer(model.weights(), &[]), [0.0f32; 0]);
}

#[test]
fn batches_that_cannot_be_are_refused() {
    let model = Model::new(another(), 0).unwrap();
    let error = |batch| Trial::new(&model, batch, Isa::best()).err().unwrap().to_string();
    assert_eq!(error(0), "batch is 0, but must be 1 or more");
    for batch in [usize::MAX, usize::MAX / 1000, 1 << 58] {
        assert!(error(batch).contains("use a smaller batch"), "{}", error(batch));
    }
}
