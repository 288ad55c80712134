//! Ready-made architectures, by name.

mod builder;
mod cnn;
mod efficientnet_lite;
mod inverted;
mod mobilenet_v3;
mod resnet;
mod umbel_s;

use super::Graph;
use crate::base::augmentation::AugmentLayer;
use crate::{Error, Result};

pub use cnn::cnn;
pub use efficientnet_lite::{
    tf_efficientnet_lite0, tf_efficientnet_lite1, tf_efficientnet_lite2, tf_efficientnet_lite3, tf_efficientnet_lite4,
};
pub use mobilenet_v3::{mobilenetv3_large_100, mobilenetv3_small_100};
pub use resnet::{resnet18, resnet50};
pub use umbel_s::umbel_s;

/// What every ready-made architecture can be told.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ArchitectureOptions {
    /// Height and width of the square pictures.
    pub image_size: usize,
    pub classes: usize,
    pub augment: Vec<AugmentLayer>,
    /// Share of values dropped before the head; 0 leaves the layer out.
    pub dropout: f32,
}

impl Default for ArchitectureOptions {
    /// The tutorial's: 180 x 180, five classes, flip, rotation and zoom, dropout 0.2.
    fn default() -> Self {
        ArchitectureOptions { image_size: 180, classes: 5, augment: AugmentLayer::tutorial(), dropout: 0.2 }
    }
}

/// A ready-made architecture, as `umbel models` lists it.
#[derive(Clone, Copy, Debug)]
pub struct Architecture {
    /// The name that [`by_name`] knows; where there are weights for it, timm's.
    pub name: &'static str,
    /// What it is good for, in one line.
    pub about: &'static str,
    /// Height and width of the photos that pretrained weights have seen; `None`: there are no pretrained weights.
    pub pretrained_size: Option<u32>,
    build: fn(&ArchitectureOptions) -> Graph,
}

/// The architectures, smallest first.
pub const ARCHITECTURES: &[Architecture] = &[
    Architecture {
        name: "cnn",
        about: "the flower tutorial's three convolutions and two dense layers",
        pretrained_size: None,
        build: |options| cnn(options).into(),
    },
    Architecture {
        name: "umbel_s",
        about: "umbel's own small residual network, for a few thousand photos",
        pretrained_size: None,
        build: umbel_s,
    },
    Architecture {
        name: "mobilenetv3_small_100",
        about: "the fastest with pretrained weights (Howard et al. 2019)",
        pretrained_size: Some(224),
        build: mobilenetv3_small_100,
    },
    Architecture {
        name: "mobilenetv3_large_100",
        about: "fast and good (Howard et al. 2019)",
        pretrained_size: Some(224),
        build: mobilenetv3_large_100,
    },
    Architecture {
        name: "tf_efficientnet_lite0",
        about: "fast and good, without squeeze-and-excitation (Tan & Le 2019)",
        pretrained_size: Some(224),
        build: tf_efficientnet_lite0,
    },
    Architecture {
        name: "tf_efficientnet_lite1",
        about: "the same, deeper",
        pretrained_size: Some(240),
        build: tf_efficientnet_lite1,
    },
    Architecture {
        name: "tf_efficientnet_lite2",
        about: "the same, wider and deeper",
        pretrained_size: Some(260),
        build: tf_efficientnet_lite2,
    },
    Architecture {
        name: "tf_efficientnet_lite3",
        about: "the same, wider and deeper still",
        pretrained_size: Some(300),
        build: tf_efficientnet_lite3,
    },
    Architecture {
        name: "tf_efficientnet_lite4",
        about: "the best of this family, and the slowest",
        pretrained_size: Some(380),
        build: tf_efficientnet_lite4,
    },
    Architecture {
        name: "resnet18",
        about: "the smallest of the classic residual networks (He et al. 2015)",
        pretrained_size: Some(224),
        build: resnet18,
    },
    Architecture {
        name: "resnet50",
        about: "the classic; slow on a CPU (He et al. 2015)",
        pretrained_size: Some(224),
        build: resnet50,
    },
];

/// Names that [`by_name`] knows.
pub fn names() -> Vec<&'static str> {
    ARCHITECTURES.iter().map(|architecture| architecture.name).collect()
}

/// The entry of that name.
pub fn find(name: &str) -> Option<&'static Architecture> {
    ARCHITECTURES.iter().find(|architecture| architecture.name == name)
}

/// The architecture of that name.
///
/// # Errors
/// [`Error::Setting`] for a name that is none of [`names`], and those of [`Graph::resolve`] (a picture too small
/// for the architecture, for instance).
pub fn by_name(name: &str, options: &ArchitectureOptions) -> Result<Graph> {
    let Some(architecture) = find(name) else {
        return Err(Error::Setting {
            setting: "model".into(),
            value: format!("{name:?}"),
            expected: format!("one of {}, or the path of a TOML file", names().join(", ")),
        });
    };
    let graph = (architecture.build)(options);
    graph.resolve()?;
    Ok(graph)
}
