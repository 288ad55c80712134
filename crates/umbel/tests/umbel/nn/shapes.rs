//! Names, shapes and parameter counts of stacks, and what is said where they do not fit.

use umbel::base::augmentation::AugmentLayer;
use umbel::nn::layers::*;
use umbel::nn::models::{ArchitectureOptions, by_name};
use umbel::nn::{Model, Sequential, Tensor, Weights};

fn small() -> Sequential {
    Sequential::new((8, 8, 3))
}

fn message(stack: Sequential) -> String {
    stack.resolve().expect_err("the stack must be refused").to_string()
}

#[test]
fn the_tutorial_has_keras_parameters() {
    let stack = by_name("cnn", &ArchitectureOptions::default()).unwrap();
    let counts: Vec<usize> = stack.summary().unwrap().layers.iter().map(|l| l.parameters).collect();
    let with_weights: Vec<usize> = counts.into_iter().filter(|&count| count > 0).collect();
    assert_eq!(with_weights, [448, 4640, 18496, 3_965_056, 645]);
    let model = Model::new(stack, 1).unwrap();
    assert_eq!(model.weights().count(), 3_989_285);
    assert_eq!(model.weights().trainable_count(), 3_989_285);
    assert_eq!(model.summary().parameters, 3_989_285);
    assert_eq!(model.architecture().classes().unwrap(), 5);
    assert_eq!(model.architecture().augmentation(), AugmentLayer::tutorial());
}

#[test]
fn names_are_keras_and_unique() {
    let stack = small()
        .add(RandomFlip::horizontal())
        .add(RandomFlip::vertical())
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2d::new(2, 3))
        .add_named("conv2d_1", Conv2d::new(2, 1))
        .add(Conv2d::new(2, 1))
        .add(BatchNorm::default())
        .add(Activation::Relu)
        .add(AvgPool2d::default())
        .add(MaxPool2d::new(2))
        .add(Dropout::new(0.2))
        .add(GlobalAvgPool2d)
        .add(Flatten)
        .add(Dense::new(4))
        .add(Dense::new(3));
    let resolved = stack.resolve().unwrap();
    let names: Vec<&str> = resolved.iter().map(|layer| layer.name.as_str()).collect();
    let expected = [
        "random_flip",
        "random_flip_1",
        "rescaling",
        "conv2d",
        "conv2d_1",
        "conv2d_2",
        "batch_normalization",
        "activation",
        "average_pooling2d",
        "max_pooling2d",
        "dropout",
        "global_average_pooling2d",
        "flatten",
        "dense",
        "dense_1",
    ];
    assert_eq!(names, expected);
    let weights = Model::new(stack, 0).unwrap().weights().clone();
    let names: Vec<&str> = weights.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names[..2], ["conv2d/kernel", "conv2d/bias"]);
    let norm = ["gamma", "beta", "moving_mean", "moving_variance"];
    assert_eq!(names[6..10], norm.map(|name| format!("batch_normalization/{name}")));
}

#[test]
fn windows_follow_keras_rule() {
    let output = |height, width, layer: Layer| {
        let stack = Sequential::new((height, width, 3)).add(layer).add(Flatten);
        stack.resolve().unwrap()[0].output.axes()
    };
    let conv = |kernel: (usize, usize), stride: (usize, usize), padding| {
        Conv2d::new(4, kernel).stride(stride).padding(padding).into()
    };
    assert_eq!(output(7, 10, conv((3, 3), (1, 1), Padding::Same)), [7, 10, 4]);
    assert_eq!(output(7, 10, conv((3, 5), (2, 3), Padding::Same)), [4, 4, 4]);
    assert_eq!(output(7, 10, conv((3, 5), (2, 3), Padding::Valid)), [3, 2, 4]);
    assert_eq!(output(2, 2, conv((5, 5), (1, 1), Padding::Same)), [2, 2, 4]);
    assert_eq!(output(45, 45, MaxPool2d::default().into()), [22, 22, 3]);
    assert_eq!(output(45, 45, MaxPool2d::default().padding(Padding::Same).into()), [23, 23, 3]);
    assert_eq!(output(9, 9, AvgPool2d::new((3, 2)).stride(1).into()), [7, 8, 3]);
}

#[test]
fn mistakes_name_the_layer_what_came_and_what_was_expected() {
    let cases = [
        (
            small().add(Conv2d::new(4, 3)).add(Dense::new(5)),
            "layer 2 (dense): the input is a picture of 6 x 6 x 4, but must be a vector: put a Flatten or a GlobalAvgPool2d layer before this one",
        ),
        (
            small().add(Flatten).add(Conv2d::new(4, 3)),
            "layer 2 (conv2d): the input is a vector of 192, but must be a picture (height x width x channels): move the layer before what makes a vector of it",
        ),
        (
            small().add(MaxPool2d::new(9)),
            "layer 1 (max_pooling2d): the window is 9 x 9, but must be at most the input's 8 x 8: make it smaller, or use padding \"same\"",
        ),
        (
            small().add(Conv2d::new(4, (9, 1))),
            "layer 1 (conv2d): the kernel is 9 x 1, but must be at most the input's 8 x 8: make it smaller, or use padding \"same\"",
        ),
        (small().add(Conv2d::new(0, 3)), "layer 1 (conv2d): filters is 0, but must be 1 or more"),
        (small().add(Conv2d::new(1, 3).stride(0)), "layer 1 (conv2d): the stride is 0, but must be 1 or more"),
        (small().add(Flatten).add(Dense::new(0)), "layer 2 (dense): units is 0, but must be 1 or more"),
        (
            small().add(Rescaling::new(1.0)).add(RandomZoom::new(0.1)).add(Flatten),
            "layer 2 (random_zoom): its place is after rescaling, but must be before every layer that is no augmentation (the photo itself is augmented)",
        ),
        (
            small().add(RandomRotation::new((0.2, 0.1))),
            "layer 1 (random_rotation): factor is [0.2, 0.1], but must be [low, high] with -1 <= low <= high <= 1",
        ),
        (
            small().add_named("a", Flatten).add_named("a", Dense::new(3)),
            "layer 2 (a): its name is \"a\", but must be a name that no other layer has",
        ),
        (
            small().add_named("a/b", Flatten),
            "layer 1 (a/b): its name is \"a/b\", but must be a name without / that is not empty",
        ),
        (
            small().add(Flatten).add(Dense::new(3).activation(Activation::Softmax)),
            "layer 2 (dense): the activation is softmax, but must be linear at the end of a model: the loss is computed from logits, and predictions apply softmax themselves",
        ),
        (
            small().add(Flatten).add(Activation::Softmax),
            "layer 2 (activation): the activation is softmax, but must be linear at the end of a model: the loss is computed from logits, and predictions apply softmax themselves",
        ),
        (
            small().add(Conv2d::new(3, 3)),
            "layer 1 (conv2d): the model's output is a picture of 6 x 6 x 3, but must be a vector with one value a class: end with Flatten or GlobalAvgPool2d, and Dense",
        ),
        (small().add(Dropout::new(1.0)), "layer 1 (dropout): rate is 1, but must be from 0 to less than 1"),
        (small().add(Dropout::new(f32::NAN)), "layer 1 (dropout): rate is NaN, but must be from 0 to less than 1"),
        (
            small().add(BatchNorm::default().epsilon(0.0)),
            "layer 1 (batch_normalization): epsilon is 0, but must be a small number above 0",
        ),
        (
            small().add(Flatten).add(Dense::new(usize::MAX)),
            "layer 2 (dense): the output is a vector of 18446744073709551615, but must be at most 2147483647 values: use smaller pictures or fewer outputs",
        ),
        (
            small().add(Flatten).add(Dense::new(20_000_000)),
            "layer 2 (dense): the shape of the weights is [192, 20000000], but must be at most 2147483647 values: use smaller pictures or fewer outputs",
        ),
        (
            small().add(MaxPool2d::new(16).padding(Padding::Same)),
            "layer 1 (max_pooling2d): the window is 16 x 16, but must be at most 15 x 15",
        ),
        (
            small(),
            "the number of the model's layers is 0, but must be 1 or more: add at least Flatten and Dense, or [[layer]] in TOML",
        ),
        (
            Sequential::new((0, 8, 3)).add(Flatten),
            "the model's input is 0 x 8 x 3, but must be 1 or more along each axis, and at most 2147483647 values",
        ),
    ];
    for (stack, expected) in cases {
        assert_eq!(message(stack), expected);
    }
}

#[test]
fn pictures_too_small_for_the_tutorial_and_unknown_names_are_said() {
    let options = ArchitectureOptions { image_size: 7, ..ArchitectureOptions::default() };
    let error = by_name("cnn", &options).unwrap_err().to_string();
    assert!(error.contains("(max_pooling2d_2): the window is 2 x 2"), "{error}");
    let error = by_name("resnet", &options).unwrap_err().to_string();
    let all = "cnn, umbel_s, mobilenetv3_small_100, mobilenetv3_large_100, tf_efficientnet_lite0, \
               tf_efficientnet_lite1, tf_efficientnet_lite2, tf_efficientnet_lite3, tf_efficientnet_lite4, resnet18, resnet50";
    assert_eq!(error, format!("model is \"resnet\", but must be one of {all}, or the path of a TOML file"));
}

#[test]
fn weights_are_keras_initial_ones_and_the_seed_names_them() {
    let stack = || small().add(Conv2d::new(4, 3)).add(BatchNorm::new()).add(Flatten).add(Dense::new(3));
    let model = Model::new(stack(), 7).unwrap();
    let get = |name: &str| &model.weights().get(name).unwrap().data;
    let limit = |fan_in: f32, fan_out: f32| (6.0 / (fan_in + fan_out)).sqrt();
    for (name, limit) in [("conv2d/kernel", limit(27.0, 36.0)), ("dense/kernel", limit(144.0, 3.0))] {
        let data = get(name);
        let largest = data.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        assert!(largest <= limit && largest > 0.9 * limit, "{name}: {largest} of {limit}");
        let mean = data.iter().sum::<f32>() / data.len() as f32;
        assert!(mean.abs() < 0.25 * limit, "{name}: mean {mean}");
    }
    for zeros in ["conv2d/bias", "batch_normalization/beta", "batch_normalization/moving_mean"] {
        assert!(get(zeros).iter().all(|&value| value == 0.0), "{zeros}");
    }
    for ones in ["batch_normalization/gamma", "batch_normalization/moving_variance"] {
        assert!(get(ones).iter().all(|&value| value == 1.0), "{ones}");
    }
    assert_eq!(model, Model::new(stack(), 7).unwrap());
    assert_ne!(model, Model::new(stack(), 8).unwrap());
}

#[test]
fn weights_that_do_not_fit_are_listed_by_name() {
    let stack = || small().add(Flatten).add(Dense::new(3));
    let tensor = |name: &str, shape: Vec<usize>| {
        let data = vec![0.5; shape.iter().product()];
        Tensor { name: name.into(), shape, data, trainable: false }
    };
    let kernel = || tensor("dense/kernel", vec![192, 3]);
    let bias = || tensor("dense/bias", vec![3]);
    let from = |tensors: Vec<Tensor>| Model::from_weights(stack(), Weights { tensors: tensors.into() });
    // The order is the model's, and so is what is trained.
    let model = from(vec![bias(), kernel()]).unwrap();
    assert_eq!(model.weights().tensors[0].name, "dense/kernel");
    assert_eq!(model.weights().trainable_count(), 192 * 3 + 3);

    let error = from(vec![tensor("dense/bias", vec![4]), tensor("other", vec![1])]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the weights do not fit the model: missing: dense/kernel; not in the model: other; wrong shape: dense/bias is [4] instead of [3]"
    );
    assert!(from(vec![kernel(), bias(), bias()]).is_err(), "two of one name");
    let lying = Tensor { data: vec![0.0; 2], ..bias() };
    assert!(from(vec![kernel(), lying]).is_err(), "data shorter than the shape");
}

#[test]
fn groups_divide_the_channels_and_zeros_widen_the_picture() {
    let stack =
        small().add(ZeroPadding2d::new((1, 2))).add(Conv2d::new(6, 3).groups(3)).add(Flatten).add(Dense::new(2));
    let rows: Vec<(Vec<usize>, usize)> =
        stack.summary().unwrap().layers.into_iter().map(|l| (l.output, l.parameters)).collect();
    assert_eq!(rows[0], (vec![10, 12, 3], 0));
    assert_eq!(rows[1], (vec![8, 10, 6], 3 * 3 * 6 + 6));
    assert_eq!(ZeroPadding2d::default(), ZeroPadding2d::new(1));
    let of = |conv: Conv2d| message(small().add(conv).add(Flatten).add(Dense::new(2)));
    let expected = "layer 1 (conv2d): groups is 2, but must be a divisor of the input's channels, 3";
    assert_eq!(of(Conv2d::new(6, 3).groups(2)), expected);
    let expected = "layer 1 (conv2d): groups is 3, but must be a divisor of filters, 4";
    assert_eq!(of(Conv2d::new(4, 3).groups(3)), expected);
    assert_eq!(of(Conv2d::new(4, 3).groups(0)), "layer 1 (conv2d): groups is 0, but must be 1 or more");
    let huge = message(small().add(ZeroPadding2d::new(1 << 20)).add(Flatten).add(Dense::new(2)));
    assert_eq!(huge, "layer 1 (zero_padding2d): padding is 1048576, but must be at most 65535");
}
