//! report.html: a whole run as one page, made from the run's records and, where they are still there, the user's photos.
//! Each section has its own file; they stand here in the order of the page.

mod calibration;
mod card;
mod choice;
mod classes;
mod confusion;
mod curves;
mod data;
mod folds;
mod gallery;
mod leaks;
mod pictures;
mod plot;
mod reproduce;
mod summary;
mod words;

use std::path::Path;

use image::RgbImage;
use maud::html;

use crate::Result;
use crate::base::atomic;
use crate::base::augmentation::AugmentLayer;
use crate::base::progress::FoldsRecord;
use crate::html;
use crate::metrics::Scores;
use crate::run::RunRecords;
use choice::Choice;
use pictures::Pictures;

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
    let body = html! {
        main {
            @if let Some(scores) = &view.scores { (folds::section(&view, scores, record)) }
            (confusion::section(&view))
            (classes::section(&view)?)
            (gallery::section(&view))
            (reproduce::section(&view))
        }
        @if let Some(photos) = confusion::photos(&view) { (photos) }
    };
    Ok(html::page(&format!("{}: umbel's report", run.name), STYLE, SCRIPT, &body))
}

/// Everything that the sections draw from.
struct View<'a> {
    run: &'a RunRecords,
    facts: &'a Facts<'a>,
    scores: Option<Scores>,
    choice: Choice,
    pictures: Pictures,
}

impl<'a> View<'a> {
    fn new(run: &'a RunRecords, facts: &'a Facts<'a>) -> Result<Self> {
        let choice = Choice::new(run);
        let pictures = Pictures::read(run.data_root().as_deref(), data::reading(run), &choice);
        Ok(View { run, facts, scores: run.scores()?, choice, pictures })
    }
}

/// The page.
pub fn render(run: &RunRecords, facts: &Facts<'_>) -> Result<String> {
    let view = View::new(run, facts)?;
    let body = html! {
        main {
            (summary::section(&view))
            (data::section(&view))
            (curves::section(&view)?)
            (confusion::section(&view))
            (classes::section(&view)?)
            (calibration::section(&view)?)
            (gallery::section(&view))
            (reproduce::section(&view))
            (card::section(&view))
        }
        @if let Some(photos) = confusion::photos(&view) { (photos) }
    };
    Ok(html::page(&format!("{}: umbel's report", run.name), STYLE, SCRIPT, &body))
}
