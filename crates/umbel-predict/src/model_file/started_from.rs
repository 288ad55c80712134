//! Whose weights a model began with.

use serde::{Deserialize, Serialize};

/// The weights that a model's training started from, as far as they tell of themselves. Kept in the model file, since
/// their license goes with what was made of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StartedFrom {
    /// What they are called: a network, or a file.
    pub name: String,
    /// By its SPDX name, in the letters that the weights tell it in; `None`: they tell none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The photos that they learned from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<String>,
    /// Where they are to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What was done to them before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// The models of one's own that came between, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<String>,
    /// They are a model of one's own that began with random weights, so nobody else's license goes with them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_scratch: bool,
}

impl StartedFrom {
    /// A model of one's own that itself `began` with these weights, or else with random ones.
    pub fn own(name: String, began: Option<StartedFrom>) -> Self {
        match began {
            None => StartedFrom { name, from_scratch: true, ..StartedFrom::default() },
            Some(mut began) => {
                began.through.push(name);
                began
            }
        }
    }

    /// Whether the license forbids commercial use.
    pub fn is_non_commercial(&self) -> bool {
        self.license.as_deref().is_some_and(is_non_commercial)
    }

    /// The license, for people.
    pub fn license_words(&self) -> String {
        match &self.license {
            Some(license) if is_non_commercial(license) => format!("{license}: not for commercial use"),
            Some(license) => license.clone(),
            None if self.from_scratch => "a model of one's own, from random weights".to_string(),
            None => "its license is not told".to_string(),
        }
    }

    /// In a line, for people: `EfficientNet-Lite0 (Apache-2.0; trained on ImageNet-1k), by way of the model photos`.
    pub fn line(&self) -> String {
        let license = self.license_words();
        let trained_on = self.trained_on.as_ref().map_or(String::new(), |photos| format!("; trained on {photos}"));
        let through = match self.through.as_slice() {
            [] => String::new(),
            [one] => format!(", by way of the model {one}"),
            several => format!(", by way of the models {}", several.join(", ")),
        };
        format!("{} ({license}{trained_on}){through}", self.name)
    }
}

/// Whether a license of this name forbids commercial use: Creative Commons' `NC`, and whatever calls itself so.
fn is_non_commercial(license: &str) -> bool {
    let license = license.to_ascii_lowercase();
    license.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "nc")
        || license.contains("non-commercial")
        || license.contains("noncommercial")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_license_that_forbids_commercial_use_is_marked() {
        for (license, forbids) in [
            ("Apache-2.0", false),
            ("cc-by-nc-4.0", true),
            ("CC-BY-NC-SA-4.0", true),
            ("cc-by-4.0", false),
            ("Non-Commercial research license", true),
            ("ncsa", false),
        ] {
            assert_eq!(is_non_commercial(license), forbids, "{license}");
        }
        let weights = StartedFrom { name: "x".into(), license: Some("cc-by-nc-4.0".into()), ..StartedFrom::default() };
        assert_eq!(weights.line(), "x (cc-by-nc-4.0: not for commercial use)");
    }

    #[test]
    fn what_came_between_is_told_and_the_first_ones_license_goes_on() {
        let first = StartedFrom { name: "x".into(), license: Some("cc-by-nc-4.0".into()), ..StartedFrom::default() };
        let second = StartedFrom::own("photos".into(), Some(first));
        assert!(second.is_non_commercial());
        assert_eq!(second.line(), "x (cc-by-nc-4.0: not for commercial use), by way of the model photos");
        let third = StartedFrom::own("photos-2".into(), Some(second));
        assert!(third.line().ends_with("by way of the models photos, photos-2"), "{}", third.line());
        let scratch = StartedFrom::own("b".into(), Some(StartedFrom::own("a".into(), None)));
        assert!(scratch.from_scratch);
        assert_eq!(scratch.line(), "a (a model of one's own, from random weights), by way of the model b");
    }
}
