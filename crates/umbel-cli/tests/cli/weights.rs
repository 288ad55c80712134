//! Weights files as timm would save them: every tensor of a ready-made network, in PyTorch's layout, with drawn values.

use std::fs;
use std::path::Path;

use umbel::nn::layers::Layer;
use umbel::nn::models::{ArchitectureOptions, by_name};

/// The smallest network with weights of its own.
pub const NETWORK: &str = "mobilenetv3_small_100";

/// A tensor of a file.
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// All tensors of a network for so many classes.
pub fn tensors(network: &str, classes: usize) -> Vec<Tensor> {
    let options = ArchitectureOptions { image_size: 64, classes, augment: Vec::new(), dropout: 0.0 };
    let graph = by_name(network, &options).unwrap();
    let mut all = Vec::new();
    for layer in graph.resolve().unwrap() {
        for parameter in &layer.parameters {
            let (weight, shape) = match (parameter.name, layer.layer, parameter.shape.as_slice()) {
                ("kernel", Layer::DepthwiseConv2d(_), &[h, w, c, _]) => ("weight", vec![c, 1, h, w]),
                ("kernel", _, &[h, w, i, o]) => ("weight", vec![o, i, h, w]),
                ("kernel", _, &[i, o]) => ("weight", vec![o, i]),
                ("gamma", _, shape) => ("weight", shape.to_vec()),
                ("beta", _, shape) => ("bias", shape.to_vec()),
                ("moving_mean", _, shape) => ("running_mean", shape.to_vec()),
                ("moving_variance", _, shape) => ("running_var", shape.to_vec()),
                (other, _, shape) => (other, shape.to_vec()),
            };
            let count: usize = shape.iter().product();
            let fan_in = (count / shape[0]).max(1) as f32;
            let mut state = all.len() as u32 + 1;
            let mut draw = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            };
            let values = match parameter.name {
                "gamma" | "moving_variance" => vec![1.0; count],
                "beta" | "moving_mean" | "bias" => vec![0.0; count],
                // He et al. 2015: what comes out is about as large as what goes in.
                _ => (0..count).map(|_| draw() * (6.0 / fan_in).sqrt()).collect(),
            };
            all.push(Tensor { name: format!("{}.{weight}", layer.name), shape, values });
        }
    }
    all
}

/// Writes a safetensors file.
pub fn write(path: &Path, tensors: &[Tensor]) {
    let mut header = serde_json::Map::new();
    let mut bytes: Vec<u8> = Vec::new();
    for tensor in tensors {
        let start = bytes.len();
        bytes.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
        let info = serde_json::json!({"dtype": "F32", "shape": tensor.shape, "data_offsets": [start, bytes.len()]});
        header.insert(tensor.name.clone(), info);
    }
    let mut header = serde_json::Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    fs::write(path, [&(header.len() as u64).to_le_bytes()[..], &header, &bytes].concat()).unwrap();
}
