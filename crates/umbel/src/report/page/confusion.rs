//! Which classes are taken for which: a table of buttons that show the photos behind them.

use std::collections::{BTreeMap, HashSet};

use maud::{Markup, Render, html};
use serde_json::json;

use super::View;
use super::section::Section;
use super::words::{name, percent, thousands};
use crate::base::lang::fill;
use crate::base::mistaken::Mistaken;
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
    let press = html! { strong.on-screen { (view.say("Press a number to see its photos.")) } };
    let body = html! {
        @if !mistaken.is_empty() && scores.classes.len() <= TABLE { p { (most_mistaken(view, &mistaken)) } }
        @match listed(&scores.confusion) {
            None => {
                p { (view.tell("Rows are the true classes, columns what was predicted. {press}", &[("press", &press)])) }
                div.beside { (table(view, scores)) (behind()) }
                p.note { (view.say("Shade: the share of the true class (row). Blue is right, orange is wrong.")) }
            }
            Some(listed) => {
                p { (too_many(view, scores, &listed)) @if !listed.is_empty() { (press) } }
                @if !listed.is_empty() { div.beside { (list(view, scores, &listed)) (behind()) } }
            }
        }
        noscript { p.note { (view.tell("Showing the photos behind a number needs JavaScript; all are in {file}.",
            &[("file", &view.measured_file())])) } }
    };
    Some(Section::new("mistakes", view.say("What is taken for what"), body))
}

fn most_mistaken(view: &View<'_>, mistaken: &[Mistaken]) -> Markup {
    let pair = |own: &Mistaken| {
        let (class, other) = (name(&own.class), name(&own.taken_for));
        view.tell(
            "{class} for {other} ({images} of {of})",
            &[("class", &class), ("other", &other), ("images", &own.images), ("of", &own.of)],
        )
    };
    let pairs = html! { @for (k, own) in mistaken.iter().enumerate() { @if k > 0 { (view.say(", ")) } (pair(own)) } };
    view.tell("Most often mistaken: {pairs}.", &[("pairs", &pairs)])
}

/// What stands in the place of the whole table.
fn too_many(view: &View<'_>, scores: &Scores, listed: &[Mistake]) -> Markup {
    let (classes, kinds) = (thousands(scores.classes.len()), thousands(scores.confusion.mistakes().len()));
    let (shown, file) = (thousands(listed.len()), view.measured_file());
    let values: [(&str, &dyn Render); 4] =
        [("classes", &classes), ("shown", &shown), ("kinds", &kinds), ("file", &file)];
    html! {
        (view.tell("A table of {classes} by {classes} classes would be too large to read. ", &values))
        @if listed.is_empty() { (view.say("There was no mistake.")) } @else {
            (view.tell("These are the mistakes that were made most often ({shown} of {kinds} kinds); every photo is in {file}. ", &values))
        }
    }
}

/// Where the photos behind a number come up.
fn behind() -> Markup {
    html! { div #behind tabindex="-1" hidden {} }
}

fn table(view: &View<'_>, scores: &Scores) -> Markup {
    let name = |class: usize| &scores.classes[class].class;
    html! {
        div.scroll tabindex="0" { table.confusion {
            thead {
                tr { td {} th scope="colgroup" colspan=(scores.classes.len()) { span.held { (view.say("Predicted")) } } }
                tr { td {} @for class in &scores.classes { th.column scope="col" title=(class.class) { span dir="auto" { (class.class) } } } }
            }
            tbody { @for (row, counts) in scores.confusion.rows().iter().enumerate() {
                tr {
                    th scope="row" dir="auto" title=(name(row)) { (name(row)) }
                    @for (column, count) in counts.iter().enumerate() {
                        (cell(view, scores, (row, column), *count))
                    }
                }
            } }
        } }
    }
}

fn cell(view: &View<'_>, scores: &Scores, (row, column): (usize, usize), count: u64) -> Markup {
    let support = scores.classes[row].score.support;
    let rate = count as f64 / support.max(1) as f64;
    let kind = if row == column { "right" } else { "wrong" };
    // A single photo must still be seen.
    let shade = if count == 0 { 0.0 } else { 6.0 + 94.0 * rate };
    html! {
        @if count == 0 { td.zero { "0" } } @else {
            td class=(kind) style=(format!("--s:{shade:.0}%")) {
                (button(view, scores, (row, column), count))
                span.rate { (format!("{:.0} %", 100.0 * rate)) }
            }
        }
    }
}

/// A name in an attribute, which can hold no element: it turns nothing beside it around, whichever way it is written.
fn isolated(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

fn button(view: &View<'_>, scores: &Scores, (row, column): (usize, usize), count: u64) -> Markup {
    let (own, said) = (&scores.classes[row].class, &scores.classes[column].class);
    let [own, said] = [own, said].map(|name| isolated(name));
    let pattern = if row == column { view.say("{class}, recognized") } else { view.say("{class}, taken for {other}") };
    let told = fill(pattern, &[("class", &own), ("other", &said)]);
    html! {
        button type="button" data-true=(row) data-said=(column) aria-label=(format!("{told}: {count}")) {
            (thousands(count as usize))
        }
    }
}

fn list(view: &View<'_>, scores: &Scores, listed: &[Mistake]) -> Markup {
    html! {
        div.scroll tabindex="0" { table.pairs {
            thead { tr { th { (view.say("True class")) } th { (view.say("Taken for")) } th.n { (view.say("Photos")) }
                th.n { (view.say("Share of the class")) } } }
            tbody { @for Mistake { class: row, taken_for: column, images: count, of } in listed {
                tr {
                    (class_name(&scores.classes[*row].class)) (class_name(&scores.classes[*column].class))
                    td.n { (button(view, scores, (*row, *column), *count)) }
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
    Some(html::data(
        "photos",
        &json!({ "classes": names, "photos": photos, "file": view.measured_file(), "words": words(view) }),
    ))
}

/// What the page’s script says, by the names that it has there.
fn words(view: &View<'_>) -> serde_json::Value {
    json!({
        "recognized": view.say("{class}, recognized"),
        "taken": view.say("{class}, taken for {other}"),
        "behind": view.say("{what}: {number} photos"),
        "behindOne": view.say("{what}: 1 photo"),
        "sure": view.say("{share} % sure"),
        "more": view.say("… and {number} more, in {file}."),
        "none": view.say("no picture"),
    })
}
