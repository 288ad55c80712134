//! What a check proposes to do about single photos: one copy of each is kept, a blank one is left out, a disputed label is
//! the network's, and what is like no other photo is kept, but named. A person decides.

use std::collections::{BTreeSet, HashMap};

use super::duplicates::Parts;
use super::{CheckReport, DuplicateGroup, FindingKind, Likeness};
use crate::data::plan::Action;
use crate::data::{Index, Plan, PlanRow, Split};

impl CheckReport {
    /// A plan for the folder that was checked. Photos that cannot be used are not in it: they are left out anyway.
    pub fn plan(&self, index: &Index, split: Option<&Split>) -> Plan {
        let given = index.parts.is_some().then(|| Split::given(index));
        let mut planned = Planned {
            index,
            parts: Parts::of_split(index, split.or(given.as_ref())),
            rows: Vec::new(),
            named: BTreeSet::new(),
        };
        // Exact copies first: a near one of several exact ones is then asked about once.
        for group in &self.duplicates {
            planned.copies(group);
        }
        let photos = index.photos.iter().enumerate().map(|(position, photo)| (photo.path.as_str(), position));
        let positions: HashMap<&str, usize> = photos.collect();
        for finding in &self.problems {
            let Some(&photo) = positions.get(finding.path.as_str()) else { continue };
            match (finding.kind, &finding.suggested) {
                (FindingKind::Blank, _) => {
                    planned.row(Action::LeaveOut, photo, None, format!("blank: {}", finding.detail))
                }
                (FindingKind::LabelDispute, Some(class)) => {
                    planned.row(Action::Relabel, photo, Some(class), finding.detail.clone());
                }
                (FindingKind::Unlike, _) => planned.row(Action::Keep, photo, None, finding.detail.clone()),
                _ => {}
            }
        }
        Plan { rows: planned.rows }
    }
}

/// A plan in the making.
struct Planned<'a> {
    index: &'a Index,
    parts: Parts,
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
        let Some(&kept) = group.photos.iter().min_by_key(|&&photo| (std::cmp::Reverse(self.parts.of(photo)), photo))
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
