//! Folders with a table beside the photos, `metadata.csv` or `metadata.jsonl`, as Hugging Face's ImageFolder has them: at the root,
//! or one in each folder of a part. See <https://huggingface.co/docs/datasets/image_dataset>.

use std::collections::HashSet;

use super::layout::parts_named;
use super::listing::{Listing, Reader, within_folder};
use super::manifest::{self, MAX_BYTES, Named, Places, Sheet};
use super::told::{Teller, Told};
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Interrupt, Observer};
use crate::data::source::{Kind, METADATA, Source};
use crate::data::{ManifestError, Part};
use crate::{Result, data};

/// A table of the photos in a folder.
struct Metadata {
    folder: String,
    /// Its path within the source.
    path: String,
    part: Option<Part>,
}

/// What metadata tell; `None` where there are none, or where they tell no classes, so that the folders do.
pub(super) fn read(
    source: &Source,
    listing: Listing,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Option<Told>> {
    let tables = tables(source)?;
    let mut rows = Vec::new();
    for table in &tables {
        let Some(own) = rows_of(source, table)? else { return Ok(None) };
        rows.extend(own);
    }
    if tables.is_empty() {
        return Ok(None);
    }
    divide(&mut rows);
    let named: HashSet<String> = rows.iter().map(|row| row.path.clone()).collect();
    let mut told = Told { by: Teller::Table(source.path(&tables[0].path)), ..manifest::told(rows) };
    let mut reader = Reader::new(source, listing, observer, interrupt);
    for path in reader.class("")?.into_paths().filter(|path| !named.contains(path)) {
        let holds = |table: &&Metadata| table.folder.is_empty() || path.starts_with(&format!("{}/", table.folder));
        let detail = match tables.iter().find(holds) {
            Some(table) => format!("{} does not name it, so it has no class", table.path),
            None => "no metadata lie in its folder, so it has no class".to_string(),
        };
        told.problems.push(Problem { path, kind: ProblemKind::NoLabel, detail });
    }
    told.problems.append(&mut reader.problems);
    told.problems.extend(source.problems().iter().cloned());
    told.remarks.extend(reader.remarks());
    Ok(Some(told))
}

/// The metadata at the root or, where there are none, in the folders of parts.
fn tables(source: &Source) -> Result<Vec<Metadata>> {
    let Ok(entries) = source.entries("") else { return Ok(Vec::new()) };
    let is_folder = |kind: &Kind| matches!(kind, Kind::Folder | Kind::LinkToFolder);
    let folders = entries.flatten().filter(|entry| is_folder(&entry.kind));
    let folders: Vec<String> = folders.filter_map(|entry| entry.name.into_string().ok()).collect();
    if let Some(path) = in_folder(source, "")? {
        return Ok(vec![Metadata { folder: String::new(), path, part: None }]);
    }
    let mut tables = Vec::new();
    for (part, folder) in parts_named(&folders) {
        if let Some(path) = in_folder(source, &folder)? {
            tables.push(Metadata { folder, path, part: Some(part) });
        }
    }
    tables.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(tables)
}

/// The path of the table in a folder, if there is one.
fn in_folder(source: &Source, folder: &str) -> Result<Option<String>> {
    let mut there = METADATA.iter().map(|name| within_folder(folder, name)).filter(|path| source.holds(path));
    match (there.next(), there.next()) {
        (Some(first), Some(second)) => Err(refused(source, &first, ManifestError::TwoTables(second)).into()),
        (first, _) => Ok(first),
    }
}

/// The rows of a table; `None` where it does not tell the classes of photos.
fn rows_of(source: &Source, Metadata { folder, path, part }: &Metadata) -> Result<Option<Vec<Named>>> {
    let failed =
        |source_error| umbel_predict::Error::Io { action: "read", path: source.path(path), source: source_error };
    let bytes = source.bytes(path, MAX_BYTES).map_err(failed)?;
    let sheet = Sheet::new(path, &bytes);
    if sheet.columns().is_err_and(|unclear| unclear.is_missing()) {
        return Ok(None);
    }
    let rows = manifest::rows(sheet, folder, &mut Places::of(source));
    let mut rows = rows.map_err(|fault| refused(source, path, fault))?;
    if part.is_some() {
        rows.iter_mut().for_each(|row| row.part = *part);
    }
    Ok(Some(rows))
}

/// The parts that the photos' folders tell, where nothing else does.
fn divide(rows: &mut [Named]) {
    if rows.iter().any(|row| row.part.is_some()) {
        return;
    }
    let top = |row: &Named| row.path.split_once('/').map(|(top, _)| top.to_string());
    let tops: HashSet<Option<String>> = rows.iter().map(top).collect();
    let folders: Vec<String> = tops.iter().flatten().cloned().collect();
    let parts = parts_named(&folders);
    let is_divided = parts.len() == tops.len() && parts.len() > 1 && parts.iter().any(|(part, _)| *part == Part::Train);
    if is_divided {
        for row in rows {
            row.part = top(row).and_then(|top| parts.iter().find(|(_, folder)| *folder == top).map(|(part, _)| *part));
        }
    }
}

fn refused(source: &Source, path: &str, fault: ManifestError) -> data::Error {
    data::Error::Manifest { path: source.path(path), source: fault }
}
