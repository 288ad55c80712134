//! What is done about scripts before letters stand beside each other: Arabic letters take the forms that join them, and what is read
//! from right to left is turned around. Scripts that need more than that are told, and not drawn.

use std::borrow::Cow;

use crate::base::shown::is_unseen;

/// Arabic letters, the first of their forms in a row of Unicode's (alone, last, first, middle), and how many they have. Letters with
/// two join only the one before them.
const FORMS: [(char, u32, u32); 52] = [
    ('\u{621}', 0xfe80, 1),
    ('\u{622}', 0xfe81, 2),
    ('\u{623}', 0xfe83, 2),
    ('\u{624}', 0xfe85, 2),
    ('\u{625}', 0xfe87, 2),
    ('\u{626}', 0xfe89, 4),
    ('\u{627}', 0xfe8d, 2),
    ('\u{628}', 0xfe8f, 4),
    ('\u{629}', 0xfe93, 2),
    ('\u{62a}', 0xfe95, 4),
    ('\u{62b}', 0xfe99, 4),
    ('\u{62c}', 0xfe9d, 4),
    ('\u{62d}', 0xfea1, 4),
    ('\u{62e}', 0xfea5, 4),
    ('\u{62f}', 0xfea9, 2),
    ('\u{630}', 0xfeab, 2),
    ('\u{631}', 0xfead, 2),
    ('\u{632}', 0xfeaf, 2),
    ('\u{633}', 0xfeb1, 4),
    ('\u{634}', 0xfeb5, 4),
    ('\u{635}', 0xfeb9, 4),
    ('\u{636}', 0xfebd, 4),
    ('\u{637}', 0xfec1, 4),
    ('\u{638}', 0xfec5, 4),
    ('\u{639}', 0xfec9, 4),
    ('\u{63a}', 0xfecd, 4),
    ('\u{641}', 0xfed1, 4),
    ('\u{642}', 0xfed5, 4),
    ('\u{643}', 0xfed9, 4),
    (LAM, 0xfedd, 4),
    ('\u{645}', 0xfee1, 4),
    ('\u{646}', 0xfee5, 4),
    ('\u{647}', 0xfee9, 4),
    ('\u{648}', 0xfeed, 2),
    ('\u{649}', 0xfeef, 2),
    ('\u{64a}', 0xfef1, 4),
    // Persian, Urdu and their neighbors.
    ('\u{679}', 0xfb66, 4),
    ('\u{67e}', 0xfb56, 4),
    ('\u{686}', 0xfb7a, 4),
    ('\u{688}', 0xfb88, 2),
    ('\u{691}', 0xfb8c, 2),
    ('\u{698}', 0xfb8a, 2),
    ('\u{6a4}', 0xfb6a, 4),
    ('\u{6a9}', 0xfb8e, 4),
    ('\u{6af}', 0xfb92, 4),
    ('\u{6ba}', 0xfb9e, 2),
    ('\u{6be}', 0xfbaa, 4),
    ('\u{6c0}', 0xfba4, 2),
    ('\u{6c1}', 0xfba6, 4),
    ('\u{6cc}', 0xfbfc, 4),
    ('\u{6d2}', 0xfbae, 2),
    ('\u{6d3}', 0xfbb0, 2),
];
const LAM: char = '\u{644}';
/// The letters that are one sign with a lam before them, and that sign.
const AFTER_LAM: [(char, u32); 4] =
    [('\u{622}', 0xfef5), ('\u{623}', 0xfef7), ('\u{625}', 0xfef9), ('\u{627}', 0xfefb)];
/// The line that lengthens a word joins both sides.
const TATWEEL: char = '\u{640}';

/// Whether letter beside letter, as [`visual`] orders them, is how the text is written. Indic scripts, Tibetan, Burmese, Khmer,
/// Mongolian, Syriac and others move and merge letters by tables of the font, which takes a library of its own; so do rare
/// letters of Arabic.
pub fn is_simple(text: &str) -> bool {
    !text.chars().any(|c| {
        matches!(
            u32::from(c),
            0x700..=0xdff
                | 0xf00..=0x109f
                | 0x1780..=0x18af
                | 0x1900..=0x194f
                | 0x1a00..=0x1c7f
                | 0xa800..=0xa82f
                | 0xa840..=0xa8ff
                | 0xa930..=0xa95f
                | 0xa980..=0xaaff
                | 0xabc0..=0xabff
                | 0x10800..=0x10fff
                | 0x11000..=0x11fff
                | 0x1e800..=0x1efff
        ) || (matches!(c, '\u{620}'..='\u{6d3}')
            && c.is_alphabetic()
            && !is_mark(c)
            && c != TATWEEL
            && form(c).is_none())
    })
}

/// `text` as it stands from left to right. The line as a whole goes from left to right, so that `ورد 95 %` ends in its figure.
pub fn visual(text: &str) -> Cow<'_, str> {
    let is_kept = |c: char| !is_unseen(c) && !matches!(c, '\u{fe00}'..='\u{fe0f}');
    if !text.chars().any(|c| is_from_right(c) || !is_kept(c)) {
        return text.into();
    }
    let letters = joined(&text.chars().collect::<Vec<_>>());
    let letters: Vec<char> = letters.into_iter().filter(|c| is_kept(*c)).collect();
    let mut turned = String::with_capacity(text.len());
    let mut rest = letters.as_slice();
    while let Some(start) = rest.iter().position(|c| is_from_right(*c)) {
        let is_from_left = |c: &char| c.is_alphabetic() && !is_from_right(*c) && !is_mark(*c);
        let stretch = rest[start..].iter().position(is_from_left).unwrap_or(rest.len() - start);
        let last = rest[start..start + stretch].iter().rposition(|c| is_from_right(*c) || is_mark(*c)).unwrap_or(0);
        let end = start + last + 1;
        // A bracket that was opened in what is turned is closed there.
        let is_closed = |c: &char| mirrored(*c) != *c && rest[start..end].contains(&mirrored(*c));
        let end = end + rest[end..].iter().take_while(|c| is_closed(c)).count();
        turned.extend(&rest[..start]);
        turned.extend(reversed(&rest[start..end]));
        rest = &rest[end..];
    }
    turned.extend(rest);
    turned.into()
}

/// Arabic letters in the forms that their neighbors ask for.
fn joined(letters: &[char]) -> Vec<char> {
    let mut forms = Vec::with_capacity(letters.len());
    let (mut k, mut joins_on) = (0, false);
    while let Some(&c) = letters.get(k) {
        k += 1;
        let Some((first, count)) = form(c) else {
            forms.push(c);
            // Marks are written above or below, and part nothing.
            joins_on = if is_mark(c) { joins_on } else { c == TATWEEL };
            continue;
        };
        let sign = AFTER_LAM.iter().find(|(alef, _)| c == LAM && letters.get(k) == Some(alef));
        let next = letters[k..].iter().find(|c| !is_mark(**c));
        let joined_after = next.is_some_and(|c| *c == TATWEEL || form(*c).is_some_and(|(_, count)| count > 1));
        let (before, after) = (joins_on && count > 1, count == 4 && joined_after);
        let form = match sign {
            Some((_, alone)) => alone + u32::from(before),
            None => first + u32::from(before) + 2 * u32::from(after),
        };
        forms.push(char::from_u32(form).unwrap_or(c));
        k += usize::from(sign.is_some());
        joins_on = sign.is_none() && count == 4;
    }
    forms
}

/// From right to left, but for numbers; marks stay behind their letters, and brackets open where they are read first.
fn reversed(letters: &[char]) -> impl Iterator<Item = char> {
    let mut pieces: Vec<Vec<char>> = Vec::new();
    for (k, &c) in letters.iter().enumerate() {
        let goes_on = is_mark(c) || (k > 0 && is_digit(c) && is_digit(letters[k - 1]));
        match pieces.last_mut().filter(|_| goes_on) {
            Some(piece) => piece.push(c),
            None => pieces.push(vec![mirrored(c)]),
        }
    }
    pieces.into_iter().rev().flatten()
}

fn form(c: char) -> Option<(u32, u32)> {
    let place = FORMS.binary_search_by_key(&c, |(letter, ..)| *letter).ok()?;
    Some((FORMS[place].1, FORMS[place].2))
}

fn is_from_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}') && !is_digit(c)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}')
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5bd}'
            | '\u{5bf}'
            | '\u{5c1}'
            | '\u{5c2}'
            | '\u{5c4}'
            | '\u{5c5}'
            | '\u{5c7}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{6d6}'..='\u{6dc}'
            | '\u{6df}'..='\u{6e4}'
            | '\u{6e7}'
            | '\u{6e8}'
            | '\u{6ea}'..='\u{6ed}'
    )
}

fn mirrored(c: char) -> char {
    const PAIRS: [(char, char); 5] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»')];
    let other = PAIRS.iter().find_map(|(a, b)| if c == *a { Some(*b) } else { Some(*a).filter(|_| c == *b) });
    other.unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_from_right_to_left_stands_so() {
        for (text, expected) in [
            ("roses, Ω and 向日葵", "roses, Ω and 向日葵"),
            ("ורד", "דרו"),
            ("ורד 95 %", "דרו 95 %"),
            ("a ורד (לבן) b", "a (ןבל) דרו b"),
            ("ורד 12 לבן", "ןבל 12 דרו"),
            // A point below a letter stays behind it.
            ("שָׁ", "שָׁ"),
            ("a\u{200b}b\u{fe0f}", "ab"),
        ] {
            assert_eq!(visual(text), expected, "{text:?}");
        }
    }

    #[test]
    fn arabic_letters_join() {
        for (text, expected) in [
            // Waw, reh and dal join nothing after them.
            ("ورد", "\u{fea9}\u{fead}\u{feed}"),
            // Beh, yeh, teh: first, middle, last.
            ("بيت", "\u{fe96}\u{fef4}\u{fe91}"),
            ("بَيت", "\u{fe96}\u{fef4}\u{fe91}\u{64e}"),
            // Lam and alef are one sign, alone and joined.
            ("لا", "\u{fefb}"),
            ("سلام", "\u{fee1}\u{fefc}\u{feb3}"),
            // Persian: what has no width parts the letters, and is not seen.
            ("می\u{200c}خ", "\u{fea5}\u{fbfd}\u{fee3}"),
            ("ب\u{640}", "\u{640}\u{fe91}"),
        ] {
            assert_eq!(visual(text), expected, "{text:?}");
            assert!(is_simple(text));
        }
    }

    #[test]
    fn the_table_of_forms_can_be_searched() {
        assert!(FORMS.is_sorted_by_key(|(letter, ..)| *letter));
        assert!(FORMS.iter().all(|(letter, ..)| form(*letter).is_some()));
    }

    #[test]
    fn scripts_that_move_and_merge_letters_are_told() {
        for text in ["गुलाब", "ကြက်", "ܘܪܕܐ", "ڜ"] {
            assert!(!is_simple(text), "{text}");
        }
        for text in ["roses", "鬱金香", "장미", "กุหลาบ", "バラ", "роза", "ורד", "گل سرخ"]
        {
            assert!(is_simple(text), "{text}");
        }
    }
}
