//! Numbers for people.

use std::path::Path;

use maud::{Markup, html};

pub use crate::base::duration::duration;
use crate::base::lang::Lang;
use crate::base::last_name::last_name;
pub use crate::base::shown::thousands;

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
pub fn interval(lang: Lang, [low, high]: [f64; 2], words: impl Fn(f64) -> String) -> String {
    let low = words(low);
    lang.tell("{low} to {high}", &[("low", &low.trim_end_matches("\u{a0}%")), ("high", &words(high))])
}

/// A name that somebody gave, in a sentence: of a script that runs the other way, it leaves the words beside it where they are.
pub fn name(own: &str) -> Markup {
    html! { bdi { (own) } }
}

/// A path, which rather goes on in the next line behind one of these signs than within the end of its name.
pub fn path(own: &str) -> Markup {
    html! { span.path { @for piece in own.split_inclusive(['/', '_', '-']) { (piece) wbr; } } }
}

/// A setting's value; of a path from the root on, its last name.
pub fn without_folder(value: String) -> String {
    let path = Path::new(&value);
    if path.is_absolute() { last_name(path) } else { value }
}
