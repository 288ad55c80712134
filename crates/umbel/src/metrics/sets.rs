//! How often sets that are to hold the right class do, on labeled photos.

use serde::{Deserialize, Serialize};
use umbel_predict::metrics::{CERTAINTY, Doubts, Trusted};

use super::{Answers, most_likely};

/// For which sets are measured.
pub const LEVELS: [f64; 3] = [0.9, 0.95, 0.98];

/// How the sets of a level came out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetScore {
    /// The share of photos whose set was to hold the right class.
    pub level: f64,
    /// The share whose set did.
    pub coverage: f64,
    /// Classes in a set.
    pub mean_size: f64,
}

impl SetScore {
    /// Of each of [`LEVELS`] that so many photos as made the doubts promise.
    pub fn measure(doubts: &Doubts, answers: &Answers<'_>) -> Vec<Self> {
        let of_level = |level: f64| {
            let rule = doubts.rule(level, CERTAINTY).ok()?;
            let (mut held, mut classes) = (0, 0);
            for (label, row) in answers.rows() {
                // The most likely class is always in its set. Sorting each row, as `SetRule::set` does, would take most of the time.
                let (first, is_in) = (most_likely(row), |class: usize| rule.holds(class, row[class]));
                held += usize::from(label == first || is_in(label));
                classes += (0..row.len()).filter(|class| *class == first || is_in(*class)).count();
            }
            let images = answers.images() as f64;
            Some(SetScore { level, coverage: held as f64 / images, mean_size: classes as f64 / images })
        };
        LEVELS.into_iter().filter_map(of_level).collect()
    }
}

/// How right answers of the same confidence are on these photos.
pub fn trusted_on(trusted: &[Trusted], answers: &Answers<'_>) -> Vec<Trusted> {
    trusted.iter().map(|own| own.on(answers.n_classes, answers.probabilities, answers.labels)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_that_are_counted_are_those_that_predicting_tells() {
        use crate::base::random::{Purpose, Stream};
        let mut random = Stream::new(4, Purpose::Demo, 0, 0);
        let labels: Vec<u32> = (0..400).map(|_| random.below(7) as u32).collect();
        let rows: Vec<f64> = (0..400 * 7).map(|_| random.below(9) as f64 / 9.0).collect();
        let (doubts, answers) = (Doubts::new(7, &rows, &labels).unwrap(), Answers::new(&labels, &rows, 7).unwrap());
        for found in SetScore::measure(&doubts, &answers) {
            let rule = doubts.rule(found.level, CERTAINTY).unwrap();
            let sets: Vec<(usize, Vec<usize>)> = answers.rows().map(|(label, row)| (label, rule.set(row))).collect();
            let held = sets.iter().filter(|(label, set)| set.contains(label)).count();
            let classes: usize = sets.iter().map(|(_, set)| set.len()).sum();
            assert_eq!((found.coverage, found.mean_size), (held as f64 / 400.0, classes as f64 / 400.0));
        }
    }

    #[test]
    fn sets_are_counted() {
        // 300 photos of confidence 0.7 for the right class, of which 21 (7 %) have only 0.3.
        let row = |k: usize| if k % 100 < 7 { [0.3, 0.7] } else { [0.7, 0.3] };
        let rows: Vec<f64> = (0..300).flat_map(row).collect();
        let (labels, doubts) = (vec![0; 300], Doubts::new(2, &rows, &vec![0; 300]).unwrap());
        let found = SetScore::measure(&doubts, &Answers::new(&labels, &rows, 2).unwrap());
        // 7 % may be missed at 0.9, and not at 0.95: there, both classes are in the set.
        let expected = [(0.9, 0.93, 1.0), (0.95, 1.0, 2.0), (0.98, 1.0, 2.0)];
        assert_eq!(found, expected.map(|(level, coverage, mean_size)| SetScore { level, coverage, mean_size }));
        let few = Doubts::new(2, &rows[..60], &labels[..30]).unwrap();
        let found = SetScore::measure(&few, &Answers::new(&labels, &rows, 2).unwrap());
        assert_eq!(found.iter().map(|own| own.level).collect::<Vec<_>>(), [0.9], "thirty promise no more");
    }
}
