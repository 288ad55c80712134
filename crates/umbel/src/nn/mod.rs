//! The network: a model is data (a graph of layers and named weights); a plan compiled from it does the arithmetic.
//! Nothing outside of this module knows how a layer is computed. Never imports `data`.

pub mod gradients;
pub mod graph;
mod isa;
pub mod layers;
pub mod model;
pub mod models;
pub mod optimizer;
pub mod plan;
pub mod schedule;
pub mod sequential;
pub mod summary;
pub mod weights;

pub use gradients::{GradientSum, blend, clip_global_norm};
pub use graph::{Graph, ResolvedLayer, Source};
pub use isa::{Arithmetic, isa_from_env};
pub use layers::{Activation, Layer, Padding, Shape};
pub use model::Model;
pub use optimizer::{Optimizer, OptimizerConfig};
pub use plan::{Plan, Probe, Probed, Targets};
pub use schedule::{Schedule, ScheduleKind};
pub use sequential::Sequential;
pub use summary::Summary;
pub use umbel_kernels::loss::{LossSum, categorical_crossentropy, softmax, sparse_categorical_crossentropy};
pub use umbel_kernels::{Isa, Precision};
pub use weights::{Tensor, Tensors, Weights};
