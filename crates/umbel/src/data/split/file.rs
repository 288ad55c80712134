//! Reads and writes split.csv: path,class,part.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::{Index, Part, Split};
use crate::base::atomic;
use crate::base::error::SplitFileError;
use crate::{Error, Result};

/// Reads a split. Further columns are left alone.
pub fn read(path: &Path, index: &Index) -> Result<Split> {
    let bytes = std::fs::read(path).map_err(|source| umbel_predict::Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    parse(&bytes, index).map_err(|source| Error::SplitFile { path: path.to_owned(), source })
}

fn parse(bytes: &[u8], index: &Index) -> std::result::Result<Split, SplitFileError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(bytes);
    let header = reader.headers()?.clone();
    let column = |name: &'static str| {
        header.iter().position(|field| field == name).ok_or_else(|| SplitFileError::MissingColumn {
            column: name,
            found: header.iter().collect::<Vec<_>>().join(","),
        })
    };
    let (path_column, class_column, part_column) = (column("path")?, column("class")?, column("part")?);
    let positions: HashMap<&str, usize> =
        index.photos.iter().enumerate().map(|(position, photo)| (photo.path.as_str(), position)).collect();
    let (mut split, mut seen) = (Split::default(), HashSet::new());
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or_default();
        let photo = field(path_column).to_string();
        let Some(&position) = positions.get(photo.as_str()) else {
            return Err(SplitFileError::UnknownPath { line, photo });
        };
        let expected = &index.classes[index.photos[position].class as usize];
        if field(class_column) != expected {
            let class = field(class_column).to_string();
            return Err(SplitFileError::WrongClass { line, photo, class, expected: expected.clone() });
        }
        if !seen.insert(position) {
            return Err(SplitFileError::Repeated { line, photo });
        }
        match field(part_column).trim() {
            "train" => split.train.push(position),
            "val" => split.val.push(position),
            "test" => split.test.push(position),
            part => {
                return Err(SplitFileError::UnknownPart { line, part: part.to_string() });
            }
        }
    }
    Ok(split)
}

/// Writes a split, whole or not at all, its rows sorted by path.
pub fn write(path: &Path, index: &Index, split: &Split) -> Result<()> {
    let mut rows: Vec<(&str, &str, Part)> = Vec::new();
    for (part, positions) in split.parts() {
        for photo in positions.iter().filter_map(|&position| index.photos.get(position)) {
            rows.push((&photo.path, &index.classes[photo.class as usize], part));
        }
    }
    rows.sort_unstable_by_key(|row| row.0);
    Ok(atomic::write_with(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(["path", "class", "part"])?;
        for row in rows {
            writer.serialize(row)?;
        }
        writer.flush()
    })?)
}
