//! A look at a layer: its output against the reference, its gradients against differences.

use umbel::nn::layers::*;
use umbel::nn::{Isa, Layer, Model, Plan, Probe, Sequential};

use super::plan::{another, close, everything, images, model};
use super::reference;

const STEP: f64 = 1e-5;

/// What every layer gives for one picture, by the reference.
fn outputs(model: &Model, image: &[f32]) -> Vec<Vec<f64>> {
    let (stack, weights) = (model.architecture(), reference::widen(model.weights()));
    let x: Vec<f64> = image.iter().map(|&value| f64::from(value)).collect();
    (0..stack.layers().len())
        .scan(x, |x, index| {
            *x = reference::part(stack, &weights, index..index + 1, std::mem::take(x), 1, false);
            Some(x.clone())
        })
        .collect()
}

/// How the logit of `class` depends on what goes into layer `from`: the slopes to the left and to the right of every value.
/// They differ at a kink, as where zeros share a maximum; any slope between them is a gradient there.
fn slopes(model: &Model, from: usize, x: &[f64], class: usize) -> Vec<(f64, f64)> {
    let (stack, weights) = (model.architecture(), reference::widen(model.weights()));
    let mut x = x.to_vec();
    let mut slopes = Vec::new();
    for place in 0..x.len() {
        let value = x[place];
        let mut at = |value: f64| {
            x[place] = value;
            reference::part(stack, &weights, from..stack.layers().len(), x.clone(), 1, false)[class]
        };
        let (below, here, above) = (at(value - STEP), at(value), at(value + STEP));
        slopes.push(((here - below) / STEP, (above - here) / STEP));
    }
    slopes
}

fn is_picture(layer: &umbel::nn::ResolvedLayer<'_>) -> bool {
    matches!(layer.output, Shape::Picture { .. }) && !matches!(layer.layer, Layer::Augment(_))
}

#[test]
fn every_layer_shows_its_output_and_its_slopes_on_every_instruction_set() {
    let ends_with_pictures = Sequential::new((4, 4, 2)).add(Conv2d::new(1, 3)).add(Flatten);
    for stack in [everything(), another(), ends_with_pictures] {
        let model = model(stack, 9);
        let image = images(model.architecture(), 1, 4);
        let expected = outputs(&model, &image);
        let layers = model.architecture().resolve().unwrap();
        for (index, layer) in layers.iter().enumerate().filter(|(_, layer)| is_picture(layer)) {
            let class = index % expected.last().unwrap().len();
            let mut known: Option<Vec<(f64, f64)>> = None;
            for isa in Isa::usable() {
                let mut probe = Probe::new(&model, Some(&layer.name), isa).unwrap();
                assert_eq!(probe.layer(), layer.name);
                let seen = probe.run(model.weights(), &image, class);
                let (height, width, channels) = seen.shape;
                assert_eq!(seen.activation.len(), height * width * channels, "{}", layer.name);
                // The layer itself, or what became one step with it: its activation, and the pooling behind.
                let agrees = |j: &usize| {
                    Shape::Picture { height, width, channels } == layers[*j].output
                        && expected[*j].iter().zip(&seen.activation).all(|(e, c)| (e - f64::from(*c)).abs() < 1e-3)
                };
                let last = (index..layers.len().min(index + 3)).rev().find(agrees);
                let last = last.unwrap_or_else(|| panic!("{}: no output agrees with {seen:?}", layer.name));
                close(&layer.name, &seen.activation, &expected[last], 0.0, 2e-5);
                let slopes = known.get_or_insert_with(|| slopes(&model, last + 1, &expected[last], class));
                let within = slopes.iter().zip(&seen.gradient);
                let nearest = within.map(|((a, b), came)| f64::from(*came).clamp(a.min(*b), a.max(*b)));
                let nearest: Vec<f64> = nearest.collect();
                close(&format!("{} ({})", layer.name, isa.name()), &seen.gradient, &nearest, 1e-4, 3e-4);
                let kinks = slopes.iter().filter(|(a, b)| (a - b).abs() > 1e-3 * a.abs().max(b.abs())).count();
                assert!(2 * kinks < slopes.len(), "{}: {kinks} kinks prove nothing", layer.name);
            }
        }
    }
}

#[test]
fn by_default_it_looks_at_the_last_convolution_and_what_belongs_to_it() {
    let name = |stack: Sequential| Probe::new(&model(stack, 1), None, Isa::best()).map(|p| p.layer().to_string());
    assert_eq!(name(everything()).unwrap(), "activation_1", "the activation behind conv2d_2");
    assert_eq!(name(another()).unwrap(), "conv2d_1");
    let error = name(Sequential::new((4, 4, 3)).add(Flatten).add(Dense::new(2))).unwrap_err().to_string();
    assert!(error.contains("without a convolution") && error.contains("dense"), "{error}");
    let missing = Probe::new(&model(another(), 1), Some("conv9"), Isa::best()).unwrap_err().to_string();
    assert!(missing.contains("\"conv9\"") && missing.contains("conv2d_1"), "{missing}");
    let vector = Probe::new(&model(another(), 1), Some("dense"), Isa::best()).unwrap_err().to_string();
    assert!(vector.contains("one that gives a picture"), "{vector}");
}

#[test]
fn dropout_is_off_and_the_same_picture_gives_the_same_bits() {
    let stack = Sequential::new((8, 8, 3))
        .add(Dropout::new(0.5))
        .add(Conv2d::new(4, 3).activation(Activation::Relu))
        .add(MaxPool2d::default())
        .add(Dropout::new(0.5))
        .add(Flatten)
        .add(Dense::new(3));
    let model = model(stack, 3);
    let two = images(model.architecture(), 2, 4);
    let (first, second) = two.split_at(two.len() / 2);
    let mut probe = Probe::new(&model, None, Isa::best()).unwrap();
    let mut plan = Plan::inference(&model, 1, Isa::best()).unwrap();
    assert_eq!(probe.logits(model.weights(), first), plan.infer(model.weights(), first));
    let seen = probe.run(model.weights(), first, 1);
    assert_eq!(seen.shape, (3, 3, 4), "pooled");
    assert_ne!(seen, probe.run(model.weights(), second, 1), "something else leaves no trace");
    assert_eq!(seen, probe.run(model.weights(), first, 1));
    assert_ne!(seen.gradient, probe.run(model.weights(), first, 2).gradient);
}

#[test]
fn features_are_the_mean_of_each_channel_of_the_convolutions() {
    let stack = Sequential::new((9, 8, 3))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2d::new(4, 3).padding(Padding::Same).activation(Activation::Relu))
        .add(MaxPool2d::default())
        .add(Conv2d::new(5, 2).bias(false))
        .add(BatchNorm::default())
        .add(Activation::Relu)
        .add(Flatten)
        .add(Dense::new(3));
    // What became one step with each convolution ends with the pooling, and with the activation behind the batch norm.
    let convolutions = [(2, 4), (5, 5)];
    let model_of_two = model(stack, 2);
    let images = images(model_of_two.architecture(), 3, 1);
    let mut plan = Plan::inference(&model_of_two, 5, Isa::best()).unwrap();
    let logits = plan.infer(model_of_two.weights(), &images).to_vec();
    let (again, features) = plan.infer_with_features(model_of_two.weights(), &images);
    assert_eq!((again, features.len()), (logits.as_slice(), 3 * 9));
    for (image, features) in images.chunks(images.len() / 3).zip(features.chunks(9)) {
        let outputs = outputs(&model_of_two, image);
        let mut expected: Vec<f64> = Vec::new();
        for (layer, channels) in convolutions {
            let y = &outputs[layer];
            let pixels = (y.len() / channels) as f64;
            expected.extend((0..channels).map(|c| y.iter().skip(c).step_by(channels).sum::<f64>() / pixels));
        }
        close("features", features, &expected, 0.0, 1e-5);
    }
    let flat = model(Sequential::new((4, 4, 3)).add(Flatten).add(Dense::new(2)), 2);
    let mut plan = Plan::inference(&flat, 1, Isa::best()).unwrap();
    let (logits, features) = plan.infer_with_features(flat.weights(), &[1.0; 48]);
    assert_eq!((logits.len(), features.len()), (2, 0));
}
