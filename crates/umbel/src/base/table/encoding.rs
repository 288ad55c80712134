//! The text of a file by the marks that it begins with, or else by what it can be.

use std::borrow::Cow;

/// How a text is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// Latin-1 and the signs that Windows has in its gap. No byte is wrong in it, so that it is a guess.
    Windows1252,
}

impl Encoding {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "in UTF-8",
            Encoding::Utf16Le | Encoding::Utf16Be => "in UTF-16",
            Encoding::Windows1252 => "taken for Latin-1 (Windows-1252), since it is not UTF-8",
        }
    }
}

/// What Windows-1252 has at 0x80 to 0x9f; what it has not are Latin-1's control characters.
const GAP: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text without its mark.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, Encoding) {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => text(rest),
        [0xff, 0xfe, rest @ ..] => (utf16(rest, u16::from_le_bytes).into(), Encoding::Utf16Le),
        [0xfe, 0xff, rest @ ..] => (utf16(rest, u16::from_be_bytes).into(), Encoding::Utf16Be),
        // No table begins with a zero; one that is of ASCII in pairs of bytes has one in each.
        [1..=255, 0, 1..=255, 0, ..] => (utf16(bytes, u16::from_le_bytes).into(), Encoding::Utf16Le),
        [0, 1..=255, 0, 1..=255, ..] => (utf16(bytes, u16::from_be_bytes).into(), Encoding::Utf16Be),
        _ => text(bytes),
    }
}

fn text(bytes: &[u8]) -> (Cow<'_, str>, Encoding) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), Encoding::Utf8),
        Err(_) => {
            let char = |byte: &u8| match byte {
                0x80..0xa0 => GAP[usize::from(byte - 0x80)],
                _ => char::from(*byte),
            };
            (bytes.iter().map(char).collect::<String>().into(), Encoding::Windows1252)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_write_is_read() {
        let text = "path,label\nÄpfel/1.jpg,Äpfel – “gut”\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let windows = text.chars().map(|c| match c {
            '–' => 0x96,
            '“' => 0x93,
            '”' => 0x94,
            c => c as u32 as u8,
        });
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            ([&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(), Encoding::Utf8),
            ([&[0xff, 0xfe], &le[..]].concat(), Encoding::Utf16Le),
            ([&[0xfe, 0xff], &be[..]].concat(), Encoding::Utf16Be),
            (le, Encoding::Utf16Le),
            (be, Encoding::Utf16Be),
            (windows.collect(), Encoding::Windows1252),
        ] {
            assert_eq!(decode(&bytes), (text.into(), encoding));
        }
    }
}
