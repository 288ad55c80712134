//! Logits, loss, every gradient, moving statistics and three steps of every optimizer against Keras, on every instruction
//! set of this CPU.

use serde::Deserialize;
use umbel::nn::models::{ArchitectureOptions, by_name};
use umbel::nn::{Cpu, Graph, Infer, Isa, Model, OptimizerConfig, Precision, Tensor, Updates};

use crate::trial::{Trial, inference};

use super::files::{self, Golden, Verdict, largest_difference};
use super::formula;

// Tolerances, relative to the largest value of the tensor in question; CHANGE to the largest change that three steps make
// to it. The truth is Keras in float64, and what float32 costs Keras itself is printed beside. Adam divides a gradient by
// its own size, and so makes rounding in small ones as large as a step: its weights get what the others do not need.
const LOGITS: f64 = 1e-5;
const SINGLE: Tolerances = Tolerances { logits: LOGITS, loss: 1e-6, gradient: 2e-5, moving: 1e-6 };
/// Of the same in bf16, whose own precision is 4e-3. The gradients of the first layers are sums over many pixels that all
/// but cancel, and where two pixels are all but equal, rounding decides which of them max-pooling takes: they are
/// near in direction, not to the last digits. (Each kernel is held to rounded operands much more tightly by its own tests.)
const BF16: Tolerances = Tolerances { logits: 2e-2, loss: 1e-2, gradient: 0.25, moving: 2e-2 };
const WEIGHTS_BY_SGD: f64 = 5e-6;
const WEIGHTS_BY_ADAM: f64 = 1e-4;
const CHANGE_BY_SGD: f64 = 2e-4;
const CHANGE_BY_ADAM: f64 = 2e-3;

/// Of one forward and backward pass.
struct Tolerances {
    logits: f64,
    loss: f64,
    gradient: f64,
    moving: f64,
}

#[derive(Deserialize)]
struct KerasSummary {
    parameters: usize,
    trainable: usize,
    layers: Vec<KerasLayer>,
    weights: Vec<KerasWeight>,
}

#[derive(Deserialize)]
struct KerasLayer {
    name: String,
    class: String,
    output: Vec<usize>,
    parameters: usize,
}

#[derive(Deserialize)]
struct KerasWeight {
    name: String,
    shape: Vec<usize>,
    trainable: bool,
}

/// One network on both sides.
struct Case {
    name: &'static str,
    golden: Golden,
    summary: KerasSummary,
    model: Model,
    images: Vec<f32>,
    labels: Vec<u32>,
}

impl Case {
    fn new(name: &'static str, input: (usize, usize, usize), batch: usize) -> Self {
        let architecture = Graph::from_toml(&files::text(&format!("networks/{name}.toml")), input).unwrap();
        let mut summaries: std::collections::BTreeMap<String, KerasSummary> = files::json("data/summary.json");
        let summary = summaries.remove(name).unwrap();
        let classes = architecture.classes().unwrap();
        let mut model = Model::new(architecture, 0).unwrap();
        let ours = &mut model.weights_mut().tensors;
        assert_eq!(ours.len(), summary.weights.len(), "{name}: number of weight tensors");
        for (i, (ours, theirs)) in ours.iter_mut().zip(&summary.weights).enumerate() {
            let kind = theirs.name.split('/').next_back().unwrap();
            assert!(ours.name.ends_with(kind), "{name}: weight {i} is {} here and {} in Keras", ours.name, theirs.name);
            assert_eq!(ours.shape, theirs.shape, "{name}: shape of {}", theirs.name);
            assert_eq!(ours.trainable, theirs.trainable, "{name}: whether {} is trained", theirs.name);
            ours.data = formula::weight(i, kind, &ours.shape);
        }
        Case {
            name,
            golden: Golden::read(&format!("{name}.safetensors")),
            summary,
            model,
            images: formula::picture(0, batch * input.0 * input.1 * input.2).into_iter().map(f32::from).collect(),
            labels: (0..batch).map(|i| (i * 3 % classes) as u32).collect(),
        }
    }

    /// The error of a tensor that the golden file has whole, or at sampled positions and as sums.
    fn compare(&self, verdict: &mut Verdict, what: &str, ours: &[f32], tolerance: f64) {
        let mut add = |name: &str, error: f64, theirs: &[f64]| {
            verdict.add(name, error / largest(theirs), tolerance, Some(self.noise(name)));
        };
        if let Some(theirs) = self.golden.find(what) {
            add(what, largest_difference(ours.iter().map(|&v| f64::from(v)), theirs), theirs);
            return;
        }
        let sampled = format!("{what}/sampled");
        let theirs = self.golden.get(&sampled);
        let at = formula::positions(ours.len(), theirs.len());
        add(&sampled, largest_difference(at.into_iter().map(|p| f64::from(ours[p])), theirs), theirs);
        let sums = format!("{what}/sums");
        let ours = ours.iter().map(|&v| f64::from(v));
        let squares: f64 = ours.clone().map(|v| v * v).sum();
        let ours = [ours.clone().sum(), ours.map(f64::abs).sum(), squares.sqrt()];
        let theirs = self.golden.get(&sums);
        // The sum may cancel, so it is measured against the sum of absolute values; the norm against itself.
        add(&sums, largest_difference(ours, theirs), &theirs[..2]);
        add(&sums, (ours[2] - theirs[2]).abs(), &theirs[2..]);
    }

    fn noise(&self, name: &str) -> f64 {
        self.golden.get(&format!("noise/{name}"))[0]
    }

    fn compare_loss(&self, verdict: &mut Verdict, what: &str, ours: &[f64], tolerance: f64) {
        let theirs = self.golden.get(what);
        let error = largest_difference(ours.iter().copied(), theirs) / largest(theirs);
        verdict.add(what, error, tolerance, Some(self.noise(what)));
    }

    /// Forward passes and one backward pass.
    fn check_gradients(&self, (isa, precision): (Isa, Precision), tolerances: &Tolerances, verdict: &mut Verdict) {
        let mut inference = Cpu::from(isa).inference(&self.model, self.labels.len(), precision).unwrap();
        let logits = inference.infer(self.model.weights(), &self.images).to_vec();
        self.compare(verdict, "logits", &logits, tolerances.logits);

        let mut weights = self.model.weights().clone();
        let updates = Updates { precision, ..Updates::by(OptimizerConfig::adam()) };
        let mut plan = Trial::with(&self.model, self.labels.len(), isa, &updates).unwrap();
        let (loss, gradients) = plan.gradients(&mut weights, &self.images, &self.labels, 0);
        assert_eq!(loss.samples, self.labels.len());
        self.compare_loss(verdict, "loss", &[loss.loss / loss.samples as f64], tolerances.loss);
        let trained: Vec<&KerasWeight> = self.summary.weights.iter().filter(|w| w.trainable).collect();
        assert_eq!(gradients.len(), trained.len());
        for (weight, gradient) in trained.iter().zip(&gradients) {
            self.compare(verdict, &format!("gradient/{}", weight.name), gradient, tolerances.gradient);
        }
        for (theirs, ours) in self.summary.weights.iter().zip(&weights.tensors).filter(|(w, _)| !w.trainable) {
            self.compare(verdict, &format!("moved/{}", theirs.name), &ours.data, tolerances.moving);
        }
    }

    /// Three steps of one optimizer.
    fn check_steps(&self, isa: Isa, kind: &str, config: OptimizerConfig, verdict: &mut Verdict) {
        let mut weights = self.model.weights().clone();
        let mut plan = Trial::by(&self.model, self.labels.len(), isa, config).unwrap();
        let rate = self.golden.get(&format!("{kind}/learning_rate"))[0];
        let losses: Vec<f64> = (0..3)
            .map(|step| {
                let sum = plan.train_step(&mut weights, rate, &self.images, &self.labels, step);
                sum.loss / sum.samples as f64
            })
            .collect();
        let (of_weights, of_change) = match config {
            OptimizerConfig::Sgd { .. } => (WEIGHTS_BY_SGD, CHANGE_BY_SGD),
            _ => (WEIGHTS_BY_ADAM, CHANGE_BY_ADAM),
        };
        self.compare_loss(verdict, &format!("{kind}/losses"), &losses, of_weights);
        let before = &self.model.weights().tensors;
        for ((theirs, after), before) in self.summary.weights.iter().zip(&weights.tensors).zip(before) {
            let name = format!("{kind}/weights/{}", theirs.name);
            self.compare(verdict, &name, &after.data, of_weights);
            self.compare_change(verdict, &name, (before, after), of_change);
        }
    }

    /// A step moves a weight by little, so the weights alone would hide an error of the update.
    fn compare_change(&self, verdict: &mut Verdict, what: &str, (before, after): (&Tensor, &Tensor), tolerance: f64) {
        let (theirs, at) = match self.golden.find(what) {
            Some(theirs) => (theirs, (0..after.data.len()).collect()),
            None => {
                let theirs = self.golden.get(&format!("{what}/sampled"));
                (theirs, formula::positions(after.data.len(), theirs.len()))
            }
        };
        let before = at.iter().map(|&p| f64::from(before.data[p]));
        let change: Vec<f64> = theirs.iter().zip(before).map(|(after, before)| after - before).collect();
        let error = largest_difference(at.iter().map(|&p| f64::from(after.data[p])), theirs) / largest(&change);
        verdict.add(format!("change by {what}"), error, tolerance, None);
    }

    fn check(&self, optimizers: &[(&str, OptimizerConfig)]) {
        for isa in Isa::usable() {
            let mut verdict = Verdict::default();
            self.check_gradients((isa, Precision::F32), &SINGLE, &mut verdict);
            for &(kind, config) in optimizers {
                self.check_steps(isa, kind, config, &mut verdict);
            }
            verdict.finish(&format!("{} network, {}", self.name, isa.name()));
        }
    }

    fn check_bf16(&self) {
        for isa in Isa::usable() {
            let mut verdict = Verdict::default();
            self.check_gradients((isa, Precision::Bf16), &BF16, &mut verdict);
            verdict.finish(&format!("{} network, {} in bf16", self.name, isa.name()));
        }
    }
}

fn largest(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0, |a: f64, v| a.max(v.abs()));
    assert!(largest > 0.0, "a tensor of zeros proves nothing");
    largest
}

fn optimizers() -> [(&'static str, OptimizerConfig); 5] {
    let OptimizerConfig::AdamW { beta_1, beta_2, epsilon, .. } = OptimizerConfig::adam_w() else { unreachable!() };
    [
        ("adam", OptimizerConfig::adam()),
        ("adam_w", OptimizerConfig::AdamW { beta_1, beta_2, epsilon, weight_decay: 0.5 }),
        ("sgd", OptimizerConfig::sgd(0.0)),
        ("sgd_momentum", OptimizerConfig::sgd(0.9)),
        ("sgd_nesterov", OptimizerConfig::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.1 }),
    ]
}

fn tutorial() -> Case {
    Case::new("tutorial", (180, 180, 3), 4)
}

fn flatten() -> Case {
    Case::new("flatten", (24, 20, 3), 6)
}

fn average() -> Case {
    Case::new("average", (23, 19, 3), 6)
}

fn separable() -> Case {
    Case::new("separable", (17, 15, 3), 6)
}

#[test]
fn the_tutorials_network_computes_what_keras_computes() {
    tutorial().check(&optimizers()[..1]);
}

#[test]
fn every_layer_before_a_flatten_computes_what_keras_computes() {
    flatten().check(&optimizers());
}

#[test]
fn every_layer_before_a_global_average_computes_what_keras_computes() {
    average().check(&optimizers());
}

#[test]
fn separable_convolutions_and_layer_norms_compute_what_keras_computes() {
    separable().check(&optimizers());
}

#[test]
fn bf16_computes_what_keras_computes_within_its_precision() {
    for case in [tutorial(), flatten(), average(), separable()] {
        case.check_bf16();
    }
}

#[test]
fn the_layer_table_has_keras_shapes_and_counts() {
    for case in [tutorial(), flatten(), average(), separable()] {
        assert_table(&case.model, &case.summary, case.name);
    }
    assert_eq!(tutorial().model.summary().parameters, 3_989_285);
}

#[test]
fn the_ready_made_cnn_is_the_tutorials_network() {
    let options = ArchitectureOptions { image_size: 180, classes: 5, augment: Vec::new(), dropout: 0.0 };
    let model = Model::new(by_name("cnn", &options).unwrap(), 0).unwrap();
    let tutorial = tutorial();
    assert_table(&model, &tutorial.summary, "cnn");
    let mut plan = inference(&model, tutorial.labels.len(), Isa::best()).unwrap();
    let logits = plan.infer(tutorial.model.weights(), &tutorial.images).to_vec();
    let mut verdict = Verdict::default();
    tutorial.compare(&mut verdict, "logits", &logits, LOGITS);
    verdict.finish("cnn with the tutorial's weights");
}

fn assert_table(model: &Model, keras: &KerasSummary, name: &str) {
    let ours = model.summary();
    assert_eq!(ours.parameters, keras.parameters, "{name}");
    assert_eq!(ours.trainable, keras.trainable, "{name}");
    let theirs = keras.layers.iter().map(|l| (&l.name, &l.class, &l.output, l.parameters));
    let ours = ours.layers.iter().map(|l| (&l.name, &l.kind, &l.output, l.parameters));
    assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>(), "{name}: the rows of the table");
}
