//! Value parsers that know the range of what they read, so that a bad value is a usage error that names the range.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

fn number<T: FromStr>(text: &str, expected: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("expected {expected}"))
}

fn whole<T>(text: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    let value = number(text, &expected)?;
    if range.contains(&value) { Ok(value) } else { Err(format!("expected {expected}")) }
}

fn real(text: &str, expected: &str, fits: impl Fn(f64) -> bool) -> Result<f64, String> {
    let value: f64 = number(text, expected)?;
    if value.is_finite() && fits(value) { Ok(value) } else { Err(format!("expected {expected}")) }
}

/// Epochs: 1 or more (a million is more than anyone means).
pub fn epochs(text: &str) -> Result<usize, String> {
    whole(text, 1..=1_000_000)
}

/// Photos in a batch.
pub fn batch(text: &str) -> Result<usize, String> {
    whole(text, 1..=512)
}

/// Height and width of a prepared photo.
pub fn image_size(text: &str) -> Result<u32, String> {
    whole(text, 32..=512)
}

/// Threads; 0 is one per core.
pub fn threads(text: &str) -> Result<usize, String> {
    whole(text, 0..=1024)
}

/// Any count that makes sense only from 1 on.
pub fn count(text: &str) -> Result<usize, String> {
    whole(text, 1..=1_000_000)
}

/// Folds of a cross-validation.
pub fn folds(text: &str) -> Result<usize, String> {
    whole(text, umbel::data::split::FOLDS)
}

/// Number of classes.
pub fn classes(text: &str) -> Result<usize, String> {
    whole(text, 2..=100_000)
}

/// Share of the photos kept for validation, or for testing.
pub fn val_split(text: &str) -> Result<f64, String> {
    real(text, "a share between 0 and 1, for instance 0.2", |v| v > 0.0 && v < 1.0)
}

/// Share of good photos that keep their class.
pub fn keep(text: &str) -> Result<f64, String> {
    real(text, "a share above 0, up to 1, for instance 0.95", |v| v > 0.0 && v <= 1.0)
}

/// Share of values dropped.
pub fn dropout(text: &str) -> Result<f32, String> {
    real(text, "a share from 0 to below 1, for instance 0.2", |v| (0.0..1.0).contains(&v)).map(|v| v as f32)
}

/// A learning rate.
pub fn learning_rate(text: &str) -> Result<f64, String> {
    real(text, "a rate above 0, for instance 0.001", |v| v > 0.0)
}

/// Momentum of stochastic gradient descent.
pub fn momentum(text: &str) -> Result<f32, String> {
    real(text, "a number from 0 to below 1, for instance 0.9", |v| (0.0..1.0).contains(&v)).map(|v| v as f32)
}

/// Weight decay.
pub fn weight_decay(text: &str) -> Result<f32, String> {
    real(text, "a number from 0 up, for instance 0.004", |v| v >= 0.0).map(|v| v as f32)
}

/// Factor by which a rate is multiplied.
pub fn factor(text: &str) -> Result<f64, String> {
    real(text, "a factor above 0 and at most 1, for instance 0.1", |v| v > 0.0 && v <= 1.0)
}

/// Epochs of warm-up, fractions allowed.
pub fn warmup(text: &str) -> Result<f64, String> {
    real(text, "a number of epochs from 0 up, for instance 1 or 0.5", |v| v >= 0.0)
}

/// Epochs to wait, or 0 for ever.
pub fn patience(text: &str) -> Result<usize, String> {
    whole(text, 0..=1_000_000)
}

/// A share, or a strength.
pub fn share(text: &str) -> Result<f32, String> {
    real(text, "a number from 0 to 1, for instance 0.25", |v| (0.0..=1.0).contains(&v)).map(|v| v as f32)
}

/// The smallest share of the area that a crop shows.
pub fn crop(text: &str) -> Result<f32, String> {
    let expected = "0 for whole photos, or a share from 0.01 to 1, for instance 0.35";
    real(text, expected, |v| v == 0.0 || (0.01..=1.0).contains(&v)).map(|v| v as f32)
}

/// A share below 1.
pub fn real_share(text: &str) -> Result<f64, String> {
    real(text, "a number from 0 to below 1, for instance 0.1", |v| (0.0..1.0).contains(&v))
}

/// A probability.
pub fn probability(text: &str) -> Result<f64, String> {
    real(text, "a number from 0 to 1, for instance 0.5", |v| (0.0..=1.0).contains(&v))
}

/// A number that may be 0.
pub fn alpha(text: &str) -> Result<f64, String> {
    real(text, "a number from 0 up, for instance 0.2", |v| v >= 0.0)
}

/// Sizes separated by commas, or none.
pub fn train_sizes(text: &str) -> Result<super::train::TrainSizes, String> {
    if text == "none" {
        return Ok(super::train::TrainSizes(Vec::new()));
    }
    let sizes: Result<Vec<u32>, String> = text.split(',').map(|size| image_size(size.trim())).collect();
    let expected = "expected whole numbers from 32 to 512 with commas between them, for instance 96,128, or none";
    sizes.map(super::train::TrainSizes).map_err(|_| expected.to_string())
}

/// Steps of a range test.
pub fn range_steps(text: &str) -> Result<usize, String> {
    whole(text, 20..=100_000)
}

/// Seconds to measure for.
pub fn seconds(text: &str) -> Result<f64, String> {
    real(text, "a number of seconds above 0 and up to 3600", |v| v > 0.0 && v <= 3600.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_every_range() {
        assert!(epochs("0").is_err() && epochs("1").is_ok());
        assert!(batch("0").is_err() && batch("512").is_ok() && batch("513").is_err());
        assert!(image_size("31").is_err() && image_size("32").is_ok() && image_size("512").is_ok());
        assert!(image_size("513").is_err() && threads("0").is_ok() && threads("-1").is_err());
        for bad in ["0", "1", "-0.1", "1.1", "nan", "inf", "x", ""] {
            assert!(val_split(bad).is_err(), "{bad}");
        }
        assert!(crop("0").is_ok() && crop("0.001").is_err() && share("1").is_ok() && real_share("1").is_err());
        assert!(train_sizes("none").is_ok_and(|sizes| sizes.0.is_empty()));
        assert!(train_sizes("96, 128").is_ok_and(|sizes| sizes.0 == [96, 128]));
        assert!(train_sizes("96,9").is_err() && train_sizes("").is_err());
        assert!(dropout("0").is_ok() && dropout("1").is_err());
        assert!(learning_rate("0").is_err() && learning_rate("-1").is_err() && learning_rate("1e-3").is_ok());
    }
}
