//! The learning-rate range test (Smith 2017, "Cyclical Learning Rates for Training Neural Networks"): a short training whose
//! rate rises from far too low to far too high, and what its loss says about a good one. Nothing of it is kept.

use serde::Serialize;

use super::FitOptions;
use super::sizes::Sizes;
use super::step::Step;
use super::suits::{check_fit_for, not_empty};
use crate::base::progress::Interrupt;
use crate::base::random::{Purpose, Stream};
use crate::base::settings::within;
use crate::data::{Dataset, Loader};
use crate::nn::Model;
use crate::{Result, train};

/// From which rate to which, in how many steps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct RangeOptions {
    pub steps: usize,
    pub low: f64,
    pub high: f64,
}

impl Default for RangeOptions {
    /// 100 steps from 1e-6 to 1, which holds good rates of Adam and of SGD.
    fn default() -> Self {
        RangeOptions { steps: 100, low: 1e-6, high: 1.0 }
    }
}

/// Fewer steps tell nothing.
const FEWEST_STEPS: usize = 20;
/// How much of the smoothed loss a step keeps.
const SMOOTHING: f64 = 0.9;
/// The test ends where the smoothed loss is so many times its lowest.
const DIVERGED: f64 = 4.0;
/// The suggestion is this share of the rate with the lowest loss, beyond which training is about to break down.
const SHARE: f64 = 0.1;

/// One step of the test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct RangePoint {
    pub rate: f64,
    /// Of the step's batch, before its update.
    pub loss: f64,
    /// The exponential mean of the losses so far, corrected for its start.
    pub smoothed: f64,
}

/// What the test found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RangeTest {
    /// The suggestion: a tenth of `minimum`.
    pub rate: f64,
    /// The rate at which the smoothed loss was lowest.
    pub minimum: f64,
    /// The rate at which it fell fastest, over the logarithm of the rate.
    pub steepest: f64,
    /// Whether the loss broke out before the highest rate was reached, which ended the test.
    pub diverged: bool,
    /// Every step.
    pub points: Vec<RangePoint>,
}

impl RangeTest {
    /// Reads the curve.
    fn of(points: Vec<RangePoint>, diverged: bool) -> Self {
        // The first few means are of so few batches that they say more of these than of the rate.
        let first = points.len() / 10;
        let by_loss = |a: &usize, b: &usize| points[*a].smoothed.total_cmp(&points[*b].smoothed);
        let lowest = (first..points.len()).min_by(by_loss).unwrap_or(0);
        // Over several steps, since a single one is noise.
        let window = (points.len() / 20).max(1);
        let fall = |at: &usize| points[at + window].smoothed - points[*at].smoothed;
        let steepest = (first..lowest.saturating_sub(window)).min_by(|a, b| fall(a).total_cmp(&fall(b)));
        let rate_at = |index: usize| points.get(index).map_or(f64::NAN, |point| point.rate);
        let (minimum, steepest) = (rate_at(lowest), rate_at(steepest.map_or(lowest, |at| at + window / 2)));
        RangeTest { rate: minimum * SHARE, minimum, steepest, diverged, points }
    }
}

/// Runs the test with the options' batch size, optimizer, targets and first photo size; their rate, schedule and epochs are
/// not looked at. The model is left as it is. `told` hears of every step. `None` where the user asked to stop.
///
/// # Errors
/// [`umbel_predict::Error::Setting`] for ranges that make no sense, and [`train::Error::Diverged`] where not even the lowest rates give a loss.
pub fn range_test(
    model: &Model,
    train: &Dataset,
    options: &FitOptions,
    range: &RangeOptions,
    told: &mut dyn FnMut(&RangePoint),
    interrupt: &Interrupt,
) -> Result<Option<RangeTest>> {
    options.validate()?;
    within("steps", range.steps as f64, "20 or more", range.steps >= FEWEST_STEPS)?;
    within("the lowest rate", range.low, "a number above 0", range.low > 0.0)?;
    within("the highest rate", range.high, "a number above the lowest rate", range.high > range.low)?;
    not_empty("training part", train)?;
    check_fit_for(model, train)?;
    let mut trial = Trial::begin(model, train, options)?;
    let mut points: Vec<RangePoint> = Vec::with_capacity(range.steps);
    let (mut mean, mut lowest) = (0.0, f64::INFINITY);
    for step in 0..range.steps {
        if interrupt.requested() {
            return Ok(None);
        }
        let rate = range.low * (range.high / range.low).powf(step as f64 / (range.steps - 1) as f64);
        let loss = trial.step(rate)?;
        mean = SMOOTHING * mean + (1.0 - SMOOTHING) * loss;
        let smoothed = mean / (1.0 - SMOOTHING.powi(step as i32 + 1));
        if !smoothed.is_finite() || smoothed > DIVERGED * lowest {
            if points.len() < FEWEST_STEPS / 2 {
                let kept = "nothing is kept of a range test".to_string();
                return Err(
                    train::Error::Diverged { what: "loss".into(), epoch: 1, step, learning_rate: rate, kept }.into()
                );
            }
            return Ok(Some(RangeTest::of(points, true)));
        }
        lowest = smoothed.min(lowest);
        points.push(RangePoint { rate, loss, smoothed });
        told(&points[step]);
    }
    Ok(Some(RangeTest::of(points, false)))
}

/// A training that is not kept.
struct Trial<'a> {
    train: &'a Dataset,
    seed: u64,
    training: Step,
    loader: Loader,
    epoch: u64,
    steps: u64,
}

impl<'a> Trial<'a> {
    fn begin(model: &Model, train: &'a Dataset, options: &FitOptions) -> Result<Self> {
        let size = Sizes::new(options, train.image_size()).of(0);
        let training = Step::new(model.clone(), train, options, size)?;
        let loader = Loader::new(train, training.loader_options(0, 0));
        Ok(Trial { train, seed: options.seed, training, loader, epoch: 0, steps: 0 })
    }

    /// One step with this rate; gives the batch's mean loss.
    fn step(&mut self, rate: f64) -> Result<f64> {
        let batch = match self.loader.next() {
            Some(batch) => batch?,
            None => {
                self.epoch += 1;
                self.loader = Loader::new(self.train, self.training.loader_options(self.epoch, 0));
                self.loader.next().expect("a training part that is not empty")?
            }
        };
        let key = Stream::new(self.seed, Purpose::Dropout, 0, self.steps).key();
        self.training.begin(1);
        let sum = self.training.slice(&batch, key);
        self.training.update(rate, sum);
        self.loader.recycle(batch);
        self.steps += 1;
        Ok(sum.loss / sum.samples.max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_read_at_its_minimum_and_its_steepest_fall() {
        // Flat, falls fastest in the middle of 1e-4 to 1e-2, lowest at 1e-2, then rises.
        let points: Vec<RangePoint> = (0..=60)
            .map(|i| {
                let power = -6.0 + f64::from(i) / 10.0;
                let fall = ((power + 3.0) * 3.0).tanh();
                let loss = 1.5 - 0.5 * fall + (power + 2.0).max(0.0);
                RangePoint { rate: 10f64.powf(power), loss, smoothed: loss }
            })
            .collect();
        let test = RangeTest::of(points, false);
        assert!((test.minimum.log10() + 2.0).abs() < 0.25, "{}", test.minimum);
        assert!((test.steepest.log10() + 3.0).abs() < 0.25, "{}", test.steepest);
        assert!((test.rate / test.minimum - 0.1).abs() < 1e-12);
        // A loss that never falls is lowest at its start, the first tenth of which does not count.
        let rising: Vec<RangePoint> =
            (1..30).map(|i| RangePoint { rate: f64::from(i), loss: 1.0, smoothed: f64::from(i) }).collect();
        assert_eq!(RangeTest::of(rising, true).minimum, 3.0);
    }
}
