//! The findings as one HTML page: no script, no other file, nothing from the network; pictures are in it as data.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use rayon::prelude::*;

use super::{CheckReport, DuplicateGroup, Finding, FindingKind, Likeness};
use crate::data::decode::{self, Limits};
use crate::data::{Index, Interpolation, PrepSpec, Resize};

/// Side of a thumbnail, in pixels: shown at half of it on a fine screen.
const SIDE: u32 = 160;
const QUALITY: u8 = 80;
/// Thumbnails in a page at most (about 5 kB each); the table goes on without them.
const THUMBNAILS: usize = 600;
/// Members of one group that are shown.
const SHOWN: usize = 12;

/// The whole page.
pub(super) fn page(report: &CheckReport, index: &Index) -> String {
    let pictures = thumbnails(report, index);
    let mut html = String::with_capacity(1 << 16);
    let root = escape(&index.root.display().to_string());
    let _ = writeln!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Check of {root}</title><style>{STYLE}</style></head><body><main>\n<h1>Check of {root}</h1>\n<p>{}</p>",
        escape(&summary(report))
    );
    classes(&mut html, report);
    for (kind, findings) in report.by_kind() {
        let _ = writeln!(html, "<section><h2>{} <span>{}</span></h2>", escape(kind.title()), findings.len());
        match kind {
            FindingKind::ExactDuplicate => groups(&mut html, report, index, Likeness::Exact, &pictures),
            FindingKind::NearDuplicate => groups(&mut html, report, index, Likeness::Near, &pictures),
            _ => rows(&mut html, findings, &pictures),
        }
        html.push_str("</section>\n");
    }
    html.push_str("</main></body></html>\n");
    html
}

fn summary(report: &CheckReport) -> String {
    let found =
        format!("{} pictures in {} classes, {} of them usable.", report.images, report.classes.len(), report.usable);
    if report.problems.is_empty() { format!("{found} Nothing was found.") } else { found }
}

fn classes(html: &mut String, report: &CheckReport) {
    let most = report.classes.iter().map(|class| class.images).max().unwrap_or(0).max(1);
    html.push_str("<table class=\"classes\"><thead><tr><th>Class</th><th>Pictures</th><th></th></tr></thead><tbody>\n");
    for class in &report.classes {
        let share = class.images as f64 * 100.0 / most as f64;
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td class=\"n\">{}</td><td><div class=\"bar\" style=\"width:{share:.1}%\"></div></td></tr>",
            escape(&class.class),
            class.images
        );
    }
    html.push_str("</tbody></table>\n");
}

fn groups(html: &mut String, report: &CheckReport, index: &Index, likeness: Likeness, pictures: &Pictures) {
    for group in report.duplicates.iter().filter(|group| group.likeness == likeness) {
        html.push_str("<div class=\"group\">");
        for &photo in group.photos.iter().take(SHOWN) {
            figure(html, &index.photos[photo].path, pictures);
        }
        if group.photos.len() > SHOWN {
            let _ = write!(html, "<p>and {} more</p>", group.photos.len() - SHOWN);
        }
        html.push_str("</div>");
        if let Some(note) = note(group) {
            let _ = write!(html, "<p class=\"note\">{note}</p>");
        }
        html.push('\n');
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

fn rows(html: &mut String, findings: &[Finding], pictures: &Pictures) {
    html.push_str("<table><tbody>\n");
    for finding in findings {
        let picture = pictures.get(finding.path.as_str()).map(|data| image_tag(data)).unwrap_or_default();
        let _ = writeln!(
            html,
            "<tr><td class=\"pic\">{picture}</td><td class=\"path\">{}</td><td>{}</td></tr>",
            escape(&finding.path),
            escape(&finding.detail)
        );
    }
    html.push_str("</tbody></table>\n");
}

fn figure(html: &mut String, path: &str, pictures: &Pictures) {
    let picture = pictures.get(path).map(|data| image_tag(data)).unwrap_or_default();
    let _ = write!(html, "<figure>{picture}<figcaption>{}</figcaption></figure>", escape(path));
}

fn image_tag(data: &str) -> String {
    format!("<img alt=\"\" width=\"{0}\" height=\"{0}\" src=\"data:image/jpeg;base64,{data}\">", SIDE / 2)
}

/// Base64 of a small JPEG, by path.
type Pictures<'a> = HashMap<&'a str, String>;

/// Of the photos that findings and groups name, as far as they can be decoded.
fn thumbnails<'a>(report: &CheckReport, index: &'a Index) -> Pictures<'a> {
    let prep =
        PrepSpec { image_size: SIDE, resize: Resize::Letterbox, interpolation: Interpolation::BilinearAntialias };
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
    wanted
        .into_par_iter()
        .filter_map(|path| {
            let photo = decode::decode_file(&index.root.join(path), &Limits::default()).ok()?;
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
                .encode(&prep.apply(&photo), SIDE, SIDE, image::ExtendedColorType::Rgb8)
                .ok()?;
            Some((path, STANDARD.encode(jpeg)))
        })
        .collect()
}

/// Text for HTML, in elements and in quoted attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#d8d8d8;--soft:#666;--bar:#5a8f3c;--card:#f6f6f4}\
@media(prefers-color-scheme:dark){:root{--line:#3a3a3a;--soft:#aaa;--bar:#84bd62;--card:#222}}\
body{margin:0;font:16px/1.5 system-ui,sans-serif}\
main{max-width:70rem;margin:0 auto;padding:1.5rem}\
h1{font-size:1.6rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2rem 0 .5rem}\
h2 span{color:var(--soft);font-weight:400}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:middle}\
.classes{max-width:36rem}.classes td:last-child{width:60%}.n{text-align:right}\
.bar{height:.8rem;background:var(--bar);border-radius:2px}\
.pic{width:88px}.path{overflow-wrap:anywhere}\
.group{display:flex;flex-wrap:wrap;gap:.75rem;padding:.75rem;margin-top:.75rem;background:var(--card);border-radius:6px}\
figure{margin:0;width:9rem}figcaption{font-size:.8rem;color:var(--soft);overflow-wrap:anywhere}\
img{display:block;border-radius:3px;background:#fff}.note{margin:.25rem .75rem;font-weight:600}";
