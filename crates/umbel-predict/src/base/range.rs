//! Ranges of numbers that check a value and say in words what would fit, so that whoever reads a number says the same.

use std::ops::Bound;

/// Whole numbers from one to another, both among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Whole {
    pub low: u64,
    pub high: u64,
}

impl Whole {
    /// From `low` to `high`.
    pub const fn new(low: u64, high: u64) -> Self {
        Whole { low, high }
    }

    /// Whether a number is in it.
    pub fn contains(&self, value: u64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// "a whole number from 1 to 512".
    pub fn expected(&self) -> String {
        format!("a whole number {}", self.ends())
    }

    /// "from 1 to 512".
    pub fn ends(&self) -> String {
        format!("from {} to {}", self.low, self.high)
    }
}

/// Finite numbers between two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Real {
    /// "a share", "a rate": what the number is.
    pub what: &'static str,
    /// The lower end.
    pub low: Bound<f64>,
    /// The upper end; there may be none.
    pub high: Bound<f64>,
    /// What 0 means where the ends leave it out and it is allowed all the same.
    pub zero: Option<&'static str>,
    /// "0.2": what one may well write.
    pub example: &'static str,
}

impl Real {
    /// Whether a number is in it.
    pub fn contains(&self, value: f64) -> bool {
        let above = match self.low {
            Bound::Included(low) => value >= low,
            Bound::Excluded(low) => value > low,
            Bound::Unbounded => true,
        };
        let below = match self.high {
            Bound::Included(high) => value <= high,
            Bound::Excluded(high) => value < high,
            Bound::Unbounded => true,
        };
        value.is_finite() && ((above && below) || (self.zero.is_some() && value == 0.0))
    }

    /// "a share from 0 to below 1, for instance 0.2".
    pub fn expected(&self) -> String {
        let zero = self.zero.map(|meaning| format!("0 for {meaning}, or ")).unwrap_or_default();
        format!("{zero}{} {}, for instance {}", self.what, self.ends(), self.example)
    }

    /// "from 0 to below 1".
    pub fn ends(&self) -> String {
        let (low, high) = (self.low, self.high);
        match (low, high) {
            (Bound::Excluded(low), Bound::Excluded(high)) => format!("between {low} and {high}"),
            (Bound::Included(low), Bound::Included(high)) => format!("from {low} to {high}"),
            (Bound::Included(low), Bound::Excluded(high)) => format!("from {low} to below {high}"),
            (Bound::Excluded(low), Bound::Included(high)) => format!("above {low}, up to {high}"),
            (Bound::Included(low), Bound::Unbounded) => format!("from {low} up"),
            (Bound::Excluded(low), Bound::Unbounded) => format!("above {low}"),
            (Bound::Unbounded, Bound::Included(high)) => format!("up to {high}"),
            (Bound::Unbounded, Bound::Excluded(high)) => format!("below {high}"),
            (Bound::Unbounded, Bound::Unbounded) => "of any size".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_range_says_is_what_it_takes() {
        let whole = Whole::new(1, 512);
        assert_eq!(whole.expected(), "a whole number from 1 to 512");
        assert!(whole.contains(1) && whole.contains(512) && !whole.contains(0) && !whole.contains(513));
        let real = |low, high| Real { what: "a share", low, high, zero: None, example: "0.2" };
        use Bound::{Excluded, Included, Unbounded};
        let cases = [
            (real(Excluded(0.0), Excluded(1.0)), "between 0 and 1", [false, true, false]),
            (real(Included(0.0), Included(1.0)), "from 0 to 1", [true, true, true]),
            (real(Included(0.0), Excluded(1.0)), "from 0 to below 1", [true, true, false]),
            (real(Excluded(0.0), Included(1.0)), "above 0, up to 1", [false, true, true]),
            (real(Included(0.0), Unbounded), "from 0 up", [true, true, true]),
            (real(Excluded(0.0), Unbounded), "above 0", [false, true, true]),
        ];
        for (range, words, fits) in cases {
            assert_eq!(range.expected(), format!("a share {words}, for instance 0.2"));
            assert_eq!([0.0, 0.5, 1.0].map(|value| range.contains(value)), fits, "{words}");
            assert!(!range.contains(f64::NAN) && !range.contains(f64::INFINITY) && !range.contains(-1.0));
        }
        let crop = Real { zero: Some("whole photos"), ..real(Included(0.01), Included(1.0)) };
        assert!(crop.contains(0.0) && crop.contains(0.01) && !crop.contains(0.005));
        assert_eq!(crop.expected(), "0 for whole photos, or a share from 0.01 to 1, for instance 0.2");
    }
}
