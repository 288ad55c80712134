//! What the ready-made networks are put together from. Layers are named as in timm, so that its weights find them.

use super::ArchitectureOptions;
use crate::nn::layers::{
    Activation, Add, BatchNorm, Conv2d, Dense, DepthwiseConv2d, Dropout, GlobalAvgPool2d, Layer, Multiply,
    Normalization, Padding,
};
use crate::nn::{Graph, Source};

/// A graph that grows, and what all its convolutions have in common.
pub(super) struct Builder {
    pub graph: Graph,
    norm: BatchNorm,
    pub padding: Padding,
}

impl Builder {
    /// Augmentation and `preparation` of the photo; gives what the first convolution reads.
    pub fn new(
        options: &ArchitectureOptions,
        preparation: impl Into<Layer>,
        norm: BatchNorm,
        padding: Padding,
    ) -> (Self, Source) {
        let mut graph = Graph::new((options.image_size, options.image_size, 3));
        for layer in &options.augment {
            graph.layer(*layer, graph.last());
        }
        let prepared = graph.layer(preparation, graph.last());
        (Builder { graph, norm, padding }, prepared)
    }

    /// A convolution without a bias, its batch norm under the name `norm`, and an activation.
    pub fn conv(&mut self, x: Source, name: &str, norm: &str, conv: Conv2d, activation: Activation) -> Source {
        let conv = conv.padding(self.padding).bias(false);
        let x = self.graph.named(name, conv, x);
        self.norm(x, norm, activation)
    }

    /// The same with a depthwise convolution.
    pub fn depthwise(
        &mut self,
        x: Source,
        name: &str,
        norm: &str,
        conv: DepthwiseConv2d,
        activation: Activation,
    ) -> Source {
        let conv = conv.padding(self.padding).bias(false);
        let x = self.graph.named(name, conv, x);
        self.norm(x, norm, activation)
    }

    fn norm(&mut self, x: Source, name: &str, activation: Activation) -> Source {
        let x = self.graph.named(name, self.norm.clone(), x);
        match activation {
            Activation::Linear => x,
            activation => self.graph.named(format!("{name}.act"), activation, x),
        }
    }

    /// Squeeze-and-excitation: every channel of `x` is scaled by what two small dense layers make of all channels' means.
    pub fn squeeze_excite(&mut self, x: Source, name: &str, (reduced, channels): (usize, usize)) -> Source {
        let means = self.graph.named(format!("{name}.pool"), GlobalAvgPool2d, x);
        let reduce = Dense::new(reduced).activation(Activation::Relu);
        let means = self.graph.named(format!("{name}.conv_reduce"), reduce, means);
        let expand = Dense::new(channels).activation(Activation::HardSigmoid);
        let gates = self.graph.named(format!("{name}.conv_expand"), expand, means);
        self.graph.named(format!("{name}.scale"), Multiply, [x, gates])
    }

    /// The sum of a branch and its shortcut.
    pub fn add(&mut self, name: &str, branch: Source, shortcut: Source) -> Source {
        self.graph.named(format!("{name}.add"), Add, [branch, shortcut])
    }

    /// Dropout and the dense layer that tells the classes, on a vector.
    pub fn head(mut self, x: Source, name: &str, options: &ArchitectureOptions) -> Graph {
        let x = if options.dropout > 0.0 { self.graph.layer(Dropout::new(options.dropout), x) } else { x };
        self.graph.named(name, Dense::new(options.classes), x);
        self.graph
    }
}

/// Mean and deviation of ImageNet's photos, as torchvision and timm prepare them.
pub(super) fn imagenet() -> Normalization {
    let variance = [0.229f32, 0.224, 0.225].map(|deviation| (255.0 * deviation).powi(2));
    Normalization::new([0.485f32, 0.456, 0.406].map(|mean| 255.0 * mean), variance)
}
