//! Weights of other programs: every way in which a file can be wrong, other names, a new last layer, and training from them.

use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize_to_file};
use umbel::base::progress::{Interrupt, Silent};
use umbel::model_file::ModelFile;
use umbel::nn::layers::{Layer, Rescaling};
use umbel::nn::models::{ArchitectureOptions, by_name};
use umbel::nn::{Graph, Model, Tensor};
use umbel::pipeline::{self, TrainConfig};
use umbel::pretrained::{Certainty, Head, Pretrained, Start, Tune};

use super::pipeline::Place;

const LITE0: &str = "tf_efficientnet_lite0";
const SMALL: &str = "mobilenetv3_small_100";

pub fn graph(name: &str, classes: usize) -> Graph {
    by_name(name, &ArchitectureOptions { image_size: 32, classes, augment: Vec::new(), dropout: 0.0 }).unwrap()
}

/// A tensor as PyTorch lays it out: its name there, its shape and its values.
struct Theirs {
    name: String,
    shape: Vec<usize>,
    data: Vec<f32>,
}

/// PyTorch's form of a model's tensor, written down here a second time.
fn theirs(graph: &Graph, tensor: &Tensor, layer_name: impl Fn(&str) -> String) -> Theirs {
    let (layer, weight) = tensor.name.split_once('/').unwrap();
    let resolved = graph.resolve().unwrap();
    let kind = resolved.iter().find(|resolved| resolved.name == layer).unwrap().layer;
    let weight = match weight {
        "kernel" | "gamma" => "weight",
        "beta" => "bias",
        "moving_mean" => "running_mean",
        "moving_variance" => "running_var",
        other => other,
    };
    // Where each of PyTorch's axes lies among ours.
    let axes: &[usize] = match kind {
        Layer::Conv2d(_) if weight == "weight" => &[3, 2, 0, 1],
        Layer::DepthwiseConv2d(_) => &[2, 3, 0, 1],
        Layer::Dense(_) if weight == "weight" => &[1, 0],
        _ => &[0],
    };
    let shape: Vec<usize> = axes.iter().map(|&axis| tensor.shape[axis]).collect();
    let value = |index: usize| {
        let (mut rest, mut at) = (index, vec![0; axes.len()]);
        for (place, &axis) in axes.iter().enumerate().rev() {
            at[axis] = rest % shape[place];
            rest /= shape[place];
        }
        let flat = at.iter().zip(&tensor.shape).fold(0, |flat, (at, size)| flat * size + at);
        tensor.data[flat]
    };
    let data = (0..tensor.data.len()).map(value).collect();
    Theirs { name: format!("{}.{weight}", layer_name(layer)), shape, data }
}

fn all(model: &Model, layer_name: impl Fn(&str) -> String + Copy) -> Vec<Theirs> {
    model.weights().tensors.iter().map(|tensor| theirs(model.architecture(), tensor, layer_name)).collect()
}

fn write(path: &Path, tensors: &[Theirs]) {
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|t| t.data.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let view = |(t, bytes): (&Theirs, &'static [u8])| {
        (t.name.clone(), TensorView::new(Dtype::F32, t.shape.clone(), bytes).unwrap())
    };
    // The views have to outlive nothing but this call.
    let bytes: Vec<&'static [u8]> = bytes.into_iter().map(|bytes| &*bytes.leak()).collect();
    serialize_to_file(tensors.iter().zip(bytes).map(view), None, path).unwrap();
}

/// A model's weights in timm's names.
pub fn write_model(model: &Model, path: &Path) {
    write(path, &all(model, str::to_string));
}

/// lukemelas' names of EfficientNet-Lite0's layers, block by block.
fn lukemelas(layer: &str) -> String {
    const REPEATS: [usize; 7] = [1, 2, 2, 3, 3, 4, 1];
    if let ["blocks", stage, number, rest] = layer.splitn(4, '.').collect::<Vec<_>>()[..] {
        let (stage, number): (usize, usize) = (stage.parse().unwrap(), number.parse().unwrap());
        let block = REPEATS[..stage].iter().sum::<usize>() + number;
        let widening = [
            ("conv_pw", "_expand_conv"),
            ("bn1", "_bn0"),
            ("conv_dw", "_depthwise_conv"),
            ("bn2", "_bn1"),
            ("conv_pwl", "_project_conv"),
            ("bn3", "_bn2"),
        ];
        let first = [("conv_dw", "_depthwise_conv"), ("bn1", "_bn1"), ("conv_pw", "_project_conv"), ("bn2", "_bn2")];
        let names = if block == 0 { &first[..] } else { &widening[..] };
        return format!("_blocks.{block}.{}", names.iter().find(|(timm, _)| *timm == rest).unwrap().1);
    }
    let names = [
        ("conv_stem", "_conv_stem"),
        ("bn1", "_bn0"),
        ("conv_head", "_conv_head"),
        ("bn2", "_bn1"),
        ("classifier", "_fc"),
    ];
    names.iter().find(|(timm, _)| *timm == layer).unwrap().1.to_string()
}

fn message(path: &Path, graph: Graph) -> String {
    let result = Pretrained::read(path).and_then(|weights| weights.into_model(graph, 1));
    result.unwrap_err().to_string().replace(path.to_str().unwrap(), "FILE")
}

#[test]
fn both_kinds_of_names_give_the_same_network_but_for_the_photos_preparation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let trained = Model::new(graph(LITE0, 7), 5).unwrap();
    let preparation = |model: &Model| {
        let rescaling = model.architecture().layers().find_map(|layer| match layer {
            Layer::Rescaling(rescaling) => Some(rescaling.clone()),
            _ => None,
        });
        rescaling.unwrap()
    };
    write(&path, &all(&trained, str::to_string));
    let (model, Start { head, .. }) = Pretrained::read(&path).unwrap().into_model(graph(LITE0, 7), 1).unwrap();
    assert_eq!(head, Head::Kept);
    assert_eq!(model, trained);

    write(&path, &all(&trained, lukemelas));
    let weights = Pretrained::read(&path).unwrap();
    assert_eq!(weights.architecture(), Some(LITE0));
    let (model, Start { head, .. }) = weights.into_model(graph(LITE0, 7), 1).unwrap();
    assert_eq!(head, Head::Kept);
    assert_eq!(model.weights(), trained.weights());
    assert_eq!(preparation(&model), Rescaling::new(1.0 / 128.0).offset(-127.0 / 128.0));
    assert_ne!(preparation(&model), preparation(&trained));
}

#[test]
fn another_number_of_classes_or_no_last_layer_at_all_gives_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let trained = Model::new(graph(SMALL, 1000), 5).unwrap();
    let mut tensors = all(&trained, str::to_string);
    for expected in [Head::New(Some(1000)), Head::New(None)] {
        write(&path, &tensors);
        let weights = Pretrained::read(&path).unwrap();
        assert_eq!(weights.architecture(), Some(SMALL));
        let (model, Start { head, .. }) = weights.into_model(graph(SMALL, 3), 9).unwrap();
        assert_eq!(head, expected);
        let fresh = Model::new(graph(SMALL, 3), 9).unwrap();
        for tensor in &model.weights().tensors {
            let from = if tensor.name.starts_with("classifier/") { fresh.weights() } else { trained.weights() };
            assert_eq!(Some(tensor), from.get(&tensor.name), "{}", tensor.name);
        }
        tensors.retain(|tensor| !tensor.name.starts_with("classifier."));
    }
}

#[test]
fn files_that_cannot_be_used_say_why_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let model = Model::new(graph(SMALL, 4), 5).unwrap();
    let read = |path: &Path| message(path, graph(SMALL, 4));
    assert_eq!(
        read(&path),
        "the pretrained weights FILE: no such file; give the path of a .safetensors file in timm's or lukemelas' names, of a \
         model or of a run's folder"
    );
    assert!(read(folder.path()).contains("it is a folder"));

    let whole = all(&model, str::to_string);
    write(&path, &whole);
    let bytes = std::fs::read(&path).unwrap();
    for (length, part) in [(0, "it has no header"), (100, "it ends within its header"), (bytes.len() - 4, "bytes, but")]
    {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = read(&path);
        assert!(error.contains(part) && error.contains("not a whole safetensors file"), "{error}");
    }
    std::fs::write(&path, b"PK\x03\x04 a zip file of pickles, as torch.save makes it").unwrap();
    assert!(read(&path).contains("not a whole safetensors file"));

    let mut broken = all(&model, str::to_string);
    broken[3].data[1] = f32::NAN;
    write(&path, &broken);
    let expected =
        "tensor bn1.running_mean holds values that are no finite numbers; get the file again from where it came from";
    assert!(read(&path).ends_with(expected), "{}", read(&path));

    let double = [0u8; 16];
    let view = TensorView::new(Dtype::F64, vec![2], &double).unwrap();
    serialize_to_file([("conv1.weight", view)], None, &path).unwrap();
    assert!(
        read(&path).ends_with("tensor conv1.weight is F64, but F32, F16 or BF16 was expected: convert the file first")
    );
}

#[test]
fn weights_of_another_network_are_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    write(&path, &all(&Model::new(graph(SMALL, 1000), 5).unwrap(), str::to_string));
    let error = message(&path, graph("resnet18", 4));
    assert!(
        error.starts_with("the pretrained weights FILE: they do not fit the model: missing: conv1.weight, "),
        "{error}"
    );
    assert!(error.contains("not in the model: blocks.0.0.bn1.bias, "), "{error}");
    assert!(error.ends_with("(they are for the ready-made network mobilenetv3_small_100)"), "{error}");
    assert!(error.len() < 900, "{error}");

    // One name and one shape are wrong.
    let mut tensors = all(&Model::new(graph(SMALL, 4), 5).unwrap(), str::to_string);
    tensors[0].name = "stem.weight".into();
    tensors[1].shape = vec![8, 2];
    write(&path, &tensors);
    assert_eq!(
        message(&path, graph(SMALL, 4)),
        "the pretrained weights FILE: they do not fit the model: missing: conv_stem.weight; not in the model: stem.weight; wrong shape: bn1.weight is [8, 2] instead of [16]"
    );
    assert_eq!(Pretrained::read(&path).unwrap().architecture(), None);
}

#[test]
fn what_is_not_tuned_is_frozen_and_batch_norm_always() {
    let trained = |tune: Tune, name: &str| {
        let mut graph = graph(name, 3);
        tune.freeze(&mut graph).unwrap();
        let model = Model::new(graph, 1).unwrap();
        let names = model.weights().tensors.iter().filter(|tensor| tensor.trainable).map(|tensor| tensor.name.clone());
        names.collect::<Vec<String>>()
    };
    assert_eq!(trained(Tune::Head, "resnet18"), ["fc/kernel", "fc/bias"]);
    let stage = ["layer4.0.conv1", "layer4.0.conv2", "layer4.0.downsample.0", "layer4.1.conv1", "layer4.1.conv2", "fc"];
    let stage: Vec<String> = stage.map(|layer| format!("{layer}/kernel")).to_vec();
    assert_eq!(trained(Tune::Last, "resnet18"), [stage, vec!["fc/bias".into()]].concat());
    assert_eq!(trained(Tune::Last, LITE0)[0], "blocks.6.0.conv_pw/kernel");
    let all = trained(Tune::All, LITE0);
    assert_eq!(all[0], "conv_stem/kernel");
    assert!(all.iter().all(|name| name.ends_with("/kernel") || name == "classifier/bias"), "{all:?}");
}

#[test]
fn training_starts_from_the_weights_and_the_model_knows_its_preparation() {
    let place = Place::new();
    let path = place.path("weights.safetensors");
    let trained = Model::new(graph(LITE0, 1000), 5).unwrap();
    write(&path, &all(&trained, lukemelas));
    let mut config = TrainConfig { pretrained: Some(path.into()), ..place.config() };
    let train = |config: &TrainConfig, name: &str| {
        pipeline::train_folder(config, Some(&place.path(name)), &Default::default(), &mut Silent, &Interrupt::default())
    };
    config.model = "cnn".into();
    let error = train(&config, "cnn").unwrap_err().to_string();
    assert!(
        error.contains("but must be left out for the model cnn, or the model one of mobilenetv3_small_100,"),
        "{error}"
    );

    config.model = LITE0.into();
    // So small a rate that the weights are still what they were.
    config.fit.learning_rate = 1e-9;
    config.fit.epochs = 1;
    train(&config, "run").unwrap();
    let file = ModelFile::load(&place.path("run")).unwrap();
    let stem = |model: &Model| model.weights().get("conv_stem/kernel").unwrap().data[7];
    assert!((stem(&file.model) - stem(&trained)).abs() < 1e-6);
    let norm = |model: &Model| model.weights().get("bn1/moving_mean").unwrap().data.clone();
    assert_eq!(norm(&file.model), norm(&trained), "batch norm is frozen");
    let rescaling = Rescaling::new(1.0 / 128.0).offset(-127.0 / 128.0).into();
    assert!(file.model.architecture().layers().any(|layer| *layer == rescaling));
    assert_eq!(file.classes.len(), 5);
}

#[test]
fn the_weights_inside_are_a_whole_body_in_half_precision_with_their_license() {
    let Ok(weights) = Pretrained::inside() else {
        println!("skipped: built without the feature weights");
        return;
    };
    assert_eq!((weights.architecture(), umbel::pretrained::inside::model()), (Some(LITE0), Some(LITE0)));
    assert_eq!(weights.about().line(), "EfficientNet-Lite0 (Apache-2.0; trained on ImageNet-1k)");
    let (model, start) = weights.into_model(graph(LITE0, 3), 9).unwrap();
    assert_eq!((start.head, start.preparation), (Head::New(None), Certainty::Told));
    let kernel = &model.weights().get("conv_stem/kernel").unwrap().data;
    assert!(kernel.iter().any(|value| value.abs() > 0.1) && kernel.iter().all(|value| value.abs() < 10.0));
}

#[test]
fn what_is_assumed_of_the_preparation_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    write(&path, &all(&Model::new(graph(SMALL, 3), 5).unwrap(), str::to_string));
    let start = || Pretrained::read(&path).unwrap().into_model(graph(SMALL, 3), 9).unwrap().1.preparation;
    let Certainty::Assumed(Some(usual)) = start() else { panic!("nothing tells it") };
    assert!((usual.mean[1] - 0.456).abs() < 1e-6, "{usual:?}");
    let config = r#"{"pretrained_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}"#;
    std::fs::write(path.with_extension("json"), config).unwrap();
    assert_eq!(start(), Certainty::Told);
}
