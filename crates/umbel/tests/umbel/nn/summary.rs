//! The layer table, as readers of Keras know it.

use umbel::nn::layers::*;
use umbel::nn::models::{ArchitectureOptions, by_name};
use umbel::nn::{Sequential, Summary};

#[test]
fn the_tutorial_prints_as_in_keras() {
    let stack = by_name("cnn", &ArchitectureOptions::default()).unwrap();
    let expected = "\
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
┃ Layer (type)                     ┃ Output Shape         ┃   Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
│ random_flip (RandomFlip)         │ (None, 180, 180, 3)  │         0 │
│ random_rotation (RandomRotation) │ (None, 180, 180, 3)  │         0 │
│ random_zoom (RandomZoom)         │ (None, 180, 180, 3)  │         0 │
│ rescaling (Rescaling)            │ (None, 180, 180, 3)  │         0 │
│ conv2d (Conv2D)                  │ (None, 180, 180, 16) │       448 │
│ max_pooling2d (MaxPooling2D)     │ (None, 90, 90, 16)   │         0 │
│ conv2d_1 (Conv2D)                │ (None, 90, 90, 32)   │     4,640 │
│ max_pooling2d_1 (MaxPooling2D)   │ (None, 45, 45, 32)   │         0 │
│ conv2d_2 (Conv2D)                │ (None, 45, 45, 64)   │    18,496 │
│ max_pooling2d_2 (MaxPooling2D)   │ (None, 22, 22, 64)   │         0 │
│ dropout (Dropout)                │ (None, 22, 22, 64)   │         0 │
│ flatten (Flatten)                │ (None, 30976)        │         0 │
│ dense (Dense)                    │ (None, 128)          │ 3,965,056 │
│ dense_1 (Dense)                  │ (None, 5)            │       645 │
└──────────────────────────────────┴──────────────────────┴───────────┘
 Total params: 3,989,285 (15.22 MB)
 Trainable params: 3,989,285 (15.22 MB)
 Non-trainable params: 0 (0.00 B)";
    assert_eq!(stack.summary().unwrap().to_string(), expected);
}

#[test]
fn batch_norm_counts_what_is_not_trained() {
    let stack = Sequential::new((4, 4, 3))
        .add(Conv2d::new(8, 3))
        .add(BatchNorm::default())
        .add(GlobalAvgPool2d)
        .add(Dense::new(2));
    let summary = stack.summary().unwrap();
    assert_eq!((summary.parameters, summary.trainable), (224 + 32 + 18, 224 + 16 + 18));
    assert_eq!(summary.layers[1].parameters, 32);
    assert!(summary.to_string().ends_with("Non-trainable params: 16 (64.00 B)"));
}

#[test]
fn json_is_the_contract() {
    let summary: Summary = Sequential::new((2, 2, 1)).add(Flatten).summary().unwrap();
    assert_eq!(
        serde_json::to_string(&summary).unwrap(),
        r#"{"parameters":0,"trainable":0,"layers":[{"name":"flatten","kind":"Flatten","output":[4],"parameters":0}]}"#
    );
}
