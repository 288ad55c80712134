//! A model card (Mitchell et al., 2019) in plain words, from the records alone: what is known, and what is not.

use maud::{Markup, html};

use super::View;
use super::counts::listed;
use super::leaks;
use super::section::Section;
use super::verdict::weakest_class;
use super::words::{count, figure, interval, percent};
use crate::data::Part;

/// Classes that are named at most.
const NAMED: usize = 50;

pub fn section(view: &View<'_>) -> Section {
    let run = view.run;
    let parts = |part: Part| run.split.iter().filter(|row| row.part == part).count();
    let classes = run.predictions.as_ref().map(|predictions| listed(&predictions.classes, NAMED));
    let (train, val, test) = (parts(Part::Train), parts(Part::Val), parts(Part::Test));
    let body = html! {
            dl.card-text {
                dt { "What it is for" }
                dd { "Telling which of its classes a photo shows" @if let Some(classes) = &classes { ": " (classes) }
                    ". Photos should be of the same kind as those it was trained on." }
                dt { "What it is not for" }
                dd { "Unless asked for " code { "--keep" } ", which calls pictures unlike the known ones unknown, it answers with \
                    one of its classes for any picture, also for one that shows none of them. It says \
                    nothing about several things on one photo, nor where on the photo they are. Nobody has tested it for \
                    decisions about people, health or safety." }
                dt { "Data" }
                dd { (count(train, "photo", "photos")) " for training, "
                    @match run.folds() {
                        0 => { (count(val, "photo", "photos")) " for validation" }
                        folds => { "judged by " (folds) " folds of them" }
                    }
                    @if test > 0 { ", " (count(test, "photo", "photos")) " for testing" }
                    @if !run.problems.is_empty() { "; " (count(run.problems.len(), "file", "files")) " left out" }
                    ". Where they come from, whom or what they leave out, and whether their labels are right is not known \
                    to umbel: add it here before you pass the model on." }
                @if let Some(weights) = &run.metrics.started_from {
                    dt { "What it began with" }
                    dd { @if weights.from_scratch { "Weights: " } @else { "Pretrained weights: " } (weights.line())
                        @if let Some(origin) = &weights.origin { ", from " (origin) }
                        @if let Some(changed) = &weights.changed { ", " (changed) }
                        @if weights.from_scratch { "." } @else { ". Their license goes with this model." } }
                }
                dt { "How good it is" }
                dd { (quality(view)) }
                dt { "How sure it is" }
                dd { (certainty(view)) }
                dt { "Limits" }
                dd { (limits(view)) }
            }
    };
    Section::new("card", "Model card", body)
}

fn quality(view: &View<'_>) -> Markup {
    let test = view.run.metrics.test;
    html! {
        @match &view.scores {
            Some(scores) if view.is_tested() => {
                "Right on " (percent(scores.accuracy)) " of the test photos, which had no say in anything (95 % interval: "
                (interval(scores.intervals.accuracy, percent)) "), " (percent(scores.balanced_accuracy)) " as the mean over the classes."
            }
            Some(scores) => {
                "Right on " (percent(scores.accuracy)) " of "
                @if view.run.folds() > 0 { "the training photos, as layers judged them that were fitted without them" }
                @else { "the validation photos" }
                " (95 % interval: " (interval(scores.intervals.accuracy, percent)) "), " (percent(scores.balanced_accuracy))
                " as the mean over the classes. These photos also chose the "
                @if view.run.folds() > 0 { "strength of L2" } @else { "best epoch" }
                ", which flatters the figure a little. "
            }
            None => { "Not measured photo by photo. " }
        }
        @match test {
            _ if view.is_tested() => {}
            Some(test) => { "On the " (count(test.test_images, "test photo", "test photos"))
                ", which had no say in anything: " (percent(test.test_accuracy)) "." }
            None => { "There was no test part (" code { "--test-split" } "), which would tell without such flattery." }
        }
        @if let Some(found) = view.run.leaks.as_ref().filter(|leaks| !leaks.is_empty()) {
            " " (leaks::sentence(view, found)) " This flatters the figures, too."
        }
    }
}

fn certainty(view: &View<'_>) -> Markup {
    let calibration = view.run.metrics.calibration.filter(|calibration| calibration.images > 0);
    html! {
        @match (calibration, &view.scores) {
            (Some(calibration), Some(scores)) => {
                "Its confidence is calibrated on photos that did not train it (temperature " (figure(calibration.temperature))
                "): there, confidence and accuracy lie " (percent(scores.ece)) " apart on average. On photos of another kind \
                it may be sure and wrong."
            }
            _ => { "Its confidence is not calibrated: take it as a ranking, not as a probability." }
        }
    }
}

fn limits(view: &View<'_>) -> Markup {
    let weakest = view.scores.as_ref().and_then(weakest_class);
    html! {
        @if let Some(class) = weakest {
            "Weakest at " (class.class) ": it finds " (percent(class.score.recall)) " of "
            (count(class.score.support as usize, "photo", "photos")) " of it. "
        }
        "The intervals tell what other photos drawn in the same way might give; they do not tell what another \
         camera, season or place would."
    }
}
