//! Numbers for people.

use std::path::Path;

pub use crate::base::duration::duration;
use crate::base::last_name::last_name;

/// A share in percent, one decimal, on one line; a dash where it is no number.
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1}\u{a0}%", 100.0 * share) } else { "–".to_string() }
}

/// Three decimals; a dash where it is no number.
pub fn figure(value: f64) -> String {
    if value.is_finite() { format!("{value:.3}") } else { "–".to_string() }
}

/// Percentage points with their sign, with a true minus.
pub fn signed(share: f64) -> String {
    if share.is_finite() { format!("{:+.1}", 100.0 * share).replace('-', "−") } else { "–".to_string() }
}

/// The bounds of an interval, each as `words` writes it.
pub fn interval([low, high]: [f64; 2], words: impl Fn(f64) -> String) -> String {
    format!("{} to {}", words(low).trim_end_matches("\u{a0}%"), words(high))
}

/// A count with its noun.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// Groups of three digits.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A setting's value; of a path from the root on, its last name.
pub fn without_folder(value: String) -> String {
    let path = Path::new(&value);
    if path.is_absolute() { last_name(path) } else { value }
}
