//! What is wrong with a folder of photos: one pass over all of them, then a search for duplicates and a count. Open
//! [`check()`] first; `look` is the pass, and `data::likeness` knows which pictures show the same.

mod duplicates;
mod finding;
mod look;
mod page;
mod plan;
mod statistics;

use std::path::Path;

use serde::Serialize;

pub use duplicates::{DuplicateGroup, Likeness};
pub use finding::{Finding, FindingKind};
pub use statistics::{is_small, is_uneven};

use crate::Result;
use crate::base::atomic;
use crate::base::budget::MemoryBudget;
use crate::base::cells::defused;
use crate::base::progress::{Interrupt, Observer};
use crate::base::threads;
use crate::data::decode::{Limits, Reading};
use crate::data::{Index, Split};
use duplicates::Parts;

/// What a check found. Serialized, it is the JSON of `umbel check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Pictures found, those that cannot be used among them.
    pub images: usize,
    /// The same for each class.
    pub classes: Vec<ClassCount>,
    /// Everything found, by kind (gravest first), then by path (suspects: the surest first).
    pub problems: Vec<Finding>,
    /// Pictures that can be decoded.
    #[serde(skip)]
    pub usable: usize,
    /// How files were taken.
    #[serde(skip)]
    pub reading: Reading,
    /// Photos that show the same.
    #[serde(skip)]
    pub duplicates: Vec<DuplicateGroup>,
    /// How the suspects among the findings were found, and how far that can be believed; for the page.
    #[serde(skip)]
    pub about_suspects: Option<String>,
}

/// A class and its pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct ClassCount {
    pub class: String,
    pub images: usize,
}

/// Looks at every photo of `index`. Pictures that lie in more than one part of `split` are found too; without one, those
/// in more than one of the parts that the data come with.
///
/// Tells `observer` of its progress ([`Event::Preparing`](crate::base::progress::Event::Preparing)); fails only where
/// `interrupt` asks for it, since a file that cannot be used is what a check looks for.
pub fn check(
    index: &Index,
    split: Option<&Split>,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<CheckReport> {
    check_within(&MemoryBudget::default(), Reading::default(), index, split, observer, interrupt)
}

/// The same, with all photos that are looked at at a time within this memory, and files taken as `reading` says.
///
/// # Errors
/// Those of [`check()`].
pub fn check_within(
    memory: &MemoryBudget,
    reading: Reading,
    index: &Index,
    split: Option<&Split>,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<CheckReport> {
    threads::ready()?;
    let outcomes = look::look_at_all(index, (&Limits::within(memory), reading), observer, interrupt)?;
    let looks: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().ok()).collect();
    let given = index.parts.is_some().then(|| Split::given(index));
    let parts = Parts::of_split(index, split.or(given.as_ref()));
    let groups = duplicates::groups(index, &looks, &parts, interrupt)?;

    let mut problems: Vec<Finding> = index.problems.iter().map(Finding::from).collect();
    problems.extend(index.remarks.iter().map(Finding::from));
    for (photo, outcome) in index.photos.iter().zip(&outcomes) {
        match outcome {
            Ok(look) => problems.extend(look::findings(index, photo, look)),
            Err(error) => problems.push(Finding::new(&photo.path, error.kind.into(), &error.detail)),
        }
    }
    for group in &groups {
        problems.extend(duplicates::findings(index, &looks, &parts, group));
    }
    problems.extend(statistics::findings(index, &looks));
    problems.sort_by(|a, b| (a.kind, &a.path).cmp(&(b.kind, &b.path)));

    Ok(CheckReport {
        images: index.photos.len(),
        classes: class_counts(index),
        problems,
        usable: looks.iter().flatten().count(),
        reading,
        duplicates: groups,
        about_suspects: None,
    })
}

fn class_counts(index: &Index) -> Vec<ClassCount> {
    index
        .classes
        .iter()
        .zip(index.photos_of_classes())
        .map(|(class, images)| ClassCount { class: class.clone(), images })
        .collect()
}

impl CheckReport {
    /// Whether nothing is wrong. Remarks alone ([`FindingKind::is_remark`]) are no fault.
    pub fn is_sound(&self) -> bool {
        self.problems.iter().all(|finding| finding.kind.is_remark())
    }

    /// Adds findings of kinds that were not looked for yet; those of one kind stay in the order in which they come.
    pub fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.problems.extend(findings);
        self.problems.sort_by_key(|finding| finding.kind);
    }

    /// The findings of each kind that there are, in order.
    pub fn by_kind(&self) -> impl Iterator<Item = (FindingKind, &[Finding])> {
        self.problems.chunk_by(|a, b| a.kind == b.kind).map(|findings| (findings[0].kind, findings))
    }

    /// Writes path,kind,detail, atomically. Characters of a path that are no text for a table are as CSV quotes
    /// them, and what a spreadsheet would run as a formula is [`defused`].
    pub fn write_csv(&self, path: &Path) -> Result<()> {
        Ok(atomic::write_with(path, |file| {
            let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
            writer.write_record(["path", "kind", "detail"])?;
            for Finding { path, kind, detail, .. } in &self.problems {
                writer.serialize((defused(path), kind, defused(detail)))?;
            }
            writer.flush()
        })?)
    }

    /// Writes one HTML page, thumbnails included, atomically: of each kind as many findings as a person would look at, the others by
    /// their number. `index` is the one that was
    /// checked; its photos are read once more for the thumbnails, those in hand within this memory.
    pub fn write_page(&self, index: &Index, memory: &MemoryBudget, path: &Path) -> Result<()> {
        Ok(atomic::write_bytes(path, page::page(self, index, memory).as_bytes())?)
    }
}
