//! A plan of what is to be done about a folder's photos: which are left out, and which are of another class than their folder
//! says. A check proposes one, a person edits it, training heeds it; the photos stay where they are.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Index, Part, Photo};
use crate::base::atomic;
use crate::base::cells::{defused, restored};
use crate::base::choice::choices;
use crate::base::regular;
use crate::{Result, data};

/// Larger plans are refused before they are read.
const MAX_BYTES: u64 = 256 << 20;

/// What is done with a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing: it is what its folder says.
    Keep,
    /// It is as if it were not there.
    LeaveOut,
    /// It is of the class that the row says.
    Relabel,
}

choices! { Action: Keep = "keep", LeaveOut = "leave-out" | "leave out", Relabel = "relabel" }

/// A row of plan.csv.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PlanRow {
    pub action: Action,
    pub path: String,
    /// The class that it is taken for, where it is relabeled; else for people to read.
    pub class: String,
    /// Why, for people to read.
    #[serde(default)]
    pub reason: String,
}

impl PlanRow {
    fn texts(&mut self) -> [&mut String; 3] {
        [&mut self.path, &mut self.class, &mut self.reason]
    }
}

/// What is to be done, photo by photo; those that it does not name are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Plan {
    pub rows: Vec<PlanRow>,
}

impl Plan {
    /// Reads a plan.csv.
    ///
    /// # Errors
    /// [`data::Error::Plan`] where a row cannot be understood.
    pub fn read(path: &Path) -> Result<Self> {
        let io = |source| umbel_predict::Error::Io { action: "read", path: path.to_owned(), source };
        let bytes = regular::read(path, MAX_BYTES).map_err(io)?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
        let rows = reader.deserialize().collect::<std::result::Result<Vec<PlanRow>, _>>();
        let mut rows = rows.map_err(|error: csv::Error| refused(path, error.to_string()))?;
        rows.iter_mut().flat_map(PlanRow::texts).for_each(|text| *text = restored(text).to_string());
        Ok(Plan { rows })
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(atomic::write_with(path, |file| {
            let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
            writer.write_record(["action", "path", "class", "reason"])?;
            for row in &self.rows {
                let mut row = row.clone();
                row.texts().into_iter().for_each(|text| *text = defused(text).into_owned());
                writer.serialize(row)?;
            }
            writer.flush()
        })?)
    }

    /// The folder's contents as the plan has them; classes that lose all their photos are no more, and new ones may come. `file`
    /// is named where the plan does not fit.
    ///
    /// # Errors
    /// [`data::Error::Plan`] where it names a photo that is not there, or twice, or says no class; and what a folder of too few
    /// classes is refused by.
    pub fn apply(&self, index: Index, file: &Path) -> Result<Index> {
        let mut by_path: HashMap<&str, &PlanRow> = HashMap::with_capacity(self.rows.len());
        for row in &self.rows {
            if by_path.insert(&row.path, row).is_some() {
                return Err(refused(file, format!("it names {} twice", row.path)).into());
            }
            if row.action == Action::Relabel && row.class.is_empty() {
                return Err(refused(file, format!("it relabels {} and says no class", row.path)).into());
            }
        }
        let Index { source, classes, photos, problems, parts, remarks } = index;
        let mut kept: Vec<(String, Photo, Option<Part>)> = Vec::with_capacity(photos.len());
        for (position, photo) in photos.into_iter().enumerate() {
            let part = parts.as_ref().map(|parts| parts[position]);
            let class = classes[photo.class as usize].clone();
            match by_path.remove(photo.path.as_str()).map(|row| (row.action, &row.class)) {
                Some((Action::LeaveOut, _)) => {}
                Some((Action::Relabel, class)) => kept.push((class.clone(), photo, part)),
                Some((Action::Keep, _)) | None => kept.push((class, photo, part)),
            }
        }
        let lost = problems.iter().map(|problem| problem.path.as_str());
        for path in lost {
            by_path.remove(path);
        }
        if let Some(path) = by_path.keys().min() {
            return Err(refused(
                file,
                format!("it names {path}, and there is no such photo in {}", source.given().display()),
            )
            .into());
        }
        let mut names: Vec<String> = kept.iter().map(|(class, ..)| class.clone()).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() < 2 {
            return Err(
                refused(file, format!("it leaves photos of {} class(es), and two are needed", names.len())).into()
            );
        }
        // In the order that a folder is read in: by class, and within it as it was.
        kept.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        let number = |class: &String| names.binary_search(class).unwrap_or_default() as u32;
        let parts = parts.map(|_| kept.iter().filter_map(|(.., part)| *part).collect());
        let photos =
            kept.iter().map(|(class, photo, _)| Photo { class: number(class), path: photo.path.clone() }).collect();
        Ok(Index { source, classes: names, photos, problems, parts, remarks })
    }
}

fn refused(path: &Path, detail: String) -> data::Error {
    data::Error::Plan { path: path.to_owned(), detail }
}
