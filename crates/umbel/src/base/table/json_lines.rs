//! Tables as JSON, an object a line: each name in the objects is a column.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// More names than any table has columns: a table of such would take rows without end.
const MOST_COLUMNS: usize = 1000;

/// A table of objects. It is parsed twice, first for its names, so that no more than a row is held.
#[derive(Debug)]
pub struct JsonLines<'a> {
    text: Cow<'a, str>,
    /// The names of the columns, in the order in which they are met.
    pub header: Vec<String>,
    columns: HashMap<String, usize>,
}

impl<'a> JsonLines<'a> {
    /// Reads the names in every line that is an object; others are told with the rows.
    pub fn new(bytes: &'a [u8]) -> Self {
        let (text, _) = super::encoding::decode(bytes);
        let (mut header, mut columns) = (Vec::new(), HashMap::new());
        for (_, line) in lines(&text) {
            let Ok(names) = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(line) else { continue };
            for name in names.into_keys() {
                if header.len() < MOST_COLUMNS && !columns.contains_key(&name) {
                    columns.insert(name.clone(), header.len());
                    header.push(name);
                }
            }
        }
        JsonLines { text, header, columns }
    }

    /// The rows with the numbers of their lines; empty lines are passed over. A row may be shorter than the header: what a line does
    /// not say is empty.
    ///
    /// # Errors
    /// What is wrong with a line that is no object, or that has one name too many.
    pub fn rows(&self) -> impl Iterator<Item = Result<(u64, Vec<String>), String>> + '_ {
        lines(&self.text).map(|(line, text)| {
            let object = serde_json::from_str::<Map<String, Value>>(text);
            let object = object.map_err(|error| format!("line {line} is no JSON object: {}", without_place(&error)))?;
            let mut row = Vec::new();
            for (name, value) in object {
                let Some(&column) = self.columns.get(&name) else {
                    return Err(format!("line {line} has one name more than {MOST_COLUMNS} in all lines"));
                };
                if row.len() <= column {
                    row.resize(column + 1, String::new());
                }
                row[column] = match value {
                    Value::Null => String::new(),
                    Value::String(text) => text,
                    other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                        other.to_string()
                    }
                };
            }
            Ok((line, row))
        })
    }
}

/// The lines that hold something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty())
}

/// An error's text; the line within a line says nothing.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => format!("{} at column {}", &text[..at], error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_column_and_what_is_not_said_is_empty() {
        let table = JsonLines::new(b"\xef\xbb\xbf{\"a\": 1, \"b\": \"x y\"}\n\n{\"b\": null, \"c\": [1, 2]}\r\n");
        assert_eq!(table.header, ["a", "b", "c"]);
        let rows: Vec<_> = table.rows().map(Result::unwrap).collect();
        let row = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        assert_eq!(rows, [(1, row(&["1", "x y"])), (3, row(&["", "", "[1,2]"]))]);
    }

    #[test]
    fn a_line_that_is_no_object_is_named_and_the_lines_before_it_are_read() {
        for (text, told) in
            [("{\"a\":1}\n{\"a\":", "line 2"), ("{\"a\":1}\n[1]\n", "line 2"), ("{\"a\":1} x", "line 1")]
        {
            let last = JsonLines::new(text.as_bytes()).rows().last().unwrap().unwrap_err();
            assert!(last.starts_with(told), "{last}");
        }
    }

    #[test]
    fn names_without_end_are_refused() {
        let text: String = (0..=MOST_COLUMNS).map(|name| format!("{{\"{name}\": 1}}\n")).collect();
        let table = JsonLines::new(text.as_bytes());
        assert_eq!(table.header.len(), MOST_COLUMNS);
        assert!(table.rows().last().unwrap().unwrap_err().starts_with("line 1001 has one name more"));
    }
}
