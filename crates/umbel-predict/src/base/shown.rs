//! What comes from a file, made fit to be shown: a name may hold what moves a terminal's cursor, or turns its text around.

use std::borrow::Cow;
use std::fmt::Write;

/// Columns of a table are padded to so many characters at most; longer names stand out of their column. (A width above 65,535 would
/// panic.)
pub const WIDEST: usize = 40;

/// `text` with every character that is not seen where it stands written as an escape (`\n`, `\u{1b}`): control characters, what
/// turns the direction of text, what has no width. Doing it again changes nothing.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_unseen(c) => write!(shown, "\\u{{{:x}}}", u32::from(c)).expect("a string takes all"),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is one that [`shown`] writes as an escape.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The width of a column that holds these names, at least `least`.
pub fn column<'a>(names: impl IntoIterator<Item = &'a str>, least: usize) -> usize {
    let widest = names.into_iter().map(|name| shown(name).chars().count()).max();
    widest.unwrap_or(0).min(WIDEST).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_written_as_an_escape() {
        for (text, expected) in [
            ("roses/1.jpg", "roses/1.jpg"),
            ("Äpfel, 猫 and 🌹", "Äpfel, 猫 and 🌹"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\r\nThis image", "a\\r\\nThis image"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("photo\u{202e}gpj.exe", "photo\\u{202e}gpj.exe"),
            ("\u{2066}a\u{2069}\u{200b}\u{feff}", "\\u{2066}a\\u{2069}\\u{200b}\\u{feff}"),
        ] {
            assert_eq!(shown(text), expected);
            assert_eq!(shown(&shown(text)), expected);
        }
    }

    #[test]
    fn a_name_of_any_length_leaves_a_width_that_can_be_formatted() {
        let long = "x".repeat(70_000);
        let width = column([long.as_str(), "a"], 13);
        assert_eq!(width, WIDEST);
        assert_eq!(format!("{long:width$}").len(), 70_000);
        assert_eq!(column(["a", "bc"], 13), 13);
        assert_eq!(column([], 0), 0);
    }
}
