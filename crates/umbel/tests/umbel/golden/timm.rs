//! The ready-made networks against timm's: names, shapes, parameter counts, outputs and gradients, with weights that come
//! through a file in timm's names.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize_to_file};
use serde::Deserialize;
use umbel::data::decode::Limits;
use umbel::data::{PrepSpec, Resize};
use umbel::nn::layers::Layer;
use umbel::nn::models::{ArchitectureOptions, by_name};
use umbel::nn::{Infer, Isa, Model};
use umbel::pretrained::{Head, Pretrained, Start};

use crate::trial::{Trial, inference};

use super::files::{self, Golden, Verdict};
use super::formula;

const OUTPUTS: f64 = 1e-4;
const GRADIENTS: f64 = 1e-3;
/// A gradient that is nothing but rounding, as that of a shift before a batch norm, is held to this share of the largest.
const LEAST: f64 = 1e-3;
const SIZE: usize = 75;
const CLASSES: usize = 10;
const PICTURES: usize = 6;

/// One network of golden/data/timm.json.
#[derive(Deserialize)]
struct Timm {
    /// Which of the formula's weights, and what batch norms add: where gradients are computed ...
    trained: (u64, f32),
    /// ... and where outputs are.
    inferred: (u64, f32),
    /// For 1,000 classes.
    parameters: usize,
    /// Name and shape of every weight and statistic.
    tensors: Vec<(String, Vec<usize>)>,
}

/// A network with the formula's weights, read from a file that looks like timm's.
fn model(name: &str, timm: &Timm, which: (u64, f32)) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    write(&path, timm, which);
    let options = ArchitectureOptions { image_size: SIZE, classes: CLASSES, augment: Vec::new(), dropout: 0.0 };
    let weights = Pretrained::read(&path).unwrap();
    assert_eq!(weights.architecture(), Some(name));
    let (model, Start { head, .. }) = weights.into_model(by_name(name, &options).unwrap(), 1).unwrap();
    assert_eq!(head, Head::Kept);
    model
}

fn write(path: &Path, timm: &Timm, which: (u64, f32)) {
    let bytes = |(name, shape): &(String, Vec<usize>)| -> Vec<u8> {
        formula::timm_weight(name, shape, which).iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let bytes: Vec<Vec<u8>> = timm.tensors.iter().map(bytes).collect();
    let counter = 7u64.to_le_bytes();
    let mut views: Vec<(String, TensorView<'_>)> = timm
        .tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape), bytes)| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()))
        .collect();
    // timm's files count the batches of every batch norm, too.
    let counted = TensorView::new(Dtype::I64, vec![], &counter).unwrap();
    views.push(("bn1.num_batches_tracked".into(), counted));
    serialize_to_file(views, None, path).unwrap();
}

/// Where a value of timm's tensor lies in umbel's.
fn position(layer: &Layer, ours: &[usize], theirs: usize) -> usize {
    match (layer, ours) {
        (Layer::Conv2d(_), &[height, width, channels_in, channels_out]) => {
            let (place, rest) = (theirs % (height * width), theirs / (height * width));
            (place * channels_in + rest % channels_in) * channels_out + rest / channels_in
        }
        (Layer::DepthwiseConv2d(_), &[height, width, channels, _]) => {
            theirs % (height * width) * channels + theirs / (height * width)
        }
        (Layer::Dense(_), &[inputs, outputs]) => theirs % inputs * outputs + theirs / inputs,
        _ => theirs,
    }
}

fn check(name: &str) {
    let timm: BTreeMap<String, Timm> = files::json("data/timm.json");
    let timm = &timm[name];
    let golden = Golden::read("timm.safetensors");
    let get = |what: &str| golden.get(&format!("{name}/{what}"));

    let thousand = ArchitectureOptions { classes: 1000, ..ArchitectureOptions::default() };
    assert_eq!(by_name(name, &thousand).unwrap().summary().unwrap().trainable, timm.parameters, "{name}");

    let [inferred, trained] = [timm.inferred, timm.trained].map(|which| model(name, timm, which));
    let images = formula::timm_pictures(PICTURES, SIZE);
    let labels: Vec<u32> = (0..PICTURES as u32).map(|n| (3 * n + 1) % CLASSES as u32).collect();
    for isa in Isa::usable() {
        let mut verdict = Verdict::default();
        let mut plan = Trial::new(&trained, PICTURES, isa).unwrap();
        let logits = get("logits");
        let largest = |values: &[f64]| values.iter().fold(0.0f64, |a, v| a.max(v.abs()));
        let came = plan.infer(inferred.weights(), &images).iter().map(|&v| f64::from(v));
        let error = files::largest_difference(came, logits) / largest(logits);
        verdict.add("logits", error, OUTPUTS, None);

        let mut weights = trained.weights().clone();
        let (sum, gradients) = plan.gradients(&mut weights, &images, &labels, 0);
        let loss = get("loss")[0];
        verdict.add("loss", (sum.loss / PICTURES as f64 - loss).abs() / loss, OUTPUTS, None);
        let of = |name: &str| get(&format!("gradient/{name}"));
        let samples = |values: &[f64]| values.len() - 2;
        let largest_of_all = golden
            .iter()
            .filter(|(key, _)| key.starts_with(&format!("{name}/gradient/")))
            .fold(0.0f64, |largest, (_, values)| largest.max(values[samples(values)]));
        let mut gradients = gradients.iter();
        for layer in trained.architecture().resolve().unwrap() {
            for parameter in layer.parameters.iter().filter(|parameter| parameter.trainable) {
                let gradient = gradients.next().unwrap();
                let theirs = match parameter.name {
                    "kernel" | "gamma" => format!("{}.weight", layer.name),
                    _ => format!("{}.bias", layer.name),
                };
                let values = of(&theirs);
                let n = samples(values);
                let at = formula::timm_positions(&theirs, gradient.len(), n);
                let came = at.iter().map(|&at| f64::from(gradient[position(layer.layer, &parameter.shape, at)]));
                let scale = values[n].max(LEAST * largest_of_all);
                let error = files::largest_difference(came, &values[..n]) / scale;
                verdict.add(format!("gradient/{theirs}"), error, GRADIENTS, Some(values[n + 1] / scale));
            }
        }
        assert!(gradients.next().is_none());
        verdict.finish(&format!("{name}, {}", isa.name()));
    }
}

#[test]
fn resnet18_computes_what_timm_computes() {
    check("resnet18");
}

#[test]
fn resnet50_computes_what_timm_computes() {
    check("resnet50");
}

#[test]
fn mobilenetv3_small_computes_what_timm_computes() {
    check("mobilenetv3_small_100");
}

#[test]
fn mobilenetv3_large_computes_what_timm_computes() {
    check("mobilenetv3_large_100");
}

#[test]
fn efficientnet_lite0_computes_what_timm_computes() {
    check("tf_efficientnet_lite0");
}

#[test]
fn wider_and_deeper_efficientnet_lites_compute_what_timm_computes() {
    for size in 1..5 {
        check(&format!("tf_efficientnet_lite{size}"));
    }
}

/// The file and photos that lie beside the project, where they do.
fn shared(path: &str) -> Option<std::path::PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    path.exists().then_some(path)
}

#[test]
fn imagenets_weights_see_what_they_see_in_the_code_that_they_come_from() {
    let Some(path) = shared("weights/efficientnet_lite0.safetensors") else {
        println!("skipped: there are no weights beside the project");
        return;
    };
    // The file is a known one, which tells what nothing beside it does.
    assert_eq!(Pretrained::trained_size(&path.clone().into(), "cnn"), Some(224));
    let weights = Pretrained::read(&path).unwrap();
    assert_eq!(weights.architecture(), Some("tf_efficientnet_lite0"));
    let options = ArchitectureOptions { image_size: 224, classes: 1000, augment: Vec::new(), dropout: 0.0 };
    let (model, Start { head, .. }) =
        weights.into_model(by_name("tf_efficientnet_lite0", &options).unwrap(), 1).unwrap();
    assert_eq!(head, Head::Kept);
    let golden = Golden::read("lite0.safetensors");
    let mut plan = inference(&model, 1, Isa::best()).unwrap();
    let mut verdict = Verdict::default();
    let best = |logits: &[f64]| (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
    for (name, theirs) in golden.iter() {
        let (pixels, tolerance) = match name.split_once('/').unwrap() {
            ("drawn", number) => {
                let number: usize = number.parse().unwrap();
                (formula::timm_pictures(number + 1, 224).split_off(number * 224 * 224 * 3), OUTPUTS)
            }
            (_, photo) => {
                let Some(path) = shared("data/flowers").map(|folder| folder.join(photo)) else { continue };
                let photo = umbel::data::decode::decode(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
                let prep = PrepSpec { image_size: 224, resize: Resize::Crop, ..PrepSpec::default() };
                // Two decoders of JPEG differ by a level here and there.
                (prep.apply(&photo).into_iter().map(f32::from).collect(), 0.03)
            }
        };
        let ours: Vec<f64> = plan.infer(model.weights(), &pixels).iter().map(|&v| f64::from(v)).collect();
        assert_eq!(best(&ours), best(theirs), "{name}");
        let largest = theirs.iter().fold(0.0f64, |a, v| a.max(v.abs()));
        verdict.add(name, files::largest_difference(ours, theirs) / largest, tolerance, None);
    }
    verdict.finish("ImageNet's weights");
}
