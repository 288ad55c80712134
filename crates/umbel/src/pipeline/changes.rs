//! What may be another when a run goes on.

use std::path::PathBuf;

use super::TrainConfig;

/// What may be another when a run goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The number of epochs, which may be higher.
    pub epochs: Option<usize>,
    /// Where the photos are now, if they were moved. They must be the same by path and content.
    pub data: Option<PathBuf>,
}

impl Changes {
    pub(super) fn apply(&self, config: &mut TrainConfig) {
        if let Some(epochs) = self.epochs {
            (config.fit.epochs, config.fit.least_steps) = (epochs, 0);
        }
        config.data = self.data.clone().unwrap_or_else(|| std::mem::take(&mut config.data));
    }
}
