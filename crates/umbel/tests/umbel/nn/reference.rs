//! A second, slow and obvious network in `f64`, written against Keras' definitions and not against the kernels: what the
//! plan is held to. Its gradients are central differences.

use umbel::nn::layers::{Activation, Layer, Padding, Shape};
use umbel::nn::{Graph, ResolvedLayer, Source, Weights};

/// The weights as `f64`, in the model's order.
pub fn widen(weights: &Weights) -> Vec<Vec<f64>> {
    let widen = |data: &Vec<f32>| data.iter().map(|&value| f64::from(value)).collect();
    weights.tensors.iter().map(|tensor| widen(&tensor.data)).collect()
}

/// Logits `[n, classes]`. `training` normalizes with the batch's own statistics; dropout is never applied.
pub fn logits(stack: &Graph, weights: &[Vec<f64>], images: &[f32], training: bool) -> Vec<f64> {
    outputs(stack, weights, images, training, None).pop().unwrap()
}

/// What every layer gives. In the place of the output of the layer that `given` names stands what it gives.
pub fn outputs(
    stack: &Graph,
    weights: &[Vec<f64>],
    images: &[f32],
    training: bool,
    given: Option<(usize, &[f64])>,
) -> Vec<Vec<f64>> {
    let images: Vec<f64> = images.iter().map(|&value| f64::from(value)).collect();
    let mut outputs: Vec<Vec<f64>> = Vec::new();
    let mut weights = weights.iter();
    let (height, width, channels) = stack.input();
    let n = images.len() / (height * width * channels);
    for (index, layer) in stack.resolve().unwrap().into_iter().enumerate() {
        let own: Vec<&Vec<f64>> = weights.by_ref().take(layer.parameters.len()).collect();
        let input = |source: &Source| match *source {
            Source::Input => &images,
            Source::Layer(index) => &outputs[index],
        };
        let inputs: Vec<&Vec<f64>> = layer.sources.iter().map(input).collect();
        // A frozen batch norm works with its moving statistics.
        let training = training && layer.trainable;
        let output = match given {
            Some((place, output)) if place == index => output.to_vec(),
            _ => forward(&layer, &own, &inputs, n, training),
        };
        outputs.push(output);
    }
    outputs
}

/// Mean loss of the batch.
pub fn loss(stack: &Graph, weights: &[Vec<f64>], images: &[f32], labels: &[u32]) -> f64 {
    let logits = logits(stack, weights, images, true);
    let rows = logits.chunks(logits.len() / labels.len());
    let sum: f64 = rows
        .zip(labels)
        .map(|(row, &label)| {
            let sum: f64 = row.iter().map(|value| value.exp()).sum();
            sum.ln() - row[label as usize]
        })
        .sum();
    sum / labels.len() as f64
}

/// Gradients of [`loss`] with respect to the tensors that `trainable` names, by central differences.
pub fn gradients(stack: &Graph, weights: &Weights, images: &[f32], labels: &[u32]) -> Vec<Vec<f64>> {
    const STEP: f64 = 1e-5;
    let mut wide = widen(weights);
    let mut all = Vec::new();
    for (index, tensor) in weights.tensors.iter().enumerate().filter(|(_, t)| t.trainable) {
        let mut gradient = Vec::new();
        for place in 0..tensor.data.len() {
            let value = wide[index][place];
            let mut at = |value: f64| {
                wide[index][place] = value;
                loss(stack, &wide, images, labels)
            };
            gradient.push((at(value + STEP) - at(value - STEP)) / (2.0 * STEP));
            at(value);
        }
        all.push(gradient);
    }
    all
}

fn forward(
    layer: &ResolvedLayer<'_>,
    weights: &[&Vec<f64>],
    inputs: &[&Vec<f64>],
    n: usize,
    training: bool,
) -> Vec<f64> {
    let x = inputs[0].clone();
    let row = layer.output.channels();
    match layer.layer {
        Layer::Augment(_) | Layer::Flatten(_) | Layer::Dropout(_) | Layer::StochasticDepth(_) => x,
        Layer::Normalization(l) => {
            let normal = |(i, x): (usize, &f64)| {
                let (mean, variance) = (f64::from(l.mean[i % row]), f64::from(l.variance[i % row]));
                (x - mean) / variance.sqrt()
            };
            x.iter().enumerate().map(normal).collect()
        }
        Layer::Add(_) => (0..x.len()).map(|i| inputs.iter().map(|input| input[i]).sum()).collect(),
        Layer::Multiply(_) => {
            let at = |input: &Vec<f64>, i: usize| {
                // A vector has one value for each channel of each sample.
                let pixels = x.len() / input.len();
                if pixels == 1 { input[i] } else { input[i / row / pixels * row + i % row] }
            };
            (0..x.len()).map(|i| inputs.iter().map(|input| at(input, i)).product()).collect()
        }
        Layer::Concatenate(_) => {
            let rows = n * layer.output.count() / row;
            (0..rows)
                .flat_map(|r| inputs.iter().flat_map(move |x| x[r * x.len() / rows..][..x.len() / rows].to_vec()))
                .collect()
        }
        Layer::Rescaling(l) => x.iter().map(|x| x * f64::from(l.scale) + f64::from(l.offset)).collect(),
        Layer::Activation(l) => activate(l.activation, row, x),
        Layer::BatchNorm(l) => normalize(weights, f64::from(l.epsilon), row, x, training),
        Layer::Dense(l) => {
            let inputs = layer.input.count();
            let output = |index: usize| {
                let (sample, unit) = (index / row, index % row);
                let sum: f64 = (0..inputs).map(|i| x[sample * inputs + i] * weights[0][i * row + unit]).sum();
                sum + weights.get(1).map_or(0.0, |bias| bias[unit])
            };
            activate(l.activation, row, (0..n * row).map(output).collect())
        }
        Layer::Conv2d(l) => {
            let (all, channels) = (layer.input.channels(), layer.input.channels() / l.groups);
            let y = slide(layer, l.kernel, l.stride, l.padding, n, row, |window, out| {
                let mut sum = weights.get(1).map_or(0.0, |bias| bias[out]);
                for &(offset, pixel) in window {
                    for c in 0..channels {
                        let weight = weights[0][(offset * channels + c) * l.filters + out];
                        let input = out / (l.filters / l.groups) * channels + c;
                        sum += weight * x[pixel * all + input];
                    }
                }
                sum
            });
            activate(l.activation, row, y)
        }
        Layer::DepthwiseConv2d(l) => {
            let y = slide(layer, l.kernel, l.stride, l.padding, n, row, |window, c| {
                let products = window.iter().map(|&(offset, pixel)| weights[0][offset * row + c] * x[pixel * row + c]);
                products.sum::<f64>() + weights.get(1).map_or(0.0, |bias| bias[c])
            });
            activate(l.activation, row, y)
        }
        Layer::SeparableConv2d(l) => {
            let channels = layer.input.channels();
            let by_channel = slide(layer, l.kernel, l.stride, l.padding, n, channels, |window, c| {
                window.iter().map(|&(offset, pixel)| weights[0][offset * channels + c] * x[pixel * channels + c]).sum()
            });
            let output = |index: usize| {
                let (pixel, out) = (index / row, index % row);
                let sum: f64 =
                    (0..channels).map(|c| by_channel[pixel * channels + c] * weights[1][c * row + out]).sum();
                sum + weights.get(2).map_or(0.0, |bias| bias[out])
            };
            activate(l.activation, row, (0..by_channel.len() / channels * row).map(output).collect())
        }
        Layer::LayerNorm(l) => {
            let normal = |x: &[f64]| -> Vec<f64> {
                let mean = x.iter().sum::<f64>() / row as f64;
                let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row as f64;
                let deviation = (variance + f64::from(l.epsilon)).sqrt();
                x.iter().enumerate().map(|(c, x)| (x - mean) / deviation * weights[0][c] + weights[1][c]).collect()
            };
            x.chunks(row).flat_map(normal).collect()
        }
        Layer::ZeroPadding2d(l) => {
            let (Shape::Picture { height, width, .. }, Shape::Picture { height: rows, width: columns, .. }) =
                (layer.input, layer.output)
            else {
                panic!("zeros go around pictures")
            };
            let ((above, _), (left, _)) = l.padding;
            let value = |index: usize| {
                let (pixel, c) = (index / row, index % row);
                let (sample, i, j) = (pixel / (rows * columns), pixel / columns % rows, pixel % columns);
                let inside = (above..above + height).contains(&i) && (left..left + width).contains(&j);
                if inside { x[((sample * height + i - above) * width + j - left) * row + c] } else { 0.0 }
            };
            (0..n * rows * columns * row).map(value).collect()
        }
        Layer::MaxPool2d(l) => slide(layer, l.pool, l.effective_stride(), l.padding, n, row, |window, c| {
            let values = window.iter().map(|&(_, pixel)| x[pixel * row + c]);
            values.fold(f64::NEG_INFINITY, f64::max)
        }),
        Layer::AvgPool2d(l) => slide(layer, l.pool, l.effective_stride(), l.padding, n, row, |window, c| {
            let sum: f64 = window.iter().map(|&(_, pixel)| x[pixel * row + c]).sum();
            sum / window.len() as f64
        }),
        Layer::GlobalAvgPool2d(_) => {
            let pixels = layer.input.count() / row;
            let mean = |index: usize| {
                let (sample, c) = (index / row, index % row);
                let sum: f64 = (0..pixels).map(|p| x[(sample * pixels + p) * row + c]).sum();
                sum / pixels as f64
            };
            (0..n * row).map(mean).collect()
        }
    }
}

/// Calls `output(window, channel)` for each of so many channels of every output pixel; a window is a list of (place in the window, pixel of the
/// batch) that lie inside of the picture.
fn slide(
    layer: &ResolvedLayer<'_>,
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
    n: usize,
    channels: usize,
    output: impl Fn(&[(usize, usize)], usize) -> f64,
) -> Vec<f64> {
    let (Shape::Picture { height, width, .. }, Shape::Picture { height: rows, width: columns, .. }) =
        (layer.input, layer.output)
    else {
        panic!("windows slide over pictures")
    };
    let before = |size: usize, out: usize, stride: usize, window: usize| match padding {
        Padding::Valid => 0,
        Padding::Symmetric => window / 2,
        Padding::Same => ((out - 1) * stride + window).saturating_sub(size) / 2,
    };
    let above = before(height, rows, stride.0, window.0);
    let left = before(width, columns, stride.1, window.1);
    let mut all = Vec::new();
    for sample in 0..n {
        for i in 0..rows {
            for j in 0..columns {
                let mut inside = Vec::new();
                for a in 0..window.0 {
                    for b in 0..window.1 {
                        let (row, column) = (i * stride.0 + a, j * stride.1 + b);
                        if (above..above + height).contains(&row) && (left..left + width).contains(&column) {
                            let pixel = (sample * height + row - above) * width + column - left;
                            inside.push((a * window.1 + b, pixel));
                        }
                    }
                }
                all.extend((0..channels).map(|channel| output(&inside, channel)));
            }
        }
    }
    all
}

fn normalize(weights: &[&Vec<f64>], epsilon: f64, channels: usize, mut x: Vec<f64>, training: bool) -> Vec<f64> {
    let [gamma, beta, moving_mean, moving_variance] = weights else { panic!("batch norm has four weights") };
    for (c, (gamma, beta)) in gamma.iter().zip(*beta).enumerate() {
        let values: Vec<f64> = x.iter().skip(c).step_by(channels).copied().collect();
        let (mean, variance) = if training {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (mean, squares / values.len() as f64)
        } else {
            (moving_mean[c], moving_variance[c])
        };
        for value in x.iter_mut().skip(c).step_by(channels) {
            *value = (*value - mean) / (variance + epsilon).sqrt() * gamma + beta;
        }
    }
    x
}

fn activate(activation: Activation, row: usize, x: Vec<f64>) -> Vec<f64> {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let f = |x: f64| match activation {
        Activation::Linear | Activation::Softmax => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Silu => x * sigmoid(x),
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Gelu => x * normal(x),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
    };
    if activation != Activation::Softmax {
        return x.into_iter().map(f).collect();
    }
    let softmax = |row: &[f64]| -> Vec<f64> {
        let sum: f64 = row.iter().map(|x| x.exp()).sum();
        row.iter().map(|x| x.exp() / sum).collect()
    };
    x.chunks(row).flat_map(softmax).collect()
}

/// The normal distribution up to `x`, by Taylor's series of the error function (good for |x| < 6).
fn normal(x: f64) -> f64 {
    let z = x / std::f64::consts::SQRT_2;
    let (mut term, mut sum) = (z, z);
    for k in 1..200 {
        term *= -z * z / f64::from(k);
        sum += term / f64::from(2 * k + 1);
    }
    0.5 * (1.0 + 2.0 / std::f64::consts::PI.sqrt() * sum)
}
