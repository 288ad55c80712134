//! The page of a cross-validation: what was said of every photo by the network that had not seen it, and the folds.

use maud::{Markup, html};

use super::leaks;
use super::section::Section;
use super::summary::card;
use super::words::{count, figure, interval, percent};
use super::{View, verdict};
use crate::base::progress::FoldsRecord;
use crate::metrics::Scores;
use crate::run::names;

pub fn head(view: &View<'_>, scores: &Scores, folds: &FoldsRecord) -> Markup {
    let intervals = &scores.intervals;
    let of_folds = format!("{} ± {} over the folds", percent(folds.mean), percent(folds.deviation));
    html! {
            p.soft { "umbel’s report of a cross-validation" }
            h1 { (view.run.name) }
            (verdict::words(view, scores))
            div.cards {
                (card("Accuracy", &percent(scores.accuracy), &interval(intervals.accuracy, percent)))
                (card("Balanced accuracy", &percent(scores.balanced_accuracy), &interval(intervals.balanced_accuracy, percent)))
                (card("Macro F1", &figure(scores.macro_f1), &interval(intervals.macro_f1, figure)))
                (card("Loss", &figure(scores.loss), &interval(intervals.loss, figure)))
            }
            p.note {
                "Over " (count(scores.images, "photo", "photos")) ", each judged once, by the network of the fold that was trained \
                 without it (" (of_folds) "); small print: 95 % intervals (of the accuracy Wilson’s, else by the bootstrap). Each fold’s photos also chose its epoch and \
                 the temperature of its confidence."
            }
            (leaks::warning(view))
    }
}

pub fn section(folds: &FoldsRecord) -> Section {
    let body = html! {
            div.scroll tabindex="0" { table {
                thead { tr { th { "Fold" } th { "Best epoch" } th { "Accuracy" } th { "Loss" } } }
                tbody { @for fold in &folds.folds { tr {
                    th scope="row" { a href=(format!("fold-{}/{}", fold.fold, names::REPORT)) { (fold.fold) } }
                    td { (fold.best_epoch) } td { (percent(fold.val_accuracy)) } td { (figure(fold.val_loss)) }
                } } }
            } }
    };
    Section::new("folds", "Folds", body)
}
