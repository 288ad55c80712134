//! What the user sees: results on standard output, everything else on standard error. Nothing here panics when the
//! reader of our output goes away, and no name out of a file reaches a terminal but as text: `line`, `json`, `note` and `error` are the
//! door that all passes through.

mod chosen;
mod display;
mod events;
mod live;
mod notices;
mod plain;
mod screen;
pub mod sentences;

pub use chosen::is_live;
pub use events::TrainConsole;

use std::io::Write;

use serde::Serialize;
use umbel::base::notice::Notice;
use umbel::base::shown::{is_unseen, shown};

/// What standard output carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines for people.
    Human,
    /// JSON objects, one a line, and nothing else.
    Json,
}

impl Format {
    /// By the `--json` flag.
    pub fn from_flag(json: bool) -> Self {
        if json { Format::Json } else { Format::Human }
    }
}

/// Writes a line to standard output: one, whatever a name in it holds ([`shown`]). An error here means that nobody reads on; the
/// command should end.
pub fn line(text: impl AsRef<str>) -> std::io::Result<()> {
    raw(&shown(text.as_ref()))
}

/// The same of a text of several lines, in which names were [`shown`] where they were put in.
pub fn lines(text: &str) -> std::io::Result<()> {
    raw(&text.split('\n').map(shown).collect::<Vec<_>>().join("\n"))
}

/// Writes a text that is our own as it is, and a line feed.
pub fn raw(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Writes one JSON object as a line to standard output. Characters that act on a terminal are written as JSON's escapes, which read
/// back to the same.
pub fn json(value: &impl Serialize) -> std::io::Result<()> {
    let text = serde_json::to_string(value).map_err(std::io::Error::other)?;
    if !text.contains(is_unseen) {
        return raw(&text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unseen(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped += &format!("\\u{unit:04x}"));
        } else {
            escaped.push(c);
        }
    }
    raw(&escaped)
}

/// Writes a line to standard error, if anybody listens there.
pub fn note(text: impl AsRef<str>) {
    screen::note(&shown(text.as_ref()));
}

/// The same below what the terminal echoed of a key.
pub fn note_after_key(text: &str) {
    screen::note(&format!("\n{}", shown(text)));
}

/// Says, where it is so, which classes pictures call by their numbers.
pub fn numbered(notice: Option<Notice>) {
    if let Some(notice) = notice {
        note(notices::sentence(&notice));
    }
}

/// Takes the live view, if there is one, off the screen: the program ends here and now.
pub fn leave() {
    screen::close();
}

/// Takes the live view off the screen while `meanwhile` runs, and keeps all others from writing there.
#[cfg_attr(not(unix), expect(dead_code, reason = "there is nothing that stops the program for a while"))]
pub fn away(meanwhile: impl FnOnce()) {
    screen::away(meanwhile);
}

/// Writes an error line to standard error.
pub fn error(text: &str) {
    note(format!("error: {text}"));
}

/// Class names as the tutorial prints them: `['daisy', 'roses']`.
pub fn class_list(classes: &[String]) -> String {
    let quoted: Vec<String> = classes.iter().map(|class| format!("'{}'", shown(class))).collect();
    format!("[{}]", quoted.join(", "))
}

/// A number of bytes for people: `1.5 GB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{n} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_for_people() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1500), "1.5 kB");
        assert_eq!(bytes(999_999), "1.0 MB");
        assert_eq!(bytes(16 << 30), "17.2 GB");
    }

    #[test]
    fn classes_as_the_tutorial_prints_them() {
        assert_eq!(class_list(&["daisy".into(), "roses".into()]), "['daisy', 'roses']");
    }
}
