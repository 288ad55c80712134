//! Photos whose classes are told beside them: by a table, by metadata in a folder, by a file of boxes, or by shards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Index, Photo, annotations, manifest, metadata};
use crate::base::problem::Problem;
use crate::base::progress::{Interrupt, Observer, Silent};
use crate::base::remark::Remark;
use crate::data::source::{Boxes, Samples, Source};
use crate::data::{AnnotationFault, Listing, ManifestError, Part};
use crate::{Result, data};

/// A photo, as it is told.
pub(super) struct Row {
    pub label: String,
    pub path: String,
    pub part: Option<Part>,
}

/// All that is told; either all rows have a part, or none has.
#[derive(Default)]
pub(super) struct Told {
    pub rows: Vec<Row>,
    /// What the rows' paths mean, where they are boxes.
    pub boxes: Option<Boxes>,
    pub problems: Vec<Problem>,
    pub remarks: Vec<Remark>,
    /// By whom, to be named where there are too few classes.
    pub by: Teller,
}

/// Who tells photos.
#[derive(Default)]
pub(super) enum Teller {
    /// A table at this place.
    Table(PathBuf),
    /// A file of boxes at this place.
    Boxes(PathBuf),
    #[default]
    Shards,
}

/// Reads what tells the photos of this source; `None` where the folders do.
pub(super) fn read(
    source: &Source,
    listing: Listing,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Option<Told>> {
    if let Some(path) = source.table() {
        let told = if is_json(path) {
            Told { by: Teller::Boxes(path.to_owned()), ..annotations::read(path, source)? }
        } else {
            Told { by: Teller::Table(path.to_owned()), ..manifest::read(path, source)? }
        };
        return Ok(Some(told));
    }
    if let Some(samples) = source.samples() {
        return Ok(Some(of_samples(source, samples)));
    }
    metadata::read(source, listing, observer, interrupt)
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// The photos of shards.
fn of_samples(source: &Source, samples: Samples) -> Told {
    let Samples { found, mut problems } = samples;
    problems.extend(source.problems().iter().cloned());
    let rows = found.into_iter().map(|sample| Row { label: sample.class, path: sample.path, part: sample.part });
    let mut told = Told { rows: rows.collect(), problems, ..Told::default() };
    told.with_parts_of_all();
    told
}

impl Told {
    /// Parts that not all have are none.
    pub fn with_parts_of_all(&mut self) {
        if !self.rows.iter().all(|row| row.part.is_some()) {
            self.rows.iter_mut().for_each(|row| row.part = None);
        }
    }

    /// The index of these photos, in the order in which a folder of each class would have them.
    pub fn index(self, source: Source) -> Result<Index> {
        let Told { mut rows, boxes, problems, remarks, by } = self;
        let mut numbers: BTreeMap<String, u32> = rows.iter().map(|row| (row.label.clone(), 0)).collect();
        if numbers.len() < 2 {
            return Err(by.too_few(&source, numbers.into_keys().next(), rows.len()).into());
        }
        for (number, class) in numbers.values_mut().enumerate() {
            *class = number as u32;
        }
        rows.sort_unstable_by(|a, b| (&a.label, &a.path).cmp(&(&b.label, &b.path)));
        let parts = rows.iter().map(|row| row.part).collect();
        let photos = rows.into_iter().map(|row| Photo { class: numbers[&row.label], path: row.path }).collect();
        let source = match boxes {
            Some(boxes) => source.with_boxes(boxes),
            None => source,
        };
        Ok(Index { source, classes: numbers.into_keys().collect(), photos, problems, parts, remarks })
    }
}

impl Teller {
    /// Of fewer than two classes nothing can be learned.
    fn too_few(self, source: &Source, class: Option<String>, photos: usize) -> data::Error {
        let root = || source.root().to_owned();
        match (self, class) {
            (Teller::Table(path), found) => {
                data::Error::Manifest { path, source: ManifestError::Classes { found, photos } }
            }
            (Teller::Boxes(path), found) => {
                data::Error::Annotations { path, source: AnnotationFault::Classes { found, boxes: photos } }
            }
            (Teller::Shards, None) => data::Error::NoPictures { path: root(), sub_folders: 0, files: 0, unread: None },
            (Teller::Shards, Some(class)) => {
                data::Error::OneClass { path: root(), class, photos, give: None, unread: None }
            }
        }
    }
}

/// A source that was opened, knowing its boxes where its photos are such: as an index has it, for those who only read photos by the
/// paths that an index once had.
///
/// # Errors
/// Those of [`Index::list`], but for the number of classes.
pub fn with_boxes(source: Source) -> Result<Source> {
    let told = read(&source, Listing::Photos, &mut Silent, &Interrupt::default())?;
    Ok(match told.and_then(|told| told.boxes) {
        Some(boxes) => source.with_boxes(boxes),
        None => source,
    })
}
