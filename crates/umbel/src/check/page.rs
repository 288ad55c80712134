//! The findings as one HTML page: no script, no other file, nothing from the network; pictures are in it as data.

use std::collections::{HashMap, HashSet};

use maud::{Markup, html};
use rayon::prelude::*;

use super::{CheckReport, ClassCount, DuplicateGroup, Finding, FindingKind, Likeness};
use crate::base::budget::MemoryBudget;
use crate::base::lang::Lang;
use crate::base::last_name::last_name;
use crate::data::Index;
use crate::data::decode::{self, Limits};
use crate::html::many::{self, ENDS, MOST_ROWS, OPEN};
use crate::html::{self, Thumbnail, thumbnail_of};

/// The longer side of a thumbnail, in pixels, at which it is shown.
const SIDE: u32 = 160;
/// Thumbnails in a page at most (about 5 kB each); the table goes on without them.
const THUMBNAILS: usize = 600;
/// Members of one group that are shown.
const SHOWN: usize = 12;
/// Findings of one kind, and groups, that are shown: nobody reads twenty thousand, and a browser takes long to lay them out.
const FINDINGS: usize = 200;
const GROUPS: usize = 100;
/// Where all of it is.
const TABLE: &str = "in the table of this check, problems.csv";

/// The whole page.
pub(super) fn page(report: &CheckReport, index: &Index, memory: &MemoryBudget) -> String {
    let pictures = thumbnails(report, index, memory);
    let title = format!("Check of {}", last_name(index.root()));
    let body = html! {
        main {
            header {
                h1 { (title) }
                p { (summary(report)) }
                @if !report.problems.is_empty() { (contents(report)) }
            }
            (classes(report))
            @for (kind, findings) in report.by_kind() {
                section id=(id(kind)) {
                    h2 { (kind.title()) " " span { (findings.len()) } }
                    @if let Some(words) = report.about_suspects.as_ref().filter(|_| kind.is_suspect()) { p.note { (words) } }
                    @match kind {
                        FindingKind::ExactDuplicate => { (groups(report, index, Likeness::Exact, &pictures)) }
                        FindingKind::NearDuplicate => { (groups(report, index, Likeness::Near, &pictures)) }
                        _ => { (list(findings, &pictures)) }
                    }
                }
            }
        }
    };
    html::page((&title, Lang::English), STYLE, "", &body)
}

/// What was found, of which kinds, and where on the page it is.
fn contents(report: &CheckReport) -> Markup {
    html! {
        nav aria-label="Contents" { ul { @for (kind, findings) in report.by_kind() {
            li { a href=(format!("#{}", id(kind))) { (kind.title()) } " " span.soft { (findings.len()) } }
        } } }
    }
}

/// The place of a kind on the page.
fn id(kind: FindingKind) -> String {
    format!("kind-{}", kind as usize)
}

fn summary(report: &CheckReport) -> String {
    let found =
        format!("{} pictures in {} classes, {} of them usable.", report.images, report.classes.len(), report.usable);
    if report.problems.is_empty() { format!("{found} Nothing was found.") } else { found }
}

fn classes(report: &CheckReport) -> Markup {
    let classes: Vec<&ClassCount> = report.classes.iter().collect();
    if classes.len() <= OPEN {
        return table(&classes);
    }
    html! {
        p { "The " (ENDS) " classes with the most pictures, and the " (ENDS) " with the fewest:" }
        (table(&many::ends(&classes, |class| class.images)))
        details {
            summary { "All " (classes.len()) " classes" }
            (table(&classes[..classes.len().min(MOST_ROWS)]))
            (more(classes.len(), MOST_ROWS, "classes"))
        }
    }
}

fn table(classes: &[&ClassCount]) -> Markup {
    let most = classes.iter().map(|class| class.images).max().unwrap_or(0).max(1);
    html! {
        table.classes {
            thead { tr { th { "Class" } th.n { "Pictures" } th {} } }
            tbody { @for class in classes {
                tr { td.path dir="auto" { (class.class) } td.n { (class.images) }
                    td { div.bar style=(format!("width:{:.1}%", class.images as f64 * 100.0 / most as f64)) {} } }
            } }
        }
    }
}

/// How many are not shown.
fn more(all: usize, shown: usize, of: &str) -> Markup {
    html! { @if all > shown { p.note { "… and " (all - shown) " more " (of) "." } } }
}

fn groups(report: &CheckReport, index: &Index, likeness: Likeness, pictures: &Pictures<'_>) -> Markup {
    let groups = || report.duplicates.iter().filter(|group| group.likeness == likeness);
    html! {
        @for group in groups().take(GROUPS) {
            div.group {
                @if let Some(note) = note(group) { p.remark { (note) } }
                div.grid {
                    @for photo in group.photos.iter().take(SHOWN) {
                        @let path = &index.photos[*photo].path;
                        (card(pictures, path, html! {}))
                    }
                }
                @if group.photos.len() > SHOWN { p { "and " (group.photos.len() - SHOWN) " more" } }
            }
        }
        (more(groups().count(), GROUPS, &format!("groups, {TABLE}")))
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

/// Findings that can be shown as cards in a grid, the others, of which there is nothing to see, as rows.
fn list(findings: &[Finding], pictures: &Pictures<'_>) -> Markup {
    let (seen, unseen): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().take(FINDINGS).partition(|finding| pictures.contains_key(finding.path.as_str()));
    html! {
        @if !seen.is_empty() { div.grid { @for finding in seen {
            (card(pictures, &finding.path, html! { p { (finding.detail) } }))
        } } }
        @if !unseen.is_empty() { table.rows { tbody { @for finding in unseen {
            tr { td.path { (finding.about()) } td { (finding.detail) } }
        } } } }
        (more(findings.len(), FINDINGS, TABLE))
    }
}

/// A photo with what tells which of two to keep.
fn card(pictures: &Pictures<'_>, path: &str, detail: Markup) -> Markup {
    let picture = pictures.get(path);
    html! {
        figure {
            @if let Some(Picture { small, .. }) = picture {
                img alt=(path) width=(small.width) height=(small.height) src=(small.url);
            }
            figcaption {
                span.path { (path) }
                @if let Some(picture) = picture { span.soft { (facts(picture)) } }
                (detail)
            }
        }
    }
}

/// `1024 × 683, 312 kB, taken 2024-05-01 12:34`.
fn facts(picture: &Picture) -> String {
    let (width, height) = picture.small.of;
    let size = match picture.bytes as f64 {
        small if small < 1e6 => format!("{:.0} kB", (small / 1e3).max(1.0)),
        large => format!("{:.1} MB", large / 1e6),
    };
    let taken = picture.taken.as_deref().map(|taken| taken.get(..16).unwrap_or(taken).replace('T', " "));
    let taken = taken.map_or_else(String::new, |taken| format!(", taken {taken}"));
    format!("{width} × {height}, {size}{taken}")
}

/// What the page shows of a photo.
struct Picture {
    small: Thumbnail,
    /// Of the file.
    bytes: u64,
    /// By the camera's clock.
    taken: Option<String>,
}

/// By path.
type Pictures<'a> = HashMap<&'a str, Picture>;

/// Of the photos that findings and groups name, as far as they can be decoded.
fn thumbnails<'a>(report: &CheckReport, index: &'a Index, memory: &MemoryBudget) -> Pictures<'a> {
    // In the order of the findings, so that where there are too many, the gravest have theirs.
    let photos: HashMap<&str, &'a str> =
        index.photos.iter().map(|photo| (photo.path.as_str(), photo.path.as_str())).collect();
    let shown = report.by_kind().flat_map(|(_, findings)| &findings[..findings.len().min(FINDINGS)]);
    let named = shown.filter_map(|finding| photos.get(finding.path.as_str()).copied());
    let in_groups = report.duplicates.iter().take(THUMBNAILS).flat_map(|group| group.photos.iter().take(SHOWN));
    let mut seen = HashSet::new();
    let wanted: Vec<&str> = named
        .chain(in_groups.map(|&photo| index.photos[photo].path.as_str()))
        .filter(|path| seen.insert(*path))
        .take(THUMBNAILS)
        .collect();
    let limits = Limits::within(memory);
    let shown = |path: &'a str| {
        let file = index.source.read(path, &limits).ok()?;
        let small = thumbnail_of(&file, report.reading, SIDE, &limits)?;
        Some((path, Picture { small, bytes: file.len() as u64, taken: decode::origin(&file).taken }))
    };
    wanted.into_par_iter().filter_map(shown).collect()
}

const STYLE: &str = "\
.classes{max-width:36rem}.classes td:last-child{width:60%}\
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:1rem .75rem;margin-top:.75rem}\
.grid img{max-width:100%;height:auto}.grid figcaption{font-size:.85rem;overflow-wrap:anywhere}\
.grid figcaption span{display:block}.grid figcaption p{margin:.15rem 0;color:var(--ink)}\
.group{padding:.25rem .75rem .75rem;margin-top:.75rem;background:var(--card);border-radius:6px;break-inside:avoid}\
.remark{margin:.5rem 0 0;font-weight:600}.rows td{vertical-align:top}\
@media(max-width:40rem){.grid{grid-template-columns:repeat(2,minmax(0,1fr))}.rows td{display:block;border:0;padding:0}\
.rows tr{display:block;border-bottom:1px solid var(--line);padding:.35rem 0}}";
