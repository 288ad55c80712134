//! What the run was given: how many photos, problems, samples, and what augmentation makes of one photo.

use image::RgbImage;
use maud::{Markup, html};

use super::pictures::SIDE;
use super::section::Section;
use super::{View, counts};
use crate::base::random::{Purpose, Stream};
use crate::data::PrepSpec;
use crate::data::augment::Policy;
use crate::data::decode::Reading;
use crate::html::{Thumbnail, data_url, photo};
use crate::run::{RunRecords, names};

/// Problems that are listed; all are in problems.csv.
const LISTED: usize = 50;
const VERSIONS: u64 = 7;
pub fn section(view: &View<'_>) -> Section {
    let body = html! {
        (counts::counts(view))
        (problems(view))
        @if view.choice.samples.iter().any(|(_, paths)| !paths.is_empty()) { (samples(view)) }
        (augmentation(view))
    };
    Section::new("data", view.say("The data"), body)
}

fn problems(view: &View<'_>) -> Markup {
    let problems = &view.run.problems;
    html! {
        h3 { (view.say("Problems found")) }
        @if problems.is_empty() {
            p { (view.say("Every photo could be used.")) }
        } @else {
            p { (view.tell("Left out: {files}.", &[("files", &view.lang().count(problems.len(), "file", "files"))])) }
            div.scroll tabindex="0" { table {
                thead { tr { th { (view.say("File")) } th { (view.say("What is wrong")) } } }
                tbody { @for problem in problems.iter().take(LISTED) {
                    tr { td.path { (problem.path) } td { (problem.detail) } }
                } }
            } }
            @if problems.len() > LISTED { p.note { (view.more(problems.len() - LISTED, names::PROBLEMS)) } }
        }
        p { @if view.run.leaks.as_ref().is_some_and(Vec::is_empty) {
                (view.say("No photo that is measured on shows the same as one of an earlier part. "))
            } (view.tell("Duplicates and odd pictures are told by {command}.", &[("command", &html! { code { "umbel check" } })])) }
    }
}

fn samples(view: &View<'_>) -> Markup {
    html! {
        h3 { (view.say("Samples")) }
        @if view.pictures.is_empty() {
            p.note { (view.say("The photos are no longer where they were (or cannot be read), so this page is without pictures.")) }
        } @else {
            @if view.pictures.missing > 0 {
                @let photos = view.lang().count(view.pictures.missing, "photo", "photos");
                p.note { (view.tell("No longer where they were (or not to be read): {photos}; the page does without.", &[("photos", &photos)])) }
            }
            @let (classes, shown) = (view.choice.classes, view.choice.samples.len());
            (view.first_of(shown, classes))
            div.samples { @for (class, paths) in &view.choice.samples {
                figure { figcaption dir="auto" { (class) } div.row { @for path in paths { (view.show(path)) } } }
            } }
        }
    }
}

fn augmentation(view: &View<'_>) -> Markup {
    let versions = versions(view);
    html! {
        @if let Some((original, versions)) = versions {
            h3 { (view.say("Augmentation")) }
            p.note { (view.say("One photo as the network sees it, and as it may see it in training, a new version each epoch.")) }
            div.row {
                (framed(&original, view.say("as it is")))
                @for (number, version) in (1..).zip(&versions) { (framed(version, &view.lang().tell("version {number}", &[("number", &number)]))) }
            }
        } @else if is_head(view) {
            h3 { (view.say("Augmentation")) }
            p { (view.say("None: a last layer alone learns from the photos as they are.")) }
        } @else if view.facts.augment.is_empty() {
            h3 { (view.say("Augmentation")) }
            p { (view.say("None: the network saw the same pixels in every epoch.")) }
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
    let photo = photo(view.source.as_ref()?, path, prep.reading())?;
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
