//! The findings as one HTML page: no script, no other file, nothing from the network; pictures are in it as data.

use std::collections::{HashMap, HashSet};

use maud::{Markup, html};
use rayon::prelude::*;

use super::{CheckReport, DuplicateGroup, Finding, FindingKind, Likeness};
use crate::base::budget::MemoryBudget;
use crate::data::Index;
use crate::data::decode::Limits;
use crate::html::{self, Thumbnail, thumbnail};

/// The longer side of a thumbnail, in pixels: shown at half of it on a fine screen.
const SIDE: u32 = 160;
/// Thumbnails in a page at most (about 5 kB each); the table goes on without them.
const THUMBNAILS: usize = 600;
/// Members of one group that are shown.
const SHOWN: usize = 12;

/// The whole page.
pub(super) fn page(report: &CheckReport, index: &Index, memory: &MemoryBudget) -> String {
    let pictures = thumbnails(report, index, memory);
    let title = format!("Check of {}", index.root.display());
    let body = html! {
        main {
            h1 { (title) }
            p { (summary(report)) }
            (classes(report))
            @for (kind, findings) in report.by_kind() {
                section {
                    h2 { (kind.title()) " " span { (findings.len()) } }
                    @match kind {
                        FindingKind::ExactDuplicate => { (groups(report, index, Likeness::Exact, &pictures)) }
                        FindingKind::NearDuplicate => { (groups(report, index, Likeness::Near, &pictures)) }
                        _ => { (rows(findings, &pictures)) }
                    }
                }
            }
        }
    };
    html::page(&title, STYLE, "", &body)
}

fn summary(report: &CheckReport) -> String {
    let found =
        format!("{} pictures in {} classes, {} of them usable.", report.images, report.classes.len(), report.usable);
    if report.problems.is_empty() { format!("{found} Nothing was found.") } else { found }
}

fn classes(report: &CheckReport) -> Markup {
    let most = report.classes.iter().map(|class| class.images).max().unwrap_or(0).max(1);
    html! {
        table.classes {
            thead { tr { th { "Class" } th.n { "Pictures" } th {} } }
            tbody { @for class in &report.classes {
                tr { td { (class.class) } td.n { (class.images) }
                    td { div.bar style=(format!("width:{:.1}%", class.images as f64 * 100.0 / most as f64)) {} } }
            } }
        }
    }
}

fn groups(report: &CheckReport, index: &Index, likeness: Likeness, pictures: &Pictures<'_>) -> Markup {
    let groups = report.duplicates.iter().filter(|group| group.likeness == likeness);
    html! {
        @for group in groups {
            div.group {
                @for photo in group.photos.iter().take(SHOWN) {
                    @let path = &index.photos[*photo].path;
                    figure { (picture(pictures, path)) figcaption { (path) } }
                }
                @if group.photos.len() > SHOWN { p { "and " (group.photos.len() - SHOWN) " more" } }
            }
            @if let Some(note) = note(group) { p.remark { (note) } }
        }
    }
}

fn note(group: &DuplicateGroup) -> Option<&'static str> {
    match (group.across_classes, group.across_parts) {
        (false, false) => None,
        (true, false) => Some("In more than one class."),
        (false, true) => Some("In more than one part of the split."),
        (true, true) => Some("In more than one class, and in more than one part of the split."),
    }
}

fn rows(findings: &[Finding], pictures: &Pictures<'_>) -> Markup {
    html! {
        table { tbody { @for finding in findings {
            tr { td.pic { (picture(pictures, &finding.path)) } td.path { (finding.path) } td { (finding.detail) } }
        } } }
    }
}

fn picture(pictures: &Pictures<'_>, path: &str) -> Markup {
    html! {
        @if let Some(picture) = pictures.get(path) {
            img alt="" width=(picture.width / 2) height=(picture.height / 2) src=(picture.url);
        }
    }
}

/// By path.
type Pictures<'a> = HashMap<&'a str, Thumbnail>;

/// Of the photos that findings and groups name, as far as they can be decoded.
fn thumbnails<'a>(report: &CheckReport, index: &'a Index, memory: &MemoryBudget) -> Pictures<'a> {
    // In the order of the findings, so that where there are too many, the gravest have theirs.
    let photos: HashMap<&str, &'a str> =
        index.photos.iter().map(|photo| (photo.path.as_str(), photo.path.as_str())).collect();
    let named = report.problems.iter().filter_map(|finding| photos.get(finding.path.as_str()).copied());
    let in_groups = report.duplicates.iter().flat_map(|group| group.photos.iter().take(SHOWN));
    let mut seen = HashSet::new();
    let wanted: Vec<&str> = named
        .chain(in_groups.map(|&photo| index.photos[photo].path.as_str()))
        .filter(|path| seen.insert(*path))
        .take(THUMBNAILS)
        .collect();
    let limits = Limits::within(memory);
    let small = |path: &'a str| Some((path, thumbnail(&index.root, path, report.reading, SIDE, &limits)?));
    wanted.into_par_iter().filter_map(small).collect()
}

const STYLE: &str = "\
.classes{max-width:36rem}.classes td:last-child{width:60%}.pic{width:88px}\
.group{display:flex;flex-wrap:wrap;gap:.75rem;padding:.75rem;margin-top:.75rem;background:var(--card);border-radius:6px}\
.group figure{width:9rem}figcaption{font-size:.8rem;overflow-wrap:anywhere}.remark{margin:.25rem .75rem;font-weight:600}";
