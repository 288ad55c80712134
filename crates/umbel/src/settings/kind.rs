//! What a setting's value is: how it is read from a word, checked, and written as a word again.

use std::ops::Bound::{Excluded, Included, Unbounded};

use toml::Value;

use crate::base::choice::Choice;
use crate::base::range::{Real, Whole};

/// The type and the range of a setting.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// On or off.
    Switch,
    /// A whole number.
    Whole(Whole),
    /// A number.
    Real(Real),
    /// Whole numbers with commas between them, or none.
    Numbers(Whole),
    /// One of several names; see [`names`].
    Name(fn() -> Vec<&'static [&'static str]>),
    /// Any words.
    Text,
    /// Where a file or a folder lies.
    Path,
    /// The name of a method to split by, or a file.
    Split,
}

/// The names of every value of `T`: what it is called, and then what else is taken for it.
pub fn names<T: Choice>() -> Vec<&'static [&'static str]> {
    T::VALUES.iter().map(|value| value.names()).collect()
}

/// Methods to split by that have a name.
pub(super) const SPLITS: [&str; 2] = ["stratified", "keras"];

/// Any count that makes sense only from 1 on; a million is more than anyone means.
pub const COUNT: Whole = Whole::new(1, 1_000_000);
/// A count that may be none.
pub const COUNT_OR_NONE: Whole = Whole::new(0, 1_000_000);
/// Photos in a batch.
pub const BATCHES: Whole = Whole::new(1, 512);
/// Threads; 0 is one per core, and the last is more than any machine has.
pub const THREADS: Whole = Whole::new(0, 4096);
/// What TOML can hold.
pub const SEEDS: Whole = Whole::new(0, i64::MAX as u64);

const SHARE: Real = Real { what: "a share", low: Included(0.0), high: Included(1.0), zero: None, example: "0.25" };
/// A share that may be none or all.
pub const ANY_SHARE: Real = SHARE;
/// A share that is never all.
pub const SHARE_BELOW_ONE: Real = Real { high: Excluded(1.0), example: "0.1", ..SHARE };
/// The smallest share of the area that a crop shows.
pub const CROP: Real = Real { low: Included(0.01), zero: Some("whole photos"), example: "0.35", ..SHARE };
/// A learning rate.
pub const RATE: Real = Real { what: "a rate", low: Excluded(0.0), high: Unbounded, zero: None, example: "0.001" };
/// A number that may be 0.
pub const FROM_ZERO: Real = Real { what: "a number", low: Included(0.0), high: Unbounded, zero: None, example: "0.2" };
/// What a mean keeps of what it was.
pub const MOMENTUM: Real = Real { what: "a number", high: Excluded(1.0), example: "0.9", ..SHARE };
/// What a rate is multiplied by.
pub const FACTOR: Real = Real { what: "a factor", low: Excluded(0.0), example: "0.1", ..SHARE };
/// What a rate is multiplied by to make it smaller.
pub const SMALLER: Real = Real { high: Excluded(1.0), ..FACTOR };

impl Kind {
    /// What would fit, in words.
    pub fn expected(&self) -> String {
        match self {
            Kind::Switch => "true or false".into(),
            Kind::Whole(range) => range.expected(),
            Kind::Real(range) => range.expected(),
            Kind::Numbers(range) => {
                format!("whole numbers {} with commas between them, for instance 96,128, or none", range.ends())
            }
            Kind::Name(names) => format!("one of {}", firsts(names).join(", ")),
            Kind::Text => "a word or more".into(),
            Kind::Path => "a path".into(),
            Kind::Split => format!("{}, or the path of a split.csv", SPLITS.join(", ")),
        }
    }

    /// Reads a word as a flag takes it. `None` where it is not what is expected.
    pub fn parse(&self, text: &str) -> Option<Value> {
        if text.is_empty() {
            return None;
        }
        let value = match self {
            Kind::Switch => Value::Boolean(text.parse().ok()?),
            Kind::Whole(_) => Value::Integer(text.parse().ok()?),
            Kind::Real(_) => Value::Float(text.parse().ok()?),
            Kind::Numbers(_) => Value::Array(numbers(text)?),
            Kind::Name(names) => Value::String(first_of(names, text)?.into()),
            Kind::Text | Kind::Path | Kind::Split => Value::String(text.into()),
        };
        self.allows(&value).then_some(value)
    }

    /// Whether a value of a file, or of a run's settings, is what is expected.
    pub fn allows(&self, value: &Value) -> bool {
        match self {
            Kind::Switch => value.is_bool(),
            Kind::Whole(range) => whole(value).is_some_and(|value| range.contains(value)),
            Kind::Real(range) => real(value).is_some_and(|value| range.contains(value)),
            Kind::Numbers(range) => value.as_array().is_some_and(|values| {
                values.iter().all(|value| whole(value).is_some_and(|value| range.contains(value)))
            }),
            Kind::Name(names) => value.as_str().is_some_and(|name| first_of(names, name).is_some()),
            Kind::Text | Kind::Path => value.is_str(),
            Kind::Split => match value {
                Value::Table(file) => file.len() == 1 && file.get("file").is_some_and(Value::is_str),
                name => name.is_str(),
            },
        }
    }

    /// The word that [`Kind::parse`] reads as this value.
    pub fn word(&self, value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Array(numbers) if numbers.is_empty() => "none".into(),
            Value::Array(numbers) => numbers.iter().map(|number| self.word(number)).collect::<Vec<_>>().join(","),
            // As Rust writes numbers, 1 rather than 1.0.
            Value::Float(number) => number.to_string(),
            Value::Integer(_) | Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => value.to_string(),
        }
    }
}

fn whole(value: &Value) -> Option<u64> {
    value.as_integer().and_then(|value| u64::try_from(value).ok())
}

fn real(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|value| value as f64))
}

fn numbers(text: &str) -> Option<Vec<Value>> {
    if text == "none" {
        return Some(Vec::new());
    }
    // As config.toml writes them, too.
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.split(',').map(|number| number.trim().parse().ok().map(Value::Integer)).collect()
}

fn firsts(names: &fn() -> Vec<&'static [&'static str]>) -> Vec<&'static str> {
    names().into_iter().map(|names| names[0]).collect()
}

fn first_of(names: &fn() -> Vec<&'static [&'static str]>, name: &str) -> Option<&'static str> {
    names().into_iter().find(|names| names.contains(&name)).map(|names| names[0])
}
