//! Graphs: what they compute, their gradients, freezing, and what is said where they do not fit together.

use std::time::Instant;

use umbel::base::random::{Purpose, Stream};
use umbel::nn::layers::*;
use umbel::nn::{Graph, Infer, Isa, Model, Optimizer, OptimizerConfig, Source};

use crate::trial::{Trial, inference};

use super::compare::{close, images, labels, largest, model, trained};
use super::reference;

/// A residual sum whose shortcut has three readers, squeeze-and-excitation, concatenation, a photo that is read again.
pub(super) fn everything() -> Graph {
    let mut graph = Graph::new((6, 5, 3));
    let scaled = graph.layer(Rescaling::new(1.0 / 127.5).offset(-1.0), Source::Input);
    let stem = graph.named("stem", Conv2d::new(4, 3).padding(Padding::Same).bias(false), scaled);
    let norm = graph.layer(BatchNorm::default(), stem);
    let stem = graph.layer(Activation::HardSwish, norm);
    let branch = graph.layer(Conv2d::new(4, 3).padding(Padding::Same).activation(Activation::Relu), stem);
    let squeezed = graph.layer(GlobalAvgPool2d, branch);
    let squeezed = graph.layer(Dense::new(3).activation(Activation::Relu), squeezed);
    let factors = graph.layer(Dense::new(4).activation(Activation::Sigmoid), squeezed);
    let branch = graph.layer(DepthwiseConv2d::new(3).padding(Padding::Same).bias(false), branch);
    let branch = graph.layer(BatchNorm::default(), branch);
    let branch = graph.layer(Activation::Relu6, branch);
    let excited = graph.layer(Multiply, [branch, factors]);
    let sum = graph.layer(Add, [stem, excited, branch]);
    let sum = graph.layer(Activation::Relu, sum);
    let twice = graph.layer(Add, [sum, sum]);
    let product = graph.layer(Multiply, [sum, stem]);
    let photo = graph.layer(Normalization::new([120.0, 110.0, 100.0], [900.0, 1000.0, 1100.0]), Source::Input);
    let wide = graph.layer(Concatenate, [twice, photo, product]);
    let wide = graph.layer(MaxPool2d::new(3).stride(2).padding(Padding::Symmetric), wide);
    let wide = graph.layer(
        DepthwiseConv2d::new((2, 3)).stride((1, 2)).padding(Padding::Symmetric).activation(Activation::Silu),
        wide,
    );
    let wide = graph.layer(Activation::HardSigmoid, wide);
    let last = graph.layer(Conv2d::new(5, 3).stride(2).padding(Padding::Symmetric), wide);
    let vector = graph.layer(Flatten, last);
    let pooled = graph.layer(GlobalAvgPool2d, last);
    let both = graph.layer(Concatenate, [vector, pooled]);
    graph.layer(Dense::new(3), both);
    graph
}

/// A graph drawn at random: pictures of one size are joined and summed until one is left.
fn random(seed: u64) -> Graph {
    let mut stream = Stream::new(seed, Purpose::Demo, 5, 0);
    let mut graph = Graph::new((5, 4, 2));
    let mut open = vec![graph.layer(Rescaling::new(0.01), Source::Input)];
    let channels = 3;
    open[0] = graph.layer(Conv2d::new(channels, 1), open[0]);
    for _ in 0..7 {
        let a = open[stream.below(open.len())];
        let b = open[stream.below(open.len())];
        let new = match stream.below(9) {
            0 => graph.layer(Conv2d::new(channels, 3).padding(Padding::Same).activation(Activation::Relu6), a),
            1 => graph.layer(BatchNorm::default(), a),
            2 => graph.layer(Activation::Silu, a),
            3 => graph.layer(Multiply, [a, b]),
            4 => {
                let joined = graph.layer(Concatenate, [a, b]);
                graph.layer(Conv2d::new(channels, 1), joined)
            }
            5 => {
                let squeezed = graph.layer(GlobalAvgPool2d, a);
                let factors = graph.layer(Dense::new(channels).activation(Activation::Sigmoid), squeezed);
                graph.layer(Multiply, [b, factors])
            }
            6 => graph.layer(AvgPool2d::new(3).stride(1).padding(Padding::Same), a),
            7 => graph.layer(DepthwiseConv2d::new(3).padding(Padding::Symmetric).activation(Activation::Relu), a),
            _ => graph.layer(Add, [a, b]),
        };
        open.push(new);
    }
    let sum = graph.layer(Add, open);
    let pooled = graph.layer(GlobalAvgPool2d, sum);
    graph.layer(Dense::new(3), pooled);
    graph
}

/// Outputs and gradients of a graph against the reference, on every instruction set.
fn check(graph: Graph, seed: u64) {
    let model = model(graph, seed);
    let graph = model.architecture();
    let n = 3;
    let (images, labels) = (images(graph, n, seed + 1), labels(3, n));
    let logits = reference::logits(graph, &reference::widen(model.weights()), &images, false);
    let expected = reference::gradients(graph, model.weights(), &images, &labels);
    let least = 0.05 * expected.iter().map(|tensor| largest(tensor)).fold(0.0, f64::max);
    for isa in Isa::usable() {
        let what = |name: &str| format!("{name} of graph {seed} ({})", isa.name());
        let alone = inference(&model, n, isa).unwrap().infer(model.weights(), &images).to_vec();
        let in_training = Trial::new(&model, n, isa).unwrap().infer(model.weights(), &images).to_vec();
        for came in [alone, in_training] {
            close(&what("logits"), &came, &logits, 0.0, 5e-5);
        }
        let mut weights = model.weights().clone();
        // Room for more, so that places lie elsewhere than they would need to.
        let mut plan = Trial::new(&model, n + 2, isa).unwrap();
        let (_, came) = plan.gradients(&mut weights, &images, &labels, 1);
        let trained = weights.tensors.iter().filter(|tensor| tensor.trainable);
        assert_eq!(came.len(), expected.len());
        for ((tensor, came), expected) in trained.zip(&came).zip(&expected) {
            close(&what(&tensor.name), came, expected, least, 3e-4);
        }
    }
}

#[test]
fn a_graph_of_everything_computes_the_reference_and_its_central_differences() {
    check(everything(), 1);
}

#[test]
fn random_graphs_compute_the_reference_and_its_central_differences() {
    for seed in 10..22 {
        check(random(seed), seed);
    }
}

/// Grouped convolutions, strided, padded, with and without activations and batch norm, and zeros around pictures.
pub(super) fn grouped() -> Graph {
    let mut graph = Graph::new((6, 7, 3));
    let x = graph.layer(Rescaling::new(1.0 / 127.5).offset(-1.0), Source::Input);
    let x = graph.layer(ZeroPadding2d::new((1, 0)), x);
    let x = graph.named("depth", Conv2d::new(6, 3).groups(3).padding(Padding::Same), x);
    let branch = graph.named("strided", Conv2d::new(4, 3).groups(2).stride(2).bias(false), x);
    let branch = graph.layer(BatchNorm::default(), branch);
    let branch = graph.layer(Activation::Relu6, branch);
    let branch = graph.layer(ZeroPadding2d::new(((1, 0), (0, 2))), branch);
    let other = graph.layer(MaxPool2d::new(2), x);
    let other = graph.named("silu", Conv2d::new(8, (1, 2)).groups(2).activation(Activation::Silu), other);
    let other = graph.layer(GlobalAvgPool2d, other);
    let branch = graph.layer(Conv2d::new(8, 2).groups(4).activation(Activation::Relu), branch);
    let branch = graph.layer(Multiply, [branch, other]);
    let vector = graph.layer(Flatten, branch);
    graph.layer(Dense::new(3), vector);
    graph
}

#[test]
fn grouped_convolutions_and_zeros_around_compute_the_reference() {
    check(grouped(), 3);
    let mut frozen = grouped();
    frozen.set_trainable(|name| !["depth", "batch_normalization"].contains(&name)).unwrap();
    check(frozen, 4);
    for isa in Isa::usable() {
        assert!(trained(grouped(), 3, 1, isa) == trained(grouped(), 3, 3, isa), "{}", isa.name());
    }
}

#[test]
fn frozen_layers_get_no_gradient_and_the_others_the_same_as_ever() {
    // Frozen on top, in the middle, at the bottom, and batch norm alone, behind a convolution and behind depthwise ones.
    let frozen: [fn(&str) -> bool; 5] = [
        |name| name == "dense_2",
        |name| name.starts_with("conv2d"),
        |name| ["stem", "batch_normalization", "conv2d"].contains(&name),
        |name| name == "batch_normalization",
        |name| name.starts_with("batch_normalization"),
    ];
    for (case, frozen) in frozen.into_iter().enumerate() {
        let mut graph = everything();
        graph.set_trainable(|name| !frozen(name)).unwrap();
        let summary = graph.summary().unwrap();
        assert!(summary.trainable < everything().summary().unwrap().trainable);
        check(graph, 40 + case as u64);
    }
}

#[test]
fn what_lies_below_everything_that_is_trained_costs_no_memory() {
    let bytes = |trainable: fn(&str) -> bool| {
        let mut graph = everything();
        graph.set_trainable(trainable).unwrap();
        let model = Model::new(graph, 1).unwrap();
        let plan = Trial::new(&model, 64, Isa::best()).unwrap();
        (plan.memory_bytes(), Optimizer::new(OptimizerConfig::adam(), model.weights()).memory_bytes())
    };
    let (all, head) = (bytes(|_| true), bytes(|name| name == "dense_2"));
    // Inference alone needs its share.
    assert!(head.0 * 4 < all.0 * 3 && head.1 * 2 < all.1, "{head:?} of {all:?}");
    // Nothing at all to train is no fault of the plan.
    let none = bytes(|_| false);
    assert!(none.0 <= head.0 && none.1 == 0, "{none:?}");
}

#[test]
fn frozen_weights_and_statistics_stay_as_they_are() {
    let mut graph = everything();
    graph.set_trainable(|name| !["stem", "batch_normalization"].contains(&name)).unwrap();
    let mut model = model(graph, 3);
    let before = model.weights().clone();
    let images = images(model.architecture(), 4, 5);
    let mut plan = Trial::new(&model, 4, Isa::best()).unwrap();
    for key in 0..3 {
        plan.train_step(model.weights_mut(), 0.01, &images, &labels(3, 4), key);
    }
    for (before, after) in before.tensors.iter().zip(&model.weights().tensors) {
        let frozen = before.name.starts_with("stem/") || before.name.starts_with("batch_normalization/");
        assert_eq!(before == after, frozen, "{}", before.name);
        let statistic = before.name.contains("/moving_");
        assert_eq!(before.trainable, !frozen && !statistic, "{}", before.name);
    }
}

#[test]
fn stochastic_depth_drops_whole_samples_of_the_branch_and_nothing_else() {
    let mut graph = Graph::new((2, 2, 1));
    let branch = graph.layer(Conv2d::new(1, 1), Source::Input);
    let branch = graph.layer(StochasticDepth::new(0.5), branch);
    let sum = graph.layer(Add, [Source::Input, branch]);
    let vector = graph.layer(Flatten, sum);
    graph.layer(Dense::new(2), vector);
    let model = model(graph, 4);
    let n = 64;
    let (images, labels) = (images(model.architecture(), n, 1), labels(2, n));
    let mut plan = Trial::new(&model, n, Isa::best()).unwrap();
    let mut of =
        |key, images: &[f32], n: usize| plan.gradients(&mut model.weights().clone(), images, &labels[..n], key).1[0][0];
    assert_eq!(of(1, &images, n), of(1, &images, n));
    assert_ne!(of(1, &images, n), of(2, &images, n));
    // One sample alone: its branch is there, twice as strong, or not at all.
    let alone: Vec<f32> = (0..40).map(|key| of(key, &images[..4], 1)).collect();
    let kept = alone.iter().filter(|gradient| **gradient != 0.0).count();
    assert!((8..32).contains(&kept), "{kept} of 40");
    // In inference the branch is as it is.
    let logits = reference::logits(model.architecture(), &reference::widen(model.weights()), &images, false);
    close("logits", plan.infer(model.weights(), &images), &logits, 0.0, 1e-5);
}

#[test]
fn gradients_go_through_the_same_dropped_samples_as_the_values() {
    let mut graph = Graph::new((3, 3, 2));
    let start = graph.layer(Rescaling::new(1.0 / 255.0), Source::Input);
    let start = graph.layer(Conv2d::new(2, 1), start);
    let branch = graph.layer(Conv2d::new(2, 3).padding(Padding::Same).activation(Activation::Tanh), start);
    let branch = graph.layer(StochasticDepth::new(0.4), branch);
    let sum = graph.layer(Add, [start, branch]);
    let vector = graph.layer(GlobalAvgPool2d, sum);
    graph.layer(Dense::new(3), vector);
    let model = model(graph, 6);
    let (images, labels) = (images(model.architecture(), 6, 3), labels(3, 6));
    let mut plan = Trial::new(&model, 6, Isa::best()).unwrap();
    let mut weights = model.weights().clone();
    let (_, gradients) = plan.gradients(&mut weights, &images, &labels, 8);
    const STEP: f32 = 0.01;
    for (tensor, gradient) in gradients.iter().enumerate() {
        for (place, &gradient) in gradient.iter().enumerate() {
            let value = weights.tensors[tensor].data[place];
            let mut at = |value: f32| {
                weights.tensors[tensor].data[place] = value;
                plan.gradients(&mut weights, &images, &labels, 8).0.loss / 6.0
            };
            let (above, below) = (value + STEP, value - STEP);
            let slope = (at(above) - at(below)) / f64::from(above - below);
            at(value);
            assert!((slope - f64::from(gradient)).abs() < 2e-4, "tensor {tensor}[{place}]: {gradient}, slope {slope}");
        }
    }
}

#[test]
fn graphs_train_to_the_same_bits_on_any_number_of_threads() {
    for isa in Isa::usable() {
        let one = trained(everything(), 3, 1, isa);
        assert!(one.weights().tensors.iter().all(|t| t.data.iter().all(|v| v.is_finite())));
        assert!(one == trained(everything(), 3, 3, isa), "{}", isa.name());
    }
}

#[test]
fn graphs_round_trip_with_their_inputs_and_what_is_frozen() {
    let mut graph = everything();
    graph.set_trainable(|name| name != "stem").unwrap();
    let text = toml::to_string(&graph).unwrap();
    assert!(text.contains("inputs = [\"activation\", \"multiply\", \"activation_1\"]"), "{text}");
    assert!(text.contains("inputs = [\"input\"]"), "{text}");
    assert_eq!(text.matches("trainable = false").count(), 1, "{text}");
    assert_eq!(toml::from_str::<Graph>(&text).unwrap(), graph);
    assert_eq!(Graph::from_toml(&text, (6, 5, 3)).unwrap(), graph);
    let text = serde_json::to_string(&graph).unwrap();
    assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
}

#[test]
fn other_augmentation_leaves_the_graph_as_it_is() {
    let mut graph = Graph::new((8, 8, 3));
    let flipped = graph.layer(RandomFlip::horizontal(), Source::Input);
    let turned = graph.layer(RandomRotation::new(0.1), flipped);
    let stem = graph.layer(Conv2d::new(3, 3).padding(Padding::Same), turned);
    let sum = graph.layer(Add, [stem, turned]);
    let pooled = graph.layer(GlobalAvgPool2d, sum);
    graph.layer(Dense::new(2), pooled);
    for augment in [vec![], vec![RandomZoom::new(0.1).into()]] {
        let other = graph.with_augmentation(augment.clone()).unwrap();
        assert_eq!(other.augmentation(), augment);
        let resolved = other.resolve().unwrap();
        let add = &resolved[augment.len() + 1];
        assert_eq!((add.name.as_str(), add.layer), ("add", &Layer::from(Add)));
        let photo = if augment.is_empty() { Source::Input } else { Source::Layer(0) };
        assert_eq!(add.sources, [Source::Layer(augment.len()), photo]);
    }
}

#[test]
fn mistakes_in_a_graph_name_the_layer_and_the_way_out() {
    let error = |text: &str| Graph::from_toml(text, (8, 8, 3)).unwrap_err().to_string();
    let conv = "[[layer]]\nkind = \"conv2d\"\nfilters = 4\nkernel = 3\n";
    let end = "[[layer]]\nkind = \"global_avg_pool2d\"\n[[layer]]\nkind = \"dense\"\nunits = 3\n";
    let add = |inputs: &str| format!("[[layer]]\nkind = \"add\"\ninputs = {inputs}\n");
    let cases = [
        (
            format!("{conv}{}{end}", add("[\"conv2d\", \"conv2d_1\"]")),
            "layer 2 (add): its input is \"conv2d_1\", but must be \"input\" for the photo, or the name of a layer above it (the nearest is \"conv2d\")",
        ),
        (
            format!("{}{end}", add("[\"what\", \"input\"]")),
            "layer 1 (add): its input is \"what\", but must be \"input\" for the photo, or the name of a layer above it (there is none)",
        ),
        (
            format!("{conv}{}{end}", add("[\"conv2d\", \"input\"]")),
            "layer 2 (add): one of its inputs is a picture of 8 x 8 x 3, but must be a picture of 6 x 6 x 4 like its first",
        ),
        (
            format!("{conv}[[layer]]\nkind = \"add\"\n{end}"),
            "layer 2 (add): the number of its inputs is 1, but must be 2 or more: name them, inputs = [\"...\", \"...\"]",
        ),
        (format!("{conv}{}{end}", add("[]")), "layer 2 (add): the number of its inputs is 0, but must be 1 or more"),
        (
            format!("{conv}{}", conv.replace("filters", "inputs = [\"input\", \"conv2d\"]\nfilters")),
            "layer 2 (conv2d_1): the number of its inputs is 2, but must be 1: use Add, Multiply or Concatenate first",
        ),
        (
            format!("{conv}{}{end}", conv.replace("filters", "inputs = [\"input\"]\nfilters")),
            "layer 1 (conv2d): the number of layers that read it is 0, but must be 1 or more: name it among another layer's inputs, or leave it out",
        ),
        (format!("{conv}{}", add("3")), "inputs of layer 2 is 3, but must be a list of names: [\"conv2d\", \"add\"]"),
        (format!("{conv}trainable = \"no\""), "trainable of layer 1 is \"no\", but must be true or false"),
        (
            format!(
                "{conv}[[layer]]\nkind = \"global_avg_pool2d\"\n[[layer]]\nkind = \"multiply\"\ninputs = [\"input\", \"global_average_pooling2d\"]\n"
            ),
            "layer 3 (multiply): one of its inputs is a vector of 4, but must be a picture of 8 x 8 x 3 like its first, or one vector of 3, which scales its channels",
        ),
        (
            format!("{conv}[[layer]]\nkind = \"concatenate\"\ninputs = [\"conv2d\", \"input\"]\n"),
            "layer 2 (concatenate): one of its inputs is a picture of 8 x 8 x 3, but must be a picture of 6 x 6 like its first",
        ),
        (
            format!("{}name = \"input\"\n{}", conv, add("[\"input\", \"input\"]")),
            "layer 1 (input): its name is \"input\", but must be another: this one stands for the photo",
        ),
        (
            format!(
                "[[layer]]\nkind = \"random_flip\"\n{}{end}",
                conv.replace("filters", "inputs = [\"input\"]\nfilters")
            ),
            "layer 2 (conv2d): its input is before or within random_flip ..., but must be behind the last augmentation layer, random_flip",
        ),
        (
            format!("[[layer]]\nkind = \"normalization\"\nmean = [1]\nvariance = [1, 1, 1]\n{end}"),
            "layer 1 (normalization): the number of means is 1, but must be 3, one for each channel of the input",
        ),
        (
            format!("[[layer]]\nkind = \"normalization\"\nmean = [1, 1, 1]\nvariance = [1, 0, 1]\n{end}"),
            "layer 1 (normalization): variance is 0, but must be finite numbers above 0",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(&text), expected, "{text}");
    }
    // Built in Rust, a source may point anywhere.
    let mut graph = Graph::new((8, 8, 3));
    graph.layer(Flatten, Source::Layer(3));
    let expected = "layer 1 (flatten): its input is layer 4, but must be a layer before it, that is at most 0";
    assert_eq!(graph.resolve().unwrap_err().to_string(), expected);
}

/// Some bytes of layers without weights could ask for minutes and gigabytes.
#[test]
fn networks_that_only_cost_are_refused() {
    let json = |layers: &str| {
        let start = Instant::now();
        let text =
            format!(r#"{{"input":[32,32,3],"layer":[{layers}{{"kind":"flatten"}},{{"kind":"dense","units":2}}]}}"#);
        let error = serde_json::from_str::<Graph>(&text).unwrap_err().to_string();
        assert!(start.elapsed().as_secs() < 10, "{error}");
        error
    };
    let activation = r#"{"kind":"activation","activation":"relu"},"#;
    assert!(json(&activation.repeat(60_000)).contains("at most 5000"));
    let inputs = vec![r#""activation""#; 100_000].join(",");
    let merged = json(&format!(r#"{activation}{{"kind":"concatenate","inputs":[{inputs}]}},"#));
    assert!(merged.contains("the number of its inputs is 100000"), "{merged}");
    let padded = json(r#"{"kind":"zero_padding2d","padding":[[8000,8000],[8000,8000]]},"#);
    assert!(padded.contains("at most 128 x 128"), "{padded}");
    let slowly = json(&r#"{"kind":"zero_padding2d","padding":[[16,16],[16,16]]},"#.repeat(4));
    assert!(slowly.contains("layer 4"), "{slowly}");
    let doubled: String = (0..20)
        .map(|k| {
            let last = if k == 0 { "input".to_string() } else { format!("c{}", k - 1) };
            format!(r#"{{"kind":"concatenate","name":"c{k}","inputs":["{last}","{last}"]}},"#)
        })
        .collect();
    let doubled = json(&doubled);
    assert!(doubled.contains("the numbers that all layers give"), "{doubled}");
}
