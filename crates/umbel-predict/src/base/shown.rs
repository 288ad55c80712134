//! What comes from a file, made fit to be shown: a name may hold what moves a terminal's cursor, or turns its text around.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A table's column of names takes so many columns of a terminal at most; longer names are cut in the middle.
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

/// The columns of a terminal that `text` takes: a Chinese character takes two, a mark above a letter none.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The width of a column that holds these names, at least `least`.
pub fn column<'a>(names: impl IntoIterator<Item = &'a str>, least: usize) -> usize {
    let widest = names.into_iter().map(|name| columns(&shown(name))).max();
    widest.unwrap_or(0).min(WIDEST).max(least)
}

/// A name, [`shown`], in a column of this width: filled up with spaces, or cut.
pub fn cell(name: &str, width: usize) -> String {
    padded(&cut(&shown(name), width), width)
}

/// `text` and as many spaces as bring it to this width. (Formatting counts characters, and not the columns that they take.)
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// `text`, or its beginning and end around an ellipsis, in `most` columns: names that begin alike often end in what tells them apart.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if columns(text) <= most {
        return Cow::Borrowed(text);
    }
    let room = most.saturating_sub(1);
    let (mut start, mut end) = (0, text.len());
    // A character at a time, so that marks stay with what they stand on.
    for (at, c) in text.char_indices() {
        if columns(&text[..at + c.len_utf8()]) > room.div_ceil(2) {
            break;
        }
        start = at + c.len_utf8();
    }
    for (at, c) in text.char_indices().rev() {
        if columns(&text[at..]) > room / 2 {
            break;
        }
        if c.width().is_some_and(|width| width > 0) {
            end = at;
        }
    }
    Cow::Owned(format!("{}…{}", &text[..start], &text[end..]))
}

/// A number in groups of three digits: `3,989,285`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

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
    fn a_name_of_any_length_leaves_the_table_whole() {
        let long = "x".repeat(70_000);
        let width = column([long.as_str(), "a"], 13);
        assert_eq!(width, WIDEST);
        assert_eq!(cell(&long, width), format!("{}…{}", "x".repeat(20), "x".repeat(19)));
        assert_eq!(column(["a", "bc"], 13), 13);
        assert_eq!(column([], 0), 0);
    }

    #[test]
    fn wide_names_stood_out_of_their_column() {
        for name in ["向日葵", "鬱金香", "ورد", "roses", "e\u{301}te\u{301}", "장미", "\u{1b}[2J", ""] {
            assert_eq!(columns(&cell(name, 13)), 13, "{name}");
        }
        assert_eq!(column(["向日葵", "roses"], 0), 6);
        assert_eq!(padded("向日葵", 4), "向日葵");
        for (name, most, expected) in [
            ("flowers_2024_red", 16, "flowers_2024_red"),
            ("flowers_2024_red", 9, "flow…_red"),
            ("向日葵向日葵", 8, "向日…葵"),
            ("cafe\u{301}cafe\u{301}cafe\u{301}", 9, "cafe\u{301}…cafe\u{301}"),
            ("ab", 1, "…"),
            ("ab", 0, "…"),
        ] {
            assert_eq!(cut(name, most), expected, "{name} in {most}");
        }
    }
}
