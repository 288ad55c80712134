//! What is odd about the folder as a whole: uneven and very small classes, color mixed with grey, EXIF in use.

use super::finding::{Finding, FindingKind};
use super::look::Look;
use crate::data::Index;

/// A class with fewer usable pictures can hardly be learned, let alone measured.
const SMALL_CLASS: usize = 10;
/// A class with this many times fewer pictures than the largest is easily neglected.
const IMBALANCE: usize = 5;

/// Findings about classes and the whole folder.
pub(super) fn findings(index: &Index, looks: &[Option<&Look>]) -> Vec<Finding> {
    let mut usable = vec![0usize; index.classes.len()];
    for (photo, _) in index.photos.iter().zip(looks).filter(|(_, look)| look.is_some()) {
        usable[photo.class as usize] += 1;
    }
    let mut found = classes(index, &usable);
    let total: usize = usable.iter().sum();
    let mut remark = |kind, detail: String| found.push(Finding::new(".", kind, detail));
    let seen = || looks.iter().flatten();
    let turned = seen().filter(|look| look.facts.is_some_and(|facts| facts.turned)).count();
    if turned > 0 {
        remark(
            FindingKind::ExifRotation,
            format!(
                "{turned} of {total} pictures lie turned in their files; umbel puts them upright, other programs may not"
            ),
        );
    }
    let (grey, color) = seen()
        .filter(|look| !look.print.blank)
        .fold((0, 0), |(grey, color), look| if look.print.grey { (grey + 1, color) } else { (grey, color + 1) });
    if grey > 0 && color > 0 {
        remark(
            FindingKind::ColorGreyMix,
            format!("{grey} of {total} pictures are grey ({}), the others in color", grey_by_class(index, looks)),
        );
    }
    found
}

/// Whether a class with so many usable pictures can hardly be learned.
pub fn is_small(pictures: usize) -> bool {
    pictures < SMALL_CLASS
}

/// Whether a class with so many usable pictures is easily neglected beside one with `most`.
pub fn is_uneven(pictures: usize, most: usize) -> bool {
    pictures > 0 && most >= IMBALANCE * pictures
}

fn classes(index: &Index, usable: &[usize]) -> Vec<Finding> {
    let mut found = Vec::new();
    let (largest, most) = usable.iter().enumerate().max_by_key(|(_, n)| **n).map_or((0, 0), |(class, n)| (class, *n));
    for (class, &n) in index.classes.iter().zip(usable) {
        let mut add = |kind, detail: String| found.push(Finding::new(class, kind, detail));
        if is_small(n) {
            let pictures = if n == 1 { "picture" } else { "pictures" };
            add(
                FindingKind::SmallClass,
                format!("{n} usable {pictures}; fewer than {SMALL_CLASS} can hardly be learned and measured"),
            );
        }
        if is_uneven(n, most) {
            let larger = &index.classes[largest];
            let times = most as f64 / n as f64;
            add(FindingKind::Imbalance, format!("{n} usable, where {larger} has {most}, {times:.1} times as many"));
        }
    }
    found
}

/// `daisy 3, roses 1`.
fn grey_by_class(index: &Index, looks: &[Option<&Look>]) -> String {
    let mut counts = vec![0usize; index.classes.len()];
    for (photo, look) in index.photos.iter().zip(looks) {
        if look.is_some_and(|look| look.print.grey && !look.print.blank) {
            counts[photo.class as usize] += 1;
        }
    }
    let with_some = index.classes.iter().zip(counts).filter(|(_, n)| *n > 0);
    with_some.map(|(class, n)| format!("{class} {n}")).collect::<Vec<_>>().join(", ")
}
