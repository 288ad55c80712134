//! What is said where training goes on from a model of one's own.

use std::fmt;

/// What is worth a line where training goes on from a model, which is named `from`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum GoingOn {
    /// So many of its classes are kept, so many are new, and so many of its classes are gone.
    Classes { from: String, kept: usize, new: usize, dropped: usize },
    /// So many of the photos were known to it, and stay in the parts that they were in; the new ones are divided.
    KnownPhotos { from: String, known: usize, new: usize },
    /// Which photos taught it cannot be told, so figures may flatter.
    UnknownPhotos { from: String },
    /// Only its last layer had learned, which is fitted anew: its photos judge like others.
    OnlyLastLayerLearned { from: String },
    /// So many photos of the validation or test part, which umbel did not choose, have taught it.
    TaughtBefore { from: String, photos: usize },
}

impl fmt::Display for GoingOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words(self))
    }
}

fn words(going_on: &GoingOn) -> String {
    match going_on {
        GoingOn::Classes { from, kept, new, dropped } => {
            let all = kept + new;
            let noun = if all == 1 { "class" } else { "classes" };
            let counts = [(kept, "kept"), (new, "new"), (dropped, "dropped")];
            let told: Vec<String> =
                counts.iter().filter(|(n, _)| **n > 0).map(|(n, what)| format!("{n} {what}")).collect();
            format!("Starting from {from} ({all} {noun}: {}).", told.join(", "))
        }
        GoingOn::KnownPhotos { from, known: 0, .. } => {
            format!("As far as names and contents tell, {from} has seen none of these photos.")
        }
        GoingOn::KnownPhotos { from, known, new } => {
            let (noun, stay) =
                if *known == 1 { ("photo was", "stays in its part") } else { ("photos were", "stay in their parts") };
            format!("{known} {noun} known to {from} and {stay}; {new} new: they are divided.")
        }
        GoingOn::UnknownPhotos { from } => format!(
            "Which photos taught {from} is not known, since no run lies around it: where some of these did, the figures flatter."
        ),
        GoingOn::OnlyLastLayerLearned { from } => format!(
            "Of {from}, only the last layer had learned from photos, and it is fitted anew: those photos judge like any others."
        ),
        GoingOn::TaughtBefore { from, photos } => {
            let (noun, have) = if *photos == 1 { ("photo", "has") } else { ("photos", "have") };
            format!(
                "Warning: {photos} {noun} of the validation or test part {have} taught {from}, which training starts from, so the \
                 figures flatter."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_were_kept_added_and_dropped_are_counted_in_one_line() {
        let line = |kept, new, dropped| words(&GoingOn::Classes { from: "runs/photos".into(), kept, new, dropped });
        assert_eq!(line(4, 1, 1), "Starting from runs/photos (5 classes: 4 kept, 1 new, 1 dropped).");
        assert_eq!(line(5, 0, 0), "Starting from runs/photos (5 classes: 5 kept).");
        assert_eq!(line(0, 2, 3), "Starting from runs/photos (2 classes: 2 new, 3 dropped).");
    }

    #[test]
    fn known_photos_are_told_for_one_and_for_many() {
        let line = |known, new| words(&GoingOn::KnownPhotos { from: "a".into(), known, new });
        assert_eq!(line(1, 2), "1 photo was known to a and stays in its part; 2 new: they are divided.");
        assert_eq!(line(30, 0), "30 photos were known to a and stay in their parts; 0 new: they are divided.");
        assert!(line(0, 9).contains("seen none of these"));
        let taught = |photos| words(&GoingOn::TaughtBefore { from: "a".into(), photos });
        assert!(taught(1).contains("1 photo of the validation or test part has taught a"));
        assert!(taught(2).contains("2 photos of the validation or test part have taught a"));
    }
}
