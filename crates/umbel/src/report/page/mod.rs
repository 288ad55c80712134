//! report.html: a whole run as one page, made from the run's records and, where they are still there, the user's photos.
//! Each section has its own file; they stand here in the order of the page.

mod calibration;
mod card;
mod choice;
mod classes;
mod confusion;
mod counts;
mod curves;
mod data;
mod folds;
mod gallery;
mod leaks;
mod pictures;
mod plot;
mod reproduce;
mod section;
mod summary;
mod verdict;
mod words;

use std::path::Path;

use image::RgbImage;
use maud::{Markup, Render, html};

use crate::Result;
use crate::base::atomic;
use crate::base::augmentation::AugmentLayer;
use crate::base::lang::{Lang, Piece, pieces};
use crate::base::progress::FoldsRecord;
use crate::base::shown::thousands;
use crate::data::{CacheOptions, Source};
use crate::html;
use crate::metrics::Scores;
use crate::run::{Predictions, RunRecords, names};
use choice::Choice;
use pictures::Pictures;
use section::Section;

pub(super) use counts::listed;
pub(super) use plot::{legend, plot};
pub(super) use words::{duration, figure, interval, percent, signed};

/// What pages of runs and of comparisons add to the common style.
pub(super) const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Draws what a model looked at, laid over the photo of this path (relative to the data folder), for this class.
pub type Overlay<'a> = dyn Fn(&str, &str) -> Option<RgbImage> + Sync + 'a;

/// What the page tells that is not among the run's records.
#[derive(Default)]
pub struct Facts<'a> {
    /// The command that makes the run again, ready for a shell.
    pub command: String,
    /// The model's augmentation layers.
    pub augment: Vec<AugmentLayer>,
    /// For the galleries; `None`: photos alone.
    pub overlay: Option<&'a Overlay<'a>>,
    /// That the page is told in.
    pub lang: Lang,
    /// Where the photos lie; `None`: where the run's settings say.
    pub source: Option<Source>,
}

/// Writes the page, atomically.
pub fn write(run: &RunRecords, facts: &Facts<'_>, path: &Path) -> Result<()> {
    Ok(atomic::write_bytes(path, render(run, facts)?.as_bytes())?)
}

/// Writes the page of a cross-validation, atomically: `run` holds what was said of every photo by the fold that had not seen it.
pub fn write_folds(run: &RunRecords, folds: &FoldsRecord, facts: &Facts<'_>, path: &Path) -> Result<()> {
    Ok(atomic::write_bytes(path, render_folds(run, folds, facts)?.as_bytes())?)
}

fn render_folds(run: &RunRecords, record: &FoldsRecord, facts: &Facts<'_>) -> Result<String> {
    let view = View::new(run, facts)?;
    let head = view.scores.as_ref().map(|scores| folds::head(&view, scores, record));
    let sections = [
        Some(folds::section(&view, record)),
        confusion::section(&view),
        classes::section(&view)?,
        gallery::section(&view),
        Some(reproduce::section(&view)),
    ];
    Ok(page(&view, &head.unwrap_or_default(), sections))
}

/// The top of a page, what else is on it, and that.
fn page<const N: usize>(view: &View<'_>, head: &Markup, sections: [Option<Section>; N]) -> String {
    let sections: Vec<Section> = sections.into_iter().flatten().collect();
    let body = html! {
        main {
            header { (head) (section::contents(view.lang(), &sections)) }
            @for section in &sections { (section) }
        }
        dialog #large aria-label=(view.say("The photo, larger")) data-close=(view.say("Close")) {}
        @if let Some(photos) = confusion::photos(view) { (photos) }
    };
    let title = view.lang().tell("{run}: umbel’s report", &[("run", &view.run.name)]);
    html::page((&title, view.lang()), STYLE, SCRIPT, &body)
}

/// Everything that the sections draw from.
struct View<'a> {
    run: &'a RunRecords,
    facts: &'a Facts<'a>,
    /// What the figures come from: what was said of the test part, which had no say in anything, where there is one; else of the photos
    /// that judged the model.
    measured: Option<&'a Predictions>,
    scores: Option<Scores>,
    choice: Choice,
    source: Option<Source>,
    pictures: Pictures,
}

impl<'a> View<'a> {
    fn new(run: &'a RunRecords, facts: &'a Facts<'a>) -> Result<Self> {
        let measured = run.tested.as_ref().or(run.predictions.as_ref()).filter(|own| !own.labels.is_empty());
        let choice = Choice::new(run, measured);
        let source = facts.source.clone().or_else(|| run.source(&CacheOptions::default()));
        let pictures = Pictures::read(source.as_ref(), data::reading(run), &choice);
        Ok(View { run, facts, measured, scores: run.scores_of(measured)?, choice, source, pictures })
    }

    /// The file in the run's folder that the figures come from.
    fn measured_file(&self) -> &'static str {
        if self.is_tested() { names::TEST_PREDICTIONS } else { names::PREDICTIONS }
    }

    /// Whether the figures come from the test part.
    fn is_tested(&self) -> bool {
        self.run.tested.is_some()
    }

    /// The page's language.
    fn lang(&self) -> Lang {
        self.facts.lang
    }

    /// A sentence in the page's language.
    fn say(&self, english: &'static str) -> &'static str {
        self.lang().say(english)
    }

    /// A photo in its frame, or a frame with nothing in it.
    fn show(&self, path: &str) -> Markup {
        let nothing = || html! { div.frame.empty { (self.say("no picture")) } };
        self.pictures.get(path).map_or_else(nothing, |picture| pictures::framed(picture, path))
    }

    /// That these are not of all classes, where they are not.
    fn first_of(&self, shown: usize, classes: usize) -> Markup {
        let number = thousands(classes);
        html! { @if shown < classes { p.note {
            (self.tell("Of the first {shown} of {number} classes.", &[("shown", &shown), ("number", &number)]))
        } } }
    }

    /// That a list goes on in this file of the run's folder.
    fn more(&self, number: usize, file: &'static str) -> String {
        self.lang().tell("… and {number} more, in {file}.", &[("number", &thousands(number)), ("file", &file)])
    }

    /// A sentence in the page's language, its holes filled with what may be more than text.
    fn tell(&self, english: &'static str, values: &[(&str, &dyn Render)]) -> Markup {
        html! { @for piece in pieces(self.say(english)) {
            @match piece {
                Piece::Text(text) => { (text) }
                Piece::Hole(name) => { @for (_, value) in values.iter().filter(|(own, _)| *own == name) { (value.render()) } }
            }
        } }
    }
}

/// The page.
pub fn render(run: &RunRecords, facts: &Facts<'_>) -> Result<String> {
    let view = View::new(run, facts)?;
    let sections = [
        confusion::section(&view),
        classes::section(&view)?,
        gallery::section(&view),
        calibration::section(&view)?,
        Some(curves::section(&view)?),
        Some(data::section(&view)),
        Some(reproduce::section(&view)),
        Some(card::section(&view)),
    ];
    Ok(page(&view, &summary::head(&view), sections))
}
