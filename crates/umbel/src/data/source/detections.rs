//! Which boxes of a detector's are taken.

use serde::{Deserialize, Serialize};

/// Which boxes of a detector's are taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Detections {
    /// Those that the detector is at least so sure of, 0 to 1. MegaDetector's own tools show boxes from 0.2 on.
    pub confidence: f64,
    /// Those that it calls so. `None`: `animal`, where the detector knows animals, else all.
    pub category: Option<String>,
}

impl Default for Detections {
    fn default() -> Self {
        Detections { confidence: 0.2, category: None }
    }
}
