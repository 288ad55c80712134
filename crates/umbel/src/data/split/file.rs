//! Reads and writes split.csv: path,class,part and, where photos are judged by folds, fold.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde::Serialize;

use super::{FOLDS, Index, Part, Split};
use crate::base::table::Table;
use crate::base::{atomic, regular};
use crate::data::SplitFileError;
use crate::{Result, data};

/// A row of split.csv.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SplitRow {
    /// Relative to the data folder, with `/`.
    pub path: String,
    /// Name of the class.
    pub class: String,
    /// Where the photo is.
    pub part: Part,
    /// Where no part validates: the fold that judges it, from 1; `None` where it trains in each.
    #[serde(skip)]
    pub fold: Option<usize>,
}

/// The names of its columns.
const COLUMNS: [&str; 3] = ["path", "class", "part"];
/// The column of splits that are judged by folds.
const FOLD: &str = "fold";

/// Reads a split without its photos. Further columns are left alone.
pub fn rows(path: &Path) -> Result<Vec<SplitRow>> {
    each_row(path, |rows| rows.map(|row| Ok(row?.1)).collect())
}

/// Reads a split.
pub fn read(path: &Path, index: &Index) -> Result<Split> {
    each_row(path, |rows| place(rows, index))
}

/// The rows with the numbers of their lines, until the first that is wrong.
type Rows<'a> = &'a mut dyn Iterator<Item = std::result::Result<(u64, SplitRow), SplitFileError>>;

fn each_row<T>(path: &Path, take: impl FnOnce(Rows<'_>) -> std::result::Result<T, SplitFileError>) -> Result<T> {
    let bytes = regular::read(path, regular::TABLE).map_err(|source| umbel_predict::Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    Ok(parse(&bytes, take).map_err(|source| data::Error::SplitFile { path: path.to_owned(), source })?)
}

fn parse<T>(
    bytes: &[u8],
    take: impl FnOnce(Rows<'_>) -> std::result::Result<T, SplitFileError>,
) -> std::result::Result<T, SplitFileError> {
    let column = |header: &[String], name: &str| header.iter().position(|field| field.eq_ignore_ascii_case(name));
    let table = Table::new(bytes, |header| COLUMNS.iter().all(|name| column(header, name).is_some()));
    let column = |name: &'static str| {
        column(&table.header, name)
            .ok_or_else(|| SplitFileError::MissingColumn { column: name, seen: table.seen().into() })
    };
    let fold = table.header.iter().position(|field| field.eq_ignore_ascii_case(FOLD));
    let [path, class, part] = COLUMNS.map(column);
    let (path, class, part) = (path?, class?, part?);
    let mut rows = table.rows().map(|row| {
        let (line, record) = row.map_err(SplitFileError::Malformed)?;
        let field = |column: usize| record.get(column).unwrap_or_default();
        let name = field(part).trim();
        let unknown = || SplitFileError::UnknownPart { line, part: name.to_string() };
        let part = Part::of_folder(name).ok_or_else(unknown)?;
        // A column of that name may be anybody's: what is no fold's number says nothing.
        let fold =
            fold.and_then(|fold| field(fold).trim().parse().ok()).filter(|fold| (1..=*FOLDS.end()).contains(fold));
        Ok((line, SplitRow { path: field(path).to_string(), class: field(class).to_string(), part, fold }))
    });
    take(&mut rows)
}

fn place(rows: Rows<'_>, index: &Index) -> std::result::Result<Split, SplitFileError> {
    let positions: HashMap<&str, usize> =
        index.photos.iter().enumerate().map(|(position, photo)| (photo.path.as_str(), position)).collect();
    let (mut split, mut seen) = (Split::default(), HashSet::new());
    let mut folds: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for row in rows {
        let (line, SplitRow { path: photo, class, part, fold }) = row?;
        let Some(&position) = positions.get(photo.as_str()) else {
            return Err(SplitFileError::UnknownPath { line, photo });
        };
        let expected = &index.classes[index.photos[position].class as usize];
        if class != *expected {
            return Err(SplitFileError::WrongClass { line, photo, class, expected: expected.clone() });
        }
        if !seen.insert(position) {
            return Err(SplitFileError::Repeated { line, photo });
        }
        match part {
            Part::Train => split.train.push(position),
            Part::Val => split.val.push(position),
            Part::Test => split.test.push(position),
        }
        if let (Part::Train, Some(fold)) = (part, fold) {
            folds.entry(fold).or_default().push(position);
        }
    }
    // Beside a validation part, folds would be somebody else's.
    if split.val.is_empty() && folds.len() > 1 {
        split.folds = folds.into_values().collect();
    }
    Ok(split)
}

/// Writes a split, whole or not at all, its rows sorted by path.
pub fn write(path: &Path, index: &Index, split: &Split) -> Result<()> {
    let numbered =
        split.folds.iter().zip(1..).flat_map(|(fold, number)| fold.iter().map(move |&photo| (photo, number)));
    let fold_of: HashMap<usize, usize> = numbered.collect();
    let mut rows = Vec::new();
    for (part, positions) in split.parts() {
        for (&position, photo) in positions.iter().filter_map(|at| Some((at, index.photos.get(*at)?))) {
            let (path, class) = (photo.path.clone(), index.classes[photo.class as usize].clone());
            rows.push(SplitRow { path, class, part, fold: fold_of.get(&position).copied() });
        }
    }
    rows.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(atomic::write_with(path, |file| {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
        if split.folds.is_empty() {
            writer.write_record(COLUMNS)?;
            rows.iter().try_for_each(|row| writer.serialize(row))?;
        } else {
            writer.write_record(COLUMNS.into_iter().chain([FOLD]))?;
            rows.iter().try_for_each(|row| writer.serialize((row, row.fold)))?;
        }
        writer.flush()
    })?)
}
