//! Whether the model's confidence can be believed, before and after calibration.

use maud::{Markup, Render, html};

use super::section::Section;
use super::words::{figure, percent};
use super::{View, plot};
use crate::Result;
use crate::metrics::{Answers, Certainty, LEAST_IMAGES, LEAST_MISTAKES};
use crate::report::reliability::{Figure, Panel};

pub fn section(view: &View<'_>) -> Result<Option<Section>> {
    let Some(predictions) = view.measured else { return Ok(None) };
    let after = predictions.answers()?;
    let temperature = view.run.metrics.calibration.filter(|calibration| calibration.images > 0);
    let plain = temperature.map(|calibration| predictions.uncalibrated(calibration.temperature));
    let before = plain.as_ref().map(|plain| Answers::new(&predictions.labels, plain, predictions.classes.len()));
    let before = before.transpose()?;
    let diagram = |title: &str, answers: &Answers<'_>| {
        let told = view.lang().tell(
            "{title}: confidence against the share that is right; calibration error {error}",
            &[("title", &title), ("error", &figure(answers.ece()))],
        );
        plot(title, &told, &Figure::new(&[Panel { title: String::new(), bins: answers.bins() }], view.lang()))
    };
    let body = html! {
        div.together {
            p { (view.say("Answers by their confidence: a bar that ends on the diagonal is honest; below it, the model is too sure. The \
                paler a bar, the fewer photos it stands for.")) }
            div.plots {
                @match &before {
                    Some(before) => {
                        (diagram(view.say("Before calibration"), before)?)
                        (diagram(view.say("After calibration"), &after)?)
                    }
                    None => { (diagram(view.say("Without calibration"), &after)?) }
                }
            }
        }
        (table(view, before.as_ref(), &after))
        @match temperature {
                Some(calibration) => p.note {
                    @let temperature = figure(calibration.temperature);
                    @let values: [(&str, &dyn Render); 2] = [("temperature", &temperature), ("images", &calibration.images)];
                    @if view.is_tested() {
                        (view.tell("Calibrated by a temperature of {temperature}, fitted on {images} other photos, those that validated. It \
                            changes no answer.", &values))
                    } @else {
                        (view.tell("Calibrated by a temperature of {temperature}, fitted on these same {images} photos (so that on others \
                            the error will be somewhat larger). It changes no answer.", &values))
                    }
                    @if view.run.is_balanced() { (view.say(" It is made for photos among which every class is as common as any other, as \
                        the model’s answers are.")) }
                },
                None => p.note { (view.tell("Not calibrated: how sure to be is learned from mistakes, and fewer than {mistakes} of them, or \
                    of {images} photos, are too few to tell (or the run has not ended).",
                    &[("mistakes", &LEAST_MISTAKES), ("images", &LEAST_IMAGES)])) },
        }
        (relied_on(view))
    };
    Ok(Some(Section::new("certainty", view.say("How sure it is"), body)))
}

/// From which confidence on answers can be relied on, and how often sets of classes hold the right one.
fn relied_on(view: &View<'_>) -> Markup {
    let metrics = &view.run.metrics;
    if metrics.trusted.is_empty() && metrics.test_sets.is_empty() {
        return html! {};
    }
    let of_test = |asked: f64| metrics.test_trusted.iter().find(|own| own.asked == asked && own.right.is_finite());
    html! {
        h3 { (view.say("When to rely on it")) }
        @for own in &metrics.trusted {
            p {
                (view.tell("Of answers with at least {confidence} confidence, {right} are right; that is {answered} of the photos that \
                    validated.", &[
                    ("confidence", &percent(own.confidence)),
                    ("right", &percent(own.right)),
                    ("answered", &percent(own.answered)),
                ]))
                @if let Some(test) = of_test(own.asked) {
                    (view.tell(" On the test part: {right} of such answers, which {answered} of its photos have.",
                        &[("right", &percent(test.right)), ("answered", &percent(test.answered))]))
                }
            }
        }
        @if !metrics.trusted.is_empty() {
            @let asked = metrics.trusted.iter().map(|own| whole(own.asked)).collect::<Vec<_>>().join(view.say(" or "));
            p.note { (view.tell("Each is the lowest confidence above which at least {shares} would be right with a certainty of 90\u{a0}%; \
                a person may look at the other photos.", &[("shares", &asked)])) }
        }
        @if !metrics.test_sets.is_empty() {
            div.scroll tabindex="0" { table.figures.narrow {
                thead { tr { th { (view.say("Sets of classes, to hold the right one")) } th.n { (view.say("Do, on the test part")) }
                    th.n { (view.say("Classes in a set")) } } }
                tbody { @for own in &metrics.test_sets {
                    tr { th scope="row" { (view.tell("of {share} of photos", &[("share", &whole(own.level))])) }
                        td.n { (percent(own.coverage)) } td.n { (format!("{:.2}", own.mean_size)) } }
                } }
            } }
        }
    }
}

/// A share that somebody asked for.
fn whole(share: f64) -> String {
    format!("{:.0}\u{a0}%", 100.0 * share)
}

fn table(view: &View<'_>, before: Option<&Answers<'_>>, after: &Answers<'_>) -> Markup {
    let before = before.map(Certainty::new);
    let after = Certainty::new(after);
    let worse = before.is_some_and(|before| after.ece > before.ece);
    let rows = [
        (view.say("Calibration error (expected)"), before.map(|c| c.ece), after.ece),
        (view.say("Brier score"), before.map(|c| c.brier), after.brier),
        (view.say("Loss (negative log-likelihood)"), before.map(|c| c.loss), after.loss),
    ];
    html! {
        div.scroll tabindex="0" { table.figures.narrow {
            thead { tr { th { (view.say("Lower is better")) } @if before.is_some() { th.n { (view.say("Before")) } } th.n { (view.say("Now")) } } }
            tbody { @for (name, before, after) in rows {
                tr { th scope="row" { (name) } @if let Some(before) = before { td.n { (figure(before)) } }
                    td.n { (figure(after)) } }
            } }
        } }
        @if worse { p.note { (view.say("The calibration error of these photos is larger than it was: of so few, what was learned of confidence is \
            partly chance.")) } }
    }
}
