//! The top of the page: what was trained on what, and how good it is.

use maud::{Markup, html};

use super::leaks;
use super::words::{count, duration, figure, interval, percent, thousands, without_folder};
use super::{View, verdict};
use crate::base::shell;
use crate::metrics::Scores;

pub fn head(view: &View<'_>) -> Markup {
    let run = view.run;
    let last = run.history.epochs.last().map_or(0, |record| record.epoch);
    let seconds: f64 = run.history.epochs.iter().map(|record| record.seconds).sum();
    let best = run.metrics.best.epoch;
    let facts = [
        ("Data", run.setting("data").map(without_folder).unwrap_or_default()),
        ("Network", network(view)),
        ("Training", trained(view, last, best, seconds)),
        ("Seed", run.seed().to_string()),
        ("Machine", machine(view)),
    ];
    html! {
            p.soft { "umbel’s report of a training run" }
            h1 { (run.name) }
            @if !run.metrics.finished {
                p.warning { "This run has not ended: go on with it by "
                    code { "umbel train --resume " (shell::quote(&run.name)) } ". Below is what there is so far." }
            }
            @match &view.scores {
                Some(scores) => { (verdict::words(view, scores)) (cards(view, scores)) }
                None => {
                    p.note { "This run has no predictions.csv (it has not ended, or an older umbel made it), so the page \
                        lacks what is measured photo by photo." }
                    (epoch_cards(view))
                }
            }
            (leaks::warning(view))
            dl.facts { @for (name, value) in facts { @if !value.is_empty() { dt { (name) } dd { (value) } } } }
    }
}

fn cards(view: &View<'_>, scores: &Scores) -> Markup {
    let intervals = &scores.intervals;
    let largest = scores.classes.iter().map(|class| class.score.support).max().unwrap_or(0);
    let baseline = largest as f64 / scores.images.max(1) as f64;
    html! {
        div.cards {
            (card("Accuracy", &percent(scores.accuracy), &interval(intervals.accuracy, percent)))
            (card("Balanced accuracy", &percent(scores.balanced_accuracy), &interval(intervals.balanced_accuracy, percent)))
            (card("Macro F1", &figure(scores.macro_f1), &interval(intervals.macro_f1, figure)))
            (card("Loss", &figure(scores.loss), &interval(intervals.loss, figure)))
            @if let Some(test) = view.run.metrics.test.filter(|_| !view.is_tested()) {
                (card("Accuracy, test part", &percent(test.test_accuracy), &count(test.test_images, "photo", "photos")))
            }
        }
        p.note {
            @match view.run.folds() {
                _ if view.is_tested() => { "All figures, and the photos below, are of the test part ("
                    (count(scores.images, "photo", "photos")) ")"
                    @if let Some(judged) = &view.run.metrics.scores {
                        "; on the " (count(judged.images, "photo", "photos")) " that chose among models " (percent(judged.accuracy))
                        " were right"
                    }
                    "; " }
                0 => { "Of the best epoch, on the validation part (" (count(scores.images, "photo", "photos"))
                    "), which also chose that epoch and the temperature of its confidence; " }
                folds => { "On " (count(scores.images, "photo", "photos")) ", each judged by a last layer that was fitted without \
                    its fold (" (folds) " folds); the model’s own was then fitted on all of them. They also chose the strength of \
                    L2 and the temperature of its confidence; " }
            }
            "small print: 95 % intervals (of the accuracy Wilson’s, else by the bootstrap). Always answering with the most \
             frequent class would be right on " (percent(baseline)) "."
        }
    }
}

/// From the history alone.
fn epoch_cards(view: &View<'_>) -> Markup {
    let run = view.run;
    let epochs = &run.history.epochs;
    let best = epochs.iter().find(|record| record.epoch == run.metrics.best.epoch).or(epochs.last());
    html! {
        @if let Some(best) = best {
            div.cards {
                (card("Validation accuracy", &percent(best.val_accuracy), &format!("epoch {}", best.epoch)))
                (card("Validation loss", &figure(best.val_loss), &format!("epoch {}", best.epoch)))
                @if let Some(test) = run.metrics.test {
                    (card("Accuracy, test part", &percent(test.test_accuracy), &count(test.test_images, "photo", "photos")))
                }
            }
        }
    }
}

pub(super) fn card(name: &str, value: &str, below: &str) -> Markup {
    html! { div.card { div.name { (name) } div.value { (value) } div.below { (below) } } }
}

fn network(view: &View<'_>) -> String {
    let run = view.run;
    let Some(model) = run.setting("model") else { return String::new() };
    let size = run.setting("prep.image_size").map(|side| format!(", photos of {side} × {side} pixels"));
    let parameters = run.metrics.parameters.map(|count| format!(", {} parameters", thousands(count)));
    without_folder(model) + &parameters.unwrap_or_default() + &size.unwrap_or_default()
}

fn trained(view: &View<'_>, last: usize, best: usize, seconds: f64) -> String {
    let kept = view.run.history.epochs.iter().find(|record| record.epoch == best);
    if let Some(strength) = kept.and_then(|record| record.l2) {
        let tried = count(last, "strength", "strengths");
        return format!("last layer only, at {tried} of L2 (kept: {strength}) in {}", duration(seconds));
    }
    let best = if best > 0 { format!(" (the best: epoch {best})") } else { String::new() };
    format!("{}{best} in {}", count(last, "epoch", "epochs"), duration(seconds))
}

fn machine(view: &View<'_>) -> String {
    let Some(machine) = &view.run.metrics.machine else { return String::new() };
    let cpu = machine.cpu.as_deref().unwrap_or("unknown CPU");
    format!(
        "{cpu}, {} of {}, {} in {}, {}, umbel {}",
        count(machine.threads, "thread", "threads"),
        count(machine.cores, "core", "cores"),
        machine.isa,
        machine.precision,
        machine.system,
        machine.umbel
    )
}
