//! leaks.csv: the photos of the validation and the test part that show the same as a photo of an earlier part, which flatter what
//! is measured on them. A table without rows says that there are none.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::tables;
use crate::Result;
use crate::base::cells::{defused, restored};
use crate::base::part::Part;
use crate::data::Index;
use crate::data::split::Leak;

/// A row of leaks.csv. Paths are relative to the data folder, with `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakRow {
    /// The photo that is measured on.
    pub path: String,
    /// Where it is: validation or test.
    pub part: Part,
    /// What it shows the same as.
    pub same_as: String,
    /// Where that is: an earlier part.
    pub same_as_part: Part,
}

/// The names of the columns.
const COLUMNS: [&str; 4] = ["path", "part", "same_as", "same_as_part"];

impl LeakRow {
    /// A leak of the photos of this index.
    pub fn of(leak: &Leak, index: &Index) -> Self {
        let path = |photo: usize| index.photos[photo].path.clone();
        let Leak { photo, part, same_as, same_as_part } = *leak;
        LeakRow { path: path(photo), part, same_as: path(same_as), same_as_part }
    }
}

/// How many photos of a part are among them.
pub fn count(leaks: &[LeakRow], part: Part) -> usize {
    leaks.iter().filter(|leak| leak.part == part).count()
}

/// Writes the table, whole or not at all. Names that a spreadsheet would run as formulas are [`defused`].
pub fn write(path: &Path, leaks: &[LeakRow]) -> Result<()> {
    let cells = |leak: &LeakRow| {
        let LeakRow { path, part, same_as, same_as_part } = leak;
        (defused(path).into_owned(), *part, defused(same_as).into_owned(), *same_as_part)
    };
    tables::write(path, &COLUMNS, leaks.iter().map(cells))
}

/// Reads the table.
pub fn read(path: &Path) -> Result<Vec<LeakRow>> {
    let restore = |leak: LeakRow| LeakRow {
        path: restored(&leak.path).to_string(),
        same_as: restored(&leak.same_as).to_string(),
        ..leak
    };
    Ok(tables::read(path)?.into_iter().map(restore).collect())
}
