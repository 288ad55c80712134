//! What the user sees: results on standard output, everything else on standard error. Nothing here panics when the
//! reader of our output goes away.

mod chosen;
mod display;
mod events;
mod live;
mod notices;
mod plain;
mod screen;

pub use events::TrainConsole;

use std::io::Write;

use serde::Serialize;

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

/// Writes a line to standard output. An error here means that nobody reads on; the command should end.
pub fn line(text: impl AsRef<str>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.as_ref())?;
    out.flush()
}

/// Writes one JSON object as a line to standard output.
pub fn json(value: &impl Serialize) -> std::io::Result<()> {
    line(serde_json::to_string(value).map_err(std::io::Error::other)?)
}

/// Writes a line to standard error, if anybody listens there.
pub fn note(text: impl AsRef<str>) {
    screen::note(text.as_ref());
}

/// Takes the live view, if there is one, off the screen: the program ends here and now.
pub fn leave() {
    screen::close();
}

/// Writes an error line to standard error.
pub fn error(text: &str) {
    note(format!("error: {text}"));
}

/// Class names as the tutorial prints them: `['daisy', 'roses']`.
pub fn class_list(classes: &[String]) -> String {
    let quoted: Vec<String> = classes.iter().map(|class| format!("'{}'", class.escape_debug())).collect();
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
