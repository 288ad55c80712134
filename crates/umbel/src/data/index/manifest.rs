//! A table of photos: path,label[,split]. Its own folder is the root, and no path leads out of it.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::{Index, Photo};
use crate::base::choice::Choice;
use crate::data::{ManifestError, Part};
use crate::{Result, data};

/// Larger tables are refused before they are read: some four million photos.
const MAX_BYTES: u64 = 256 << 20;

/// The columns, and the names that split.csv has for them.
const PATH: &[&str] = &["path"];
const LABEL: &[&str] = &["label", "class"];
const SPLIT: &[&str] = &["split", "part"];

/// Whether `path` is a file named as a table.
pub(super) fn is_one(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) && path.is_file()
}

pub(super) fn read(path: &Path) -> Result<Index> {
    let failed = |source| umbel_predict::Error::Io { action: "read", path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    let root = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Ok(parse(&bytes, root).map_err(|source| data::Error::Manifest { path: path.to_owned(), source })?)
}

/// A row that was understood.
struct Row {
    label: String,
    path: String,
    part: Option<Part>,
}

fn parse(bytes: &[u8], root: &Path) -> std::result::Result<Index, ManifestError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ManifestError::TooLarge { limit: MAX_BYTES });
    }
    let mut rows = rows(bytes, root)?;
    let mut numbers: BTreeMap<String, u32> = rows.iter().map(|row| (row.label.clone(), 0)).collect();
    if numbers.len() < 2 {
        return Err(ManifestError::Classes { found: numbers.into_keys().next(), photos: rows.len() });
    }
    for (number, class) in numbers.values_mut().enumerate() {
        *class = number as u32;
    }
    rows.sort_unstable_by(|a, b| (&a.label, &a.path).cmp(&(&b.label, &b.path)));
    // Every row has a part, or none has.
    let parts = rows.iter().map(|row| row.part).collect();
    let photos = rows.into_iter().map(|row| Photo { class: numbers[&row.label], path: row.path }).collect();
    let classes = numbers.into_keys().collect();
    Ok(Index { root: root.to_owned(), classes, photos, problems: Vec::new(), parts, remarks: Vec::new() })
}

fn rows(bytes: &[u8], root: &Path) -> std::result::Result<Vec<Row>, ManifestError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(bytes);
    let header = reader.headers()?.clone();
    let find = |names: &[&str]| header.iter().position(|field| names.contains(&field));
    let column = |names: &'static [&'static str]| {
        find(names).ok_or_else(|| ManifestError::MissingColumn {
            column: names[0],
            found: header.iter().collect::<Vec<_>>().join(","),
        })
    };
    let (path_column, label_column, part_column) = (column(PATH)?, column(LABEL)?, find(SPLIT));
    let (mut rows, mut seen) = (Vec::new(), HashMap::new());
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or_default();
        let path = inside(field(path_column), line)?;
        let label = field(label_column).trim().to_string();
        if label.is_empty() {
            return Err(ManifestError::NoLabel { line, photo: path });
        }
        let part = match part_column.map(|column| field(column).trim()) {
            None => None,
            Some(name) => {
                let unknown = || ManifestError::UnknownPart { line, part: name.to_string() };
                Some(Part::named(name).ok_or_else(unknown)?)
            }
        };
        // Opening a pipe or a device could wait for ever.
        if !fs::metadata(root.join(&path)).is_ok_and(|data| data.is_file()) {
            return Err(ManifestError::NoFile { line, photo: path });
        }
        if let Some(first) = seen.insert(path.clone(), line) {
            return Err(ManifestError::Repeated { line, first, photo: path });
        }
        rows.push(Row { label, path, part });
    }
    Ok(rows)
}

/// The path without `.` and doubled slashes, so that a photo has one name; refused where it is absolute, leads upwards or
/// is written with backslashes (which mean something else on every other system).
fn inside(path: &str, line: u64) -> std::result::Result<String, ManifestError> {
    let drive = path.as_bytes().get(1) == Some(&b':') && path.starts_with(|c: char| c.is_ascii_alphabetic());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if path.starts_with('/') || drive || path.contains('\\') || parts.is_empty() || parts.contains(&"..") {
        return Err(ManifestError::Outside { line, photo: path.to_string() });
    }
    Ok(parts.join("/"))
}
