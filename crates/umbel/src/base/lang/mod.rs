//! The languages that a report and the sentences that people quote are told in. English stands in the code, where it is said; what it
//! is in another language is a row of that language's table (`zh-TW.toml`), and a sentence that has none stays English.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use crate::base::shown::thousands;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// `en`.
    #[default]
    English,
    /// `zh-TW`.
    TraditionalChinese,
}

crate::base::choice::choices! { Lang: English = "en", TraditionalChinese = "zh-TW" | "zh-tw" | "zh_TW" | "zh-Hant" }

/// Sentences in English, whose `{holes}` are filled with values, and the same in another language.
pub type Table = BTreeMap<String, String>;

impl Lang {
    /// Of a locale as systems name it: `zh_TW.UTF-8`, `zh-Hant-TW`, `C`. Traditional characters are read in Taiwan, Hong Kong and
    /// Macao; all others are told in English.
    pub fn of_locale(locale: &str) -> Self {
        let plain = locale.split(['.', '@']).next().unwrap_or_default().to_ascii_lowercase().replace('_', "-");
        let mut parts = plain.split('-');
        let is_chinese = parts.next() == Some("zh");
        let parts: Vec<&str> = parts.collect();
        let traditional =
            parts.iter().any(|part| ["hant", "tw", "hk", "mo"].contains(part)) && !parts.contains(&"hans");
        if is_chinese && traditional { Lang::TraditionalChinese } else { Lang::English }
    }

    /// Its table; English has none.
    pub fn table(self) -> Option<&'static Table> {
        // A test reads it, so that it always can be read.
        static ZH_TW: LazyLock<Table> =
            LazyLock::new(|| toml::from_str(include_str!("zh-TW.toml")).unwrap_or_default());
        match self {
            Lang::English => None,
            Lang::TraditionalChinese => Some(&ZH_TW),
        }
    }

    /// A sentence without holes, or one as a pattern.
    pub fn say(self, english: &'static str) -> &'static str {
        self.table().and_then(|table| table.get(english)).map_or(english, String::as_str)
    }

    /// A sentence, its holes filled with the values of these names.
    pub fn tell(self, english: &'static str, values: &[(&str, &dyn Display)]) -> String {
        fill(self.say(english), values)
    }

    /// A number, as it is written, with what is counted: "1 photo", "3,670 photos". The row is that of many.
    pub fn count(self, number: usize, one: &'static str, many: &'static str) -> String {
        let shown = thousands(number);
        match self {
            Lang::English => format!("{shown} {}", if number == 1 { one } else { many }),
            // None of the other languages here changes a noun by its number.
            _ => self.tell(many, &[("number", &shown)]),
        }
    }

    /// Names as a list within a sentence.
    pub fn list<T: AsRef<str>>(self, names: &[T]) -> String {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        names.join(self.say(", "))
    }
}

/// A pattern, its holes filled with the values of these names.
pub fn fill(pattern: &str, values: &[(&str, &dyn Display)]) -> String {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Text(text) => text.to_string(),
        Piece::Hole(name) => values.iter().find(|(own, _)| *own == name).map_or(String::new(), |own| own.1.to_string()),
    };
    pieces(pattern).map(piece).collect()
}

/// What a pattern consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// The name of a value.
    Hole(&'a str),
}

/// The pieces of a pattern, in order.
pub fn pieces(pattern: &str) -> impl Iterator<Item = Piece<'_>> {
    pattern.split('{').enumerate().flat_map(|(k, part)| {
        // What lies before the first brace is text.
        let (hole, text) = if k == 0 { (None, part) } else { split_hole(part) };
        [hole.map(Piece::Hole), (!text.is_empty()).then_some(Piece::Text(text))].into_iter().flatten()
    })
}

fn split_hole(part: &str) -> (Option<&str>, &str) {
    part.split_once('}').map_or((None, part), |(name, text)| (Some(name), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_tells_which_characters_are_read() {
        for (locale, traditional) in [
            ("zh_TW.UTF-8", true),
            ("zh-Hant-TW", true),
            ("zh_HK", true),
            ("zh_TW@radical", true),
            ("zh_CN.UTF-8", false),
            ("zh-Hans-HK", false),
            ("zh", false),
            ("C", false),
            ("POSIX", false),
            ("de_DE.UTF-8", false),
            ("", false),
        ] {
            assert_eq!(Lang::of_locale(locale) == Lang::TraditionalChinese, traditional, "{locale}");
        }
    }

    #[test]
    fn holes_are_filled_wherever_a_language_has_them() {
        let told = |lang: Lang| {
            lang.tell("Found {files} files belonging to {classes} classes.", &[("files", &3), ("classes", &2)])
        };
        assert_eq!(told(Lang::English), "Found 3 files belonging to 2 classes.");
        assert_eq!(told(Lang::TraditionalChinese), "找到 3 個檔案，分屬 2 個類別。");
        // A value is never read as a pattern.
        assert_eq!(Lang::English.tell("{a}{b}", &[("a", &"{b}"), ("b", &1)]), "{b}1");
    }

    #[test]
    fn what_is_counted_goes_by_the_number_where_a_language_has_it_so() {
        assert_eq!(Lang::English.count(1, "photo", "photos"), "1 photo");
        assert_eq!(Lang::English.count(3670, "photo", "photos"), "3,670 photos");
        assert_eq!(Lang::TraditionalChinese.count(3670, "photo", "photos"), "3,670 張照片");
    }

    #[test]
    fn every_row_fills_the_same_holes() {
        let table = Lang::TraditionalChinese.table().unwrap();
        assert!(table.len() > 100, "the table can be read");
        for (english, other) in table {
            let holes = |pattern: &'static str| {
                let mut holes: Vec<&str> = pieces(pattern)
                    .filter_map(|piece| if let Piece::Hole(name) = piece { Some(name) } else { None })
                    .collect();
                holes.sort_unstable();
                holes
            };
            let (mut asked, given) = (holes(english), holes(other));
            // A row of what is counted has its number in the other language alone.
            if given == ["number"] && asked.is_empty() {
                asked = vec!["number"];
            }
            assert_eq!(asked, given, "{english}");
        }
    }
}
