//! What a check proposes to do about single photos: one copy of each is kept, a blank one is left out, a disputed label is
//! the network's. A person decides.

use std::collections::BTreeSet;

use super::{CheckReport, DuplicateGroup, FindingKind, Likeness};
use crate::data::plan::Action;
use crate::data::{Index, Part, Plan, PlanRow, Split};

impl CheckReport {
    /// A plan for the folder that was checked. Photos that cannot be used are not in it: they are left out anyway.
    pub fn plan(&self, index: &Index, split: Option<&Split>) -> Plan {
        let given = index.parts.is_some().then(|| Split::given(index));
        let mut planned =
            Planned { index, parts: parts(index, split.or(given.as_ref())), rows: Vec::new(), named: BTreeSet::new() };
        // Exact copies first: a near one of several exact ones is then asked about once.
        for group in &self.duplicates {
            planned.copies(group);
        }
        let position = |path: &str| index.photos.iter().position(|photo| photo.path == path);
        for finding in &self.problems {
            let Some(photo) = position(&finding.path) else { continue };
            match (finding.kind, &finding.suggested) {
                (FindingKind::Blank, _) => {
                    planned.row(Action::LeaveOut, photo, None, format!("blank: {}", finding.detail))
                }
                (FindingKind::LabelDispute, Some(class)) => {
                    planned.row(Action::Relabel, photo, Some(class), finding.detail.clone());
                }
                _ => {}
            }
        }
        Plan { rows: planned.rows }
    }
}

fn parts(index: &Index, split: Option<&Split>) -> Vec<Option<Part>> {
    let mut of = vec![None; index.photos.len()];
    for (part, positions) in split.iter().flat_map(|split| split.parts()) {
        positions.iter().for_each(|&position| of[position] = Some(part));
    }
    of
}

/// A plan in the making.
struct Planned<'a> {
    index: &'a Index,
    parts: Vec<Option<Part>>,
    rows: Vec<PlanRow>,
    named: BTreeSet<usize>,
}

impl Planned<'_> {
    fn row(&mut self, action: Action, photo: usize, class: Option<&str>, reason: String) {
        if self.named.insert(photo) {
            let path = self.index.photos[photo].path.clone();
            let class = class.map_or_else(|| self.class(photo).to_string(), String::from);
            self.rows.push(PlanRow { action, path, class, reason });
        }
    }

    fn class(&self, photo: usize) -> &str {
        &self.index.classes[self.index.photos[photo].class as usize]
    }

    /// The copy that is kept is one of the part that measures most strictly, so that nothing is measured on what was learned.
    /// Of copies in several classes none is kept: one label is wrong, and only a person knows which.
    fn copies(&mut self, group: &DuplicateGroup) {
        let like = match group.likeness {
            Likeness::Exact => "the same bytes as",
            Likeness::Near => "looks the same as",
        };
        let photos: Vec<usize> = group.photos.iter().copied().filter(|photo| !self.named.contains(photo)).collect();
        let Some(&kept) = group.photos.iter().min_by_key(|&&photo| (std::cmp::Reverse(self.parts[photo]), photo))
        else {
            return;
        };
        if group.across_classes {
            let classes: BTreeSet<&str> = group.photos.iter().map(|&photo| self.class(photo)).collect();
            let classes = classes.into_iter().collect::<Vec<_>>().join(" and ");
            for photo in photos {
                let reason = format!("one picture in the classes {classes}: keep the copy whose class is right");
                self.row(Action::LeaveOut, photo, None, reason);
            }
            return;
        }
        if photos.len() + usize::from(!photos.contains(&kept)) < 2 {
            return;
        }
        self.row(Action::Keep, kept, None, "the copy that is kept".to_string());
        for photo in photos.into_iter().filter(|photo| *photo != kept) {
            let reason = format!("{like} {}", self.index.photos[kept].path);
            self.row(Action::LeaveOut, photo, None, reason);
        }
    }
}
