//! A table of photos: path,label[,split], and boxes on them, under the names and in the forms that people have. Its own folder is
//! the root, and no path leads out of it.

mod boxes;
mod columns;
mod places;
mod sheet;

use std::collections::HashMap;
use std::path::Path;

use self::boxes::{BoxColumns, Written};
use self::places::Lost;
pub(super) use self::places::Places;
pub(super) use self::sheet::Sheet;
use super::Source;
use super::listing::within_folder;
use super::told::{Row, Told};
use crate::base::cells::restored;
use crate::base::last_name::last_name;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::regular;
use crate::base::remark::Remark;
use crate::data::source::Boxes;
use crate::data::{ManifestError, Part};
use crate::{Result, data};

/// Larger tables are refused before they are read: some four million photos.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// Whether a column or a field of this name tells a class.
pub fn is_label(name: &str) -> bool {
    columns::is_label(name)
}

/// Reads the table at `path`, whose folder is the source.
pub(super) fn read(path: &Path, source: &Source) -> Result<Told> {
    let read = regular::open(path).and_then(|file| {
        let large = file.metadata()?.len() > MAX_BYTES;
        if large { Ok(None) } else { regular::read(path, MAX_BYTES).map(Some) }
    });
    let bytes = read.map_err(|source| umbel_predict::Error::Io { action: "read", path: path.to_owned(), source })?;
    let rows = match &bytes {
        Some(bytes) => rows(Sheet::new(&last_name(path), bytes), "", &mut Places::of(source)),
        None => Err(ManifestError::TooLarge { limit: MAX_BYTES }),
    };
    Ok(told(rows.map_err(|source| data::Error::Manifest { path: path.to_owned(), source })?))
}

/// A row of a table.
pub(super) struct Named {
    line: u64,
    pub path: String,
    label: String,
    pub part: Option<Part>,
    written: Option<(BoxColumns, Written)>,
}

/// What rows of tables tell; either all have a part, or none has.
pub(super) fn told(rows: Vec<Named>) -> Told {
    let written: Vec<&Written> =
        rows.iter().filter_map(|row| row.written.as_ref().map(|(_, written)| written)).collect();
    if written.is_empty() {
        let row = |Named { label, path, part, .. }| Row { label, path, part };
        return Told { rows: rows.into_iter().map(row).collect(), ..Told::default() };
    }
    let unit = boxes::unit(written.into_iter());
    let (mut boxes, mut told) = (Boxes::default(), Told::default());
    for Named { line, path, label, part, written } in rows {
        let problem = |path, detail| Problem { path, kind: ProblemKind::Box, detail };
        match written.map(|(columns, written)| columns.area(written, unit)) {
            None => told.problems.push(problem(path, format!("line {line} tells no box on it"))),
            Some(area) if area.is_empty() => {
                told.problems.push(problem(boxes.skip(&path), format!("the box of line {line} has no area")));
            }
            Some(area) => told.rows.push(Row { label, path: boxes.add(&path, area), part }),
        }
    }
    told.remarks.push(Remark::Boxes { boxes: boxes.len(), pictures: boxes.pictures(), unit, left_out: 0 });
    told.boxes = Some(boxes);
    told
}

/// The rows of a table whose paths are relative to a folder of the source.
pub(super) fn rows(
    sheet: Sheet<'_>,
    folder: &str,
    places: &mut Places<'_>,
) -> std::result::Result<Vec<Named>, ManifestError> {
    let columns = sheet.columns().map_err(|unclear| unclear.error(sheet.seen()))?;
    let (box_columns, doubt) = (sheet.box_columns()?, sheet.doubt());
    let (mut rows, mut seen) = (Vec::new(), HashMap::<String, (u64, Option<Part>)>::new());
    sheet.rows(|line, record| {
        let path = place(places, folder, record.get(columns.path), (line, doubt))?;
        let label = restored(record.get(columns.label).trim()).to_string();
        if label.is_empty() {
            return Err(ManifestError::NoLabel { line, photo: path });
        }
        let part = match columns.part.map(|column| record.get(column).trim()) {
            None => None,
            Some(name) => {
                let unknown = || ManifestError::UnknownPart { line, part: name.to_string() };
                Some(Part::of_folder(name).ok_or_else(unknown)?)
            }
        };
        let written = box_columns.map(|columns| columns.read(|column| record.get(column))).transpose();
        let written = written.map_err(|value| ManifestError::BoxNumber { line, photo: path.clone(), value })?;
        match seen.get(&path) {
            Some(&(first, _)) if box_columns.is_none() => {
                return Err(ManifestError::Repeated { line, first, photo: path });
            }
            Some(&(first, other)) if other != part => {
                return Err(ManifestError::PartsOfOne { line, first, photo: path });
            }
            Some(_) => {}
            None => drop(seen.insert(path.clone(), (line, part))),
        }
        rows.push(Named {
            line,
            path,
            label,
            part,
            written: written.flatten().and_then(|own| Some((box_columns?, own))),
        });
        Ok(())
    })?;
    Ok(rows)
}

/// The path of a photo as the source has it, from that in a table: as it is there, or without what spreadsheets and people put around.
fn place(
    places: &mut Places<'_>,
    folder: &str,
    written: &str,
    (line, doubt): (u64, Option<&'static str>),
) -> std::result::Result<String, ManifestError> {
    let plain = restored(written.trim());
    let candidates = std::iter::once(written).chain((plain != written).then_some(plain));
    let mut lost = Lost::NoFile;
    for candidate in candidates {
        let outside = || ManifestError::Outside { line, photo: candidate.to_string() };
        match places.find(&within_folder(folder, &inside(candidate).ok_or_else(outside)?)) {
            Ok(path) => return Ok(path),
            Err(why) => lost = why,
        }
    }
    let photo = written.to_string();
    Err(match lost {
        Lost::LeadsOut => ManifestError::LeadsOut { line, photo },
        Lost::NoFile => ManifestError::NoFile { line, photo, doubt },
    })
}

/// The path without `.` and doubled slashes, so that a photo has one name; `None` where it is absolute, leads upwards or is written
/// with backslashes (which mean something else on every other system).
pub(super) fn inside(path: &str) -> Option<String> {
    let drive = path.as_bytes().get(1) == Some(&b':') && path.starts_with(|c: char| c.is_ascii_alphabetic());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let leads_out = path.starts_with('/') || drive || path.contains('\\') || parts.is_empty() || parts.contains(&"..");
    (!leads_out).then(|| parts.join("/"))
}
