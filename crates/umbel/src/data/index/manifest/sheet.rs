//! The rows of a table, whether it is separated by signs or an object a line.

use super::boxes::BoxColumns;
use super::columns::{Columns, Unclear};
use crate::base::table::{JsonLines, Seen, Table};
use crate::data::ManifestError;

/// A table in one of the forms.
pub enum Sheet<'a> {
    Separated(Table<'a>),
    Lines(JsonLines),
}

/// A row of one.
pub enum Record {
    Separated(csv::StringRecord),
    Line(Vec<String>),
}

impl<'a> Sheet<'a> {
    /// The table of this name and content.
    pub fn new(name: &str, bytes: &'a [u8]) -> Self {
        if name.to_ascii_lowercase().ends_with(".jsonl") {
            Sheet::Lines(JsonLines::new(bytes))
        } else {
            Sheet::Separated(Table::new(bytes, |header| Columns::of(header).is_ok()))
        }
    }

    fn header(&self) -> &[String] {
        match self {
            Sheet::Separated(table) => &table.header,
            Sheet::Lines(lines) => &lines.header,
        }
    }

    /// Where path, label and part stand.
    pub fn columns(&self) -> Result<Columns, Unclear> {
        Columns::of(self.header())
    }

    /// Where boxes stand, if there are any.
    ///
    /// # Errors
    /// [`ManifestError::BoxColumn`].
    pub fn box_columns(&self) -> Result<Option<BoxColumns>, ManifestError> {
        BoxColumns::of(self.header(), || self.seen())
    }

    /// What it was taken for.
    pub fn seen(&self) -> Seen {
        match self {
            Sheet::Separated(table) => table.seen(),
            Sheet::Lines(lines) => {
                let header = lines.header.join(",").chars().take(200).collect();
                Seen { header, separator: "their names in each line's object", encoding: "in JSON" }
            }
        }
    }

    /// How its text was taken, where that is a guess.
    pub fn doubt(&self) -> Option<&'static str> {
        match self {
            Sheet::Separated(table) => (!table.is_certain()).then(|| table.seen().encoding),
            Sheet::Lines(_) => None,
        }
    }

    /// The rows with the numbers of their lines.
    pub fn rows(self, mut each: impl FnMut(u64, Record) -> Result<(), ManifestError>) -> Result<(), ManifestError> {
        match self {
            Sheet::Separated(table) => table.rows().try_for_each(|row| {
                let (line, record) = row.map_err(ManifestError::Malformed)?;
                each(line, Record::Separated(record))
            }),
            Sheet::Lines(lines) => lines.rows().try_for_each(|row| {
                let (line, record) = row.map_err(ManifestError::NotJsonLines)?;
                each(line, Record::Line(record))
            }),
        }
    }
}

impl Record {
    /// What stands in a column.
    pub fn get(&self, column: usize) -> &str {
        match self {
            Record::Separated(record) => record.get(column),
            Record::Line(record) => record.get(column).map(String::as_str),
        }
        .unwrap_or_default()
    }
}
