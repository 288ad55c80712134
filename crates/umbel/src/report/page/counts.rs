//! How many photos each class has in each part: a line where all have as many, else bars; of very many classes, those at both ends.

use std::collections::BTreeMap;

use maud::{Markup, Render, html};

use super::View;
use super::words::{name, thousands};
use crate::base::lang::{Lang, fill};
use crate::data::Part;
use crate::html::many::{self, ENDS, MOST_ROWS, OPEN};
use crate::run::{RunRecords, names};

/// A class with fewer training photos than this has little to learn from.
pub(super) const FEW: usize = 20;
/// A class this many times as large as another is remarked on.
const UNEVEN: usize = 5;
/// Names that a sentence lists at most.
const NAMED: usize = 10;

/// The parts as columns, each with what is said of its photos in a sentence.
fn parts(view: &View<'_>) -> [(&'static str, &'static str); 3] {
    [
        (view.say("Training"), view.say("{photos} for training")),
        (view.say("Validation"), view.say("{photos} for validation")),
        (view.say("Test"), view.say("{photos} for testing")),
    ]
}

/// A class, and its photos in each of [`parts`].
type Counts<'a> = (&'a str, [usize; 3]);

pub fn counts(view: &View<'_>) -> Markup {
    let classes = of_classes(view.run);
    let Some((_, first)) = classes.first() else {
        return html! { p.note { (view.tell("This run has no {file}.", &[("file", &names::SPLIT)])) } };
    };
    let total = [0, 1, 2].map(|part| classes.iter().map(|(_, own)| own[part]).sum::<usize>());
    // A part without photos is told only where it is the one that validates.
    let shown = [true, total[1] > 0 || view.run.folds() == 0, total[2] > 0];
    let table = Table { view, most: classes.iter().map(|(_, own)| all(own)).max().unwrap_or(0).max(1), total, shown };
    html! {
        @if classes.iter().all(|(_, own)| own == first) {
            (one_line(view, &classes, shown))
        } @else if classes.len() <= OPEN {
            (table.of(&classes, true))
        } @else {
            (ends(view, &table, &classes))
        }
        @for remark in remarks(view, &classes) { p.note { (remark) } }
    }
}

/// In the order of their names.
fn of_classes(run: &RunRecords) -> Vec<Counts<'_>> {
    let mut classes: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for row in &run.split {
        let place = match row.part {
            Part::Train => 0,
            Part::Val => 1,
            Part::Test => 2,
        };
        classes.entry(&row.class).or_default()[place] += 1;
    }
    classes.into_iter().collect()
}

fn all(counts: &[usize; 3]) -> usize {
    counts.iter().sum()
}

/// Where all classes are of one size, bars would say it over and over.
fn one_line(view: &View<'_>, classes: &[Counts<'_>], shown: [bool; 3]) -> Markup {
    let (own, lang) = (classes[0].1, view.lang());
    let parts: Vec<String> = of_shown(&parts(view), shown)
        .zip(of_shown(&own, shown))
        .map(|((_, purpose), images)| fill(purpose, &[("photos", &thousands(*images))]))
        .collect();
    let (number, photos) = (lang.count(classes.len(), "class", "classes"), lang.count(all(&own), "photo", "photos"));
    let (sum, parts) = (thousands(classes.len() * all(&own)), lang.list(&parts));
    let values: [(&str, &dyn Render); 4] =
        [("classes", &number), ("photos", &photos), ("all", &sum), ("parts", &parts)];
    html! {
        p { @if classes.len() > 1 { (view.tell("{classes} of {photos} each, {all} in all: {parts}.", &values)) } @else {
            (view.tell("{classes} of {photos}: {parts}.", &values)) } }
    }
}

/// The largest and the smallest classes, and the others behind a line that opens.
fn ends(view: &View<'_>, table: &Table<'_>, classes: &[Counts<'_>]) -> Markup {
    html! {
        p { (view.tell("{classes}; the {ends} with the most photos, and the {ends} with the fewest:",
            &[("classes", &view.lang().count(classes.len(), "class", "classes")), ("ends", &ENDS)])) }
        (table.of(&many::ends(classes, |(_, own)| all(own)), true))
        details {
            summary { (view.tell("All {number} classes", &[("number", &thousands(classes.len()))])) }
            (table.of(&classes[..classes.len().min(MOST_ROWS)], false))
            @if classes.len() > MOST_ROWS { p.note { (view.more(classes.len() - MOST_ROWS, names::SPLIT)) } }
        }
    }
}

/// What all tables of counts share.
struct Table<'a> {
    view: &'a View<'a>,
    /// Photos of the largest class.
    most: usize,
    total: [usize; 3],
    shown: [bool; 3],
}

impl Table<'_> {
    /// With the sum below where it stands open; else in a box of its own that scrolls.
    fn of(&self, classes: &[Counts<'_>], is_open: bool) -> Markup {
        html! {
            div class=(if is_open { "scroll" } else { "scroll tall" }) tabindex="0" { table.counts {
                thead { tr { th { (self.view.say("Class")) }
                    @for (part, (name, _)) in self.parts(&parts(self.view)) { th.n { span.part style=(color(part)) {} (name) } }
                    th.n { (self.view.say("All")) } th.wide {} } }
                tbody { @for (class, counts) in classes {
                    tr { th.name scope="row" title=(class) { span dir="auto" { (class) } }
                        @for (_, own) in self.parts(counts) { td.n { (thousands(*own)) } }
                        td.n { (thousands(all(counts))) }
                        td.wide { div.parts { @for (part, own) in self.parts(counts) { @if *own > 0 {
                            span style=(format!("{};width:{:.1}%", color(part), 100.0 * *own as f64 / self.most as f64)) {}
                        } } } } }
                } }
                @if is_open {
                    tfoot { tr { th scope="row" { (self.view.say("All")) } @for (_, own) in self.parts(&self.total) { td.n { (thousands(*own)) } }
                        td.n { (thousands(all(&self.total))) } td.wide {} } }
                }
            } }
        }
    }

    /// The columns of the parts that are shown, each with its number.
    fn parts<'a, T>(&self, columns: &'a [T; 3]) -> impl Iterator<Item = (usize, &'a T)> + use<'a, T> {
        of_shown_numbered(columns, self.shown)
    }
}

/// The style sheet's color of a part.
fn color(part: usize) -> &'static str {
    ["--c:var(--c0)", "--c:var(--c4)", "--c:var(--c2)"][part]
}

fn of_shown_numbered<T>(columns: &[T; 3], shown: [bool; 3]) -> impl Iterator<Item = (usize, &T)> + use<'_, T> {
    columns.iter().enumerate().zip(shown).filter(|(_, shown)| *shown).map(|(column, _)| column)
}

fn of_shown<T>(columns: &[T; 3], shown: [bool; 3]) -> impl Iterator<Item = &T> + use<'_, T> {
    of_shown_numbered(columns, shown).map(|(_, column)| column)
}

fn remarks(view: &View<'_>, classes: &[Counts<'_>]) -> Vec<Markup> {
    let train = || classes.iter().map(|(class, own)| (own[0], *class));
    let mut remarks = Vec::new();
    let few: Vec<&str> = train().filter(|(images, _)| *images < FEW).map(|(_, class)| class).collect();
    if !few.is_empty() {
        let which = if few.len() == classes.len() && few.len() > NAMED {
            view.tell("all {number} classes", &[("number", &thousands(few.len()))])
        } else {
            listed(view.lang(), &few, NAMED)
        };
        remarks.push(view.tell(
            "Fewer than {few} training photos: {classes}. Figures of such classes say little.",
            &[("few", &FEW), ("classes", &which)],
        ));
    }
    if let (Some(least), Some(most)) = (train().min(), train().max())
        && most.0 >= UNEVEN * least.0.max(1)
    {
        let (large, small) = (name(most.1), name(least.1));
        remarks.push(view.tell(
            "The classes are uneven: {most} training photos of {large}, {least} of {small}. Accuracy favors the large ones; see the \
             balanced accuracy.",
            &[("most", &thousands(most.0)), ("large", &large), ("least", &thousands(least.0)), ("small", &small)],
        ));
    }
    remarks
}

/// Names in a sentence, each by itself, so that one that is written from right to left turns nothing beside it around; of very many
/// the first.
pub(in crate::report) fn listed(lang: Lang, names: &[impl AsRef<str>], most: usize) -> Markup {
    html! {
        @for (k, own) in names.iter().take(most).enumerate() { @if k > 0 { (lang.say(", ")) } (name(own.as_ref())) }
        @if names.len() > most { (lang.tell(" and {number} more", &[("number", &thousands(names.len() - most))])) }
    }
}
