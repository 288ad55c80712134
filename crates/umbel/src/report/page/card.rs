//! A model card (Mitchell et al., 2019) in plain words, from the records alone: what is known, and what is not.

use maud::{Markup, Render, html};

use super::View;
use super::counts::listed;
use super::leaks;
use super::section::Section;
use super::verdict::weakest_class;
use super::words::{figure, interval, name, percent};
use crate::data::Part;

/// Classes that are named at most.
const NAMED: usize = 50;

pub fn section(view: &View<'_>) -> Section {
    let body = html! {
        dl.card-text {
            dt { (view.say("What it is for")) }
            dd { (purpose(view)) }
            dt { (view.say("What it is not for")) }
            dd { (view.tell(
                "Unless asked for {keep}, which calls pictures unlike the known ones unknown, it answers with one of its classes for any \
                 picture, also for one that shows none of them. It says nothing about several things on one photo, nor where on the photo \
                 they are. Nobody has tested it for decisions about people, health or safety.",
                &[("keep", &html! { code { "--keep" } })]
            )) }
            dt { (view.say("Data")) }
            dd { (data(view)) }
            @if let Some(beginning) = beginning(view) {
                dt { (view.say("What it began with")) }
                dd { (beginning) }
            }
            dt { (view.say("How good it is")) }
            dd { (quality(view)) }
            dt { (view.say("How sure it is")) }
            dd { (certainty(view)) }
            dt { (view.say("Limits")) }
            dd { (limits(view)) }
        }
    };
    Section::new("card", view.say("Model card"), body)
}

fn purpose(view: &View<'_>) -> Markup {
    match &view.run.predictions {
        Some(predictions) => view.tell(
            "Telling which of its classes a photo shows: {classes}. Photos should be of the same kind as those it was trained on.",
            &[("classes", &listed(view.lang(), &predictions.classes, NAMED))],
        ),
        None => html! { (view.say(
            "Telling which of its classes a photo shows. Photos should be of the same kind as those it was trained on."
        )) },
    }
}

fn data(view: &View<'_>) -> Markup {
    let (run, lang) = (view.run, view.lang());
    let parts = |part: Part| run.split.iter().filter(|row| row.part == part).count();
    let (train, val, test) = (parts(Part::Train), parts(Part::Val), parts(Part::Test));
    let photos = |number: usize| lang.count(number, "photo", "photos");
    let judged = match run.folds() {
        0 => lang.tell("{photos} for validation", &[("photos", &photos(val))]),
        folds => lang.tell("judged by {folds} folds of them", &[("folds", &folds)]),
    };
    let mut shares = vec![lang.tell("{photos} for training", &[("photos", &photos(train))]), judged];
    if test > 0 {
        shares.push(lang.tell("{photos} for testing", &[("photos", &photos(test))]));
    }
    let left_out = match run.problems.len() {
        0 => String::new(),
        files => lang.tell("; {files} left out", &[("files", &lang.count(files, "file", "files"))]),
    };
    view.tell(
        "{parts}{problems}. Where they come from, whom or what they leave out, and whether their labels are right is not known to umbel: \
         add it here before you pass the model on.",
        &[("parts", &lang.list(&shares)), ("problems", &left_out)],
    )
}

fn beginning(view: &View<'_>) -> Option<Markup> {
    let (weights, lang) = (view.run.metrics.started_from.as_ref()?, view.lang());
    let origin = weights.origin.as_ref().map(|origin| lang.tell("from {origin}", &[("origin", origin)]));
    let parts: Vec<String> = [Some(weights.line()), origin, weights.changed.clone()].into_iter().flatten().collect();
    let line = lang.list(&parts);
    Some(if weights.from_scratch {
        view.tell("Weights: {weights}.", &[("weights", &line)])
    } else {
        view.tell("Pretrained weights: {weights}. Their license goes with this model.", &[("weights", &line)])
    })
}

fn quality(view: &View<'_>) -> Markup {
    let lang = view.lang();
    let judged_by_folds = view.run.folds() > 0;
    let test = view.run.metrics.test.filter(|_| !view.is_tested());
    html! {
        @match &view.scores {
            Some(scores) => {
                @let interval = interval(lang, scores.intervals.accuracy, percent);
                @let (share, mean) = (percent(scores.accuracy), percent(scores.balanced_accuracy));
                @let values: [(&str, &dyn Render); 3] = [("share", &share), ("interval", &interval), ("mean", &mean)];
                @if view.is_tested() {
                    (view.tell("Right on {share} of the test photos, which had no say in anything (95 % interval: {interval}), {mean} as \
                        the mean over the classes.", &values))
                } @else if judged_by_folds {
                    (view.tell("Right on {share} of the training photos, as layers judged them that were fitted without them (95 % \
                        interval: {interval}), {mean} as the mean over the classes. These photos also chose the strength of L2, which \
                        flatters the figure a little. ", &values))
                } @else {
                    (view.tell("Right on {share} of the validation photos (95 % interval: {interval}), {mean} as the mean over the \
                        classes. These photos also chose the best epoch, which flatters the figure a little. ", &values))
                }
            }
            None => { (view.say("Not measured photo by photo. ")) }
        }
        @if let Some(test) = test {
            @let photos = lang.count(test.test_images, "test photo", "test photos");
            (view.tell("On the {photos}, which had no say in anything: {share}.",
                &[("photos", &photos), ("share", &percent(test.test_accuracy))]))
        } @else if !view.is_tested() {
            @let flag = html! { code { "--test-split" } };
            (view.tell("There was no test part ({flag}), which would tell without such flattery.", &[("flag", &flag)]))
        }
        @if let Some(found) = view.run.leaks.as_ref().filter(|leaks| !leaks.is_empty()) {
            (view.tell(" {leaks} This flatters the figures, too.", &[("leaks", &leaks::sentence(view, found))]))
        }
    }
}

fn certainty(view: &View<'_>) -> Markup {
    let calibration = view.run.metrics.calibration.filter(|calibration| calibration.images > 0);
    match (calibration, &view.scores) {
        (Some(calibration), Some(scores)) => view.tell(
            "Its confidence is calibrated on photos that did not train it (temperature {temperature}): there, confidence and accuracy \
             lie {error} apart on average. On photos of another kind it may be sure and wrong.",
            &[("temperature", &figure(calibration.temperature)), ("error", &percent(scores.ece))],
        ),
        _ => html! { (view.say("Its confidence is not calibrated: take it as a ranking, not as a probability.")) },
    }
}

fn limits(view: &View<'_>) -> Markup {
    let weakest = view.scores.as_ref().and_then(weakest_class);
    html! {
        @if let Some(class) = weakest {
            @let photos = view.lang().count(class.score.support as usize, "photo", "photos");
            (view.tell("Weakest at {class}: it finds {share} of {photos} of it. ",
                &[("class", &name(&class.class)), ("share", &percent(class.score.recall)), ("photos", &photos)]))
        }
        (view.say("The intervals tell what other photos drawn in the same way might give; they do not tell what another camera, season \
            or place would."))
    }
}
