//! Value parsers that know what they expect, so that a bad value is a usage error that says it. What a setting expects
//! stands in the table of settings.

use std::ops::Bound::{Excluded, Included};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser};
use umbel::base::choice::Choice;
use umbel::base::range::{Real, Whole};
use umbel::settings::kind::ANY_SHARE;
use umbel::settings::{Kind, Row, find};

/// Number of classes.
pub const CLASSES: Whole = Whole::new(2, 100_000);
/// Steps of a range test.
pub const RANGE_STEPS: Whole = Whole::new(20, 100_000);
/// The least confidence that is believed.
pub const CONFIDENCE: Real = Real { example: "0.8", ..ANY_SHARE };
/// Share of good photos that keep their class.
pub const KEEP: Real = Real { low: Excluded(0.0), example: "0.95", ..ANY_SHARE };
/// Share of photos whose set holds the right class.
pub const SURE: Real =
    Real { what: "a share above 0 and below 1", low: Excluded(0.0), high: Excluded(1.0), zero: None, example: "0.95" };
/// Seconds to measure for.
pub const SECONDS: Real =
    Real { what: "a number of seconds", low: Excluded(0.0), high: Included(3600.0), zero: None, example: "5" };

/// Seconds, from a number and its unit: 30s, 5m or 1h.
pub fn time(text: &str) -> Result<f64, String> {
    let expected = || format!("expected a time from {LEAST_TIME:.0}s to 1000h, for instance 30s, 5m or 1h");
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == ' ');
    let unit = match text[number.len()..].trim().to_ascii_lowercase().as_str() {
        "s" | "sec" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(expected()),
    };
    let plain = number.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let seconds = number.parse::<f64>().ok().filter(|_| plain).map(|number| number * unit);
    seconds.filter(|seconds| (LEAST_TIME..=3.6e6).contains(seconds)).ok_or_else(expected)
}

/// Less is over before the first photo is read.
const LEAST_TIME: f64 = 1.0;

/// A size of memory in bytes: a number and its unit, in powers of 1024 whether it is written 2GB, 2GiB or 2G.
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "k" | "kb" | "kib" => Some(10),
        "m" | "mb" | "mib" => Some(20),
        "g" | "gb" | "gib" => Some(30),
        "t" | "tb" | "tib" => Some(40),
        _ => None,
    };
    let bytes = shift.zip(number.parse::<f64>().ok()).map(|(shift, number)| number * (1u64 << shift) as f64);
    let fits = |bytes: &f64| (LEAST_MEMORY as f64..=1e18).contains(bytes);
    bytes
        .filter(fits)
        .map(|bytes| bytes as u64)
        .ok_or_else(|| "expected a size of 16MB or more, for instance 512MB or 2GB".into())
}

/// Less would have no room for any photo.
const LEAST_MEMORY: u64 = 16 << 20;

/// A whole number of this range.
pub fn whole<T: TryFrom<u64>>(range: Whole) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let value = text.parse().ok().filter(|value| range.contains(*value));
        value.and_then(|value| T::try_from(value).ok()).ok_or_else(|| format!("expected {}", range.expected()))
    }
}

/// A number of this range.
pub fn real(range: Real) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let value = text.parse().ok().filter(|value| range.contains(*value));
        value.ok_or_else(|| format!("expected {}", range.expected()))
    }
}

/// A class and a number of this range, with = between them (the last one: a class may have some in its name).
pub fn of_class(range: Real) -> impl Fn(&str) -> Result<(String, f64), String> + Clone {
    let number = real(range);
    move |text| {
        let (class, value) = text.rsplit_once('=').ok_or("expected CLASS=P, for instance roses=0.8")?;
        Ok((class.to_string(), number(value)?))
    }
}

/// A whole number that is also a setting, with the setting's range.
pub fn setting<T: TryFrom<u64>>(key: &str) -> impl Fn(&str) -> Result<T, String> + Clone {
    match find(key).map(|row| row.kind) {
        Some(Kind::Whole(range)) => whole(range),
        _ => unreachable!("{key} is no whole number"),
    }
}

/// A number that is also a setting, with the setting's range.
pub fn real_setting(key: &str) -> impl Fn(&str) -> Result<f64, String> + Clone {
    match find(key).map(|row| row.kind) {
        Some(Kind::Real(range)) => real(range),
        _ => unreachable!("{key} is no number"),
    }
}

/// A learning rate.
pub fn rate() -> impl Fn(&str) -> Result<f64, String> + Clone {
    real(umbel::settings::kind::RATE)
}

/// One of an enum's names.
pub fn choice<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let names = T::VALUES.iter().map(|value| possible(value.names()));
    PossibleValuesParser::new(names).map(|name| T::named(&name).expect("one of the names"))
}

/// A setting's value as the table of settings holds it.
pub fn of(row: &'static Row) -> ValueParser {
    match row.kind {
        Kind::Name(names) => {
            let names = PossibleValuesParser::new(names().into_iter().map(possible));
            names.map(|name| row.kind.parse(&name).expect("one of the names")).into()
        }
        kind => {
            ValueParser::new(move |text: &str| kind.parse(text).ok_or_else(|| format!("expected {}", kind.expected())))
        }
    }
}

fn possible(names: &'static [&'static str]) -> PossibleValue {
    PossibleValue::new(names[0]).aliases(names[1..].iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!(size("2GB"), Ok(2 << 30));
        assert_eq!((size("1.5g"), size("512 MiB"), size("0.5tb")), (Ok(3 << 29), Ok(512 << 20), Ok(1 << 39)));
        for bad in ["", "2", "GB", "-1GB", "1e3GB", "15MB", "0GB", "2XB", "1.2.3GB", "99999999999TB", "nanGB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!((time("30s"), time("5m"), time("1.5 h")), (Ok(30.0), Ok(300.0), Ok(5400.0)));
        for bad in ["", "30", "s", "-5m", "0s", "0.5s", "1e3s", "5d", "infs", "nans", "2000h", "1.2.3s"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_ends_of_every_range() {
        let epochs = setting::<usize>("fit.epochs");
        assert!(epochs("0").is_err() && epochs("1").is_ok());
        let batch = setting::<usize>("fit.batch");
        assert!(batch("0").is_err() && batch("512").is_ok() && batch("513").is_err());
        let image_size = setting::<u32>("prep.image_size");
        assert!(image_size("31").is_err() && image_size("32").is_ok() && image_size("512").is_ok());
        let threads = setting::<usize>("threads");
        assert!(image_size("513").is_err() && threads("0").is_ok() && threads("-1").is_err());
        let fits = |key: &str, word: &str| find(key).unwrap().kind.parse(word).is_some();
        for bad in ["0", "1", "-0.1", "1.1", "nan", "inf", "x", ""] {
            assert!(!fits("val_split", bad), "{bad}");
        }
        assert!(fits("random_crop", "0") && !fits("random_crop", "0.001") && fits("rand_augment", "1"));
        assert!(!fits("fit.label_smoothing", "1"));
        assert!(fits("fit.train_sizes", "none") && fits("fit.train_sizes", "96, 128"));
        assert!(!fits("fit.train_sizes", "96,9") && !fits("fit.train_sizes", ""));
        assert!(fits("dropout", "0") && !fits("dropout", "1"));
        assert!(rate()("0").is_err() && rate()("-1").is_err() && rate()("1e-3").is_ok());
        let keep = real(KEEP);
        assert!(keep("0").is_err() && keep("1").is_ok() && keep("1.1").is_err());
    }
}
