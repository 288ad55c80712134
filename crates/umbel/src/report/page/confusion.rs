//! Which classes are taken for which: a table of buttons that show the photos behind them.

use std::collections::{BTreeMap, HashSet};

use maud::{Markup, html};
use serde_json::json;

use super::View;
use super::section::Section;
use super::words::{percent, thousands};
use crate::html;
use crate::metrics::{Confusion, Mistake, Scores};

/// With more classes than this, a table would be too large to read: the most frequent mistakes are listed instead.
const TABLE: usize = 30;
const LISTED: usize = 50;

/// The mistakes that are listed; `None` where the whole table is shown.
pub fn listed(confusion: &Confusion) -> Option<Vec<Mistake>> {
    (confusion.rows().len() > TABLE).then(|| confusion.mistakes().into_iter().take(LISTED).collect())
}

pub fn section(view: &View<'_>) -> Option<Section> {
    let scores = view.scores.as_ref()?;
    let mistaken = scores.most_mistaken();
    let body = html! {
        @if !mistaken.is_empty() && scores.classes.len() <= TABLE {
            p { "Most often mistaken: " @for (k, own) in mistaken.iter().enumerate() {
                @if k > 0 { ", " } bdi { (own.class) } " for " bdi { (own.taken_for) } " (" (own.images) " of " (own.of) ")"
            } "." }
        }
        @match listed(&scores.confusion) {
            None => {
                p { "Rows are the true classes, columns what was predicted. " strong.on-screen { "Press a number to see its photos." } }
                div.beside { (table(scores)) (behind()) }
                p.note { "Shade: the share of the true class (row). Blue is right, orange is wrong." }
            }
            Some(listed) => {
                p { "A table of " (thousands(scores.classes.len())) " by " (thousands(scores.classes.len()))
                    " classes would be too large to read. " @if listed.is_empty() { "There was no mistake." } @else {
                        "These are the mistakes that were made most often (" (thousands(listed.len())) " of "
                        (thousands(scores.confusion.mistakes().len())) " kinds); every photo is in " (view.measured_file()) ". "
                        strong.on-screen { "Press a number to see its photos." }
                    } }
                @if !listed.is_empty() { div.beside { (list(scores, &listed)) (behind()) } }
            }
        }
        noscript { p.note { "Showing the photos behind a number needs JavaScript; all are in " (view.measured_file()) "." } }
    };
    Some(Section::new("mistakes", "What is taken for what", body))
}

/// Where the photos behind a number come up.
fn behind() -> Markup {
    html! { div #behind tabindex="-1" hidden {} }
}

fn table(scores: &Scores) -> Markup {
    let name = |class: usize| &scores.classes[class].class;
    html! {
        div.scroll tabindex="0" { table.confusion {
            thead {
                tr { td {} th scope="colgroup" colspan=(scores.classes.len()) { span.held { "Predicted" } } }
                tr { td {} @for class in &scores.classes { th.column scope="col" title=(class.class) { span dir="auto" { (class.class) } } } }
            }
            tbody { @for (row, counts) in scores.confusion.rows().iter().enumerate() {
                tr {
                    th scope="row" dir="auto" title=(name(row)) { (name(row)) }
                    @for (column, count) in counts.iter().enumerate() {
                        (cell(scores, (row, column), *count))
                    }
                }
            } }
        } }
    }
}

fn cell(scores: &Scores, (row, column): (usize, usize), count: u64) -> Markup {
    let support = scores.classes[row].score.support;
    let rate = count as f64 / support.max(1) as f64;
    let kind = if row == column { "right" } else { "wrong" };
    // A single photo must still be seen.
    let shade = if count == 0 { 0.0 } else { 6.0 + 94.0 * rate };
    html! {
        @if count == 0 { td.zero { "0" } } @else {
            td class=(kind) style=(format!("--s:{shade:.0}%")) {
                (button(scores, (row, column), count))
                span.rate { (format!("{:.0} %", 100.0 * rate)) }
            }
        }
    }
}

/// A name in an attribute, which can hold no element: it turns nothing beside it around, whichever way it is written.
fn isolated(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

fn button(scores: &Scores, (row, column): (usize, usize), count: u64) -> Markup {
    let (own, said) = (&scores.classes[row].class, &scores.classes[column].class);
    let [own, said] = [own, said].map(|name| isolated(name));
    let told = if row == column { format!("{own}, recognized") } else { format!("{own}, taken for {said}") };
    html! {
        button type="button" data-true=(row) data-said=(column) aria-label=(format!("{told}: {count}")) {
            (thousands(count as usize))
        }
    }
}

fn list(scores: &Scores, listed: &[Mistake]) -> Markup {
    html! {
        div.scroll tabindex="0" { table.pairs {
            thead { tr { th { "True class" } th { "Taken for" } th.n { "Photos" } th.n { "Share of the class" } } }
            tbody { @for Mistake { class: row, taken_for: column, images: count, of } in listed {
                tr {
                    (class_name(&scores.classes[*row].class)) (class_name(&scores.classes[*column].class))
                    td.n { (button(scores, (*row, *column), *count)) }
                    td.n { (percent(*count as f64 / (*of).max(1) as f64)) }
                }
            } }
        } }
    }
}

fn class_name(name: &str) -> Markup {
    html! { td.name title=(name) { span dir="auto" { (name) } } }
}

/// The photos behind the cells, for the page's script. Those that stand in the page are not said twice.
pub fn photos(view: &View<'_>) -> Option<Markup> {
    let scores = view.scores.as_ref()?;
    // By number, as far as there is a cell to name.
    let cells = view.choice.cells.keys().flat_map(|(own, said)| [*own, *said]);
    let names: BTreeMap<usize, &str> = cells.map(|class| (class, scores.classes[class].class.as_str())).collect();
    let shown: HashSet<&str> = view.choice.in_the_page().collect();
    let photos: Vec<serde_json::Value> = view
        .choice
        .cells
        .values()
        .flatten()
        .map(|answer| {
            let picture = view.pictures.get(&answer.path).filter(|_| !shown.contains(answer.path.as_str()));
            let confidence = (answer.confidence * 1000.0).round() / 1000.0;
            json!([answer.label, answer.predicted, answer.path, confidence, picture.map(|picture| &picture.url)])
        })
        .collect();
    Some(html::data("photos", &json!({ "classes": names, "photos": photos, "file": view.measured_file() })))
}
