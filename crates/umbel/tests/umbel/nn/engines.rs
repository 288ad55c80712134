//! Two engines step by step: the CPU on every instruction set against the [`Oracle`], which is written outside of the library.

use umbel::nn::engine::Seen;
use umbel::nn::layers::*;
use umbel::nn::models::{ArchitectureOptions, by_name};
use umbel::nn::{
    Cpu, Engine, Graph, Isa, LossSum, Model, OptimizerConfig, Precision, SharedEngine, Slice, Source, Train,
    TrainingEngine, Updates,
};

use super::compare::{close, images, labels, largest, model};
use super::oracle::Oracle;
use super::{graph, plan, probe};

/// What a step's output may be off by, in parts of its largest value: `f32` has 24 bits, sums round at each of some thirty steps, and
/// a batch norm of few values magnifies what it is given. (The worst seen is 3e-6, deep in `umbel_s`.)
const OUTPUT: f64 = 1e-5;
/// The same of gradients, which come through all steps twice. (The worst seen is 2e-5.)
const GRADIENT: f64 = 5e-5;
/// Nothing that was drawn may lead nearer than this to where a clamp begins or two share a maximum, in parts of the largest value:
/// so what rounding moves stays on the same side in both engines, and no gradient has to be exempt.
const KINK: f64 = 4e-6;

/// What is made of the first seed that leads no value of the oracle's to a kink.
pub(super) fn drawn<T>(what: &str, mut draw: impl FnMut(u64, &Oracle) -> T) -> T {
    let mut away_from_kinks = |seed| {
        let oracle = Oracle::default();
        let made = draw(seed, &oracle);
        (oracle.kinks.nearest() > KINK).then_some(made)
    };
    (1..30).find_map(&mut away_from_kinks).unwrap_or_else(|| panic!("{what}: every seed leads to a kink"))
}

/// One network, and what it is shown.
struct Case {
    name: &'static str,
    model: Model,
    n: usize,
    classes: u32,
}

fn case(name: &'static str, graph: impl Into<Graph>, seed: u64) -> Case {
    let model = model(graph, seed);
    let classes = model.architecture().classes().unwrap() as u32;
    Case { name, model, n: 3, classes }
}

fn frozen(mut graph: Graph, is_frozen: fn(&str) -> bool) -> Graph {
    graph.set_trainable(|name| !is_frozen(name)).unwrap();
    graph
}

/// Weights as training begins with them: what [`model`] adds to all of them is too much for some twenty layers.
fn named(name: &'static str, seed: u64) -> Case {
    let options = ArchitectureOptions { image_size: 32, classes: 5, augment: vec![], dropout: 0.2 };
    let model = Model::new(by_name(name, &options).unwrap(), seed).unwrap();
    Case { name, model, n: 2, classes: 5 }
}

/// Convolutions in groups, in depth and separable ones, layer norm, dropout of values and of samples, zeros around.
fn mixed() -> Graph {
    let mut graph = Graph::new((9, 8, 3));
    let x = graph.layer(Normalization::new([120.0, 110.0, 100.0], [4e3, 5e3, 6e3]), Source::Input);
    let x = graph.layer(ZeroPadding2d::new(((1, 0), (0, 1))), x);
    let x = graph.named("stem", Conv2d::new(8, 3).stride(2).bias(false), x);
    let x = graph.named("stem_norm", BatchNorm::default(), x);
    let x = graph.layer(Activation::Relu, x);
    let branch = graph.named("groups", Conv2d::new(8, 3).groups(4).padding(Padding::Same), x);
    let branch = graph.named("groups_norm", BatchNorm::default(), branch);
    let branch = graph.layer(Activation::Silu, branch);
    let branch = graph.named("depth", DepthwiseConv2d::new(3).padding(Padding::Same), branch);
    let branch = graph.named("depth_norm", BatchNorm::default(), branch);
    let branch = graph.named("separable", SeparableConv2d::new(8, 3).padding(Padding::Same), branch);
    let branch = graph.layer(LayerNorm::default(), branch);
    let branch = graph.layer(StochasticDepth::new(0.4), branch);
    let sum = graph.layer(Add, [x, branch]);
    let x = graph.layer(Activation::Relu6, sum);
    let x = graph.layer(Dropout::new(0.3), x);
    let x = graph.layer(AvgPool2d::new(2), x);
    let x = graph.layer(Flatten, x);
    graph.layer(Dense::new(4), x);
    graph
}

fn cases() -> Vec<Case> {
    let fine_tuned =
        |name: &str| !["blocks.2", "conv_head", "bn3", "classifier"].iter().any(|own| name.starts_with(own));
    let mut umbel_s = named("umbel_s", 5);
    let mut graph = umbel_s.model.architecture().clone();
    graph.set_trainable(|name| !fine_tuned(name)).unwrap();
    umbel_s.name = "umbel_s, fine-tuned";
    umbel_s.model = Model::from_weights(graph, umbel_s.model.into_weights()).unwrap();
    vec![
        case("everything", plan::everything(), 9),
        case("another", plan::another(), 9),
        case("a graph of everything", graph::everything(), 1),
        case("its convolutions frozen", frozen(graph::everything(), |name| name.starts_with("conv2d")), 41),
        case("its batch norms frozen", frozen(graph::everything(), |name| name.starts_with("batch_norm")), 44),
        case("residual", probe::residual(), 9),
        case("grouped", graph::grouped(), 3),
        case("mixed", mixed(), 2),
        case(
            "mixed, the lower half frozen",
            frozen(mixed(), |name| name.starts_with("stem") || name.starts_with("groups")),
            2,
        ),
        named("cnn", 4),
        named("umbel_s", 5),
        umbel_s,
    ]
}

/// What was seen of one step.
#[derive(Debug, PartialEq)]
struct Told {
    what: &'static str,
    step: usize,
    values: Vec<f32>,
}

fn told(seen: Seen<'_>) -> Told {
    match seen {
        Seen::Output(step, values) => Told { what: "output", step, values: values.to_vec() },
        Seen::Loss => Told { what: "loss", step: 0, values: Vec::new() },
        Seen::Gradient(step, values) => Told { what: "gradient", step, values: values.to_vec() },
    }
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// Holds each step of one to the same step of the other, in the same order.
fn hold(what: &str, came: &[Told], expected: &[Told]) {
    assert_eq!(came.len(), expected.len(), "{what}");
    for (came, expected) in came.iter().zip(expected) {
        assert_eq!((came.what, came.step), (expected.what, expected.step), "{what}");
        let tolerance = if came.what == "output" { OUTPUT } else { GRADIENT };
        let what = format!("{what}: {} of step {}", came.what, came.step);
        close(&what, &came.values, &widen(&expected.values), f64::MIN_POSITIVE, tolerance);
    }
}

#[test]
fn inference_is_the_oracles_step_by_step() {
    for Case { name, model, n, .. } in cases() {
        let images = images(model.architecture(), n, 7);
        let run = |engine: &dyn Engine| {
            // Room for more than comes.
            let mut infer = engine.infer(&model, n + 1, Precision::F32).unwrap();
            let mut all = Vec::new();
            let logits = infer.infer_watched(model.weights(), &images, &mut |seen| all.push(told(seen))).to_vec();
            assert_eq!(logits, all.last().unwrap().values, "{name}");
            let (again, features) = infer.infer_with_features(model.weights(), &images);
            assert_eq!(again, logits, "{name}");
            (all, widen(features))
        };
        let (expected, features) = run(&Oracle::default());
        for isa in Isa::usable() {
            let what = format!("{name} ({})", isa.name());
            let (came, came_features) = run(&Cpu::from(isa));
            hold(&what, &came, &expected);
            let narrow: Vec<f32> = came_features.iter().map(|&value| value as f32).collect();
            close(&format!("{what}: features"), &narrow, &features, f64::MIN_POSITIVE, OUTPUT);
        }
    }
}

/// One slice through an engine: what was seen, the loss, and the flat gradients.
fn slice(train: &mut dyn Train, case: &Case, shown: &[f32], key: u64) -> (Vec<Told>, LossSum, Vec<f32>) {
    let mut all = Vec::new();
    let labels = labels(case.classes, case.n);
    let targets = (&labels).into();
    let loss = train.backward_watched(Slice { images: shown, targets, key }, &mut |seen| all.push(told(seen)));
    (all, loss, train.gradients().to_vec())
}

#[test]
fn training_is_the_oracles_step_by_step() {
    for case in cases() {
        let Case { name, model, n, .. } = &case;
        let start = |engine: &dyn TrainingEngine| {
            engine.train(model.clone(), n + 2, &Updates::by(OptimizerConfig::adam())).unwrap()
        };
        let (shown, layout, (expected, wide_loss, wide_flat)) = drawn(name, |seed, oracle| {
            let (shown, mut wide) = (images(model.architecture(), *n, seed), start(oracle));
            let told = slice(&mut *wide, &case, &shown, 3);
            (shown, wide.layout().clone(), told)
        });
        for isa in Isa::usable() {
            let what = format!("{name} ({})", isa.name());
            let mut train = start(&Cpu::from(isa));
            let (came, loss, flat) = slice(&mut *train, &case, &shown, 3);
            hold(&what, &came, &expected);
            assert!((loss.loss - wide_loss.loss).abs() < OUTPUT * wide_loss.loss.abs(), "{what}: {loss:?}");
            assert_eq!(LossSum { loss: 0.0, ..loss }, LossSum { loss: 0.0, ..wide_loss }, "{what}");
            // Gradients that all but cancel are as good as the sums that they come from.
            assert_eq!(&layout, train.layout(), "{what}");
            let of = |flat: &[f32]| layout.gradients().iter().map(|place| widen(&flat[place.clone()])).collect();
            let gradients: Vec<Vec<f64>> = of(&wide_flat);
            let least = 0.01 * gradients.iter().map(|gradient| largest(gradient)).fold(f64::MIN_POSITIVE, f64::max);
            for (index, (place, expected)) in layout.gradients().iter().zip(&gradients).enumerate() {
                close(&format!("{what}: gradient {index}"), &flat[place.clone()], expected, least, GRADIENT);
            }
            for (tensor, place) in layout.statistics() {
                let what = format!("{what}: {}", model.weights().tensors[*tensor].name);
                assert_ne!(wide_flat[place.clone()], model.weights().tensors[*tensor].data, "{what} stands still");
                // The mean of what a batch norm without offset gives is 0.
                close(&what, &flat[place.clone()], &widen(&wide_flat[place.clone()]), 0.01, OUTPUT);
            }
        }
    }
}

#[test]
fn a_look_at_any_layer_is_the_oracles() {
    for Case { name, model, classes, .. } in cases() {
        let layers = model.architecture().resolve().unwrap();
        let names = layers.iter().map(|layer| Some(layer.name.as_str()));
        for (index, layer) in names.chain([None]).enumerate() {
            if let Err(error) = Oracle::default().probe(&model, layer) {
                let same = Cpu::best().probe(&model, layer).unwrap_err();
                assert_eq!(same.to_string(), error.to_string(), "{name}");
                continue;
            }
            let class = index % classes as usize;
            let (image, mut wide, expected) = drawn(name, |seed, oracle| {
                let image = images(model.architecture(), 1, seed);
                let mut wide = oracle.probe(&model, layer).unwrap();
                let seen = wide.run(model.weights(), &image, class);
                (image, wide, seen)
            });
            let logits = widen(&wide.logits(model.weights(), &image));
            for isa in Isa::usable() {
                let mut probe = Cpu::from(isa).probe(&model, layer).unwrap();
                let what = format!("{name}: {} ({})", probe.layer(), isa.name());
                assert_eq!(probe.layer(), wide.layer(), "{what}");
                let came = probe.run(model.weights(), &image, class);
                assert_eq!(came.shape, expected.shape, "{what}");
                close(&what, &came.activation, &widen(&expected.activation), f64::MIN_POSITIVE, OUTPUT);
                close(&what, &came.gradient, &widen(&expected.gradient), f64::MIN_POSITIVE, GRADIENT);
                close(&what, &probe.logits(model.weights(), &image), &logits, f64::MIN_POSITIVE, OUTPUT);
            }
        }
    }
}

#[test]
fn an_engine_is_told_from_another_by_what_it_computes() {
    let oracle = || SharedEngine::new(Oracle::default());
    assert_eq!(oracle(), oracle());
    assert_ne!(oracle(), SharedEngine::default());
    assert_eq!(oracle().computes(Precision::Bf16).precision, Precision::F32);
}
