//! The one training loop, its callbacks, checkpoints and history.

pub mod callbacks;
pub mod checkpoint;
pub mod evaluate;
pub mod fit;
pub mod history;
mod run;
pub mod run_lock;
mod saver;

pub use callbacks::{CallbackState, Callbacks, EarlyStopping, Monitor, ReduceOnPlateau};
pub use evaluate::{Outputs, evaluate, logits, outputs};
pub use fit::{FitOptions, FitOutcome, fit};
pub use history::History;
pub use run::memory_needed;
pub use run_lock::RunLock;
