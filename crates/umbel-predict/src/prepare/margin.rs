//! What of a photo is seen around a box that was marked on it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What is added on each side of a box, as a share of its longer side: 0 to 1, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin(u16);

const PARTS: f64 = 1000.0;

impl Margin {
    /// The box as it was marked.
    pub const NONE: Margin = Margin(0);

    /// The margin of this share, to the nearest thousandth; `None` where it is not of 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then(|| Margin((share * PARTS).round() as u16))
    }

    /// As a share.
    pub fn share(self) -> f64 {
        f64::from(self.0) / PARTS
    }
}

impl Default for Margin {
    /// A tenth: boxes of detectors and of people often cut off an ear or a petal.
    fn default() -> Self {
        Margin(100)
    }
}

impl Serialize for Margin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.share())
    }
}

impl<'de> Deserialize<'de> for Margin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer)?;
        Margin::new(share).ok_or_else(|| de::Error::custom(format!("a margin of {share}, expected a share of 0 to 1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_written_as_it_was_given() {
        for share in [0.0, 0.1, 0.25, 0.333, 1.0] {
            let margin = Margin::new(share).unwrap();
            let text = serde_json::to_string(&margin).unwrap();
            assert_eq!(text.parse::<f64>().unwrap(), share);
            assert_eq!(serde_json::from_str::<Margin>(&text).unwrap(), margin);
        }
        for share in ["-0.1", "1.001", "1e9"] {
            assert!(serde_json::from_str::<Margin>(share).is_err(), "{share}");
        }
        assert_eq!(Margin::new(f64::NAN), None);
    }
}
