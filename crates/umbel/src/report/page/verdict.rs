//! The first words of a page: how good the model is, what it is weakest at, and what to do next.

use std::fmt::Display;

use maud::{Markup, Render, html};

use super::View;
use super::counts::FEW;
use super::words::{interval, name, percent, thousands};
use crate::data::Part;
use crate::metrics::{NamedScore, Scores};

/// Of fewer photos the share of right answers is uncertain by ten points or so, to either side.
const TOO_FEW: usize = 100;

/// As a paragraph.
pub fn words(view: &View<'_>, scores: &Scores) -> Markup {
    let right = (scores.accuracy * scores.images as f64).round() as usize;
    let strong = |words: String| html! { strong { (words) } };
    let of = [("right", &thousands(right) as &dyn Display), ("images", &thousands(scores.images))];
    let right = strong(view.lang().tell("{right} of {images}", &of));
    let share = strong(percent(scores.accuracy));
    let interval = interval(view.lang(), scores.intervals.accuracy, percent);
    let values = [("right", &right as &dyn Render), ("share", &share), ("interval", &interval)];
    html! {
        p.verdict {
            @if view.is_tested() {
                (view.tell("Right on {right} photos that had no say in anything, {share} ({interval}). ", &values))
            } @else {
                (view.tell("Right on {right} photos that it had not learned from, {share} ({interval}). ", &values))
            }
            (weakest(view, scores)) (view.tell(" Next: {next}", &[("next", &next(view, scores))]))
        }
    }
}

/// The class of which the smallest share is found.
pub fn weakest_class(scores: &Scores) -> Option<&NamedScore> {
    let known = scores.classes.iter().filter(|class| class.score.support > 0);
    known.min_by(|a, b| a.score.recall.total_cmp(&b.score.recall))
}

fn weakest(view: &View<'_>, scores: &Scores) -> Markup {
    let class = weakest_class(scores).filter(|class| class.score.recall < 1.0);
    // The most frequent come first.
    let of = |own: &NamedScore| {
        scores.confusion.mistakes().into_iter().find(|mistake| scores.classes[mistake.class].class == own.class)
    };
    let Some((class, mistake)) = class.and_then(|class| Some((class, of(class)?))) else {
        return html! { (view.say("No class is weak: there was no mistake.")) };
    };
    let (own, other) = (html! { strong { (name(&class.class)) } }, name(&scores.classes[mistake.taken_for].class));
    let values = [("class", &own as &dyn Render), ("other", &other), ("images", &mistake.images), ("of", &mistake.of)];
    view.tell("Weakest: {class}, taken for {other} in {images} of {of}.", &values)
}

/// What would most probably make it better, or tell more of it.
fn next(view: &View<'_>, scores: &Scores) -> Markup {
    let smallest = smallest_to_learn_from(view).filter(|(_, photos)| *photos < FEW);
    let leaks = view.run.leaks.as_ref().is_some_and(|leaks| !leaks.is_empty());
    if leaks {
        return html! { (view.say(
            "take the photos that lie in two parts out of one of them, since they flatter these figures, and train again."
        )) };
    }
    if let Some((class, photos)) = smallest {
        let values =
            [("class", &name(class) as &dyn Render), ("photos", &view.lang().count(photos, "photo", "photos"))];
        return view.tell("more photos of {class}, which has {photos} to learn from.", &values);
    }
    if scores.images < TOO_FEW {
        let values = [("images", &scores.images as &dyn Render)];
        return view.tell("more photos to measure on, as {images} tell little more than a rough share.", &values);
    }
    if scores.accuracy < 1.0 {
        let mistakes = if view.pictures.is_empty() { "mistakes" } else { "gallery" };
        let link = html! { a href=(format!("#{mistakes}")) { (view.say("the worst mistakes")) } };
        return view.tell("look at {mistakes}, since some may be wrong labels.", &[("mistakes", &link)]);
    }
    html! { (view.say("try it on photos of another day, place or camera.")) }
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
