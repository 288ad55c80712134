//! Which class is taken for which, by name.

use serde::Serialize;

use super::shown::shown;

/// Photos of a class that were taken for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Mistaken {
    pub class: String,
    pub taken_for: String,
    pub images: u64,
    /// All photos of the class.
    pub of: u64,
}

impl std::fmt::Display for Mistaken {
    /// `tulips for roses (5 of 32)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Mistaken { class, taken_for, images, of } = self;
        write!(f, "{} for {} ({images} of {of})", shown(class), shown(taken_for))
    }
}
