//! What the run was given: counts by class and part, problems, samples, and what augmentation makes of one photo.

use std::collections::BTreeMap;

use image::RgbImage;
use maud::{Markup, html};

use super::View;
use super::pictures::SIDE;
use super::section::Section;
use super::words::{count, thousands};
use crate::base::random::{Purpose, Stream};
use crate::data::augment::Policy;
use crate::data::decode::{self, Limits, Reading};
use crate::data::{Part, PrepSpec};
use crate::html::{Thumbnail, data_url};
use crate::run::RunRecords;

/// Problems that are listed; all are in problems.csv.
const LISTED: usize = 50;
const VERSIONS: u64 = 7;
/// A class with fewer training photos than this has little to learn from.
pub(super) const FEW: usize = 20;
/// A class this many times as large as another is remarked on.
const UNEVEN: usize = 5;

pub fn section(view: &View<'_>) -> Section {
    let body = html! {
        (counts(view))
        (problems(view))
        @if view.choice.samples.iter().any(|(_, paths)| !paths.is_empty()) { (samples(view)) }
        (augmentation(view))
    };
    Section::new("data", "The data", body)
}

fn counts(view: &View<'_>) -> Markup {
    let mut classes: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for row in &view.run.split {
        let place = match row.part {
            Part::Train => 0,
            Part::Val => 1,
            Part::Test => 2,
        };
        classes.entry(&row.class).or_default()[place] += 1;
    }
    let mut total = [0; 3];
    classes.values().for_each(|counts| total.iter_mut().zip(counts).for_each(|(sum, own)| *sum += own));
    let most = classes.values().map(|counts| counts.iter().sum()).max().unwrap_or(0).max(1);
    // A part without photos is told only where it is the one that validates.
    let shown = [true, total[1] > 0 || view.run.folds() == 0, total[2] > 0];
    let names = ["Training", "Validation", "Test"];
    html! {
        @if classes.is_empty() { p.note { "This run has no split.csv." } } @else {
            div.scroll tabindex="0" { table.counts {
                thead { tr { th { "Class" } @for name in of_shown(&names, shown) { th.n { (name) } } th.n { "All" } th.wide {} } }
                tbody { @for (class, counts) in &classes {
                    @let all: usize = counts.iter().sum();
                    tr { th scope="row" { (class) } @for own in of_shown(counts, shown) { td.n { (thousands(*own)) } }
                        td.n { (thousands(all)) }
                        td.wide { div.bar style=(format!("width:{:.1}%", 100.0 * all as f64 / most as f64)) {} } }
                } }
                tfoot { tr { th scope="row" { "All" } @for own in of_shown(&total, shown) { td.n { (thousands(*own)) } }
                    td.n { (thousands(total.iter().sum())) } td.wide {} } }
            } }
            @for remark in remarks(&classes) { p.note { (remark) } }
        }
    }
}

/// The columns of the parts that are shown.
fn of_shown<T>(columns: &[T; 3], shown: [bool; 3]) -> impl Iterator<Item = &T> {
    columns.iter().zip(shown).filter(|(_, shown)| *shown).map(|(column, _)| column)
}

fn remarks(classes: &BTreeMap<&str, [usize; 3]>) -> Vec<String> {
    let train = || classes.iter().map(|(class, counts)| (counts[0], *class));
    let mut remarks = Vec::new();
    let few: Vec<&str> = train().filter(|(images, _)| *images < FEW).map(|(_, class)| class).collect();
    if !few.is_empty() {
        remarks
            .push(format!("Fewer than {FEW} training photos: {}. Figures of such classes say little.", few.join(", ")));
    }
    if let (Some(least), Some(most)) = (train().min(), train().max())
        && most.0 >= UNEVEN * least.0.max(1)
    {
        let (least, most) = (least, most);
        remarks.push(format!(
            "The classes are uneven: {} training photos of {}, {} of {}. Accuracy favors the large ones; see the balanced \
             accuracy.",
            thousands(most.0), most.1, thousands(least.0), least.1
        ));
    }
    remarks
}

fn problems(view: &View<'_>) -> Markup {
    let problems = &view.run.problems;
    html! {
        h3 { "Problems found" }
        @if problems.is_empty() {
            p { "Every photo could be used." }
        } @else {
            p { (count(problems.len(), "file was", "files were")) " left out:" }
            div.scroll tabindex="0" { table {
                thead { tr { th { "File" } th { "What is wrong" } } }
                tbody { @for problem in problems.iter().take(LISTED) {
                    tr { td.path { (problem.path) } td { (problem.detail) } }
                } }
            } }
            @if problems.len() > LISTED { p.note { "… and " (problems.len() - LISTED) " more, in problems.csv." } }
        }
        p { @if view.run.leaks.as_ref().is_some_and(Vec::is_empty) {
                "No photo that is measured on shows the same as one of an earlier part. "
            } "Duplicates and odd pictures are told by " code { "umbel check" } "." }
    }
}

fn samples(view: &View<'_>) -> Markup {
    html! {
        h3 { "Samples" }
        @if view.pictures.is_empty() {
            p.note { "The photos are no longer where they were (or cannot be read), so this page is without pictures." }
        } @else {
            @if view.pictures.missing > 0 {
                p.note { (count(view.pictures.missing, "photo is", "photos are"))
                    " no longer where they were (or cannot be read); the page does without." }
            }
            div.samples { @for (class, paths) in &view.choice.samples {
                figure { figcaption { (class) } div.row { @for path in paths { (view.pictures.show(path)) } } }
            } }
        }
    }
}

fn augmentation(view: &View<'_>) -> Markup {
    let versions = versions(view);
    html! {
        @if let Some((original, versions)) = versions {
            h3 { "Augmentation" }
            p.note { "One photo as the network sees it, and as it may see it in training, a new version each epoch." }
            div.row {
                (framed(&original, "as it is"))
                @for (number, version) in (1..).zip(&versions) { (framed(version, &format!("version {number}"))) }
            }
        } @else if is_head(view) {
            h3 { "Augmentation" }
            p { "None: a last layer alone learns from the photos as they are." }
        } @else if view.facts.augment.is_empty() {
            h3 { "Augmentation" }
            p { "None: the network saw the same pixels in every epoch." }
        }
    }
}

fn framed(picture: &Thumbnail, caption: &str) -> Markup {
    html! {
        figure { button.frame type="button" { img alt=(caption) width=(picture.width) height=(picture.height) src=(picture.url); }
            figcaption { (caption) } }
    }
}

/// Whether the last layer alone was trained, on features that are computed once.
fn is_head(view: &View<'_>) -> bool {
    view.run.history.epochs.last().is_some_and(|record| record.l2.is_some())
}

/// How the run took its photos.
pub(super) fn reading(run: &RunRecords) -> Reading {
    let prep = run.settings.get("prep").and_then(|prep| prep.clone().try_into::<PrepSpec>().ok());
    prep.map_or_else(Reading::default, |prep| prep.reading())
}

/// A sample that can be read, and what the model's layers make of it.
fn versions(view: &View<'_>) -> Option<(Thumbnail, Vec<Thumbnail>)> {
    if view.facts.augment.is_empty() || is_head(view) {
        return None;
    }
    let prep: PrepSpec = view.run.settings.get("prep")?.clone().try_into().ok()?;
    prep.validate().ok()?;
    let samples = view.choice.samples.iter().flat_map(|(_, paths)| paths);
    let path = samples.into_iter().find(|path| view.pictures.get(path).is_some())?;
    let path = view.run.data_root()?.join(path);
    let photo = decode::decode_file_as(&path, &Limits::default(), prep.reading()).ok()?;
    let (size, prepared, policy) = (prep.image_size, prep.apply(&photo), Policy::new(&view.facts.augment));
    let show = |pixels: Vec<u8>| data_url(&RgbImage::from_raw(size, size, pixels)?, SIDE);
    let mut augmented = vec![0.0; prepared.len()];
    let versions = (0..VERSIONS).filter_map(|version| {
        let mut random = Stream::new(view.run.seed(), Purpose::Augment, 0, version);
        policy.apply(size as usize, &prepared, &mut random, &mut augmented);
        show(augmented.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect())
    });
    let versions = versions.collect();
    Some((show(prepared)?, versions))
}
