//! The network: a model is data (a graph of layers and named weights), lowered to steps that say what is to be computed; an
//! engine is whatever runs them. Nothing outside of this module knows how a layer is computed. Never imports `data`.

pub mod graph;
pub mod layers;
pub mod sequential;
pub mod models;
pub mod weights;
pub mod model;
pub mod summary;
pub mod steps;
pub mod engine;
pub mod cpu;
pub mod numerics;
#[cfg(feature = "train")]
pub mod optimizer;
#[cfg(feature = "train")]
pub mod schedule;

pub use cpu::{Cpu, Inference, Isa, Precision};
pub use engine::{Computed, Engine, Infer, Probe, Probed};
pub use graph::{Graph, ResolvedLayer, Source};
pub use layers::{Activation, Layer, Padding, Shape};
pub use model::Model;
pub use numerics::NUMERICS;
pub use sequential::Sequential;
pub use summary::Summary;
pub use weights::{Tensor, Tensors, Weights};
#[cfg(feature = "train")]
pub use {
    cpu::{
        LossSum, Optimizer, Training, blend, categorical_crossentropy, clip_global_norm, softmax,
        sparse_categorical_crossentropy,
    },
    engine::{SharedEngine, Slice, Targets, Train, TrainState, TrainingEngine, Updates},
    optimizer::OptimizerConfig,
    schedule::{Schedule, ScheduleKind},
};
