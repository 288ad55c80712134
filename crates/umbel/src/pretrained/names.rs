//! What a weight of umbel's is called and how it lies in other programs' files.

use crate::nn::ResolvedLayer;
use crate::nn::layers::Layer;

/// Whose names a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// timm's (and torchvision's, for residual networks), which umbel's layers have too.
    Timm,
    /// lukemelas/EfficientNet-PyTorch's.
    Lukemelas,
}

/// A weight that is looked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// umbel's layer.
    pub layer: String,
    /// The tensor's name in the file.
    pub name: String,
    form: Form,
    /// umbel's shape.
    shape: Vec<usize>,
}

/// How PyTorch lays a weight out.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// `[out, in, height, width]`.
    Convolution,
    /// `[channels, 1, height, width]`.
    Depthwise,
    /// `[out, in]`, or a convolution of 1 x 1.
    Dense,
    /// One value a channel.
    Vector,
}

impl Names {
    pub fn of<'a>(mut names: impl Iterator<Item = &'a String>) -> Self {
        if names.any(|name| name.starts_with("_blocks.")) { Names::Lukemelas } else { Names::Timm }
    }

    /// Everything that a network needs, in its order.
    pub fn wanted(self, layers: &[ResolvedLayer<'_>]) -> Vec<Wanted> {
        let blocks = blocks(layers);
        let mut all = Vec::new();
        for layer in layers {
            for parameter in &layer.parameters {
                let (weight, form) = match (parameter.name, layer.layer) {
                    ("kernel", Layer::Conv2d(_)) => ("weight", Form::Convolution),
                    ("kernel", Layer::DepthwiseConv2d(_)) => ("weight", Form::Depthwise),
                    ("kernel", _) => ("weight", Form::Dense),
                    ("gamma", _) => ("weight", Form::Vector),
                    ("beta", _) => ("bias", Form::Vector),
                    ("moving_mean", _) => ("running_mean", Form::Vector),
                    ("moving_variance", _) => ("running_var", Form::Vector),
                    (other, _) => (other, Form::Vector),
                };
                let of_layer = match self {
                    Names::Timm => layer.name.clone(),
                    Names::Lukemelas => lukemelas(&layer.name, &blocks),
                };
                let (shape, name) = (parameter.shape.clone(), format!("{of_layer}.{weight}"));
                all.push(Wanted { layer: layer.name.clone(), name, form, shape });
            }
        }
        all
    }
}

/// A block's name and whether it has a convolution that widens it.
struct Block {
    name: String,
    widens: bool,
}

/// The blocks (`blocks.<stage>.<number>`) in their order.
fn blocks(layers: &[ResolvedLayer<'_>]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for layer in layers {
        let mut parts = layer.name.splitn(4, '.');
        let (Some("blocks"), Some(stage), Some(number), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let name = format!("blocks.{stage}.{number}");
        if blocks.last().is_none_or(|block| block.name != name) {
            blocks.push(Block { name, widens: false });
        }
        if let Some(block) = blocks.last_mut() {
            block.widens |= rest == "conv_pwl";
        }
    }
    blocks
}

/// timm's layer in lukemelas' names: blocks are counted through, and the norms from the widening convolution on, whether or
/// not it is there.
fn lukemelas(layer: &str, blocks: &[Block]) -> String {
    let block =
        blocks.iter().position(|block| layer.strip_prefix(&block.name).is_some_and(|rest| rest.starts_with('.')));
    let Some(number) = block else {
        return match layer {
            "conv_stem" => "_conv_stem",
            "bn1" => "_bn0",
            "conv_head" => "_conv_head",
            "bn2" => "_bn1",
            "classifier" => "_fc",
            other => other,
        }
        .to_string();
    };
    let inside = &layer[blocks[number].name.len() + 1..];
    let name = match (inside, blocks[number].widens) {
        ("conv_pw", true) => "_expand_conv",
        ("conv_dw", _) => "_depthwise_conv",
        ("conv_pwl", true) | ("conv_pw", false) => "_project_conv",
        ("bn1", true) => "_bn0",
        ("bn2", true) | ("bn1", false) => "_bn1",
        ("bn3", true) | ("bn2", false) => "_bn2",
        ("se.conv_reduce", _) => "_se_reduce",
        ("se.conv_expand", _) => "_se_expand",
        (other, _) => other,
    };
    format!("_blocks.{number}.{name}")
}

impl Wanted {
    /// The shape in the file.
    pub fn shape(&self) -> Vec<usize> {
        match (self.form, self.shape.as_slice()) {
            (Form::Convolution, &[height, width, channels_in, channels_out]) => {
                vec![channels_out, channels_in, height, width]
            }
            (Form::Depthwise, &[height, width, channels, _]) => vec![channels, 1, height, width],
            (Form::Dense, &[inputs, outputs]) => vec![outputs, inputs],
            (_, shape) => shape.to_vec(),
        }
    }

    /// Whether a tensor of this shape will do.
    pub fn takes(&self, shape: &[usize]) -> bool {
        let own = self.shape();
        own == shape
            || matches!((self.form, shape), (Form::Dense, [outputs, inputs, 1, 1]) if own == [*outputs, *inputs])
    }

    /// Lays the file's values out as umbel has them.
    pub fn copy(&self, from: &[f32], to: &mut [f32]) {
        // Both are matrices: the file's has the outputs (or channels) in rows, umbel's in columns, with the window between.
        let (rows, columns) = match (self.form, self.shape.as_slice()) {
            (Form::Convolution, &[height, width, channels_in, channels_out]) => {
                let window = height * width;
                for (out, from) in from.chunks_exact(channels_in * window).enumerate() {
                    for (channel, from) in from.chunks_exact(window).enumerate() {
                        for (place, value) in from.iter().enumerate() {
                            to[(place * channels_in + channel) * channels_out + out] = *value;
                        }
                    }
                }
                return;
            }
            (Form::Depthwise, &[height, width, channels, _]) => (channels, height * width),
            (Form::Dense, &[inputs, outputs]) => (outputs, inputs),
            _ => return to.copy_from_slice(from),
        };
        for (row, from) in from.chunks_exact(columns).enumerate() {
            for (column, value) in from.iter().enumerate() {
                to[column * rows + row] = *value;
            }
        }
    }
}
