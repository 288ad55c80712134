//! A table of photos: path,label[,split], under the names and in the forms that people have. Its own folder is the root, and no path
//! leads out of it.

mod columns;
mod places;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use self::columns::Columns;
use self::places::{Lost, Places};
use super::{Index, Photo};
use crate::base::cells::restored;
use crate::base::regular;
use crate::base::table::Table;
use crate::data::{ManifestError, Part};
use crate::{Result, data};

/// Larger tables are refused before they are read: some four million photos.
const MAX_BYTES: u64 = 256 << 20;

/// Whether `path` is a file named as a table.
pub(super) fn is_one(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) && path.is_file()
}

pub(super) fn read(path: &Path) -> Result<Index> {
    let failed = |source| umbel_predict::Error::Io { action: "read", path: path.to_owned(), source };
    let mut bytes = Vec::new();
    regular::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
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
    let table = Table::new(bytes, |header| Columns::of(header).is_ok());
    let columns = Columns::of(&table.header).map_err(|unclear| unclear.error(table.seen()))?;
    let (mut rows, mut seen, mut places) = (Vec::new(), HashMap::new(), Places::below(root));
    for row in table.rows() {
        let (line, record) = row.map_err(ManifestError::Malformed)?;
        let field = |column: usize| record.get(column).unwrap_or_default();
        let path = place(&mut places, field(columns.path), line, &table)?;
        let label = restored(field(columns.label).trim()).to_string();
        if label.is_empty() {
            return Err(ManifestError::NoLabel { line, photo: path });
        }
        let part = match columns.part.map(|column| field(column).trim()) {
            None => None,
            Some(name) => {
                let unknown = || ManifestError::UnknownPart { line, part: name.to_string() };
                Some(Part::of_folder(name).ok_or_else(unknown)?)
            }
        };
        if let Some(first) = seen.insert(path.clone(), line) {
            return Err(ManifestError::Repeated { line, first, photo: path });
        }
        rows.push(Row { label, path, part });
    }
    Ok(rows)
}

/// The path of a photo as the disk has it, from that in a table: as it is there, or without what spreadsheets and people put around.
fn place(
    places: &mut Places<'_>,
    written: &str,
    line: u64,
    table: &Table<'_>,
) -> std::result::Result<String, ManifestError> {
    let plain = restored(written.trim());
    let candidates = std::iter::once(written).chain((plain != written).then_some(plain));
    let mut lost = Lost::NoFile;
    for candidate in candidates {
        match places.find(&inside(candidate, line)?) {
            Ok(path) => return Ok(path),
            Err(why) => lost = why,
        }
    }
    let photo = written.to_string();
    Err(match lost {
        Lost::LeadsOut => ManifestError::LeadsOut { line, photo },
        Lost::NoFile => {
            let doubt = (!table.is_certain()).then(|| table.seen().encoding);
            ManifestError::NoFile { line, photo, doubt }
        }
    })
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
