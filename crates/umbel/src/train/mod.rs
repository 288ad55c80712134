//! The one training loop, its callbacks, checkpoints and history.

mod average;
pub mod callbacks;
pub mod checkpoint;
pub mod evaluate;
pub mod fit;
pub mod head;
pub mod history;
mod plans;
pub mod range_test;
mod run;
pub mod run_lock;
mod saver;
mod targets;

pub use callbacks::{CallbackState, Callbacks, EarlyStopping, Monitor, ReduceOnPlateau};
pub use evaluate::{Outputs, evaluate, logits, outputs};
pub use fit::{FitOptions, FitOutcome, HeadFit, fit};
pub use head::Features;
pub use history::History;
pub use range_test::{RangeOptions, RangePoint, RangeTest, range_test};
pub use run::memory_needed;
pub use run_lock::RunLock;
