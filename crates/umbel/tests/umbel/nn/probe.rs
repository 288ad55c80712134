//! A look at a layer: its output against the reference, its gradients against differences.

use umbel::nn::layers::*;
use umbel::nn::{Cpu, Engine, Graph, Infer, Isa, Model, ResolvedLayer, Sequential, Source};

use crate::trial::inference;

use super::compare::{close, images, model};
use super::plan::{another, everything};
use super::{graph, reference};

const STEP: f64 = 1e-5;

/// A residual block with squeeze-and-excitation, as MobileNetV3 has it.
pub(super) fn residual() -> Graph {
    let same = |filters, kernel| Conv2d::new(filters, kernel).padding(Padding::Same).bias(false);
    let mut graph = Graph::new((7, 6, 3));
    let scaled = graph.layer(Normalization::new([120.0, 110.0, 100.0], [4e3, 5e3, 6e3]), Source::Input);
    let stem = graph.named("stem", same(4, 3), scaled);
    let norm = graph.named("stem_norm", BatchNorm::default(), stem);
    let stem = graph.named("stem_out", Activation::HardSwish, norm);
    let wide = graph.named("expand", same(6, 1), stem);
    let wide = graph.layer(BatchNorm::default(), wide);
    let wide = graph.named("expanded", Activation::Relu, wide);
    let wide = graph.named("depthwise", DepthwiseConv2d::new(3).padding(Padding::Same).bias(false), wide);
    let wide = graph.layer(BatchNorm::default(), wide);
    let wide = graph.named("filtered", Activation::HardSwish, wide);
    let squeezed = graph.layer(GlobalAvgPool2d, wide);
    let squeezed = graph.layer(Dense::new(3).activation(Activation::Relu), squeezed);
    let factors = graph.layer(Dense::new(6).activation(Activation::HardSigmoid), squeezed);
    let excited = graph.named("excited", Multiply, [wide, factors]);
    let narrow = graph.named("project", same(4, 1), excited);
    let narrow = graph.named("project_norm", BatchNorm::default(), narrow);
    let depth = graph.named("depth", StochasticDepth::new(0.3), narrow);
    let sum = graph.named("sum", Add, [depth, stem]);
    let end = graph.named("end", Activation::Relu6, sum);
    let pooled = graph.layer(GlobalAvgPool2d, end);
    graph.layer(Dense::new(3), pooled);
    graph
}

/// What every layer gives for one picture, by the reference.
fn outputs(model: &Model, image: &[f32]) -> Vec<Vec<f64>> {
    reference::outputs(model.architecture(), &reference::widen(model.weights()), image, false, None)
}

/// How the logit of `class` depends on what layer `index` gives, `y`: the slopes to the left and to the right of every value.
/// They differ at a kink, as where zeros share a maximum; any slope between them is a gradient there.
fn slopes(model: &Model, image: &[f32], index: usize, y: &[f64], class: usize) -> Vec<(f64, f64)> {
    let (graph, weights) = (model.architecture(), reference::widen(model.weights()));
    let mut y = y.to_vec();
    let mut slopes = Vec::new();
    for place in 0..y.len() {
        let value = y[place];
        let mut at = |value: f64| {
            y[place] = value;
            reference::outputs(graph, &weights, image, false, Some((index, &y))).pop().unwrap()[class]
        };
        let (below, above, here) = (at(value - STEP), at(value + STEP), at(value));
        slopes.push(((here - below) / STEP, (above - here) / STEP));
    }
    slopes
}

/// A layer, and those behind it that may be computed in one step with it, the last one first.
fn in_one_step(layers: &[ResolvedLayer<'_>], index: usize) -> Vec<usize> {
    let mut chain = vec![index];
    while chain.len() < 3 {
        let reads = |layer: &ResolvedLayer<'_>| layer.sources.contains(&Source::Layer(*chain.last().unwrap()));
        let readers: Vec<usize> = (0..layers.len()).filter(|&reader| reads(&layers[reader])).collect();
        let [reader] = readers[..] else { break };
        chain.push(reader);
    }
    chain.reverse();
    chain
}

fn is_picture(layer: &ResolvedLayer<'_>) -> bool {
    matches!(layer.output, Shape::Picture { .. }) && !matches!(layer.layer, Layer::Augment(_))
}

#[test]
fn every_layer_shows_its_output_and_its_slopes_on_every_instruction_set() {
    let ends_with_pictures = Sequential::new((4, 4, 2)).add(Conv2d::new(1, 3)).add(Flatten);
    let stacks = [everything(), another(), ends_with_pictures].map(Graph::from);
    for stack in stacks.into_iter().chain([graph::everything(), residual()]) {
        let model = model(stack, 9);
        let image = images(model.architecture(), 1, 4);
        let expected = outputs(&model, &image);
        let layers = model.architecture().resolve().unwrap();
        let is_chain = model.architecture().summary().unwrap().layers.iter().all(|layer| layer.inputs.is_empty());
        for (index, layer) in layers.iter().enumerate().filter(|(_, layer)| is_picture(layer)) {
            let class = index % expected.last().unwrap().len();
            let mut known: Option<Vec<(f64, f64)>> = None;
            for isa in Isa::usable() {
                let mut probe = Cpu::from(isa).probe(&model, Some(&layer.name)).unwrap();
                assert_eq!(probe.layer(), layer.name);
                let seen = probe.run(model.weights(), &image, class);
                let (height, width, channels) = seen.shape;
                assert_eq!(seen.activation.len(), height * width * channels, "{}", layer.name);
                // The layer itself, or what became one step with it: its activation, and the pooling behind.
                let agrees = |j: &usize| {
                    Shape::Picture { height, width, channels } == layers[*j].output
                        && expected[*j].iter().zip(&seen.activation).all(|(e, c)| (e - f64::from(*c)).abs() < 1e-3)
                };
                let last = in_one_step(&layers, index).into_iter().find(agrees);
                let last = last.unwrap_or_else(|| panic!("{}: no output agrees with {seen:?}", layer.name));
                close(&layer.name, &seen.activation, &expected[last], 0.0, 2e-5);
                let slopes = known.get_or_insert_with(|| slopes(&model, &image, last, &expected[last], class));
                let is_kink = |(a, b): (f64, f64)| (a - b).abs() > 1e-3 * a.abs().max(b.abs());
                let nearest = slopes.iter().zip(&seen.gradient).map(|(&(a, b), came)| {
                    let came = f64::from(*came);
                    // Several ways that have a kink at once can have slopes beyond those of their sum.
                    if !is_chain && is_kink((a, b)) { came } else { came.clamp(a.min(b), a.max(b)) }
                });
                let nearest: Vec<f64> = nearest.collect();
                close(&format!("{} ({})", layer.name, isa.name()), &seen.gradient, &nearest, 1e-4, 3e-4);
                let kinks = slopes.iter().filter(|slopes| is_kink(**slopes)).count();
                // Of the graph of everything, more than half of what the clamps leave at zero shares a maximum.
                let most = if is_chain { slopes.len() / 2 } else { slopes.len() * 3 / 4 };
                assert!(kinks < most, "{}: {kinks} kinks prove nothing", layer.name);
            }
        }
    }
}

#[test]
fn by_default_it_looks_at_the_last_convolution_and_what_belongs_to_it() {
    let name = |graph: Graph| Cpu::best().probe(&model(graph, 1), None).map(|p| p.layer().to_string());
    assert_eq!(name(everything().into()).unwrap(), "activation_1", "the activation behind conv2d_2");
    assert_eq!(name(another().into()).unwrap(), "conv2d_1");
    assert_eq!(name(residual()).unwrap(), "end", "the sum behind the projection, and its activation");
    let one_pixel = Sequential::new((6, 6, 3)).add(Conv2d::new(2, 3)).add(AvgPool2d::new(4)).add(Conv2d::new(2, 1));
    assert_eq!(name(one_pixel.add(Flatten).into()).unwrap(), "conv2d", "where there is more than one pixel");
    let error = name(Sequential::new((4, 4, 3)).add(Flatten).add(Dense::new(2)).into()).unwrap_err().to_string();
    assert!(error.contains("without a convolution") && error.contains("dense"), "{error}");
    let missing = Cpu::best().probe(&model(another(), 1), Some("conv9")).unwrap_err().to_string();
    assert!(missing.contains("\"conv9\"") && missing.contains("conv2d_1"), "{missing}");
    let vector = Cpu::best().probe(&model(another(), 1), Some("dense")).unwrap_err().to_string();
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
    let mut probe = Cpu::best().probe(&model, None).unwrap();
    let mut plan = inference(&model, 1, Isa::best()).unwrap();
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
    let mut plan = inference(&model_of_two, 5, Isa::best()).unwrap();
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
    let mut plan = inference(&flat, 1, Isa::best()).unwrap();
    let (logits, features) = plan.infer_with_features(flat.weights(), &[1.0; 48]);
    assert_eq!((logits.len(), features.len()), (2, 0));
}
