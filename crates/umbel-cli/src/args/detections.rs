//! The flags by which boxes of a detector's are chosen, for commands that know no other settings of training.

use clap::Args;
use umbel::data::Detections;

use super::values;

/// Which boxes of a detector's are photos.
#[derive(Clone, Debug, Args)]
pub struct DetectionArgs {
    /// How sure a detector must be of a box that is taken as a photo, where the photos are boxes in its JSON
    #[arg(long, value_name = "SHARE", value_parser = values::real_setting("detections.confidence"), default_value_t = Detections::default().confidence)]
    detection_confidence: f64,
    /// What the detector must have called it [default: animal, where the detector knows animals, else all]
    #[arg(long, value_name = "NAME")]
    detection_category: Option<String>,
}

impl DetectionArgs {
    /// As the library takes them.
    pub fn taken(&self) -> Detections {
        Detections { confidence: self.detection_confidence, category: self.detection_category.clone() }
    }
}
