//! The written form of a stack: TOML by hand, TOML and JSON by machine, and what is said where it is wrong.

use umbel::nn::layers::*;
use umbel::nn::{Graph, Sequential};

fn everything() -> Graph {
    let stack = Sequential::new((32, 32, 3))
        .add(RandomFlip::horizontal_and_vertical())
        .add(RandomRotation::new(0.1))
        .add(RandomZoom::new((-0.1, 0.2)))
        .add(RandomTranslation::new(0.1, (0.0, 0.3)))
        .add(RandomContrast::new(0.2))
        .add(RandomBrightness::new(0.3))
        .add(RandomResizedCrop::new(0.35))
        .add(RandAugment::new(0.5))
        .add(RandomErasing::new(0.25))
        .add(Rescaling::new(1.0 / 127.5).offset(-1.0))
        .add_named("stem", Conv2d::new(4, (3, 5)).stride(2).padding(Padding::Same).bias(false))
        .add(BatchNorm::default().momentum(0.9))
        .add(Activation::HardSwish)
        .add(ZeroPadding2d::new(((0, 1), (2, 3))))
        .add(Conv2d::new(4, 3).groups(2))
        .add(MaxPool2d::default())
        .add(AvgPool2d::new(3).stride((1, 2)).padding(Padding::Same))
        .add(Conv2d::new(8, 1).activation(Activation::Gelu))
        .add(
            DepthwiseConv2d::new((1, 2)).stride((1, 2)).padding(Padding::Symmetric).activation(Activation::HardSigmoid),
        )
        .add(StochasticDepth::new(0.1))
        .add(Normalization::new(vec![0.5; 8], vec![2.0; 8]))
        .add(GlobalAvgPool2d)
        .add(Dropout::new(0.2))
        .add(Flatten)
        .add(Dense::new(7).activation(Activation::Tanh))
        .add(Dense::new(5));
    stack.into()
}

#[test]
fn toml_and_json_round_trip() {
    let stack = everything();
    let text = toml::to_string(&stack).unwrap();
    assert_eq!(toml::from_str::<Graph>(&text).unwrap(), stack, "{text}");
    assert_eq!(Graph::from_toml(&text, (32, 32, 3)).unwrap(), stack, "{text}");
    let text = serde_json::to_string(&stack).unwrap();
    assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), stack, "{text}");
    for layer in stack.layers() {
        let text = serde_json::to_string(layer).unwrap();
        assert_eq!(&serde_json::from_str::<Layer>(&text).unwrap(), layer, "{text}");
    }
}

#[test]
fn every_kind_is_listed_and_has_keras_defaults() {
    let text = r#"
        [[layer]]
        kind = "random_flip"
        [[layer]]
        kind = "random_rotation"
        factor = 0.1
        [[layer]]
        kind = "random_translation"
        height_factor = [-0.1, 0.2]
        width_factor = 0
        [[layer]]
        kind = "rescaling"
        scale = 0.5
        [[layer]]
        kind = "conv2d"
        name = "first"
        filters = 4
        kernel = 3
        [[layer]]
        kind = "conv2d"
        filters = 4
        kernel = [1, 3]
        stride = [2, 1]
        padding = "same"
        activation = "hard_swish"
        [[layer]]
        kind = "zero_padding2d"
        padding = [1, 2]
        [[layer]]
        kind = "zero_padding2d"
        padding = [[0, 1], [0, 1]]
        [[layer]]
        kind = "conv2d"
        filters = 8
        kernel = 3
        groups = 4
        [[layer]]
        kind = "max_pooling2d"
        [[layer]]
        kind = "avg_pool2d"
        pool = [1, 2]
        stride = 1
        [[layer]]
        kind = "batch_norm"
        [[layer]]
        kind = "separable_conv2d"
        filters = 6
        kernel = 3
        [[layer]]
        kind = "layer_normalization"
        [[layer]]
        kind = "activation"
        activation = "relu6"
        [[layer]]
        kind = "flatten"
        [[layer]]
        kind = "dense"
        units = 3
    "#;
    let expected = Sequential::new((32, 32, 3))
        .add(RandomFlip::horizontal_and_vertical())
        .add(RandomRotation::new(0.1))
        .add(RandomTranslation::new((-0.1, 0.2), 0.0))
        .add(Rescaling::new(0.5))
        .add_named("first", Conv2d::new(4, 3).padding(Padding::Valid))
        .add(Conv2d::new(4, (1, 3)).stride((2, 1)).padding(Padding::Same).activation(Activation::HardSwish))
        .add(ZeroPadding2d::new((1, 2)))
        .add(ZeroPadding2d::new(((0, 1), (0, 1))))
        .add(Conv2d::new(8, 3).groups(4))
        .add(MaxPool2d::new(2).stride(2))
        .add(AvgPool2d::new((1, 2)).stride(1))
        .add(BatchNorm { momentum: 0.99, epsilon: 1e-3 })
        .add(SeparableConv2d::new(6, 3).padding(Padding::Valid))
        .add(LayerNorm { epsilon: 1e-3 })
        .add(Activation::Relu6)
        .add(Flatten)
        .add(Dense::new(3));
    let read = Graph::from_toml(text, (32, 32, 3)).unwrap();
    for (read, expected) in read.resolve().unwrap().iter().zip(expected.resolve().unwrap()) {
        assert_eq!(read.output, expected.output);
        assert_eq!(read.name, expected.name);
    }
    assert_eq!(KINDS.len(), 28);
}

#[test]
fn mistakes_name_the_key_the_layer_and_what_is_allowed() {
    let error = |text: &str| Graph::from_toml(text, (8, 8, 3)).unwrap_err().to_string();
    let cases: [(&str, &[&str]); 13] = [
        (
            "[[layer]]\nkind = \"flatten\"\n[[layer]]\nkind = \"dense\"\nunits = 3\nactivatoin = \"relu\"",
            &["layer 2 (dense)", "unknown field `activatoin`", "`units`, `activation`, `bias`"],
        ),
        ("[[layer]]\nkind = \"flatten\"\nunits = 3", &["layer 1 (flatten)", "unknown field `units`"]),
        ("[[layer]]\nkind = \"conv2d\"\nfilters = 3", &["layer 1 (conv2d)", "missing field `kernel`"]),
        (
            "[[layer]]\nkind = \"conv2d\"\nfilters = \"many\"\nkernel = 3",
            &["layer 1 (conv2d)", "string \"many\"", "filters"],
        ),
        (
            "[[layer]]\nkind = \"conv2d\"\nfilters = 3\nkernel = [3, 3, 3]",
            &["layer 1 (conv2d)", "a whole number, or two: [height, width]", "kernel"],
        ),
        ("[[layer]]\nkind = \"conv2d\"\nfilters = -3\nkernel = 3", &["layer 1 (conv2d)", "-3", "filters"]),
        (
            "[[layer]]\nkind = \"dense\"\nunits = 3\nactivation = \"rleu\"",
            &["layer 1 (dense)", "unknown variant `rleu`", "`relu`, `relu6`"],
        ),
        ("[[layer]]\nkind = \"conv3d\"", &["kind of layer 1 is \"conv3d\"", "conv2d, max_pool2d", "random_brightness"]),
        ("[[layer]]\nfilters = 3", &["kind of layer 1 is missing"]),
        ("[[layer]]\nkind = \"flatten\"\nname = 3", &["name of layer 1 is 3", "a string"]),
        ("[[layers]]\nkind = \"flatten\"", &["the text", "unknown field `layers`", "`layer`"]),
        ("[[layer]\nkind", &["the text of the model's TOML"]),
        (
            "input = [9, 9, 3]\n[[layer]]\nkind = \"flatten\"",
            &["input in the model's TOML is (9, 9, 3)", "(8, 8, 3)", "leave it out"],
        ),
    ];
    for (text, parts) in cases {
        let error = error(text);
        for part in parts {
            assert!(error.contains(part), "{error}\nlacks {part}\nfor {text}");
        }
    }
    // The checks of the shapes come with it.
    assert!(error("[[layer]]\nkind = \"dense\"\nunits = 3").contains("must be a vector"));
    assert!(error("layer = []").contains("the number of the model's layers is 0"));
}

#[test]
fn json_is_as_strict() {
    let read = |text: &str| serde_json::from_str::<Graph>(text).unwrap_err().to_string();
    let layer = |layer: &str| format!("{{\"input\":[8,8,3],\"layer\":[{layer}]}}");
    let cases = [
        (layer("{\"kind\":\"dropout\",\"rate\":0.1,\"seed\":1}"), "unknown field `seed`"),
        (layer("{\"kind\":\"what\"}"), "unknown variant `what`"),
        (layer("{\"rate\":0.5}"), "missing field `kind`"),
        (layer("{\"kind\":\"dense\",\"units\":3}"), "must be a vector"),
        ("{\"layer\":[]}".to_string(), "missing field `input`"),
        ("{\"input\":[8,8,3],\"layer\":[],\"more\":1}".to_string(), "unknown field `more`"),
    ];
    for (text, part) in cases {
        let error = read(&text);
        assert!(error.contains(part), "{error}\nlacks {part}");
    }
}
