//! Groups of photos that show the same, by bytes and by looks, and what follows from where their members lie.

use super::finding::{Finding, FindingKind};
use super::look::Look;
use crate::Result;
use crate::base::progress::Interrupt;
use crate::data::likeness;
use crate::data::{Index, Part, Split};

/// How the members of a group are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same bytes.
    Exact,
    /// The same picture, but not the same bytes.
    Near,
}

/// Photos that show the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateGroup {
    /// How they are alike. A near group may hold exact copies, which are a group of their own as well.
    pub likeness: Likeness,
    /// Positions in `index.photos`, rising; two at least.
    pub photos: Vec<usize>,
    /// They lie in more than one class: one label must be wrong.
    pub across_classes: bool,
    /// They lie in more than one part of the split: what is measured was seen before.
    pub across_parts: bool,
}

/// Exact groups, then near ones, each in the order of the photos. `looks[i]` is that of photo i, where it could be
/// decoded.
pub(super) fn groups(
    index: &Index,
    looks: &[Option<&Look>],
    parts: &Parts,
    interrupt: &Interrupt,
) -> Result<Vec<DuplicateGroup>> {
    let known = looks.iter().enumerate().filter_map(|(position, look)| Some((position, look.as_ref()?.digest)));
    let copies = likeness::copies(known);
    let near = likeness::near(&copies, |position| looks[position].map(|look| &look.print), interrupt)?;
    let exact = copies.into_iter().filter(|group| group.len() > 1);
    let group = |likeness, photos: Vec<usize>| DuplicateGroup {
        likeness,
        across_classes: photos.iter().any(|&photo| index.photos[photo].class != index.photos[photos[0]].class),
        across_parts: parts.several(&photos),
        photos,
    };
    Ok(exact
        .map(|photos| group(Likeness::Exact, photos))
        .chain(near.into_iter().map(|photos| group(Likeness::Near, photos)))
        .collect())
}

/// The rows that a group gives.
pub(super) fn findings(index: &Index, looks: &[Option<&Look>], parts: &Parts, group: &DuplicateGroup) -> Vec<Finding> {
    let path = |photo: usize| index.photos[photo].path.as_str();
    let class = |photo: usize| index.photos[photo].class;
    let digest = |photo: usize| looks[photo].map(|look| look.digest);
    let near = group.likeness == Likeness::Near;
    // In a near group, what concerns two exact copies is said by their own group.
    let said = |a: usize, b: usize| near && digest(a) == digest(b);
    let same = if near { "looks the same as" } else { "the same bytes as" };
    let mut found = Vec::new();
    let mut add = |photo, kind, detail: String| found.push(Finding::new(path(photo), kind, detail));
    let first = group.photos[0];
    let measured_against = parts.first_of(&group.photos);
    let mut distinct = vec![digest(first)];
    for &photo in &group.photos {
        if photo != first && !(near && distinct.contains(&digest(photo))) {
            let kind = if near { FindingKind::NearDuplicate } else { FindingKind::ExactDuplicate };
            add(photo, kind, format!("{same} {}", path(first)));
            distinct.push(digest(photo));
        }
        if class(photo) != class(first) && !said(photo, first) {
            let other = &index.classes[class(first) as usize];
            add(
                photo,
                FindingKind::LabelConflict,
                format!("{same} {}, which is in class {other}; one of the two labels must be wrong", path(first)),
            );
        }
        if let (Some((seen, seen_part)), Some(part)) = (measured_against, parts.of(photo))
            && part != seen_part
            && !said(photo, seen)
        {
            let (part, seen_part) = (part.noun(), seen_part.noun());
            add(
                photo,
                FindingKind::Leak,
                format!(
                    "a {part} photo that {} {}, a {seen_part} photo",
                    if near { same } else { "has the same bytes as" },
                    path(seen)
                ),
            );
        }
    }
    found
}

/// Which part of the split each photo is in, where a split is given.
pub(super) struct Parts(Vec<Option<Part>>);

impl Parts {
    pub fn of_split(index: &Index, split: Option<&Split>) -> Self {
        let mut parts = vec![None; index.photos.len()];
        for (part, positions) in split.iter().flat_map(|split| split.parts()) {
            for &position in positions {
                if let Some(place) = parts.get_mut(position) {
                    *place = Some(part);
                }
            }
        }
        Parts(parts)
    }

    pub fn of(&self, photo: usize) -> Option<Part> {
        self.0[photo]
    }

    fn several(&self, photos: &[usize]) -> bool {
        let mut parts = photos.iter().filter_map(|&photo| self.of(photo));
        let first = parts.next();
        parts.any(|part| Some(part) != first)
    }

    /// The photo of the group that is learned from (or, where there is none, that is looked at first).
    fn first_of(&self, photos: &[usize]) -> Option<(usize, Part)> {
        let with_part = |wanted| photos.iter().find(|&&photo| self.of(photo) == Some(wanted)).map(|&p| (p, wanted));
        [Part::Train, Part::Val, Part::Test].into_iter().find_map(with_part)
    }
}
