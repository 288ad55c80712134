//! The top of the page: what was trained on what, and how good it is.

use std::fmt::Display;

use maud::{Markup, Render, html};

use super::leaks;
use super::words::{duration, figure, interval, percent, without_folder};
use super::{View, verdict};
use crate::base::shell;
use crate::metrics::Scores;

pub fn head(view: &View<'_>) -> Markup {
    let run = view.run;
    let last = run.history.epochs.last().map_or(0, |record| record.epoch);
    let seconds: f64 = run.history.epochs.iter().map(|record| record.seconds).sum();
    let best = run.metrics.best.epoch;
    let facts = [
        (view.say("Data"), run.setting("data").map(without_folder).unwrap_or_default()),
        (view.say("Network"), network(view)),
        (view.say("Training"), trained(view, last, best, seconds)),
        (view.say("Seed"), run.seed().to_string()),
        (view.say("Machine"), machine(view)),
    ];
    html! {
            p.soft { (view.say("umbel’s report of a training run")) }
            h1 { (run.name) }
            @if !run.metrics.finished {
                @let command = html! { code { "umbel train --resume " (shell::quote(&run.name)) } };
                p.warning { (view.tell("This run has not ended: go on with it by {command}. Below is what there is so far.",
                    &[("command", &command)])) }
            }
            @match &view.scores {
                Some(scores) => { (verdict::words(view, scores)) (cards(view, scores)) }
                None => {
                    p.note { (view.say("This run has no predictions.csv (it has not ended, or an older umbel made it), so the page \
                        lacks what is measured photo by photo.")) }
                    (epoch_cards(view))
                }
            }
            (leaks::warning(view))
            dl.facts { @for (name, value) in facts { @if !value.is_empty() { dt { (name) } dd { (value) } } } }
    }
}

fn cards(view: &View<'_>, scores: &Scores) -> Markup {
    let largest = scores.classes.iter().map(|class| class.score.support).max().unwrap_or(0);
    let baseline = percent(largest as f64 / scores.images.max(1) as f64);
    html! {
        div.cards {
            (figures(view, scores))
            @if let Some(test) = view.run.metrics.test.filter(|_| !view.is_tested()) {
                (card(view.say("Accuracy, test part"), &percent(test.test_accuracy), &photos(view, test.test_images)))
            }
        }
        p.note {
            (measured_on(view, scores))
            (view.tell("small print: 95 % intervals (of the accuracy Wilson’s, else by the bootstrap). Always answering with the most \
                frequent class would be right on {share}.", &[("share", &baseline)]))
        }
    }
}

/// The four that every page of figures begins with.
pub(super) fn figures(view: &View<'_>, scores: &Scores) -> Markup {
    let intervals = &scores.intervals;
    let share = |bounds| interval(view.lang(), bounds, percent);
    let plain = |bounds| interval(view.lang(), bounds, figure);
    html! {
        (card(view.say("Accuracy"), &percent(scores.accuracy), &share(intervals.accuracy)))
        (card(view.say("Balanced accuracy"), &percent(scores.balanced_accuracy), &share(intervals.balanced_accuracy)))
        (card("Macro F1", &figure(scores.macro_f1), &plain(intervals.macro_f1)))
        (card(view.say("Loss"), &figure(scores.loss), &plain(intervals.loss)))
    }
}

/// On which photos, and what else those decided.
fn measured_on(view: &View<'_>, scores: &Scores) -> Markup {
    let photos = |images: usize| photos(view, images);
    let own = photos(scores.images);
    if view.is_tested() {
        let judged = view.run.metrics.scores.as_ref();
        let judged = judged.map_or(html! {}, |judged| {
            view.tell(
                "; on the {photos} that chose among models {share} were right",
                &[("photos", &photos(judged.images)), ("share", &percent(judged.accuracy))],
            )
        });
        let values = [("photos", &own as &dyn Render), ("judged", &judged)];
        return view.tell("All figures, and the photos below, are of the test part ({photos}){judged}; ", &values);
    }
    match view.run.folds() {
        0 => view.tell(
            "Of the best epoch, on the validation part ({photos}), which also chose that epoch and the temperature of its confidence; ",
            &[("photos", &own)],
        ),
        folds => view.tell(
            "On {photos}, each judged by a last layer that was fitted without its fold ({folds} folds); the model’s own was then \
             fitted on all of them. They also chose the strength of L2 and the temperature of its confidence; ",
            &[("photos", &own), ("folds", &folds)],
        ),
    }
}

/// From the history alone.
fn epoch_cards(view: &View<'_>) -> Markup {
    let run = view.run;
    let epochs = &run.history.epochs;
    let best = epochs.iter().find(|record| record.epoch == run.metrics.best.epoch).or(epochs.last());
    html! {
        @if let Some(best) = best {
            @let epoch = view.lang().tell("epoch {number}", &[("number", &best.epoch)]);
            div.cards {
                (card(view.say("Validation accuracy"), &percent(best.val_accuracy), &epoch))
                (card(view.say("Validation loss"), &figure(best.val_loss), &epoch))
                @if let Some(test) = run.metrics.test {
                    (card(view.say("Accuracy, test part"), &percent(test.test_accuracy), &photos(view, test.test_images)))
                }
            }
        }
    }
}

fn photos(view: &View<'_>, images: usize) -> String {
    view.lang().count(images, "photo", "photos")
}

pub(super) fn card(name: &str, value: &str, below: &str) -> Markup {
    html! { div.card { div.name { (name) } div.value { (value) } div.below { (below) } } }
}

fn network(view: &View<'_>) -> String {
    let run = view.run;
    let Some(model) = run.setting("model") else { return String::new() };
    let parameters = run.metrics.parameters.map(|count| view.lang().count(count, "parameter", "parameters"));
    let size = run.setting("prep.image_size");
    let size = size.map(|side| view.lang().tell("photos of {side} × {side} pixels", &[("side", &side)]));
    let facts: Vec<String> = [Some(without_folder(model)), parameters, size].into_iter().flatten().collect();
    view.lang().list(&facts)
}

fn trained(view: &View<'_>, last: usize, best: usize, seconds: f64) -> String {
    let (lang, time) = (view.lang(), duration(seconds));
    let kept = view.run.history.epochs.iter().find(|record| record.epoch == best);
    if let Some(strength) = kept.and_then(|record| record.l2) {
        let tried = lang.count(last, "strength", "strengths");
        let values: [(&str, &dyn Display); 3] = [("strengths", &tried), ("strength", &strength), ("time", &time)];
        return lang.tell("last layer only, at {strengths} of L2 (kept: {strength}) in {time}", &values);
    }
    let epochs = lang.count(last, "epoch", "epochs");
    if best == 0 {
        return lang.tell("{epochs} in {time}", &[("epochs", &epochs), ("time", &time)]);
    }
    let values: [(&str, &dyn Display); 3] = [("epochs", &epochs), ("best", &best), ("time", &time)];
    lang.tell("{epochs} (the best: epoch {best}) in {time}", &values)
}

fn machine(view: &View<'_>) -> String {
    let Some(machine) = &view.run.metrics.machine else { return String::new() };
    let lang = view.lang();
    let values: [(&str, &dyn Display); 7] = [
        ("cpu", &machine.cpu.as_deref().unwrap_or(lang.say("unknown CPU"))),
        ("threads", &lang.count(machine.threads, "thread", "threads")),
        ("cores", &lang.count(machine.cores, "core", "cores")),
        ("isa", &machine.isa),
        ("precision", &machine.precision),
        ("system", &machine.system),
        ("version", &machine.umbel),
    ];
    lang.tell("{cpu}, {threads} of {cores}, {isa} in {precision}, {system}, umbel {version}", &values)
}
