//! Photos that were in a part before, and stay there: a model that training goes on from has learned from some of them.

use super::units::Units;
use super::{Index, Part, Split, SplitMethod};

/// Takes out of `units` those of which a photo was in a part, and gives them, divided so: whatever shows the same as what was trained on
/// is trained on.
pub fn held(units: &mut Units, parts: &[Option<Part>]) -> Split {
    let mut split = Split::default();
    let part = |unit: &Vec<usize>| unit.iter().filter_map(|&photo| parts[photo]).min();
    units.free.retain(|unit| {
        let of = match part(unit) {
            None => return true,
            Some(Part::Train) => &mut split.train,
            Some(Part::Val) => &mut split.val,
            Some(Part::Test) => &mut split.test,
        };
        of.extend(unit);
        false
    });
    split
}

/// What to do where nothing is left that may judge.
pub const WAY_OUT: &str =
    "all others have taught the model that training starts from: add new pictures, or those that validated it";

/// Whether the photos are held where they were: where umbel divides them.
pub fn counts(method: &SplitMethod, index: &Index, parts: &[Option<Part>]) -> bool {
    *method == SplitMethod::Stratified && !index.comes_with(Part::Val) && parts.iter().any(Option::is_some)
}
