//! The page of a cross-validation: what was said of every photo by the network that had not seen it, and the folds.

use maud::{Markup, Render, html};

use super::leaks;
use super::section::Section;
use super::summary::figures;
use super::words::{figure, percent};
use super::{View, verdict};
use crate::base::progress::FoldsRecord;
use crate::metrics::Scores;
use crate::run::names;

pub fn head(view: &View<'_>, scores: &Scores, folds: &FoldsRecord) -> Markup {
    let photos = view.lang().count(scores.images, "photo", "photos");
    let (mean, deviation) = (percent(folds.mean), percent(folds.deviation));
    let values = [("photos", &photos as &dyn Render), ("mean", &mean), ("deviation", &deviation)];
    html! {
            p.soft { (view.say("umbel’s report of a cross-validation")) }
            h1 { (view.run.name) }
            (verdict::words(view, scores))
            div.cards { (figures(view, scores)) }
            p.note {
                (view.tell("Over {photos}, each judged once, by the network of the fold that was trained without it ({mean} ± {deviation} \
                    over the folds); small print: 95 % intervals (of the accuracy Wilson’s, else by the bootstrap). Each fold’s photos \
                    also chose its epoch and the temperature of its confidence.", &values))
            }
            (leaks::warning(view))
    }
}

pub fn section(view: &View<'_>, folds: &FoldsRecord) -> Section {
    let body = html! {
            div.scroll tabindex="0" { table {
                thead { tr { th { (view.say("Fold")) } th { (view.say("Best epoch")) } th { (view.say("Accuracy")) } th { (view.say("Loss")) } } }
                tbody { @for fold in &folds.folds { tr {
                    th scope="row" { a href=(format!("fold-{}/{}", fold.fold, names::REPORT)) { (fold.fold) } }
                    td { (fold.best_epoch) } td { (percent(fold.val_accuracy)) } td { (figure(fold.val_loss)) }
                } } }
            } }
    };
    Section::new("folds", view.say("Folds"), body)
}
