//! A table of photos: path,label[,split], under the names and in the forms that people have. Its own folder is the root, and no path
//! leads out of it.

mod columns;
mod places;

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use self::columns::Columns;
use self::places::{Lost, Places};
use super::{Index, Row, Source, of_rows};
use crate::base::cells::restored;
use crate::base::regular;
use crate::base::table::Table;
use crate::data::{ManifestError, Part};
use crate::{Result, data};

/// Larger tables are refused before they are read: some four million photos.
const MAX_BYTES: u64 = 256 << 20;

/// Whether a column or a field of this name tells a class.
pub fn is_label(name: &str) -> bool {
    columns::is_label(name)
}

/// Reads the table at `path`, whose folder is the source.
pub(super) fn read(path: &Path, source: Source) -> Result<Index> {
    let failed = |source| umbel_predict::Error::Io { action: "read", path: path.to_owned(), source };
    let mut bytes = Vec::new();
    regular::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(parse(&bytes, source).map_err(|source| data::Error::Manifest { path: path.to_owned(), source })?)
}

fn parse(bytes: &[u8], source: Source) -> std::result::Result<Index, ManifestError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ManifestError::TooLarge { limit: MAX_BYTES });
    }
    // Every row has a part, or none has.
    let rows = rows(bytes, source.root())?;
    of_rows(source, rows, Vec::new()).map_err(|(found, photos)| ManifestError::Classes { found, photos })
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
