//! Grouped convolutions and zero padding against PyTorch: outputs, loss and gradients (golden/grouped_golden.py).

use umbel::nn::layers::*;
use umbel::nn::{Isa, Model, Sequential};

use crate::trial::Trial;

use super::files::{Golden, Verdict, largest_difference};
use super::formula;

const PICTURES: usize = 4;

fn network() -> Model {
    let stack = Sequential::new((9, 10, 3))
        .add(Rescaling::new(1.0 / 127.5).offset(-1.0))
        .add_named("wide", Conv2d::new(16, 1).activation(Activation::Relu))
        .add(ZeroPadding2d::new(((0, 1), (1, 2))))
        .add_named("grouped", Conv2d::new(24, 3).stride(2).groups(4).bias(false))
        .add_named("norm", BatchNorm::default())
        .add(Activation::Relu)
        .add_named("narrow", Conv2d::new(16, 1))
        .add_named("same", Conv2d::new(16, (5, 3)).groups(8).padding(Padding::Same).activation(Activation::Relu6))
        .add(GlobalAvgPool2d)
        .add_named("head", Dense::new(5));
    let mut model = Model::new(stack, 1).unwrap();
    for (number, tensor) in model.weights_mut().tensors.iter_mut().enumerate() {
        let kind = tensor.name.split_once('/').unwrap().1;
        tensor.data = formula::weight(number, kind, &tensor.shape);
    }
    model
}

#[test]
fn grouped_convolutions_and_zero_padding_are_pytorchs() {
    let (model, golden) = (network(), Golden::read("grouped.safetensors"));
    let images: Vec<f32> =
        (0..PICTURES as u64).flat_map(|number| formula::picture(number, 9 * 10 * 3)).map(f32::from).collect();
    let labels: Vec<u32> = (0..PICTURES as u32).map(|i| (i * 7 + 1) % 5).collect();
    let mut verdict = Verdict::default();
    for isa in Isa::usable() {
        let mut plan = Trial::new(&model, PICTURES, isa).unwrap();
        let logits = plan.infer(model.weights(), &images).iter().map(|&v| f64::from(v));
        verdict.add(format!("logits/{}", isa.name()), largest_difference(logits, golden.get("logits")), 1e-5, None);
        let mut weights = model.weights().clone();
        let (loss, gradients) = plan.gradients(&mut weights, &images, &labels, 1);
        let error = (loss.loss / PICTURES as f64 - golden.get("loss")[0]).abs();
        verdict.add(format!("loss/{}", isa.name()), error, 1e-6, None);
        let trained = weights.tensors.iter().filter(|tensor| tensor.trainable);
        for (tensor, ours) in trained.zip(&gradients) {
            let theirs = golden.get(&format!("gradient/{}", tensor.name));
            let largest = theirs.iter().fold(0.0f64, |a, v| a.max(v.abs()));
            // Batch norm takes the mean off again, so that this bias has no gradient but rounding.
            let error = largest_difference(ours.iter().map(|&v| f64::from(v)), theirs) / largest.max(1e-3);
            verdict.add(format!("gradient/{} {}", tensor.name, isa.name()), error, 1e-4, None);
        }
    }
    verdict.finish("grouped convolutions");
}
