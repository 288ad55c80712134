//! The one training loop, its callbacks, checkpoints and history.

pub mod callbacks;
pub mod checkpoint;
pub mod fit;
pub mod history;

pub use callbacks::{EarlyStopping, Monitor, ReduceOnPlateau};
pub use fit::{FitOptions, FitOutcome, evaluate, fit};
pub use history::History;
