//! The one training loop, its callbacks and checkpoints.

pub mod callbacks;
pub mod checkpoint;
mod error;
pub mod evaluate;
pub mod fit;
pub mod head;
mod options;
mod pace;
pub mod range_test;
mod run;
mod saver;
mod sizes;
pub mod slices;
mod step;
mod suits;
mod targets;

pub use crate::run::{History, RunLock};
pub use callbacks::{CallbackState, Callbacks, EarlyStopping, Monitor, ReduceOnPlateau};
pub use error::Error;
pub use evaluate::{Outputs, evaluate, logits, outputs};
pub use fit::{Fit, FitOutcome, fit};
pub use head::{Features, OutOfFold};
pub use options::{FitOptions, HeadFit};
pub use pace::{Pace, pace};
pub use range_test::{RangeOptions, RangePoint, RangeTest, range_test};
pub use slices::SliceSums;
pub use step::memory_needed;

use crate::data::{Dataset, PrepSpec};
use crate::model_file::TrainedOn;

impl TrainedOn for Dataset {
    fn class_names(&self) -> &[String] {
        self.class_names()
    }

    fn prep(&self) -> &PrepSpec {
        self.prep()
    }
}
