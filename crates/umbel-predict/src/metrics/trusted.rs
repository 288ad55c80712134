//! From which confidence on a model's answers are right as often as was asked: below it, whoever wants that asks a person.

use serde::{Deserialize, Deserializer, Serialize};

use super::most_likely;

/// Of answers that are at least so confident, so many were right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trusted {
    /// The share that was to be right.
    pub asked: f64,
    /// The lowest confidence, in thousandths, from which on it is.
    pub confidence: f64,
    /// The share of those answers that was right; no number (in JSON null) where there is none.
    #[serde(deserialize_with = "share_or_nan")]
    pub right: f64,
    /// The share of the photos that have such an answer.
    pub answered: f64,
}

/// The shares for which a confidence is looked for.
pub const TRUSTED: [f64; 2] = [0.95, 0.99];

/// The quantile of the normal distribution that goes with [`CERTAINTY`](super::CERTAINTY), to one side.
const DEVIATIONS: f64 = 1.281_551_565_544_6;
/// Confidences that are tried.
const STEPS: u32 = 1_000;

fn share_or_nan<'de, D: Deserializer<'de>>(json: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or(f64::NAN))
}

impl Trusted {
    /// Of photos that did not train the model, by rows of `n_classes` probabilities and the labels: for each of [`TRUSTED`] the lowest
    /// confidence above which not only the share that was right reaches it, but with the certainty of 90 % what it
    /// stands for, too (Wilson, 1927). Those that no confidence reaches are left out.
    pub fn measure(n_classes: usize, probabilities: &[f64], labels: &[u32]) -> Vec<Self> {
        let answers = answers(n_classes, probabilities, labels);
        let lowest = |asked: f64| {
            let tried = (0..=STEPS).map(|step| f64::from(step) / f64::from(STEPS));
            let mut measured = tried.map(|confidence| (confidence, counts(&answers, confidence)));
            let (confidence, (right, sure)) = measured.find(|(_, counts)| lower_bound(*counts) >= asked)?;
            Some(Trusted::of(asked, confidence, (right, sure), answers.len()))
        };
        TRUSTED.into_iter().filter_map(lowest).collect()
    }

    /// The same confidence on other photos.
    pub fn on(&self, n_classes: usize, probabilities: &[f64], labels: &[u32]) -> Self {
        let answers = answers(n_classes, probabilities, labels);
        Trusted::of(self.asked, self.confidence, counts(&answers, self.confidence), answers.len())
    }

    fn of(asked: f64, confidence: f64, (right, sure): (usize, usize), images: usize) -> Self {
        let (right, sure, images) = (right as f64, sure as f64, images as f64);
        Trusted { asked, confidence, right: right / sure, answered: sure / images }
    }

    pub(crate) fn is_sound(&self) -> bool {
        let Trusted { asked, confidence, right, answered } = *self;
        [asked, confidence, right, answered].iter().all(|share| (0.0..=1.0).contains(share))
    }
}

/// Each photo's confidence, and whether the answer (of equals, the first) is right.
fn answers(n_classes: usize, probabilities: &[f64], labels: &[u32]) -> Vec<(f64, bool)> {
    let rows = labels.iter().zip(probabilities.chunks_exact(n_classes.max(1)));
    let answer = |(label, row): (&u32, &[f64])| {
        let best = most_likely(row);
        (row[best], best == *label as usize)
    };
    rows.map(answer).collect()
}

/// How many answers of at least this confidence are right, and how many there are.
fn counts(answers: &[(f64, bool)], confidence: f64) -> (usize, usize) {
    let sure = answers.iter().filter(|(own, _)| *own >= confidence);
    sure.fold((0, 0), |(right, all), (_, is_right)| (right + usize::from(*is_right), all + 1))
}

/// Wilson's, to one side; 0 of none.
fn lower_bound((right, all): (usize, usize)) -> f64 {
    if all == 0 {
        return 0.0;
    }
    let (n, share, z) = (all as f64, right as f64 / all as f64, DEVIATIONS);
    let middle = share + z * z / (2.0 * n);
    let reach = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    (middle - reach) / (1.0 + z * z / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many photos of confidence `p`, of which the last ones are wrong.
    fn rows(parts: &[(usize, f64, usize)]) -> (Vec<f64>, Vec<u32>) {
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        for (count, p, wrong) in parts {
            for k in 0..*count {
                rows.extend([*p, 1.0 - p]);
                labels.push(u32::from(k + wrong >= *count));
            }
        }
        (rows, labels)
    }

    #[test]
    fn the_bound_is_wilsons() {
        // 90 of 100, z = 1.2816: (0.9 + 0.008212 - 1.2816 sqrt(0.0009 + 0.00004106)) / 1.016424.
        assert!((lower_bound((90, 100)) - 0.854_86).abs() < 1e-4, "{}", lower_bound((90, 100)));
        // All of n: n / (n + z^2).
        assert!((lower_bound((50, 50)) - 50.0 / (50.0 + 1.642_374)).abs() < 1e-5);
        assert_eq!(lower_bound((0, 0)), 0.0);
    }

    #[test]
    fn the_lowest_confidence_that_is_right_often_enough_is_found() {
        let (probabilities, labels) = rows(&[(300, 0.999, 0), (100, 0.9, 4), (100, 0.7, 30)]);
        let found = Trusted::measure(2, &probabilities, &labels);
        assert_eq!(found.len(), 2);
        // 396 of 400 are right, whose bound is 0.981; of all 500, 466.
        let [good, best] = [found[0], found[1]];
        assert_eq!((good.asked, good.confidence, good.right, good.answered), (0.95, 0.701, 0.99, 0.8));
        assert_eq!((best.asked, best.confidence, best.right, best.answered), (0.99, 0.901, 1.0, 0.6));
        let (probabilities, labels) = rows(&[(10, 0.95, 1), (10, 0.8, 5)]);
        let other = good.on(2, &probabilities, &labels);
        assert_eq!((other.right, other.answered, other.confidence), (0.7, 1.0, 0.701));
        assert!(best.on(2, &[0.6, 0.4], &[0]).right.is_nan(), "none is so sure");
    }

    /// Of a model whose confidence is just right, dense towards 1, above any confidence a known share is right.
    #[test]
    fn what_was_chosen_is_right_often_enough_as_certainly_as_it_says() {
        // SplitMix64.
        let mut state = 5u64;
        let mut uniform = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        let (mut found, mut kept) = (0, 0);
        for _ in 0..150 {
            let (mut rows, mut labels) = (Vec::new(), Vec::new());
            for _ in 0..600 {
                let p = 1.0 - uniform().powi(2) / 2.0;
                rows.extend([p, 1.0 - p]);
                labels.push(u32::from(uniform() >= p));
            }
            let measured = Trusted::measure(2, &rows, &labels);
            let Some(own) = measured.iter().find(|own| own.asked == 0.95) else { continue };
            let confidence = own.confidence.max(0.5);
            found += 1;
            // The mean of 1 - u^2 / 2 over the u that give so much or more.
            let right = 1.0 - (1.0 - confidence) / 3.0;
            kept += i32::from(right >= 0.95);
        }
        assert!(found >= 145, "{found} of 150");
        assert!((0.80..0.97).contains(&(f64::from(kept) / f64::from(found))), "{kept} of {found}");
    }

    #[test]
    fn few_photos_promise_nothing_however_right_they_are() {
        let (probabilities, labels) = rows(&[(30, 0.99, 0)]);
        assert_eq!(Trusted::measure(2, &probabilities, &labels), []);
        assert_eq!(Trusted::measure(2, &[], &[]), []);
        let (probabilities, labels) = rows(&[(32, 0.99, 0)]);
        let found = Trusted::measure(2, &probabilities, &labels);
        assert_eq!(found.iter().map(|own| own.asked).collect::<Vec<_>>(), [0.95], "32 / (32 + 1.64) is 0.951");
        assert_eq!(found[0].confidence, 0.0, "all of them");
    }
}
