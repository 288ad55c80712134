//! Tables as people have them: separated by commas, semicolons or tabs, in the encodings that spreadsheets write, with the line
//! numbers that an editor shows.

mod encoding;
mod json_lines;
mod lines;

use std::borrow::Cow;
use std::fmt;

use encoding::Encoding;
pub use json_lines::JsonLines;
use lines::Lines;

/// What columns are separated by, in the order in which they are tried.
const SEPARATORS: [(u8, &str); 3] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs")];

/// A table whose first line names its columns.
#[derive(Debug)]
pub struct Table<'a> {
    text: Cow<'a, str>,
    /// Where the first line begins, behind a spreadsheet's `sep=;`.
    start: usize,
    separator: (u8, &'static str),
    encoding: Encoding,
    /// The names of the columns.
    pub header: Vec<String>,
}

/// What a table was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Seen {
    pub header: String,
    pub separator: &'static str,
    pub encoding: &'static str,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found: {}; separated by {}; {}", self.header, self.separator, self.encoding)
    }
}

impl<'a> Table<'a> {
    /// Reads the first line, whose names are trimmed. Of the separators it is the first whose columns `fit`, else the one that makes the most of it.
    pub fn new(bytes: &'a [u8], fit: impl Fn(&[String]) -> bool) -> Self {
        let (text, encoding) = encoding::decode(bytes);
        let (start, said) = separator_line(&text);
        let candidates = SEPARATORS.into_iter().filter(|(byte, _)| said.is_none_or(|said| said == *byte));
        let mut read: Vec<_> = candidates.map(|separator| (separator, trimmed(&text[start..], separator.0))).collect();
        let fitting = read.iter().position(|(_, header)| fit(header));
        let most = || read.iter().enumerate().rev().max_by_key(|(_, (_, header))| header.len()).map(|(best, _)| best);
        let best = fitting.or_else(most).unwrap_or(0);
        let (separator, header) = read.swap_remove(best);
        Table { text, start, separator, encoding, header }
    }

    /// Reads the first line of a table that umbel wrote: in UTF-8, with commas.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn own(bytes: &'a [u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8 ({error})"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let header = header(text, b',');
        let header = header.iter().map(String::from).collect();
        Ok(Table { text: text.into(), start: 0, separator: SEPARATORS[0], encoding: Encoding::Utf8, header })
    }

    /// What it was taken for, to be told where it does not fit.
    pub fn seen(&self) -> Seen {
        let Table { header, separator, encoding, .. } = self;
        let header: String = header.join(",").chars().take(200).collect();
        Seen { header, separator: separator.1, encoding: encoding.name() }
    }

    /// Whether the bytes say of themselves how they are encoded, or are UTF-8.
    pub fn is_certain(&self) -> bool {
        self.encoding != Encoding::Windows1252
    }

    /// The rows with the numbers of their lines. Lines without a value are passed over.
    ///
    /// # Errors
    /// What is wrong with a row that has more or fewer values than there are columns.
    pub fn rows(&self) -> impl Iterator<Item = Result<(u64, csv::StringRecord), String>> + '_ {
        let text = &self.text[self.start..];
        let mut lines = Lines::new(&self.text, self.start);
        let mut records = reader(text, self.separator.0).into_records();
        let expected = self.header.len();
        // The first is the header's.
        let mut is_first = true;
        std::iter::from_fn(move || {
            loop {
                let record = match records.next()? {
                    Ok(record) => record,
                    Err(error) => return Some(Err(error.to_string())),
                };
                if std::mem::take(&mut is_first) || record.iter().all(|value| value.trim().is_empty()) {
                    continue;
                }
                let line = lines.of(record.position().map_or(0, csv::Position::byte) as usize);
                if record.len() != expected {
                    let (came, separator) = (record.len(), self.separator.1);
                    return Some(Err(format!(
                        "line {line} has {came} fields, but there are {expected} columns, separated by {separator}; a field \
                         that holds such a sign stands in quotes"
                    )));
                }
                return Some(Ok((line, record)));
            }
        })
    }
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

fn header(text: &str, separator: u8) -> csv::StringRecord {
    reader(text, separator).into_records().next().and_then(Result::ok).unwrap_or_default()
}

fn trimmed(text: &str, separator: u8) -> Vec<String> {
    header(text, separator).iter().map(|name| name.trim().to_string()).collect()
}

/// Some spreadsheets write `sep=;` above the header.
fn separator_line(text: &str) -> (usize, Option<u8>) {
    let Some(rest) = text.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).map(|_| &text[4..]) else {
        return (0, None);
    };
    let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
    match SEPARATORS.iter().find(|(byte, _)| rest.as_bytes()[..end] == [*byte]) {
        Some((byte, _)) => (4 + end, Some(*byte)),
        None => (0, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (Seen, Vec<(u64, Vec<String>)>) {
        let table = Table::new(bytes, |header| header.contains(&"b".to_string()));
        let rows = table.rows().map(|row| {
            let (line, record) = row.unwrap();
            (line, record.iter().map(String::from).collect())
        });
        (table.seen(), rows.collect())
    }

    #[test]
    fn whatever_a_spreadsheet_separates_by_is_read() {
        for (text, separator) in [
            ("a,b\n1,x y\n", "commas"),
            ("a;b\r\n1;x y\r\n", "semicolons"),
            ("a\tb\r1\tx y", "tabs"),
            ("a, \"b\"\n1,x y\n", "commas"),
            ("\u{feff}a;b\n1;x y\n;\n\n", "semicolons"),
        ] {
            let (seen, rows) = read(text.as_bytes());
            assert_eq!((seen.separator, rows), (separator, vec![(2, vec!["1".into(), "x y".into()])]), "{text:?}");
        }
        let (seen, rows) = read(b"sep=;\r\na;b\r\n1,5;x\r\n");
        assert_eq!((seen.separator, rows), ("semicolons", vec![(3, vec!["1,5".into(), "x".into()])]));
    }

    #[test]
    fn a_row_of_another_length_is_named_with_its_line() {
        let table = Table::new(b"a,b\n\n\n1,2,3\n", |_| true);
        let error = table.rows().next().unwrap().unwrap_err();
        assert!(error.starts_with("line 4 has 3 fields, but there are 2 columns, separated by commas"), "{error}");
    }
}
