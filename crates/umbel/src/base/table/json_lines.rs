//! Tables as JSON, an object a line: each name in the objects is a column.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// A table of objects.
#[derive(Debug, Default)]
pub struct JsonLines {
    /// The names of the columns, in the order in which they are met.
    pub header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
    broken: Option<String>,
}

impl JsonLines {
    /// Reads every line up to the first that is no object; empty lines are passed over.
    pub fn new(bytes: &[u8]) -> Self {
        let (text, _) = super::encoding::decode(bytes);
        let (mut table, mut columns) = (JsonLines::default(), HashMap::new());
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            match serde_json::from_str::<Map<String, Value>>(text) {
                Ok(object) => table.take(line, object, &mut columns),
                Err(error) => {
                    table.broken = Some(format!("line {line} is no JSON object: {}", without_place(&error)));
                    break;
                }
            }
        }
        table
    }

    fn take(&mut self, line: u64, object: Map<String, Value>, columns: &mut HashMap<String, usize>) {
        let mut row = vec![String::new(); columns.len()];
        for (name, value) in object {
            let column = *columns.entry(name).or_insert_with_key(|name| {
                self.header.push(name.clone());
                row.push(String::new());
                self.header.len() - 1
            });
            row[column] = match value {
                Value::Null => String::new(),
                Value::String(text) => text,
                other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
            };
        }
        self.rows.push((line, row));
    }

    /// The rows with the numbers of their lines. A row may be shorter than the header: what a line does not say is empty.
    ///
    /// # Errors
    /// What is wrong with the first line that is no object.
    pub fn rows(self) -> impl Iterator<Item = Result<(u64, Vec<String>), String>> {
        self.rows.into_iter().map(Ok).chain(self.broken.map(Err))
    }
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
}
