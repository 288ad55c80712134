//! Settings that may be given as one number or as two.

use serde::{Deserialize, Deserializer};

/// Sizes along height and width: `3` means `(3, 3)`.
pub trait IntoPair {
    /// (height, width).
    fn into_pair(self) -> (usize, usize);
}

impl IntoPair for usize {
    fn into_pair(self) -> (usize, usize) {
        (self, self)
    }
}

impl IntoPair for (usize, usize) {
    fn into_pair(self) -> (usize, usize) {
        self
    }
}

/// The pair that is meant where nothing is said.
pub(super) fn one() -> (usize, usize) {
    (1, 1)
}

/// The range that a random factor is drawn from: `f` means `(-f, f)`, as in Keras.
pub trait IntoRange {
    /// (low, high).
    fn into_range(self) -> (f32, f32);
}

impl IntoRange for f32 {
    fn into_range(self) -> (f32, f32) {
        (-self, self)
    }
}

impl IntoRange for (f32, f32) {
    fn into_range(self) -> (f32, f32) {
        self
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a whole number, or two: [height, width]")]
enum PairForm {
    Both(usize),
    Each(usize, usize),
}

impl From<PairForm> for (usize, usize) {
    fn from(form: PairForm) -> Self {
        match form {
            PairForm::Both(size) => (size, size),
            PairForm::Each(height, width) => (height, width),
        }
    }
}

/// Reads a number or two as (height, width).
pub(super) fn pair<'de, D: Deserializer<'de>>(from: D) -> Result<(usize, usize), D::Error> {
    PairForm::deserialize(from).map(Into::into)
}

/// Reads a number or two as `Some((height, width))`.
pub(super) fn some_pair<'de, D: Deserializer<'de>>(from: D) -> Result<Option<(usize, usize)>, D::Error> {
    Ok(Option::<PairForm>::deserialize(from)?.map(Into::into))
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number f (for -f to f), or two: [low, high]")]
enum RangeForm {
    Symmetric(f32),
    Each(f32, f32),
}

/// Reads a factor or (low, high).
pub(super) fn range<'de, D: Deserializer<'de>>(from: D) -> Result<(f32, f32), D::Error> {
    Ok(match RangeForm::deserialize(from)? {
        RangeForm::Symmetric(factor) => factor.into_range(),
        RangeForm::Each(low, high) => (low, high),
    })
}
