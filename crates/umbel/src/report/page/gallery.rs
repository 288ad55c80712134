//! Photos worth a look: the worst mistakes, the least sure answers, and the most typical of each class.

use maud::{Markup, html};

use super::View;
use super::choice::Answer;
use super::pictures::SIDE;
use super::section::Section;
use super::words::{name, path, percent};
use crate::html::data_url;

pub fn section(view: &View<'_>) -> Option<Section> {
    let choice = &view.choice;
    if view.scores.is_none() || view.pictures.is_empty() {
        return None;
    }
    let body = html! {
            @if view.facts.overlay.is_some() {
                p.note { (view.say("Beside each photo: what on it speaks for the network’s answer (Layer-CAM); yellow means most.")) }
            }
            h3 { (view.say("The worst mistakes")) }
            @if choice.worst.is_empty() { p { (view.say("None: every answer on photos that had not been trained on was right.")) } } @else {
                p.note { (view.say("The true class was given the lowest probability. Some may be wrong labels: worth checking first.")) }
                div.gallery { @for answer in &choice.worst { (photo(view, answer)) } }
            }
            @if !choice.unsure.is_empty() {
                h3 { (view.say("The least sure")) }
                p.note { (view.say("The two most likely classes were about as likely.")) }
                div.gallery { @for answer in &choice.unsure { (photo(view, answer)) } }
            }
            h3 { (view.say("The most typical")) }
            (view.first_of(choice.typical.len(), view.measured.map_or(0, |own| own.classes.len())))
            div.samples { @for (class, answers) in &choice.typical {
                @if !answers.is_empty() {
                    figure { figcaption { (class) } div.row { @for answer in answers { (small(view, answer)) } } }
                }
            } }
    };
    Some(Section::new("gallery", view.say("Photos worth a look"), body))
}

fn photo(view: &View<'_>, answer: &Answer) -> Markup {
    let Some(predictions) = view.measured else { return html! {} };
    let (own, said) = (&predictions.classes[answer.label], &predictions.classes[answer.predicted]);
    html! {
        figure.photo {
            div.pair { (view.show(&answer.path)) (overlay(view, answer)) }
            figcaption {
                @if answer.right() { span.answer.right { (sure(view, own, answer.confidence)) } } @else {
                    span.answer.wrong { (sure(view, said, answer.confidence)) }
                    span { (view.tell("really {class}, {share}", &[("class", &name(own)), ("share", &percent(answer.own))])) }
                }
                (path(&answer.path))
            }
        }
    }
}

fn sure(view: &View<'_>, class: &str, confidence: f64) -> Markup {
    view.tell("{class}, {share}", &[("class", &name(class)), ("share", &percent(confidence))])
}

fn small(view: &View<'_>, answer: &Answer) -> Markup {
    html! { div.pair { (view.show(&answer.path)) (overlay(view, answer)) } }
}

/// What the network looked at, where somebody can draw it.
fn overlay(view: &View<'_>, answer: &Answer) -> Markup {
    let drawn = view.facts.overlay.zip(view.measured).and_then(|(overlay, predictions)| {
        data_url(&overlay(&answer.path, &predictions.classes[answer.predicted])?, SIDE)
    });
    html! {
        @if let Some(picture) = drawn {
            button.frame type="button" { img alt=(view.lang().tell("where the network looked on {path}", &[("path", &answer.path)])) width=(picture.width) height=(picture.height) src=(picture.url); }
        }
    }
}
