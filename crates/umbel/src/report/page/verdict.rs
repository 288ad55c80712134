//! The first words of a page: how good the model is, what it is weakest at, and what to do next.

use maud::{Markup, html};

use super::View;
use super::counts::FEW;
use super::words::{count, interval, percent, thousands};
use crate::data::Part;
use crate::metrics::{NamedScore, Scores};

/// Of fewer photos the share of right answers is uncertain by ten points or so, to either side.
const TOO_FEW: usize = 100;

/// As a paragraph.
pub fn words(view: &View<'_>, scores: &Scores) -> Markup {
    let right = (scores.accuracy * scores.images as f64).round() as usize;
    let photos =
        if view.is_tested() { "photos that had no say in anything" } else { "photos that it had not learned from" };
    html! {
        p.verdict {
            "Right on " strong { (thousands(right)) " of " (thousands(scores.images)) } " " (photos) ", "
            strong { (percent(scores.accuracy)) } " (" (interval(scores.intervals.accuracy, percent)) "). "
            (weakest(scores)) " Next: " (next(view, scores))
        }
    }
}

/// The class of which the smallest share is found.
pub fn weakest_class(scores: &Scores) -> Option<&NamedScore> {
    let known = scores.classes.iter().filter(|class| class.score.support > 0);
    known.min_by(|a, b| a.score.recall.total_cmp(&b.score.recall))
}

fn weakest(scores: &Scores) -> Markup {
    let class = weakest_class(scores).filter(|class| class.score.recall < 1.0);
    // The most frequent come first.
    let of = |own: &NamedScore| {
        scores.confusion.mistakes().into_iter().find(|mistake| scores.classes[mistake.class].class == own.class)
    };
    html! {
        @match class.and_then(|class| Some((class, of(class)?))) {
            Some((class, mistake)) => { "Weakest: " strong { (class.class) } ", taken for " (scores.classes[mistake.taken_for].class)
                " in " (mistake.images) " of " (mistake.of) "." }
            None => { "No class is weak: there was no mistake." }
        }
    }
}

/// What would most probably make it better, or tell more of it.
fn next(view: &View<'_>, scores: &Scores) -> Markup {
    let smallest = smallest_to_learn_from(view).filter(|(_, photos)| *photos < FEW);
    let leaks = view.run.leaks.as_ref().is_some_and(|leaks| !leaks.is_empty());
    let mistakes = if view.pictures.is_empty() { "mistakes" } else { "gallery" };
    html! {
        @if leaks {
            "take the photos that lie in two parts out of one of them, since they flatter these figures, and train again."
        } @else if let Some((class, photos)) = smallest {
            "more photos of " (class) ", which has " (count(photos, "photo", "photos")) " to learn from."
        } @else if scores.images < TOO_FEW {
            "more photos to measure on, as " (scores.images) " tell little more than a rough share."
        } @else if scores.accuracy < 1.0 {
            "look at " a href=(format!("#{mistakes}")) { "the worst mistakes" } ", since some may be wrong labels."
        } @else {
            "try it on photos of another day, place or camera."
        }
    }
}

/// The class with the fewest photos that trained the model, and how many.
fn smallest_to_learn_from<'a>(view: &'a View<'_>) -> Option<(&'a str, usize)> {
    let split = &view.run.split;
    let mut classes = std::collections::BTreeMap::<&str, usize>::new();
    for row in split {
        *classes.entry(&row.class).or_default() += usize::from(row.part == Part::Train);
    }
    classes.into_iter().min_by_key(|(_, photos)| *photos)
}
